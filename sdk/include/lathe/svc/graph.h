#ifndef LATHE_SVC_GRAPH_H
#define LATHE_SVC_GRAPH_H

/* Reading a graph. Nodes are torch.fx's: each has a name, an opcode, a target and one result.
 * A view is a struct of borrowed columns: 100,000 nodes are read without a call per node.
 *
 *   id            0        1         2            3          ids are rows; never reused
 *   name          x        fc1       relu         output
 *   input_begin   0        0         1            2      3   inputs of i: [begin[i], begin[i+1])
 *   inputs                 0         1            2          */

#include <lathe/host.h>
#include <lathe/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_SVC_GRAPH "lathe.graph/0"

typedef struct lathe_graph lathe_graph;

typedef uint8_t lathe_opcode;
enum {
  LATHE_PLACEHOLDER = 0,
  LATHE_GET_ATTR = 1,
  LATHE_CALL_FUNCTION = 2,
  LATHE_CALL_METHOD = 3,
  LATHE_CALL_MODULE = 4,
  LATHE_OUTPUT = 5
};

/* Element types. Numbers are never reused. */
typedef uint8_t lathe_dtype;
enum {
  LATHE_DTYPE_NONE = 0, /* the result is not a tensor (size) */
  LATHE_FLOAT32 = 1,
  LATHE_FLOAT64 = 2,
  LATHE_FLOAT16 = 3,
  LATHE_BFLOAT16 = 4,
  LATHE_INT8 = 5,
  LATHE_INT16 = 6,
  LATHE_INT32 = 7,
  LATHE_INT64 = 8,
  LATHE_UINT8 = 9,
  LATHE_BOOLEAN = 10
};

/* Columns are indexed by node id, 0 to node_count-1. Owner: host. Valid: until the transaction of
 * this call commits, or the plugin function returns. */
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
} lathe_graph_view;

typedef int32_t lathe_operand_kind;
enum {
  LATHE_OPERAND_INPUT = 0,     /* data_in_0, data_in_1, ... */
  LATHE_OPERAND_PARAMETER = 1, /* weight, bias, ... */
  LATHE_OPERAND_BUFFER = 2,    /* running_mean, ... */
  LATHE_OPERAND_OUTPUT = 3     /* data_out_0 */
};

/* What an operand is to its node. Formats are set by role (svc/edit.h), and so two inputs of an add
 * share one: both are data_in. Numbers are never reused. */
typedef uint8_t lathe_operand_role;
enum {
  LATHE_ROLE_NONE = 0,    /* buffers, and what the op knows no role for */
  LATHE_ROLE_DATA_IN = 1, /* eg: every input of a module */
  LATHE_ROLE_WEIGHT = 2,  /* also the second operand of matmul, and a function's weight input */
  LATHE_ROLE_BIAS = 3,
  LATHE_ROLE_DATA_OUT = 4
};

/* One tensor a node reads, owns or makes, as MASE's metadata describes it. */
typedef struct lathe_operand {
  lathe_operand_kind kind;
  lathe_dtype dtype;
  lathe_operand_role role;
  uint8_t reserved[2];
  lathe_str name;               /* eg: "data_in_0", "weight" */
  lathe_str type;               /* "float", or the id of its number format */
  double bits;                  /* storage bits per element */
  const lathe_value *precision; /* eg: 32, or width and frac_width */
  uint64_t precision_count;
  const int64_t *shape;
  uint64_t rank;
  int64_t numel;
} lathe_operand;

/* What executing a node costs, by MASE's FLOP estimator (a multiply-accumulate counts as one). */
typedef struct lathe_cost {
  uint32_t struct_size;
  uint32_t known; /* 0: the op has no cost rule, all counts are 0 */
  double computations;
  double backward_computations;
  double parameters; /* as the estimator counts them: biases of linear and conv left out */
  double input_elements;
  double output_elements;
} lathe_cost;

/* Bit operations of one computation of an op, from the widths of its operands: data_in (in), weight
 * or second input (w), bias (b). Numbers are never reused. */
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
 * that meets a number it does not know takes it as LATHE_CHANNELS_WALL. None is ever reused. */
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
  uint32_t roles; /* operands of this node that a format can sit on: bit 1 << lathe_operand_role */
  lathe_bit_rule bits;
  lathe_channel_rule channels;
  uint32_t weight_channels; /* the dimension of its weight that its outputs lie along, eg: 0 */
  uint32_t is_unsigned;     /* 1: fixed point of its operands has no sign; eg: relu */
} lathe_op_facts;

typedef struct lathe_graph_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* The columns of a graph; NULL with last_error set if it is no graph of this call. [call] */
  const lathe_graph_view *(*view)(lathe_call *call, const lathe_graph *graph);

  /* Constructor arguments of a node's module and literal arguments of a function, a map;
   * eg: in_features, out_features, bias; kernel_size. NULL for an unknown id. Valid: as the view.
   * [call] */
  const lathe_value *(*attributes)(lathe_call *call, const lathe_graph *graph, uint32_t node);

  /* Id of the node of that name, or LATHE_NONE_ID. [call] */
  uint32_t (*find)(lathe_call *call, const lathe_graph *graph, lathe_str name);

  /* Everything the node reads, owns and makes: inputs, parameters, buffers, output, in this order.
   * Valid: as the view. [call] */
  lathe_code (*operands)(lathe_call *call, const lathe_graph *graph, uint32_t node,
                         const lathe_operand **operands, uint64_t *count);

  /* Fills `cost`; the caller sets cost->struct_size. [call] */
  lathe_code (*cost)(lathe_call *call, const lathe_graph *graph, uint32_t node, lathe_cost *cost);

  /* MASE's metadata of a node: {common, software, hardware}. Valid: as the view. [call] */
  const lathe_value *(*metadata)(lathe_call *call, const lathe_graph *graph, uint32_t node);

  /* torch.fx's printout of the graph. Valid: as the view. [call] */
  lathe_str (*text)(lathe_call *call, const lathe_graph *graph);

  /* How PyTorch prints the node's module, eg: "Linear(in_features=16, out_features=5, bias=True)";
   * empty for a node that is no module. Valid: as the view. [call] */
  lathe_str (*module_text)(lathe_call *call, const lathe_graph *graph, uint32_t node);

  /* The graph as it was before the first pass of this run. Valid: for the call. [call] */
  const lathe_graph *(*original)(lathe_call *call);

  /* A copy that may be edited and run, also by an analysis. Owner: host, which drops it when the
   * plugin function returns. [call] */
  lathe_code (*copy)(lathe_call *call, const lathe_graph *graph, lathe_graph **copy);

  /* The positional arguments of a node, a list as edit's set_args takes it: LATHE_NODE for nodes,
   * literals as they are. NULL for an unknown id. Valid: as the view. [call] */
  const lathe_value *(*arguments)(lathe_call *call, const lathe_graph *graph, uint32_t node);

  /* Fills `facts`; the caller sets facts->struct_size. A host that is older than a field leaves it
   * as it was, so clear the struct first. [call] */
  lathe_code (*op_facts)(lathe_call *call, const lathe_graph *graph, uint32_t node,
                         lathe_op_facts *facts);
} lathe_graph_api;

#ifdef __cplusplus
}
#endif

#endif
