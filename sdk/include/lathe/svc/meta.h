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
   * id: "example.fisher/mean".
   *
   * A key that is "common", "software" or "hardware", or begins with one of these and '/', is a
   * path into the node's metadata (lathe_graph_api.metadata), with '/' between its keys: there the
   * value shows in place of what is derived, maps are made where there are none, and what else is
   * in them stays. eg: "software/args/data_in_0/stat". A shorter path goes first, so that the notes
   * below it show in it. No part of such a key may be empty, and the value of a whole section is a
   * map. [call] */
  lathe_code (*set)(lathe_call *call, const lathe_graph *graph, uint32_t node, lathe_str key,
                    const lathe_value *value);

  /* The value that was left there; NULL if nobody left one. Owner: host. Valid: until the plugin
   * function returns. [call] */
  lathe_code (*get)(lathe_call *call, const lathe_graph *graph, uint32_t node, lathe_str key,
                    const lathe_value **value);

  /* The scalar of that name that the last pass of that id published in this run; NULL if there is
   * none. Owner: host. Valid: until the plugin function returns. [call] */
  lathe_code (*scalar)(lathe_call *call, lathe_str pass, lathe_str name, const lathe_value **value);

  /* The same at many nodes, which share the copy. [call] */
  lathe_code (*set_all)(lathe_call *call, const lathe_graph *graph, const uint32_t *nodes,
                        uint64_t count, lathe_str key, const lathe_value *value);

  /* Drops the note of that key and those below it: "hardware" takes "hardware/device_id" with it.
   * LATHE_NONE_ID: at all nodes. That there are none is no error. [call] */
  lathe_code (*erase)(lathe_call *call, const lathe_graph *graph, uint32_t node, lathe_str key);
} lathe_meta_api;

#ifdef __cplusplus
}
#endif

#endif
