#ifndef LATHE_SVC_TENSOR_H
#define LATHE_SVC_TENSOR_H

/* Contents of parameters and buffers, as borrowed DLPack views. Only the host makes tensors. */

#include <lathe/dlpack.h>
#include <lathe/svc/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_SVC_TENSOR "lathe.tensor/0"

typedef struct lathe_tensor_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* Contents of a parameter, made from its initialiser on first read. Read only. NULL with
   * last_error set if there is none, or without LATHE_FLAG_READS_WEIGHTS.
   * Valid: until the plugin function returns. [call] */
  const DLTensor *(*parameter)(lathe_call *call, const lathe_graph *graph, uint32_t node,
                               lathe_str name);

  /* A zeroed tensor on the host's memory, eg: to hand to run(). Valid: until the plugin function
   * returns. [call] */
  DLTensor *(*zeros)(lathe_call *call, lathe_dtype dtype, const int64_t *shape, uint64_t rank);
} lathe_tensor_api;

#ifdef __cplusplus
}
#endif

#endif
