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

  /* Calls body(call, user, begin, end) on disjoint ranges that cover [0, count), each of at least
   * `grain` but the last, on several threads, and returns when all are done. What the first body to
   * fail returned is returned, and ranges that have not begun by then are left out; so they are,
   * with LATHE_CANCELLED, once the user has asked to stop. [call] */
  lathe_code (*parallel_for)(lathe_call *call, uint64_t count, uint64_t grain,
                             lathe_code (*body)(lathe_call *call, void *user, uint64_t begin,
                                                uint64_t end),
                             void *user);

  /* How many threads parallel_for may use here: 1 inside a trial. [call] */
  uint32_t (*width)(lathe_call *call);
} lathe_parallel_api;

#ifdef __cplusplus
}
#endif

#endif
