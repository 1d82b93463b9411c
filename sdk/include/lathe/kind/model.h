#ifndef LATHE_KIND_MODEL_H
#define LATHE_KIND_MODEL_H

/* Kind "model": declares the nodes of a network. Parameters follow from the op table; their
 * contents come into being on first read, so counting a network allocates no weights. A model that
 * has weights of its own, eg: in a file, hands them over then. */

#include <lathe/field.h>
#include <lathe/svc/edit.h>
#include <lathe/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the data set says of its rows. Owner: host. Valid: until build returns. */
typedef struct lathe_model_input {
  uint32_t struct_size;
  uint32_t reserved;
  const lathe_field_table *fields; /* never NULL; without rows: there is no data set */
} lathe_model_input;

typedef struct lathe_model {
  uint32_t struct_size;
  uint32_t reserved;

  /* As in kind/pass.h. [call] */
  lathe_code (*create)(lathe_call *call, const lathe_value *options, void **self);
  void (*destroy)(void *self);

  /* Adds placeholders, nodes and the output to an empty graph; the host commits. A placeholder's
   * attributes "shape" (of one row's part) and "dtype": absent shape takes both from the data set's
   * input of the placeholder's name, else from the input at its place. [call] */
  lathe_code (*build)(lathe_call *call, void *self, const lathe_model_input *input,
                      lathe_edit *edit);

  /* Fills `contents`, dense host memory of the parameter's element type and shape, zeroed, with
   * what build() promised under the number `source` (svc/edit.h, promise_parameter). Called when
   * they are first read, maybe long after build() and for several parameters at once; `self` lives
   * until nothing needs it any more. The call belongs to no run. NULL: build() promises nothing.
   * [any] */
  lathe_code (*contents)(lathe_call *call, void *self, uint64_t source, lathe_tensor *contents);
} lathe_model;

#ifdef __cplusplus
}
#endif

#endif
