#ifndef LATHE_SVC_SPACE_H
#define LATHE_SVC_SPACE_H

/* The search space of the run's config file, [search.search_space], as it is of a graph: what its
 * parameters are called and can be, and what a trial would make of the graph. */

#include <lathe/svc/graph.h>
#include <lathe/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_SVC_SPACE "lathe.space/0"

typedef struct lathe_search_space lathe_search_space;

/* What a parameter is for. */
typedef int32_t lathe_space_part;
enum {
  LATHE_SPACE_NODE = 0,     /* a key of a transform's node map */
  LATHE_SPACE_TRAINING = 1, /* a run option of the training: the graph does not depend on it */
  LATHE_SPACE_MODEL = 2     /* an option of the model */
};

/* Ranges of more values have no choices. */
#define LATHE_SPACE_MOST_CHOICES 1024

typedef struct lathe_space_parameter {
  lathe_str name; /* as in a study, eg: "seq_blocks_2/config/weight_width" */
  lathe_space_part part;
  uint32_t parent;            /* the parameter that it hangs on; LATHE_NONE_ID: it always exists */
  const lathe_value *choices; /* a value for each, those of a stepped range in ascending order */
  uint64_t choice_count;      /* 0: a range that is continuous, or has too many values */
  const uint64_t *parent_choices; /* of the parent, which exists too: with one of these it exists */
  uint64_t parent_choice_count;
} lathe_space_parameter;

typedef struct lathe_space_table {
  uint32_t struct_size; /* written by the caller */
  uint32_t row_size;
  const lathe_space_parameter *rows; /* a parent comes before what hangs on it */
  uint64_t count;
} lathe_space_table;

typedef struct lathe_space_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* The space as it is of that graph. FAILED_PRECONDITION without [search.search_space],
   * INVALID_ARGUMENT for one that does not fit the graph. Owner: host. Valid: until the plugin
   * function returns. [call] */
  lathe_code (*open)(lathe_call *call, const lathe_graph *graph, lathe_search_space **space);

  /* Its parameters, in the study's order. The caller sets parameters->struct_size. Owner: host.
   * Valid: as the space. [call] */
  lathe_code (*parameters)(lathe_call *call, lathe_search_space *space,
                           lathe_space_table *parameters);

  /* A copy of the graph as a trial would have it before it trains: a choice for each parameter, by
   * number; those of parameters that do not exist there are passed over. FAILED_PRECONDITION if
   * the space has parameters of the model. Owner: host. Valid: until the plugin function returns,
   * or lathe.graph's release. [call] */
  lathe_code (*build)(lathe_call *call, lathe_search_space *space, const uint64_t *choices,
                      uint64_t count, lathe_graph **copy);
} lathe_space_api;

#ifdef __cplusplus
}
#endif

#endif
