#ifndef LATHE_SVC_RNG_H
#define LATHE_SVC_RNG_H

/* Counter-based randomness (Philox4x32-10, Salmon et al. 2011): the same numbers in every language,
 * for any number of threads, without state. */

#include <lathe/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_SVC_RNG "lathe.rng/0"

typedef struct lathe_rng_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* Fills `out` with uniform numbers of [0, 1), 53 bits each: element i is a pure function of
   * (seed, stream, counter + i). [any] */
  void (*uniform)(uint64_t seed, uint64_t stream, uint64_t counter, double *out, uint64_t count);

  /* A stream number from a text, eg: a parameter's name. [any] */
  uint64_t (*stream)(lathe_str text);
} lathe_rng_api;

#ifdef __cplusplus
}
#endif

#endif
