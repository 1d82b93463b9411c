#ifndef LATHE_SVC_EDIT_H
#define LATHE_SVC_EDIT_H

/* Changing a graph: a recorded transaction. Nothing shows in the graph before commit; an error, an
 * exception or a cancel leaves the graph byte-identical. */

#include <lathe/initialiser.h>
#include <lathe/svc/graph.h>
#include <lathe/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_SVC_EDIT "lathe.edit/0"

typedef struct lathe_edit lathe_edit;

/* How a parameter or buffer of a node begins, in place of PyTorch's default. Contents are made on
 * first read, as a function of the run's seed and the parameter's qualified name; whenever a change
 * of shape makes the parameter start afresh, they are made by this law again. */
typedef struct lathe_initialiser {
  lathe_str parameter; /* its name within the node, eg: "weight" */
  lathe_initialiser_kind kind;
  uint32_t reserved;
  double a;
  double b;
} lathe_initialiser;

typedef struct lathe_initialiser_table {
  uint32_t struct_size;
  uint32_t row_size;
  const lathe_initialiser *rows;
  uint64_t count;
} lathe_initialiser_table;

/* A node to add. */
typedef struct lathe_node_spec {
  uint32_t struct_size;
  lathe_opcode opcode;
  uint8_t reserved[3];
  lathe_str op;            /* row of the op table, eg: "linear", "relu", "view", "add" */
  lathe_str target;        /* eg: "seq_blocks.2"; empty: the op's own name,
                            or the function's, eg: "torch.flatten" */
  lathe_str name;          /* wish; empty: torch.fx's naming rule. Taken names get a suffix */
  const lathe_value *args; /* LATHE_VALUE_NODE for nodes, literals as they are; lists may nest */
  uint64_t arg_count;
  const lathe_entry *kwargs;
  uint64_t kwarg_count;
  const lathe_entry *attributes; /* constructor arguments of a module */
  uint64_t attribute_count;
  uint32_t after; /* id to stand behind; LATHE_NONE_ID: before output, or last */
  uint32_t reserved_2;
  /* At most one for each parameter; NULL: all begin as PyTorch has them. Commit refuses one for a
   * parameter that the node does not have. */
  const lathe_initialiser_table *initialisers;
} lathe_node_spec;

typedef struct lathe_attribute_edit {
  uint32_t node;
  uint32_t reserved;
  lathe_str key;
  lathe_value value;
} lathe_attribute_edit;

typedef struct lathe_attribute_edit_table {
  uint32_t struct_size;
  uint32_t row_size;
  const lathe_attribute_edit *rows;
  uint64_t count;
} lathe_attribute_edit_table;

typedef struct lathe_format_edit {
  uint32_t node;
  uint32_t reserved;
  lathe_str role;
  lathe_str format;
  const lathe_value *options;
} lathe_format_edit;

typedef struct lathe_format_edit_table {
  uint32_t struct_size;
  uint32_t row_size;
  const lathe_format_edit *rows;
  uint64_t count;
} lathe_format_edit_table;

typedef struct lathe_edit_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* Opens the transaction of this call. One at a time per graph; PERMISSION_DENIED for a component
   * without LATHE_FLAG_MUTATES_GRAPH, unless the graph is a copy. [call] */
  lathe_code (*begin)(lathe_call *call, lathe_graph *graph, lathe_edit **edit);

  /* Adds a node and gives its id, to be used in later edits. Parameters follow from the op and the
   * attributes. [call] */
  lathe_code (*add_node)(lathe_call *call, lathe_edit *edit, const lathe_node_spec *spec,
                         uint32_t *node);

  /* Replaces the positional arguments. [call] */
  lathe_code (*set_args)(lathe_call *call, lathe_edit *edit, uint32_t node, const lathe_value *args,
                         uint64_t count);

  /* Replaces the keyword arguments. [call] */
  lathe_code (*set_kwargs)(lathe_call *call, lathe_edit *edit, uint32_t node,
                           const lathe_entry *kwargs, uint64_t count);

  /* Every reader of `node` reads `replacement` instead, `replacement` itself excepted. [call] */
  lathe_code (*replace_uses)(lathe_call *call, lathe_edit *edit, uint32_t node,
                             uint32_t replacement);

  /* Removes a node that nobody reads. [call] */
  lathe_code (*remove)(lathe_call *call, lathe_edit *edit, uint32_t node);

  /* Sets one attribute, eg: out_features. Parameters whose shape changes start afresh from their
   * initialisers. [call] */
  lathe_code (*set_attribute)(lathe_call *call, lathe_edit *edit, uint32_t node, lathe_str key,
                              const lathe_value *value);

  /* The same for many nodes at once. The first that is refused ends it; those before it stay
   * recorded. [call] */
  lathe_code (*set_attributes)(lathe_call *call, lathe_edit *edit,
                               const lathe_attribute_edit_table *table);

  /* Gives a node another name, which must be free and an identifier. [call] */
  lathe_code (*rename)(lathe_call *call, lathe_edit *edit, uint32_t node, lathe_str name);

  /* Gives a parameter or buffer contents; the tensor, in host memory, is copied. [call] */
  lathe_code (*set_parameter)(lathe_call *call, lathe_edit *edit, uint32_t node, lathe_str name,
                              const lathe_tensor *tensor);

  /* Gives a trained float32 parameter a mask of its shape: 0 where an element is pruned, 1 where it
   * is kept. From commit on its contents are 0 where the mask is, whatever they are set to or
   * training does. The mask is a buffer of the node, named after the parameter: "weight_mask". What
   * shares the parameter shares the mask. It goes when the parameter gets another shape. The
   * tensor, in host memory, is copied; NULL takes the mask away, and the contents stay. [call] */
  lathe_code (*set_mask)(lathe_call *call, lathe_edit *edit, uint32_t node, lathe_str parameter,
                         const lathe_tensor *mask);

  /* Gives an operand a number format: role "data_in" (all tensor inputs), "weight" (also the second
   * input of matmul and bmm), "bias" or "data_out". `options` is a map of the format's options
   * without prefix; missing ones take their defaults. NULL: all do. [call] */
  lathe_code (*set_format)(lathe_call *call, lathe_edit *edit, uint32_t node, lathe_str role,
                           lathe_str format, const lathe_value *options);

  /* The same for many operands at once; an empty `format` makes one float again. [call] */
  lathe_code (*set_formats)(lathe_call *call, lathe_edit *edit,
                            const lathe_format_edit_table *table);

  /* Makes an operand float again. [call] */
  lathe_code (*clear_format)(lathe_call *call, lathe_edit *edit, uint32_t node, lathe_str role);

  /* Checks (acyclic, names, shapes, the op table's rules) and applies, or returns the first error
   * with its node and drops everything. Views that were taken before stay what they were. [call] */
  lathe_code (*commit)(lathe_call *call, lathe_edit *edit);

  /* Drops the transaction; so does returning without commit. [call] */
  void (*rollback)(lathe_call *call, lathe_edit *edit);

  /* `graph` becomes what `other`, of the same call, is. Its ids are then those of `other`, so that
   * what was noted at nodes of the running pass's graph (svc/meta.h) is dropped; views that were
   * taken before stay what they were. Refused as begin() is, and while a transaction on either
   * graph is open. [call] */
  lathe_code (*assign)(lathe_call *call, lathe_graph *graph, const lathe_graph *other);

  /* Gives a parameter or buffer contents that are not read yet: those that the model which is being
   * built writes into its contents() (kind/model.h) under the number `source`, once somebody reads
   * them. FAILED_PRECONDITION anywhere but in the build() of a model that has contents(). [call] */
  lathe_code (*promise_parameter)(lathe_call *call, lathe_edit *edit, uint32_t node, lathe_str name,
                                  uint64_t source);
} lathe_edit_api;

#ifdef __cplusplus
}
#endif

#endif
