#ifndef LATHE_SVC_DATA_H
#define LATHE_SVC_DATA_H

/* Rows of the run's data set, with their targets: what a metric of one's own needs. Needs
 * LATHE_FLAG_READS_DATA. Splits are "train", "validation" and "test". */

#include <lathe/field.h>
#include <lathe/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_SVC_DATA "lathe.data/0"

typedef struct lathe_data_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* What a row is made of, opening the data if need be. Owner: host. Valid: until the plugin
   * function returns. [call] */
  lathe_code (*fields)(lathe_call *call, lathe_field_table *fields);

  /* Rows of a split; 0 if the data set has none. [call] */
  lathe_code (*count)(lathe_call *call, lathe_str split, uint64_t *rows);

  /* Rows `index[0..count)` of a split: one tensor per field, in the order of fields(), of `count`
   * rows, in host memory, dense, read only. Owner: host. Valid: until the plugin function returns,
   * or lathe.tensor's release. [call] */
  lathe_code (*read)(lathe_call *call, lathe_str split, const uint64_t *index, uint64_t count,
                     const lathe_tensor *const **tensors, uint64_t *tensor_count);
} lathe_data_api;

#ifdef __cplusplus
}
#endif

#endif
