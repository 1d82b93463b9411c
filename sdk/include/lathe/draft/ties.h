#ifndef LATHE_DRAFT_TIES_H
#define LATHE_DRAFT_TIES_H

/* DRAFT: may change or go without notice.
 * Tied weights: one parameter under the names of several nodes, as PyTorch has `lm_head.weight =
 * embed_tokens.weight`. */

#include <lathe/svc/edit.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_SVC_TIES "lathe.ties/0"

typedef struct lathe_ties_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* The parameter that would be called `name`, eg: "lm_head.weight", is another's, `kept`: that one
   * has the name and the contents for both. Said of nodes that do not exist yet: in the build() of
   * a model, before it adds the first (FAILED_PRECONDITION anywhere else). The host refuses the
   * graph if one of the two is missing when it is committed, or if their shapes differ. [call] */
  lathe_code (*tie)(lathe_call *call, lathe_edit *edit, lathe_str name, lathe_str kept);
} lathe_ties_api;

#ifdef __cplusplus
}
#endif

#endif
