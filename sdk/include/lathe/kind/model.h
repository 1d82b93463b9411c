#ifndef LATHE_KIND_MODEL_H
#define LATHE_KIND_MODEL_H

/* Kind "model": declares the nodes of a network. Parameters follow from the op table; their
 * contents come into being on first read, so counting a network allocates no weights. */

#include <lathe/svc/edit.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the data set says. */
typedef struct lathe_model_input {
  uint32_t struct_size;
  uint32_t rank;        /* of one sample; 0: the data set does not say */
  const int64_t *shape; /* of one sample, eg: 16 or 3, 32, 32 */
  int64_t classes;      /* 0: the data set does not say */
} lathe_model_input;

typedef struct lathe_model {
  uint32_t struct_size;
  uint32_t reserved;

  /* As in kind/pass.h. [call] */
  lathe_code (*create)(lathe_call *call, const lathe_value *options, void **self);
  void (*destroy)(void *self);

  /* Adds placeholders (attribute "shape": of one sample; absent: the data set's), nodes and the
   * output to an empty graph; the host commits. [call] */
  lathe_code (*build)(lathe_call *call, void *self, const lathe_model_input *input,
                      lathe_edit *edit);
} lathe_model;

#ifdef __cplusplus
}
#endif

#endif
