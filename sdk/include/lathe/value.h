#ifndef LATHE_VALUE_H
#define LATHE_VALUE_H

/* Typed values: options, attributes, arguments, table cells. A plugin needs no parser: what a TOML
 * file, a command line or another plugin says arrives as this tree.
 * Knows nothing about where a value came from. */

#include <lathe/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An unknown one is taken for NONE. */
typedef int32_t lathe_value_kind;
enum {
  LATHE_VALUE_NONE = 0, /* null; "NA" in a TOML file */
  LATHE_VALUE_BOOL = 1, /* as.integer, 0 or 1 */
  LATHE_VALUE_INT = 2,
  LATHE_VALUE_FLOAT = 3,
  LATHE_VALUE_STRING = 4, /* as.text, size bytes */
  LATHE_VALUE_LIST = 5,   /* as.list, size values */
  LATHE_VALUE_MAP = 6,    /* as.map, size entries, in the order written */
  LATHE_VALUE_NODE = 7    /* as.integer: a node id; only in arguments of graph nodes */
};

/* 24 bytes. Owner: whoever passes it. Valid: for the call, unless a function says otherwise. */
typedef struct lathe_value {
  lathe_value_kind kind;
  uint32_t reserved;
  uint64_t size;
  union {
    int64_t integer;
    double real;
    const char *text;
    const struct lathe_value *list;
    const struct lathe_entry *map;
  } as;
} lathe_value;

typedef struct lathe_entry {
  lathe_str key;
  lathe_value value;
} lathe_entry;

#ifdef __cplusplus
}
#endif

#endif
