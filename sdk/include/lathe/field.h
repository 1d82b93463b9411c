#ifndef LATHE_FIELD_H
#define LATHE_FIELD_H

/* What one row of a data set is made of: a field is an input of the network, a target, or a weight
 * of the row in the loss. */

#include <lathe/svc/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Ignore fields of an unknown role. */
typedef uint8_t lathe_field_role;
enum {
  LATHE_FIELD_INPUT = 0, /* of the graph's placeholders, in their order */
  LATHE_FIELD_TARGET = 1,
  LATHE_FIELD_WEIGHT = 2
};

/* Owner: whoever passes it. Valid: as the function says. */
typedef struct lathe_field {
  lathe_str name; /* eg: "samples", "labels", "attention_mask" */
  lathe_field_role role;
  lathe_dtype dtype;
  uint8_t reserved[2];
  uint32_t rank;                /* of one row's part */
  const int64_t *shape;         /* eg: 3, 32, 32 */
  int64_t classes;              /* of a target whose elements are classes; else 0 */
  const lathe_str *class_names; /* NULL, or `classes` of them */
} lathe_field;

typedef struct lathe_field_table {
  uint32_t struct_size; /* written by the caller */
  uint32_t row_size;
  const lathe_field *rows;
  uint64_t count;
} lathe_field_table;

#ifdef __cplusplus
}
#endif

#endif
