#ifndef LATHE_SVC_PARALLEL_H
#define LATHE_SVC_PARALLEL_H

/* The host's own threads, so that plugins do not oversubscribe the machine. */

#include <lathe/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_SVC_PARALLEL "lathe.parallel/0"

typedef struct lathe_parallel_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* Calls body(user, begin, end) on disjoint ranges that cover [0, count), each of at least `grain`
   * but the last, and returns when all are done. `body` must not throw. [call] */
  void (*parallel_for)(lathe_call *call, uint64_t count, uint64_t grain,
                       void (*body)(void *user, uint64_t begin, uint64_t end), void *user);

  /* How many threads parallel_for may use here: 1 inside a trial. [call] */
  uint32_t (*width)(lathe_call *call);
} lathe_parallel_api;

#ifdef __cplusplus
}
#endif

#endif
