#ifndef LATHE_SVC_OPTIONS_H
#define LATHE_SVC_OPTIONS_H

/* Options that depend on the graph: node maps, resolved by the host in file order. Plain options
 * arrive in create(), defaults filled in. */

#include <lathe/svc/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_SVC_OPTIONS "lathe.options/0"

/* The component that a node map chooses for one operand of a node, eg: its number format. */
typedef struct lathe_role_options {
  lathe_role role;
  uint8_t reserved[7];
  lathe_str name;             /* the component's id, eg: "integer" */
  const lathe_value *options; /* a map: all options of that component, eg: {width: 8, ...} */
} lathe_role_options;

/* What a node map says of one node, whichever way the user wrote it; entries whose `name` is NA are
 * left out. */
typedef struct lathe_node_options {
  uint32_t node;
  uint32_t role_row_size;
  /* A map: what belongs to no operand. It holds `name` unless that chooses for operands. */
  const lathe_value *options;
  /* The operands that are chosen for, in the order of item_roles; others stay as they are. */
  const lathe_role_options *roles;
  uint64_t role_count;
} lathe_node_options;

typedef struct lathe_node_options_table {
  uint32_t struct_size; /* written by the caller */
  uint32_t row_size;
  const lathe_node_options *rows;
  uint64_t count;
} lathe_node_options_table;

typedef struct lathe_options_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* Rows of the node map `key` of the running pass, in graph order. Owner: host. Valid: until the
   * plugin function returns. [call] */
  lathe_code (*nodes)(lathe_call *call, const lathe_graph *graph, lathe_str key,
                      lathe_node_options_table *table);

  /* Where the user wrote an option: "file:line:column", or the command line; empty if nowhere. A
   * dotted key reaches into tables: "seq_blocks_2.weight.width". Owner: host. Valid: until the
   * plugin function returns. [call] */
  lathe_code (*location)(lathe_call *call, lathe_str key, lathe_str *text);
} lathe_options_api;

#ifdef __cplusplus
}
#endif

#endif
