#ifndef LATHE_TENSOR_H
#define LATHE_TENSOR_H

/* A borrowed tensor. Wherever a function says "host memory, dense", the device is kDLCPU, elements
 * lie row by row without gaps, and a loop over `data` will do. */

#include <lathe/abi.h>
#include <lathe/dlpack.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What may be done with a tensor, and how it lies. Bits are those of DLPack 1.x; ignore unknown
 * ones. */
typedef uint32_t lathe_tensor_flags;
enum {
  LATHE_TENSOR_READ_ONLY = 1u << 0, /* others hold it: never write to it */
  LATHE_TENSOR_PADDED = 1u << 2     /* elements below 8 bits take a byte each, not packed */
};

struct lathe_quantization; /* draft/quantization.h */

/* Owner and validity: as the function says that hands it over. */
typedef struct lathe_tensor {
  uint32_t struct_size;
  lathe_tensor_flags flags;
  /* Strides are always given by the host, unless ndim is 0; from a plugin NULL means dense. */
  DLTensor dl;
  void *stream; /* of the device that has to be waited for; NULL: none, or the default one */
  /* NULL: elements are the values. Else they are codes; a reader that does not know how must refuse
   * (LATHE_UNIMPLEMENTED). */
  const struct lathe_quantization *quantization;
} lathe_tensor;

#ifdef __cplusplus
}
#endif

#endif
