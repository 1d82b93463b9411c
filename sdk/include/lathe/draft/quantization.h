#ifndef LATHE_DRAFT_QUANTIZATION_H
#define LATHE_DRAFT_QUANTIZATION_H

/* DRAFT: may change or go without notice, and no host hands one out yet.
 * How codes become values: value = scale * (code - zero_point), per tensor or along one axis. */

#include <lathe/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_quantization {
  uint32_t struct_size;
  int32_t axis;              /* -1: one scale for all; else the dimension that scales run along */
  const double *scale;       /* `count` of them */
  const int64_t *zero_point; /* `count` of them; NULL: all 0 */
  uint64_t count;            /* 1, or the extent of `axis` */
} lathe_quantization;

#ifdef __cplusplus
}
#endif

#endif
