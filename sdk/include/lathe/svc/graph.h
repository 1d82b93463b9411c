#ifndef LATHE_SVC_GRAPH_H
#define LATHE_SVC_GRAPH_H

/* Reading a graph. Nodes are torch.fx's: each has a name, an opcode, a target and one result.
 * A view is a struct of borrowed columns: 100,000 nodes are read without a call per node.
 *
 *   id            0        1         2            3          ids are rows; never reused
 *   name          x        fc1       relu         output
 *   input_begin   0        0         1            2      3   inputs of i: [begin[i], begin[i+1])
 *   inputs                 0         1            2
 *
 * What a node works on and what that costs is its profile. Nodes that are alike share one, so that
 * operands and costs of 100,000 nodes are few rows and a column that says which node has which. */

#include <lathe/host.h>
#include <lathe/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_SVC_GRAPH "lathe.graph/0"

typedef struct lathe_graph lathe_graph;
typedef struct lathe_profiles lathe_profiles;
typedef struct lathe_parameter_columns lathe_parameter_columns;

/* There are no others: torch.fx has six. */
typedef uint8_t lathe_opcode;
enum {
  LATHE_OPCODE_PLACEHOLDER = 0,
  LATHE_OPCODE_GET_ATTR = 1,
  LATHE_OPCODE_CALL_FUNCTION = 2,
  LATHE_OPCODE_CALL_METHOD = 3,
  LATHE_OPCODE_CALL_MODULE = 4,
  LATHE_OPCODE_OUTPUT = 5
};

/* Element types. An unknown one has elements of unknown size: leave such tensors alone. */
typedef uint8_t lathe_dtype;
enum {
  LATHE_DTYPE_NONE = 0, /* the result is not a tensor (size) */
  LATHE_DTYPE_FLOAT32 = 1,
  LATHE_DTYPE_FLOAT64 = 2,
  LATHE_DTYPE_FLOAT16 = 3,
  LATHE_DTYPE_BFLOAT16 = 4,
  LATHE_DTYPE_INT8 = 5,
  LATHE_DTYPE_INT16 = 6,
  LATHE_DTYPE_INT32 = 7,
  LATHE_DTYPE_INT64 = 8,
  LATHE_DTYPE_UINT8 = 9,
  LATHE_DTYPE_BOOL = 10
};

/* Columns are indexed by node id, 0 to node_count-1. A node has one result: of one that makes
 * several tensors it is a tuple, with dtype NONE and no shape, whose parts getitem nodes take.
 * Owner: host. Valid: until the plugin function returns, also when an edit commits: the view then
 * shows the graph as it was, and view() gives the new one. */
typedef struct lathe_graph_view {
  uint32_t struct_size;
  uint32_t epoch;        /* grows with every commit */
  uint32_t node_count;   /* rows, removed ones included */
  uint32_t live_count;   /* entries of order */
  const uint32_t *order; /* live ids, in execution order */
  const uint8_t *alive;
  const lathe_opcode *opcode;
  const uint32_t *op;       /* symbol of MASE's mase_op, eg: "linear", "batch_norm1d", "output" */
  const lathe_str *op_text; /* the same as text */
  const lathe_str *name;    /* eg: "seq_blocks_2" */
  const lathe_str *target;  /* eg: "seq_blocks.2" */
  const uint32_t *input_begin;
  const uint32_t *inputs;
  const uint32_t *use_begin; /* nodes that read the result of i */
  const uint32_t *uses;
  const lathe_dtype *dtype; /* of the result */
  const uint32_t *shape_begin;
  const int64_t *shape; /* of the result, batch dimension included */
  uint32_t dialect;     /* version of the op table that ops and attributes are written in */
  uint32_t reserved;
  /* What profiles() and parameters() gave for this view; NULL until they are called. The host
   * writes them once, with release: a reader that may be on another thread loads them with acquire.
   */
  const lathe_profiles *profiles;
  const lathe_parameter_columns *parameters;
} lathe_graph_view;

/* Ignore operands of an unknown kind. */
typedef int32_t lathe_operand_kind;
enum {
  LATHE_OPERAND_INPUT = 0,     /* data_in_0, data_in_1, ... */
  LATHE_OPERAND_PARAMETER = 1, /* weight, bias, ... */
  LATHE_OPERAND_BUFFER = 2,    /* running_mean, ... */
  LATHE_OPERAND_OUTPUT = 3,    /* data_out_0 */
  LATHE_OPERAND_STATE = 4      /* weight_quantizer.step, ...: what a number format keeps for one of
                                * the others; nothing that the op computes with */
};

/* What an operand is to its node. Formats are set by role (svc/edit.h), and so two inputs of an add
 * share one: both are data_in. An unknown one is taken for NONE. */
typedef uint8_t lathe_role;
enum {
  LATHE_ROLE_NONE = 0,    /* buffers, state, and what the op knows no role for */
  LATHE_ROLE_DATA_IN = 1, /* eg: every input of a module */
  LATHE_ROLE_WEIGHT = 2,  /* also the second operand of matmul, and a function's weight input */
  LATHE_ROLE_BIAS = 3,
  LATHE_ROLE_DATA_OUT = 4
};

/* One tensor a node reads, owns or makes, as MASE's metadata describes it. */
typedef struct lathe_operand {
  lathe_operand_kind kind;
  /* Of a parameter or buffer: its place among those of its node (lathe_parameter_columns);
   * LATHE_NONE_ID for all others, and in observations. */
  uint32_t parameter;
  lathe_dtype dtype;
  lathe_role role;
  uint8_t reserved[6];
  lathe_str name;               /* eg: "data_in_0", "weight" */
  lathe_str type;               /* "float", or the id of its number format */
  double bits;                  /* storage bits per element */
  const lathe_value *precision; /* eg: 32, or width and frac_width */
  uint64_t precision_count;
  const int64_t *shape;
  uint64_t rank;
  int64_t numel;
  const lathe_value *format_options; /* of its number format, a map with all of them; NULL: float */
} lathe_operand;

typedef struct lathe_operand_table {
  uint32_t struct_size; /* written by the caller */
  uint32_t row_size;
  const lathe_operand *rows;
  uint64_t count;
} lathe_operand_table;

/* What executing a node costs, its whole batch. computations to output_elements are those of MASE's
 * FLOP estimator, for which a multiply-accumulate is one computation; every other counting
 * convention follows from macs, elementwise, the operands and lathe_op_facts.counting. */
typedef struct lathe_cost {
  uint32_t struct_size;
  uint32_t known; /* 0: the op has no cost rule, all counts are 0 */
  double computations;
  double backward_computations;
  double parameters; /* as the estimator counts them: biases of linear and conv left out */
  double input_elements;
  double output_elements;
  double macs;        /* multiply-accumulates */
  double elementwise; /* other operations, on one element each; eg: of relu one per element */
} lathe_cost;

/* What an op is to the conventions that count work: fvcore counts a batch norm and no pool, ptflops
 * counts both. One fact per op; docs/counting.md has what each convention makes of it. An unknown
 * one is taken for OWN. */
typedef int32_t lathe_count_rule;
enum {
  LATHE_COUNT_NOTHING = 0,        /* moves or copies numbers: view, cat, getitem, dropout */
  LATHE_COUNT_LINEAR = 1,         /* a product with a learned matrix */
  LATHE_COUNT_CONV = 2,           /* windows of the input */
  LATHE_COUNT_CONV_TRANSPOSE = 3, /* windows of the output */
  LATHE_COUNT_PRODUCT = 4,        /* of two inputs: matmul, bmm */
  LATHE_COUNT_BATCH_NORM = 5,     /* in evaluation: scales and shifts */
  LATHE_COUNT_LAYER_NORM = 6,     /* statistics of its own input */
  LATHE_COUNT_RECTIFIER = 7,      /* relu, relu6, leaky_relu, silu, gelu */
  LATHE_COUNT_ACTIVATION = 8,     /* other functions of one element */
  LATHE_COUNT_SOFTMAX = 9,
  LATHE_COUNT_POOL = 10,
  LATHE_COUNT_ADAPTIVE_AVG_POOL = 11,
  LATHE_COUNT_ARITHMETIC = 12, /* add, mul */
  LATHE_COUNT_SUBTRACTION = 13,
  LATHE_COUNT_REDUCTION = 14, /* mean */
  LATHE_COUNT_OWN = 15        /* macs and elementwise, and nothing else; plugins' ops */
};

/* Bit operations of one computation of an op, from the widths of its operands: data_in (in), weight
 * or second input (w), bias (b). An unknown one is taken for NONE. */
typedef int32_t lathe_bit_rule;
enum {
  LATHE_BITS_NONE = 0,         /* no rule: it computes nothing, or nothing that is known */
  LATHE_BITS_ACCUMULATING = 1, /* in * w + max(in, b): linear, convolutions, matmul */
  LATHE_BITS_SCALING = 2,      /* in * in: normalisations */
  LATHE_BITS_MULTIPLYING = 3,  /* in * w: mul */
  LATHE_BITS_WIDEST = 4,       /* max(in, w): add, sub */
  LATHE_BITS_PASSING = 5       /* in: activations, pools, mean */
};

/* How the channels of a result follow from those of the inputs, for what changes widths. A plugin
 * that meets a number it does not know takes it for WALL. */
typedef int32_t lathe_channel_rule;
enum {
  LATHE_CHANNELS_WALL = 0,       /* nothing that touches it can be widened */
  LATHE_CHANNELS_INPUT = 1,      /* the graph's input */
  LATHE_CHANNELS_CONSTANT = 2,   /* a tensor that belongs to no layer */
  LATHE_CHANNELS_OUTPUT = 3,     /* the graph's output */
  LATHE_CHANNELS_SAME = 4,       /* those of the input */
  LATHE_CHANNELS_LINEAR = 5,     /* a layer's own, along the last dimension */
  LATHE_CHANNELS_CONV = 6,       /* a layer's own, along the second; windows slide over the rest */
  LATHE_CHANNELS_EMBEDDING = 7,  /* a layer's own, along a new last dimension */
  LATHE_CHANNELS_BATCH_NORM = 8, /* those of the input, with a number each */
  LATHE_CHANNELS_LAYER_NORM = 9, /* the same over the last dimensions; a copy changes the result */
  LATHE_CHANNELS_SOFTMAX = 10,   /* those of the input; a copy along `dim` changes the result */
  LATHE_CHANNELS_WINDOW = 11,    /* those of the input; a window slides over what follows them */
  LATHE_CHANNELS_BROADCAST = 12, /* those of both inputs, which are the same or spread */
  LATHE_CHANNELS_JOINED = 13,    /* those of all inputs, one after the other along `dim` */
  LATHE_CHANNELS_RESHAPED = 14,  /* regrouped into the extents that its arguments say */
  LATHE_CHANNELS_FLATTENED = 15, /* regrouped from `start_dim` to `end_dim` */
  LATHE_CHANNELS_PICKED = 16,    /* some of the input's, by `index` */
  LATHE_CHANNELS_PADDED = 17,    /* the input's between margins, by `pad` */
  LATHE_CHANNELS_AVERAGED = 18   /* the input's, less the dimensions `dim` */
};

/* What the dialect knows of a node's op beyond its shape and its cost. */
typedef struct lathe_op_facts {
  uint32_t struct_size;
  uint32_t roles; /* operands of this node that a format can sit on: bit 1 << lathe_role */
  lathe_bit_rule bits;
  lathe_channel_rule channels;
  uint32_t weight_channels; /* the dimension of its weight that its outputs lie along, eg: 0 */
  uint32_t is_unsigned;     /* 1: fixed point of its operands has no sign; eg: relu */
  lathe_count_rule counting;
} lathe_op_facts;

/* What all nodes of one kind have in common: op, attributes, number formats, and types and shapes
 * of what they read and make. */
typedef struct lathe_profile {
  const lathe_operand *operands; /* rows of lathe_profiles.operand_row_size bytes, as operands() */
  uint64_t operand_count;
  const lathe_cost *cost;
  const lathe_op_facts *facts;
} lathe_profile;

/* The profiles of a graph's nodes: that of node i is row of_node[i]. Equal rows are alike; the
 * reverse need not hold. Of a removed node it is a row without operands. Owner: host. Valid: as the
 * view. */
struct lathe_profiles {
  uint32_t struct_size;
  uint32_t row_size;
  uint32_t operand_row_size;
  uint32_t count; /* of rows */
  const lathe_profile *rows;
  const uint32_t *of_node; /* by node id */
};

/* What nodes do not share with their like: the parameters, buffers and states of node i are rows
 * begin[i] up to begin[i + 1]; an operand with `parameter` k is row begin[i] + k. Owner: host.
 * Valid: as the view. */
struct lathe_parameter_columns {
  uint32_t struct_size;
  uint32_t reserved;
  const uint32_t *begin;           /* by node id */
  const lathe_str *qualified_name; /* eg: "seq_blocks.2.weight" */
  /* Equal for those with the same contents in memory (tied weights), and nothing else follows from
   * it. Never 0. */
  const uint64_t *storage_id;
};

typedef struct lathe_graph_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* The columns of a graph. Owner: host. Valid: until the plugin function returns. [call] */
  lathe_code (*view)(lathe_call *call, const lathe_graph *graph, const lathe_graph_view **view);

  /* Constructor arguments of a node's module and literal arguments of a function, a map;
   * eg: in_features, out_features, bias; kernel_size. Owner: host. Valid: as the view. [call] */
  lathe_code (*attributes)(lathe_call *call, const lathe_graph *graph, uint32_t node,
                           const lathe_value **attributes);

  /* Id of the node of that name; LATHE_NONE_ID if there is none. [call] */
  lathe_code (*find)(lathe_call *call, const lathe_graph *graph, lathe_str name, uint32_t *node);

  /* Everything the node reads, owns and makes: inputs, parameters, buffers, output, state of number
   * formats, in this order. Owner: host. Valid: as the view. profiles() gives those of all nodes at
   * once. [call] */
  lathe_code (*operands)(lathe_call *call, const lathe_graph *graph, uint32_t node,
                         lathe_operand_table *operands);

  /* Fills `cost`; the caller sets cost->struct_size. [call] */
  lathe_code (*cost)(lathe_call *call, const lathe_graph *graph, uint32_t node, lathe_cost *cost);

  /* MASE's metadata of a node: {common, software, hardware}, derived from the graph, with the notes
   * over it that earlier passes and this one left at paths into it (svc/meta.h); those of a node
   * show in copies of the graph too, but not in original(), which no pass has seen. Owner: host.
   * Valid: as the view. [call] */
  lathe_code (*metadata)(lathe_call *call, const lathe_graph *graph, uint32_t node,
                         const lathe_value **metadata);

  /* torch.fx's printout of the graph. Owner: host. Valid: as the view. [call] */
  lathe_code (*text)(lathe_call *call, const lathe_graph *graph, lathe_str *text);

  /* How PyTorch prints the node's module, eg: "Linear(in_features=16, out_features=5, bias=True)";
   * empty for a node that is no module. Owner: host. Valid: as the view. [call] */
  lathe_code (*module_text)(lathe_call *call, const lathe_graph *graph, uint32_t node,
                            lathe_str *text);

  /* The graph as it was before the first pass of this run. Owner: host. Valid: until the plugin
   * function returns. [call] */
  lathe_code (*original)(lathe_call *call, const lathe_graph **graph);

  /* A copy that may be edited and run, also by an analysis. Owner: host. Valid: until the plugin
   * function returns, or release. [call] */
  lathe_code (*copy)(lathe_call *call, const lathe_graph *graph, lathe_graph **copy);

  /* Gives a copy back, with its views and transactions, so that its memory can be used again before
   * the call ends. [call] */
  lathe_code (*release)(lathe_call *call, lathe_graph *copy);

  /* The positional arguments of a node, a list as edit's set_args takes it: LATHE_VALUE_NODE for
   * nodes, literals as they are; and its keyword arguments, a map as set_kwargs takes it. Owner:
   * host. Valid: as the view. [call] */
  lathe_code (*arguments)(lathe_call *call, const lathe_graph *graph, uint32_t node,
                          const lathe_value **arguments);
  lathe_code (*kwargs)(lathe_call *call, const lathe_graph *graph, uint32_t node,
                       const lathe_value **kwargs);

  /* Fills `facts`; the caller sets facts->struct_size. A host that is older than a field leaves it
   * as it was, so clear the struct first. [call] */
  lathe_code (*op_facts)(lathe_call *call, const lathe_graph *graph, uint32_t node,
                         lathe_op_facts *facts);

  /* Operands, costs and facts of all nodes as `view` shows them, which may be one of before an edit
   * of this call. Made by the first call since the graph was changed, and then there. [call] */
  lathe_code (*profiles)(lathe_call *call, const lathe_graph *graph, const lathe_graph_view *view,
                         const lathe_profiles **profiles);

  /* Names and identities of all parameters, likewise. [call] */
  lathe_code (*parameters)(lathe_call *call, const lathe_graph *graph, const lathe_graph_view *view,
                           const lathe_parameter_columns **parameters);

  /* Writes the graph into `folder` as `lathe transform` leaves one, weights and state included:
   * graph.json, graph.txt, model.safetensors, and MASE's metadata of every node as TOML. `folder`
   * is absolute, or relative to the pass's folder of the run; empty: that folder itself.
   * `metadata_file` is an absolute path; empty: node_meta_param.toml in the folder. Folders are
   * made, files of these names replaced. Only a running pass may; FAILED_PRECONDITION
   * in a run that keeps no graphs, as each trial of a search. [call] */
  lathe_code (*save)(lathe_call *call, const lathe_graph *graph, lathe_str folder,
                     lathe_str metadata_file);

  /* A graph that was saved, from its folder or a file of it, or from whatever else --load takes a
   * network of, for the run's batch size: it may be read, edited and run as a copy may.
   * INVALID_ARGUMENT, NOT_FOUND or DATA_LOSS, with the file, for what is missing, damaged, of
   * another version, or has ops or number formats that no plugin brings. Owner: host. Valid: until
   * the plugin function returns, or release. [call] */
  lathe_code (*load)(lathe_call *call, lathe_str path, lathe_graph **graph);
} lathe_graph_api;

#ifdef __cplusplus
}
#endif

#endif
