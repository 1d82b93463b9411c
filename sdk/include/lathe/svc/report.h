#ifndef LATHE_SVC_REPORT_H
#define LATHE_SVC_REPORT_H

/* Results of a pass. Scalars are the metrics a search can optimise; tables and files are for
 * people. Standard output belongs to the host. */

#include <lathe/host.h>
#include <lathe/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LATHE_SVC_REPORT "lathe.report/0"

typedef struct lathe_table lathe_table;

typedef struct lathe_report_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* Publishes a number (LATHE_VALUE_INT or LATHE_VALUE_FLOAT). A name published twice keeps the
   * last. [call] */
  lathe_code (*scalar)(lathe_call *call, lathe_str name, const lathe_value *value);

  /* Opens a table; rows follow. eg: "nodes" with columns node, op, flops. [call] */
  lathe_code (*table)(lathe_call *call, lathe_str name, const lathe_str *columns, uint64_t count,
                      lathe_table **table);

  /* Adds a row: as many cells as there are columns. [call] */
  lathe_code (*row)(lathe_call *call, lathe_table *table, const lathe_value *cells, uint64_t count);

  /* A text for the user's screen. [call] */
  lathe_code (*text)(lathe_call *call, lathe_str name, lathe_str text);

  /* Writes a file into the pass's own folder of the run. `path` is relative, without "..".
   * [call] */
  lathe_code (*file)(lathe_call *call, lathe_str path, lathe_str contents);
} lathe_report_api;

#ifdef __cplusplus
}
#endif

#endif
