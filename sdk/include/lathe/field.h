#ifndef LATHE_FIELD_H
#define LATHE_FIELD_H

/* What one row of a data set is made of: a field is an input of the network, a target, or a weight
 * of the row in the loss. */

#include <lathe/svc/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The rank of a field whose shape is not known before the data set is opened. */
#define LATHE_RANK_UNKNOWN UINT32_MAX

/* Ignore fields of an unknown role. */
typedef uint8_t lathe_field_role;
enum {
  LATHE_FIELD_INPUT = 0,  /* a placeholder takes the one of its name, else the one at its place */
  LATHE_FIELD_TARGET = 1, /* what the network's output is held against */
  LATHE_FIELD_WEIGHT = 2  /* of the row in the loss: float32, rank 0, not negative */
};

/* Owner: whoever passes it. Valid: as the function says. */
typedef struct lathe_field {
  lathe_str name; /* eg: "samples", "labels", "attention_mask" */
  lathe_field_role role;
  lathe_dtype dtype;
  uint8_t reserved[2];
  uint32_t rank;        /* of one row's part; 0: a number; or LATHE_RANK_UNKNOWN */
  const int64_t *shape; /* eg: 3, 32, 32 */
  /* Of a target of integers, whose elements are classes 0, 1, ..., classes - 1; 0: not known before
   * the data set is opened. Of a target of floats or truth values: as its last extent, if each of
   * these says whether one of the classes holds (0 to 1); 0: its elements are numbers, as in
   * regression. 0 for every other field. */
  int64_t classes;
  const lathe_str *class_names; /* NULL, or `classes` of them */
  /* Of an input of rank 1: NULL, or one per number, eg: the columns of a table, which are then
   * told by name. */
  const lathe_str *feature_names;
  /* Of an input of rank 1 or more: the scaling that was applied, (x - mean) / deviation, as one
   * finite number for each index of the first extent (for each number of a row, for each channel of
   * an image), deviations above 0; both NULL: none. */
  const double *mean, *deviation;
} lathe_field;

typedef struct lathe_field_table {
  uint32_t struct_size; /* of a table that is filled for its caller: as the caller knows it */
  uint32_t row_size;
  const lathe_field *rows; /* names differ */
  uint64_t count;
} lathe_field_table;

#ifdef __cplusplus
}
#endif

#endif
