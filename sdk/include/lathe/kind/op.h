#ifndef LATHE_KIND_OP_H
#define LATHE_KIND_OP_H

/* Kind "op": a layer or a function that the dialect lacks, with all that the dialect's own rows
 * say of theirs. Users and other plugins write its id where they write "linear": in models, edits,
 * node maps, saved graphs.
 * The component's option table is the table of its attributes: a module's constructor arguments, a
 * function's literal arguments. They are checked and completed when a node is committed. An option
 * without a default that cannot be NA is required; an integer for a list of integers is a list of
 * one. Attributes are no paths and no node maps.
 * Gradients are first-order. With LATHE_FLAG_STOCHASTIC or LATHE_FLAG_NONDETERMINISTIC results are
 * never cached. */

#include <lathe/initialiser.h>
#include <lathe/svc/graph.h>
#include <lathe/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A tensor that is read or made, by its type and extents. */
typedef struct lathe_op_tensor {
  lathe_str name; /* of an input: of lathe_op.inputs, or the function's argument; else empty */
  lathe_dtype dtype;
  uint8_t reserved[3];
  uint32_t rank;
  const int64_t *shape; /* batch dimension included */
} lathe_op_tensor;

/* The tensor inputs of a node, in argument order. Owner: host. Valid: for the call. */
typedef struct lathe_op_tensor_table {
  uint32_t struct_size;
  uint32_t row_size;
  const lathe_op_tensor *rows;
  uint64_t count;
} lathe_op_tensor_table;

/* What follows from the inputs. The host clears it, and sets struct_size. */
typedef struct lathe_op_result {
  uint32_t struct_size;
  lathe_dtype dtype; /* FLOAT32, an integer type or BOOL: gradients pass through FLOAT32 only */
  uint8_t reserved[3];
  uint32_t rank; /* at most 64 */
  /* 1: row i of the result depends on row i of each input alone, so that batches may be run
   * together or apart. The host may then call forward with any number of rows. */
  uint32_t rows_apart;
  const int64_t *shape; /* from host->scratch, or the plugin's until destroy */
} lathe_op_result;

/* A parameter or buffer of a module. "weight" and "bias" can carry number formats, if
 * lathe_op.quantizable says so. */
typedef struct lathe_op_parameter {
  lathe_str name;    /* an identifier, eg: "weight" */
  lathe_dtype dtype; /* FLOAT32; of a buffer also INT64 or INT32 */
  uint8_t is_buffer; /* 1: state that is not trained, eg: running_mean */
  uint8_t reserved[2];
  uint32_t rank;
  const int64_t *shape;
  lathe_initialiser_kind initialiser; /* of integers: CONSTANT */
  uint32_t reserved_2;
  double a; /* as lathe/initialiser.h says */
  double b;
} lathe_op_parameter;

/* The host clears it, and sets struct_size. Rows, shapes and names: from host->scratch, or the
 * plugin's until destroy. */
typedef struct lathe_op_parameter_table {
  uint32_t struct_size;
  uint32_t row_size; /* sizeof(lathe_op_parameter) as the plugin knew it */
  const lathe_op_parameter *rows;
  uint64_t count; /* at most 256 */
} lathe_op_parameter_table;

/* One execution of a node. All tensors are in host memory and dense; those of floating-point
 * numbers are float32, others are what infer was told. Owner: host. Valid: for the call. */
typedef struct lathe_op_call {
  uint32_t struct_size;
  uint32_t training;
  const lathe_tensor *const *inputs; /* as infer had them */
  const lathe_str *input_names;
  uint64_t input_count;
  /* As parameters() listed them; a function has none. READ_ONLY, but for buffers in training, which
   * forward may update. */
  lathe_tensor *const *parameters;
  const lathe_str *parameter_names;
  uint64_t parameter_count;
  uint64_t seed;    /* of the random stream; used with LATHE_FLAG_STOCHASTIC only */
  uint64_t counter; /* where this execution's part of the stream begins */
} lathe_op_call;

/* Gradients of the loss. All are float32, in host memory and dense, and 0 before the call. NULL:
 * nobody asks for it. */
typedef struct lathe_op_gradients {
  uint32_t struct_size;
  uint32_t reserved;
  const lathe_tensor *dy;
  lathe_tensor *const *d_inputs;     /* as lathe_op_call.inputs */
  lathe_tensor *const *d_parameters; /* as lathe_op_call.parameters; NULL for buffers */
} lathe_op_gradients;

/* Static facts, then functions. An instance serves every node with the same attributes. Without
 * LATHE_FLAG_PARALLEL no two threads are in its functions at once. Lists have '|' between words. */
typedef struct lathe_op {
  uint32_t struct_size;
  uint32_t is_unsigned; /* 1: fixed point of its operands has no sign, as of relu */

  /* The module's class, as PyTorch prints it, eg: "RMSNorm"; NULL: it is never a module. */
  const char *module_class;
  /* What PyTorch prints between the brackets, attributes in braces, eg:
   * "{normalized_shape}, eps={eps}"; NULL: name=value of all. */
  const char *extra_repr;
  /* The module's tensor inputs, eg: "input"; mandatory with module_class. */
  const char *inputs;

  /* The function as torch.fx prints it, eg: "torch.nn.functional.rms_norm"; NULL: it is never one.
   */
  const char *function;
  /* Its arguments, eg: "input|normalized_shape|weight|eps"; mandatory with function. Those that are
   * attributes are literals, the others tensors. Other attributes are the module's alone. */
  const char *signature;
  /* Roles of the function's tensors, in their order, eg: "data_in|weight"; NULL: all data_in. */
  const char *input_roles;

  /* Roles that number formats can sit on, eg: "data_in|weight|bias"; NULL: none. */
  const char *quantizable;
  lathe_bit_rule bits;
  /* What changes widths goes by it, and by attributes and parameters that are named as those of
   * PyTorch's layer of that rule: normalized_shape and weight for LAYER_NORM. */
  lathe_channel_rule channels;
  uint32_t weight_channels; /* the dimension of its weight that its outputs lie along */
  uint32_t reserved;

  /* As in kind/pass.h; `attributes` are those of one node, complete. [call] */
  lathe_code (*create)(lathe_call *call, const lathe_value *attributes, void **self);
  void (*destroy)(void *self);

  /* The result's type and extents; refuses inputs that do not fit. A pure function. [call] */
  lathe_code (*infer)(lathe_call *call, void *self, const lathe_op_tensor_table *inputs,
                      lathe_op_result *result);

  /* Of the module. NULL: it has none. [call] */
  lathe_code (*parameters)(lathe_call *call, void *self, lathe_op_parameter_table *parameters);

  /* Fills `cost`, which the host has cleared and marked as known: macs and elementwise, from which
   * every counting convention follows. MASE's counts are the plugin's, too, where they differ from
   * what follows: computations of 0 become macs + elementwise, backward_computations of 0 become
   * twice the macs (one for each factor) and once the rest. One that gives computations alone is
   * taken to have as many elementwise ones. NULL: there is no rule, and counting passes refuse the
   * op. [call] */
  lathe_code (*cost)(lathe_call *call, void *self, const lathe_op_tensor_table *inputs,
                     const lathe_op_tensor *result, lathe_cost *cost);

  /* Writes y, which has the type and extents that infer gave. Deterministic, unless the component
   * says otherwise. [call] */
  lathe_code (*forward)(lathe_call *call, void *self, const lathe_op_call *op, lathe_tensor *y);

  /* Adds to the gradients that are asked for. `op` is the forward call's. NULL: no gradient passes,
   * and training through it is refused before it begins. [call] */
  lathe_code (*backward)(lathe_call *call, void *self, const lathe_op_call *op,
                         const lathe_tensor *y, const lathe_op_gradients *gradients);
} lathe_op;

#ifdef __cplusplus
}
#endif

#endif
