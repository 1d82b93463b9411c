#ifndef LATHE_INITIALISER_H
#define LATHE_INITIALISER_H

/* How the contents of a parameter begin, in the words of torch.nn.init. */

#include <lathe/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A host refuses one that it does not know (UNIMPLEMENTED): contents that nobody asked for would be
 * worse. `a` and `b` stand beside it; they are finite. */
typedef int32_t lathe_initialiser_kind;
enum {
  LATHE_INITIALISER_CONSTANT = 1, /* a everywhere; of integers an integer. b is ignored */
  LATHE_INITIALISER_UNIFORM = 2,  /* on [a, b); b is not below a */
  LATHE_INITIALISER_NORMAL = 3    /* mean a, standard deviation b, which is not negative */
};

#ifdef __cplusplus
}
#endif

#endif
