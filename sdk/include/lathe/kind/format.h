#ifndef LATHE_KIND_FORMAT_H
#define LATHE_KIND_FORMAT_H

/* Kind "format": a number format, simulated on float32 tensors. The kernel sees whole tensors. */

#include <lathe/dlpack.h>
#include <lathe/host.h>
#include <lathe/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t lathe_role;
enum { LATHE_DATA_IN = 0, LATHE_WEIGHT = 1, LATHE_BIAS = 2, LATHE_DATA_OUT = 3 };

/* What is being quantized. */
typedef struct lathe_format_context {
  uint32_t struct_size;
  lathe_role role;
  lathe_str op; /* eg: "linear", "relu" */
  uint32_t training;
  uint32_t input_index; /* for data_in: which input */
  uint64_t seed;        /* of the random stream; used with LATHE_FLAG_STOCHASTIC only */
  uint64_t counter;     /* where this tensor's part of the stream begins */
  uint32_t is_unsigned; /* 1: fixed point of this operand has no sign, whatever its options say */
  uint32_t reserved;
} lathe_format_context;

typedef struct lathe_format {
  uint32_t struct_size;
  uint32_t reserved;

  /* As in kind/pass.h; the options are those of one operand, without prefix. [call] */
  lathe_code (*create)(lathe_call *call, const lathe_value *options, void **self);
  void (*destroy)(void *self);

  /* y = nearest representable of x. Both are contiguous float32 of one shape; y may be x.
   * Must be deterministic unless LATHE_FLAG_STOCHASTIC. [call], from several threads at once */
  lathe_code (*quantize)(lathe_call *call, void *self, const lathe_format_context *context,
                         const DLTensor *x, DLTensor *y);

  /* dx from dy. NULL: straight-through, dx = dy. [call], from several threads at once */
  lathe_code (*backward)(lathe_call *call, void *self, const lathe_format_context *context,
                         const DLTensor *x, const DLTensor *dy, DLTensor *dx);

  /* Bits to store a tensor of that shape, shared fields included. [call] */
  lathe_code (*storage_bits)(lathe_call *call, void *self, const int64_t *shape, uint64_t rank,
                             double *bits);

  /* MASE's precision list for the metadata, eg: width, frac_width. `precision` holds 8; the format
   * writes `count`. Texts and lists are valid until destroy. [call] */
  lathe_code (*precision)(lathe_call *call, void *self, lathe_value *precision, uint64_t *count);
} lathe_format;

#ifdef __cplusplus
}
#endif

#endif
