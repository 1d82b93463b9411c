#ifndef LATHE_KIND_FORMAT_H
#define LATHE_KIND_FORMAT_H

/* Kind "format": a number format, simulated on float32 tensors. The kernel sees whole tensors. */

#include <lathe/svc/graph.h>
#include <lathe/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is being quantized. */
typedef struct lathe_format_context {
  uint32_t struct_size;
  uint32_t role; /* a lathe_role */
  lathe_str op;  /* eg: "linear", "relu" */
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

  /* y = nearest representable of x. Both are float32 of one shape, in host memory and dense; the
   * data of y may be those of x.
   * Must be deterministic unless LATHE_FLAG_STOCHASTIC. [call], from several threads at once */
  lathe_code (*quantize)(lathe_call *call, void *self, const lathe_format_context *context,
                         const lathe_tensor *x, lathe_tensor *y);

  /* dx from dy. NULL: straight-through, dx = dy. [call], from several threads at once */
  lathe_code (*backward)(lathe_call *call, void *self, const lathe_format_context *context,
                         const lathe_tensor *x, const lathe_tensor *dy, lathe_tensor *dx);

  /* Bits to store a tensor of that shape, shared fields included. [call] */
  lathe_code (*storage_bits)(lathe_call *call, void *self, const int64_t *shape, uint64_t rank,
                             double *bits);

  /* MASE's precision list for the metadata, eg: width, frac_width. Owner: plugin. Valid: until
   * destroy. [call] */
  lathe_code (*precision)(lathe_call *call, void *self, const lathe_value **precision,
                          uint64_t *count);
} lathe_format;

#ifdef __cplusplus
}
#endif

#endif
