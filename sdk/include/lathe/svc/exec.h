#ifndef LATHE_SVC_EXEC_H
#define LATHE_SVC_EXEC_H

/* Running and training graphs, for plugins without LibTorch. Needs LATHE_FLAG_EXECUTES.
 *
 * What is scored and minimised is the run's loss: cross_entropy, mse or bce_with_logits as PyTorch
 * has them, the mean over what is compared. */

#include <lathe/svc/graph.h>
#include <lathe/tensor.h>
#include <lathe/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_SVC_EXEC "lathe.exec/0"

/* Whether evaluate() also tells what costs more than counting: areas under ROC curves, for which it
 * keeps and sorts all outputs, and the confusion matrix. */
#define LATHE_BY_CLASS_NO 0u
#define LATHE_BY_CLASS_YES 1u
#define LATHE_BY_CLASS_OUTSIDE_TRIALS 2u /* in trials of a search if it optimises one of them */

/* Which rows of the run's data set: the first `samples` (0: all) of a split. */
typedef struct lathe_rows {
  uint32_t struct_size;
  uint32_t batch_size; /* 0: the run's own, of evaluate() that of its evaluations */
  lathe_str split;     /* "train", "validation" or "test" */
  uint64_t samples;
  uint32_t by_class; /* LATHE_BY_CLASS_... */
  uint32_t reserved;
} lathe_rows;

/* What the values of a statistic are. Pass over a number that you do not know. */
#define LATHE_STATISTIC_NUMBER 0u    /* one number */
#define LATHE_STATISTIC_COUNT 1u     /* one whole number */
#define LATHE_STATISTIC_PER_CLASS 2u /* a number for each class or label; NaN: there is none */
#define LATHE_STATISTIC_MATRIX 3u    /* `columns` numbers for each of them, row-major */

/* One statistic of an evaluation. All have "loss" (the mean over the rows, by their weights) and
 * "samples"; which others there are depends on the run's loss: "accuracy" of cross_entropy and
 * bce_with_logits, "mae" and "r2" of mse, and more. Rows count the same in all but the loss. By
 * class of cross_entropy and by label of bce_with_logits: "support_per_class",
 * "precision_per_class", "recall_per_class", "f1_per_class" and, if asked for (by_class),
 * "auc_per_class"; their means, eg: "f1_macro". The matrices, if asked for: "confusion_matrix" of
 * cross_entropy, rows by class (row) and predicted class (column), and "label_counts" of
 * bce_with_logits, by label true negatives, false positives, false negatives, true positives. */
typedef struct lathe_statistic {
  lathe_str name;
  lathe_str doc;
  uint32_t form;    /* LATHE_STATISTIC_... */
  uint32_t columns; /* of a matrix, else 0 */
  const double *values;
  uint64_t value_count;
} lathe_statistic;

typedef struct lathe_statistic_table {
  uint32_t struct_size; /* written by the caller */
  uint32_t row_size;
  const lathe_statistic *rows;
  uint64_t count;
} lathe_statistic_table;

/* One tensor of one batch, and which rows of the split it comes from. */
typedef struct lathe_observation {
  uint32_t struct_size;
  uint32_t node;
  const lathe_operand *operand; /* an input or the output of the node */
  const lathe_tensor *tensor;   /* read only, in host memory, dense */
  uint64_t batch;               /* 0, 1, ... */
  uint64_t first_row;           /* of the split, in its order */
  uint64_t rows;                /* of this batch */
  /* Of observe_gradients: d loss / d tensor, of its shape, float32, read only, in host memory,
   * dense. NULL: the loss does not depend on it, or it is no float. Of observe: NULL. */
  const lathe_tensor *gradient;
} lathe_observation;

/* Sees one observation. Return LATHE_OK to go on. Owner: host. Valid: for this call of it. */
typedef lathe_code (*lathe_observer)(lathe_call *call, void *user,
                                     const lathe_observation *observation);

/* One parameter and its gradient. */
typedef struct lathe_gradient {
  uint32_t node; /* the first that reads it */
  uint32_t reserved;
  lathe_str name;               /* "weight" */
  lathe_str qualified_name;     /* "seq_blocks.2.weight" */
  const lathe_tensor *value;    /* float32, read only, in host memory, dense */
  const lathe_tensor *gradient; /* d loss / d value, the same */
} lathe_gradient;

/* What one batch says of the parameters. */
typedef struct lathe_gradients {
  uint32_t struct_size;
  uint32_t row_size;                /* of parameters */
  double loss;                      /* of the batch */
  uint64_t batch;                   /* 0, 1, ... */
  uint64_t first_row;               /* of the split, in its order */
  uint64_t rows;                    /* of this batch */
  const lathe_gradient *parameters; /* every one that training changes, in graph order, each once */
  uint64_t parameter_count;
} lathe_gradients;

/* Sees one batch. Return LATHE_OK to go on. Owner: host. Valid: for this call of it. */
typedef lathe_code (*lathe_gradient_observer)(lathe_call *call, void *user,
                                              const lathe_gradients *gradients);

/* What became of a training. */
typedef struct lathe_training {
  uint32_t struct_size; /* written by the caller */
  uint32_t reserved;
  uint64_t epochs;        /* that were trained */
  double train_loss;      /* of the best epoch, mean of its batches */
  double validation_loss; /* of the best epoch; NaN: the data set has no validation rows */
} lathe_training;

typedef struct lathe_exec_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* Runs a graph in evaluation mode on one batch per placeholder, in host memory; outputs in the
   * graph's order, in host memory and dense, read only. Owner: host. Valid: until the plugin
   * function returns, or lathe.tensor's release. [call] */
  lathe_code (*run)(lathe_call *call, const lathe_graph *graph, const lathe_tensor *const *inputs,
                    uint64_t input_count, const lathe_tensor *const **outputs,
                    uint64_t *output_count);

  /* Every statistic that fits the run's loss, on rows of its data set (NULL: the whole validation
   * split), in evaluation mode. The caller sets statistics->struct_size. Owner: host. Valid: until
   * the plugin function returns. [call] */
  lathe_code (*evaluate)(lathe_call *call, const lathe_graph *graph, const lathe_rows *rows,
                         lathe_statistic_table *statistics);

  /* Runs rows through the graph and shows the observer every input and output tensor of `nodes`,
   * batch by batch, in order. [call] */
  lathe_code (*observe)(lathe_call *call, const lathe_graph *graph, const lathe_rows *rows,
                        const uint32_t *nodes, uint64_t node_count, lathe_observer observer,
                        void *user);

  /* Shows the observer loss and gradients of rows, batch by batch, in order: in evaluation mode (no
   * dropout, running statistics), so that the losses are those of evaluate() and the same call
   * gives the same numbers. Number formats pass gradients straight through, or as they make them.
   * INVALID_ARGUMENT for a graph without parameters. [call] */
  lathe_code (*gradients)(lathe_call *call, const lathe_graph *graph, const lathe_rows *rows,
                          lathe_gradient_observer observer, void *user);

  /* Trains a graph that may be edited (a copy, or the run's own graph with
   * LATHE_FLAG_MUTATES_GRAPH) on the train split of the run's data set. `options` is a map with the
   * run's training options by their names in a config file, eg: {"max_epochs": 2, "learning_rate":
   * 1e-4}; NULL and what is left out: as the run has them. Afterwards the graph has the parameters
   * and buffers of the best epoch: that with the lowest validation loss, or training loss without
   * validation rows. No file is written. The caller sets result->struct_size; `result` may be NULL.
   * INVALID_ARGUMENT for an unknown option or a value it does not take, PERMISSION_DENIED for a
   * graph that may not be edited, FAILED_PRECONDITION while a transaction on it is open, CANCELLED
   * if the user stops the run, ABORTED if the loss becomes NaN; then the graph is as it was. [call]
   */
  lathe_code (*train)(lathe_call *call, lathe_graph *graph, const lathe_value *options,
                      lathe_training *result);

  /* As observe, but forwards and backwards as gradients does: each observation carries the gradient
   * of the batch's loss too, the sum over all that read the tensor, placeholders included. That
   * loss is the mean over the rows of the batch, so the gradient of a row's own loss is `rows`
   * times its part (unless the data set weighs rows). Nodes that the output does not depend on are
   * computed all the same; their gradients are NULL. [call] */
  lathe_code (*observe_gradients)(lathe_call *call, const lathe_graph *graph,
                                  const lathe_rows *rows, const uint32_t *nodes,
                                  uint64_t node_count, lathe_observer observer, void *user);

  /* What the network's one output is for each row, in order: float32, its first extent the rows, in
   * evaluation mode. What evaluate() or it computed of the same beginning of a network before is
   * not computed again. Owner: host. Valid: until the plugin function returns, or lathe.tensor's
   * release. [call] */
  lathe_code (*outputs)(lathe_call *call, const lathe_graph *graph, const lathe_rows *rows,
                        const lathe_tensor **outputs);
} lathe_exec_api;

#ifdef __cplusplus
}
#endif

#endif
