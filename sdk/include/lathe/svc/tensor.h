#ifndef LATHE_SVC_TENSOR_H
#define LATHE_SVC_TENSOR_H

/* Contents of parameters and buffers, as borrowed tensors. Only the host makes tensors. */

#include <lathe/svc/graph.h>
#include <lathe/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_SVC_TENSOR "lathe.tensor/0"

typedef struct lathe_tensor_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* Contents of a parameter or buffer, made from its initialiser on first read: read only, in host
   * memory, dense. NOT_FOUND if there is none of that name, PERMISSION_DENIED without
   * LATHE_FLAG_READS_WEIGHTS. Owner: host. Valid: until the plugin function returns, or release.
   * [call] */
  lathe_code (*parameter)(lathe_call *call, const lathe_graph *graph, uint32_t node, lathe_str name,
                          const lathe_tensor **tensor);

  /* A zeroed tensor in host memory, dense, that the plugin may write to; eg: to hand to run().
   * Owner: host. Valid: until the plugin function returns, or release. [call] */
  lathe_code (*zeros)(lathe_call *call, lathe_dtype dtype, const int64_t *shape, uint64_t rank,
                      lathe_tensor **tensor);

  /* Gives a tensor back that parameter, zeros or lathe.exec's run gave in this call, so that its
   * memory can be used again before the call ends. [call] */
  lathe_code (*release)(lathe_call *call, const lathe_tensor *tensor);
} lathe_tensor_api;

#ifdef __cplusplus
}
#endif

#endif
