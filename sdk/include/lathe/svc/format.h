#ifndef LATHE_SVC_FORMAT_H
#define LATHE_SVC_FORMAT_H

/* Number formats for passes: what a format would do on a tensor of a graph, before it is set there
 * (svc/edit.h), or does where it is set. */

#include <lathe/kind/format.h>
#include <lathe/svc/graph.h>
#include <lathe/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_SVC_FORMAT "lathe.format/0"

/* A format with its options on one tensor of a node. Owner: host. Valid: until the plugin function
 * returns. */
typedef struct lathe_used_format lathe_used_format;

/* Which tensor of a graph. */
typedef struct lathe_operand_place {
  uint32_t node;
  uint32_t input_index; /* which tensor input of the node; 0 for parameters and outputs */
  lathe_role role;
  uint8_t reserved[7];
} lathe_operand_place;

typedef struct lathe_format_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* The format that sits on a tensor; NULL: it is float. [call] */
  lathe_code (*find)(lathe_call *call, const lathe_graph *graph, const lathe_operand_place *place,
                     const lathe_used_format **format);

  /* A format as it would work on a tensor, with fresh state. `options` is a map of the format's
   * options without prefix; missing ones take their defaults; NULL: all do. NOT_FOUND for a format
   * that is unknown, INVALID_ARGUMENT for options it refuses. [call] */
  lathe_code (*make)(lathe_call *call, const lathe_graph *graph, const lathe_operand_place *place,
                     lathe_str format, const lathe_value *options, const lathe_used_format **used);

  /* As lathe_format has them (kind/format.h), in evaluation mode. x and y are float32 of one shape,
   * in host memory and dense; y may be x. The shape is of the tensor's rank; its extents may be
   * others, to try values out, unless the format keeps state of more than one number there: then
   * only the batch's may. [call] */
  lathe_code (*quantize)(lathe_call *call, const lathe_used_format *format, const lathe_tensor *x,
                         lathe_tensor *y);
  /* UNIMPLEMENTED where the format has none. `codes->codes` is the caller's memory; what else it
   * points to is valid until the plugin function returns. [call] */
  lathe_code (*codes)(lathe_call *call, const lathe_used_format *format, const lathe_tensor *x,
                      lathe_integer_codes *codes);
  lathe_code (*fit_axis)(lathe_call *call, const lathe_used_format *format, uint32_t *open,
                         int32_t *axis);
  /* All options, those that were chosen among them. Owner: host. Valid: until the plugin function
   * returns. [call] */
  lathe_code (*fit)(lathe_call *call, const lathe_used_format *format, const lathe_seen_table *seen,
                    const lathe_value **options);
} lathe_format_api;

#ifdef __cplusplus
}
#endif

#endif
