#ifndef LATHE_SVC_EXEC_H
#define LATHE_SVC_EXEC_H

/* Running graphs, for plugins without LibTorch. Needs LATHE_FLAG_EXECUTES. */

#include <lathe/svc/graph.h>
#include <lathe/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_SVC_EXEC "lathe.exec/0"

/* Which rows of the run's data set: the first `samples` (0: all) of a split. */
typedef struct lathe_rows {
  uint32_t struct_size;
  uint32_t batch_size; /* 0: the run's own */
  lathe_str split;     /* "train", "validation" or "test" */
  uint64_t samples;
} lathe_rows;

typedef struct lathe_evaluation {
  uint32_t struct_size;
  uint32_t reserved;
  double loss;           /* cross entropy, mean of batch means */
  double accuracy;       /* micro: correct / samples */
  double accuracy_macro; /* mean recall over the classes seen */
  uint64_t samples;
} lathe_evaluation;

/* What the values of a statistic are. */
#define LATHE_STATISTIC_NUMBER 0u    /* one number */
#define LATHE_STATISTIC_COUNT 1u     /* one whole number */
#define LATHE_STATISTIC_PER_CLASS 2u /* a number for each class; NaN: there is none */

/* One statistic of an evaluation, whichever the host knows. */
typedef struct lathe_statistic {
  uint32_t struct_size;
  uint32_t form;  /* LATHE_STATISTIC_... */
  lathe_str name; /* eg: "accuracy" */
  lathe_str doc;
  const double *values;
  uint64_t value_count;
} lathe_statistic;

/* One tensor of one batch, and which rows of the split it comes from. */
typedef struct lathe_observation {
  uint32_t struct_size;
  uint32_t node;
  const lathe_operand *operand; /* an input or the output of the node */
  const lathe_tensor *tensor;   /* read only, in host memory, dense */
  uint64_t batch;               /* 0, 1, ... */
  uint64_t first_row;           /* of the split, in its order */
  uint64_t rows;                /* of this batch */
} lathe_observation;

/* Sees one observation. Return LATHE_OK to go on. Owner: host. Valid: for this call of it. */
typedef lathe_code (*lathe_observer)(lathe_call *call, void *user,
                                     const lathe_observation *observation);

typedef struct lathe_exec_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* Runs a graph in evaluation mode on one batch per placeholder, in host memory; outputs in the
   * graph's order, in host memory and dense, read only. Owner: host. Valid: until the plugin
   * function returns, or lathe.tensor's release. [call] */
  lathe_code (*run)(lathe_call *call, const lathe_graph *graph, const lathe_tensor *const *inputs,
                    uint64_t input_count, const lathe_tensor *const **outputs,
                    uint64_t *output_count);

  /* Loss and accuracies on rows of the run's data. The caller sets evaluation->struct_size. [call]
   */
  lathe_code (*evaluate)(lathe_call *call, const lathe_graph *graph, const lathe_rows *rows,
                         lathe_evaluation *evaluation);

  /* Runs rows through the graph and shows the observer every input and output tensor of `nodes`,
   * batch by batch, in order. [call] */
  lathe_code (*observe)(lathe_call *call, const lathe_graph *graph, const lathe_rows *rows,
                        const uint32_t *nodes, uint64_t node_count, lathe_observer observer,
                        void *user);

  /* Evaluates as evaluate() does and tells every statistic there is, those that lathe_evaluation
   * has no field for too. Valid: until the plugin function returns. [call] */
  lathe_code (*statistics)(lathe_call *call, const lathe_graph *graph, const lathe_rows *rows,
                           const lathe_statistic *const **statistics, uint64_t *statistic_count);
} lathe_exec_api;

#ifdef __cplusplus
}
#endif

#endif
