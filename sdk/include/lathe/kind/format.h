#ifndef LATHE_KIND_FORMAT_H
#define LATHE_KIND_FORMAT_H

/* Kind "format": a number format, simulated on float32 tensors. The kernel sees whole tensors. A
 * format may keep tensors of its own for each tensor it sits on, eg: a learned step; it may give
 * integer codes of a tensor, and choose open options from what was seen of one. */

#include <lathe/module.h>
#include <lathe/svc/graph.h>
#include <lathe/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The tensor of a node that a format sits on. What a format computes may follow from role, op,
 * input_index, channel_axis and is_unsigned; the names are for messages. Owner: host. Valid: for
 * the call. */
typedef struct lathe_site {
  uint32_t struct_size;
  lathe_role role;
  uint8_t reserved[3];
  lathe_str node;       /* eg: "seq_blocks_2" */
  lathe_str parameter;  /* of the node, eg: "weight"; empty: an activation */
  lathe_str op;         /* eg: "linear", "relu" */
  uint32_t input_index; /* which tensor input of the node; 0 for parameters and outputs */
  uint32_t is_unsigned; /* 1: fixed point of this operand has no sign, whatever its options say */
  /* Extents as the graph knows them, batch included: a tensor of another batch may come. NULL with
   * rank 0 in state(), which is asked before they are known. */
  const int64_t *shape;
  uint64_t rank;
  /* The dimension that channels lie along: of a weight its output channels (0 of a
   * normalisation's), of a bias 0, of an activation 1. -1: it has none (an activation or a factor
   * of a product of rank below 2), or in state(). */
  int32_t channel_axis;
  uint32_t reserved_2;
} lathe_site;

/* A tensor that the host keeps for each site of a format. */
typedef struct lathe_state_spec {
  lathe_str name; /* letters, digits and underscores, eg: "step"; one of each in a format */
  /* 1: trained with the network's parameters, by the same optimizer; 0: a buffer. */
  uint32_t learnable;
  /* 1: one number per channel of the site, or a single one if it has none; then rank is 0. */
  uint32_t per_channel;
  const int64_t *shape; /* NULL with rank 0: a scalar */
  uint64_t rank;
  double initial; /* value of all its elements */
} lathe_state_spec;

typedef struct lathe_state_table {
  uint32_t struct_size; /* written by the caller */
  uint32_t row_size;
  const lathe_state_spec *rows;
  uint64_t count;
} lathe_state_table;

/* How a kernel is called. Owner: host. Valid: for the call. */
typedef struct lathe_format_context {
  uint32_t struct_size;
  uint32_t training;
  const lathe_site *site;
  uint64_t seed;    /* of the random stream; used with LATHE_FLAG_STOCHASTIC only */
  uint64_t counter; /* where this tensor's part of the stream begins */
  /* As state() gave them: float32, in host memory and dense. quantize() may write to them if
   * `training`; otherwise they are LATHE_TENSOR_READ_ONLY. */
  lathe_tensor *const *state;
  uint64_t state_count;
} lathe_format_context;

/* Gradients by the tensors of one site: float32, in host memory and dense. */
typedef struct lathe_format_gradients {
  uint32_t struct_size;
  uint32_t reserved;
  const lathe_tensor *dy;
  lathe_tensor *dx; /* to fill in; of the shape of x */
  /* To fill in, as context->state; zeroed by the host. NULL: not learnable. */
  lathe_tensor *const *d_state;
  uint64_t d_state_count;
} lathe_format_gradients;

/* Integer codes of a tensor x, and how values are made of them. The element i of block b, of what
 * quantize() makes of x, is
 *   (float)(level * scale[b])   in double precision, where
 *   level = levels[codes[i]]    if there is a table of levels, else
 *   level = codes[i] - zero_point[b].
 * Blocks are a grid over the tensor: `block_shape` has an extent for each dimension, a last block
 * may be shorter, and blocks count in row-major order. */
typedef struct lathe_integer_codes {
  uint32_t struct_size;
  uint32_t width;     /* to fill in: bits of a code, 1..64 */
  uint32_t is_signed; /* to fill in: codes are two's complement; else from 0 to 2^width - 1 */
  uint32_t reserved;
  int64_t *codes; /* to write to: as many as x has elements, in row-major order */
  /* What follows is to fill in, from lathe_host.scratch. NULL for block_shape: one block. */
  const int64_t *block_shape;
  const double *scale;
  uint64_t scale_count;      /* number of blocks */
  const int64_t *zero_point; /* `scale_count` of them; NULL: all 0, or there is a table */
  const double *levels;      /* NULL: none */
  uint64_t level_count;
} lathe_integer_codes;

/* What was seen of a tensor, or of each index along its `axis`. */
typedef struct lathe_seen {
  float low, high;       /* the range to hold; low > high: nothing finite was seen */
  double mean_magnitude; /* mean of abs(x) */
} lathe_seen;

typedef struct lathe_seen_table {
  uint32_t struct_size; /* written by the caller */
  uint32_t row_size;
  const lathe_seen *rows;
  uint64_t count; /* 1, or the extent of the axis that fit_axis() gave */
} lathe_seen_table;

typedef struct lathe_format {
  uint32_t struct_size;
  uint32_t reserved;

  /* As in kind/pass.h; the options are those of one operand, without prefix. [call] */
  lathe_code (*create)(lathe_call *call, const lathe_value *options, void **self);
  void (*destroy)(void *self);

  /* y = nearest representable of x. Both are float32 of one shape, in host memory and dense; the
   * data of y may be those of x. Must be deterministic unless LATHE_FLAG_STOCHASTIC, and the same
   * whichever node and batch the tensor is of. [call], from several threads at once; in training
   * one at a time for one site's state */
  lathe_code (*quantize)(lathe_call *call, void *self, const lathe_format_context *context,
                         const lathe_tensor *x, lathe_tensor *y);

  /* dx and the gradients of the state, from dy; the state is as quantize() left it, READ_ONLY.
   * NULL: straight-through, dx = dy, and the state has none. [call], from several threads at once
   */
  lathe_code (*backward)(lathe_call *call, void *self, const lathe_format_context *context,
                         const lathe_tensor *x, lathe_format_gradients *gradients);

  /* Bits to store the tensor of that site, shared fields included (a scale per block, row or
   * channel; one per tensor adds nothing); state does not count. [call] */
  lathe_code (*storage_bits)(lathe_call *call, void *self, const lathe_site *site, double *bits);

  /* MASE's precision list for the metadata, eg: width, frac_width. Owner: plugin. Valid: until
   * destroy. [call] */
  lathe_code (*precision)(lathe_call *call, void *self, const lathe_value **precision,
                          uint64_t *count);

  /* What the host is to keep for a site: one set of tensors per tensor that the format sits on,
   * saved and copied with the network. Asked once, when the format is set on an operand, and for
   * all inputs that the operand stands for. Whoever needs to know whether a state was ever set
   * keeps a buffer that says so. Owner: plugin. Valid: until the call ends. NULL: nothing. [call],
   * from several threads at once */
  lathe_code (*state)(lathe_call *call, void *self, const lathe_site *site,
                      lathe_state_table *table);

  /* Codes of what quantize() makes of x with that context. A NaN has none: INVALID_ARGUMENT. NULL:
   * the format has no codes; UNIMPLEMENTED: not with these options. [call], from several threads at
   * once */
  lathe_code (*codes)(lathe_call *call, void *self, const lathe_format_context *context,
                      const lathe_tensor *x, lathe_integer_codes *codes);

  /* Whether options are open that fit() can choose on that site, and the dimension along which it
   * takes a row for each index; -1: one row for the tensor. NULL: never. [call], from several
   * threads at once */
  lathe_code (*fit_axis)(lathe_call *call, void *self, const lathe_site *site, uint32_t *open,
                         int32_t *axis);

  /* The open options that hold what was seen as finely as the format can, eg: {frac_width: 5}: a
   * map to lay over those it was created with. Those that nothing follows for (only zeros were
   * seen) are left out. Owner: scratch. NULL: as fit_axis. [call], from several threads at once */
  lathe_code (*fit)(lathe_call *call, void *self, const lathe_site *site,
                    const lathe_seen_table *seen, lathe_value *options);

  /* Which of the component's LATHE_FLAG_STOCHASTIC, LATHE_FLAG_ROWS_APART and
   * LATHE_FLAG_ELEMENTS_APART hold with the options of `self`, eg: 0 for a stochastic format that
   * was asked to draw nothing. Asked once, after create(). NULL: all of them. [any] */
  lathe_component_flags (*active_flags)(void *self);
} lathe_format;

#ifdef __cplusplus
}
#endif

#endif
