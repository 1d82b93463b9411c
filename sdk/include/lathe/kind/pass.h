#ifndef LATHE_KIND_PASS_H
#define LATHE_KIND_PASS_H

/* Kind "pass": looks at a graph (analysis) or changes it (transform, LATHE_FLAG_MUTATES_GRAPH). */

#include <lathe/svc/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lathe_pass {
  uint32_t struct_size;
  uint32_t reserved;

  /* Makes an instance from validated options: a map, defaults filled in. `options` is valid for
   * this call only. [call] */
  lathe_code (*create)(lathe_call *call, const lathe_value *options, void **self);

  /* Frees the instance. Never fails. [any] */
  void (*destroy)(void *self);

  /* Does the work. May be called several times, with several graphs. Without
   * LATHE_FLAG_PARALLEL never by two threads at once. [call] */
  lathe_code (*run)(lathe_call *call, void *self, lathe_graph *graph);

  /* Ops a transform's node map can act on, eg: "linear|conv1d|relu"; NULL: any. One that chooses
   * number formats also acts on every op of a plugin that can carry them, and on all other ops that
   * can where an entry is for them: by op, by name, or by a pattern that matches none of these. */
  const char *targets;

  /* Scalars the pass publishes, eg: "total_flops|parameters", so that a search knows its metrics
   * before it starts. NULL: it does not say, and may publish any; empty: none. */
  const char *scalars;
} lathe_pass;

#ifdef __cplusplus
}
#endif

#endif
