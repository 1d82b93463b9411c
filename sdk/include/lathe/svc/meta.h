#ifndef LATHE_SVC_META_H
#define LATHE_SVC_META_H

/* What passes of one run leave for later ones: notes at nodes, and the scalars they published. In a
 * search a run is a trial. */

#include <lathe/svc/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_SVC_META "lathe.meta/0"

typedef struct lathe_meta_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* Leaves a value at a node of the graph, in place of one of that key. It is copied, and stays
   * with the node through edits of the graph, until the run ends. Let the key begin with the pass's
   * id: "example.fisher/mean". [call] */
  lathe_code (*set)(lathe_call *call, const lathe_graph *graph, uint32_t node, lathe_str key,
                    const lathe_value *value);

  /* The value that was left there; NULL if nobody left one. Owner: host. Valid: until the plugin
   * function returns. [call] */
  lathe_code (*get)(lathe_call *call, const lathe_graph *graph, uint32_t node, lathe_str key,
                    const lathe_value **value);

  /* The scalar of that name that the last pass of that id published in this run; NULL if there is
   * none. Owner: host. Valid: until the plugin function returns. [call] */
  lathe_code (*scalar)(lathe_call *call, lathe_str pass, lathe_str name, const lathe_value **value);
} lathe_meta_api;

#ifdef __cplusplus
}
#endif

#endif
