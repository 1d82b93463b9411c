#ifndef LATHE_HOST_H
#define LATHE_HOST_H

/* What a plugin can always ask of the host. This table is frozen and never grows; everything else
 * is a service, found by id (svc/). */

#include <lathe/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One call from the host into a plugin. Handed to every plugin function, and back to every host
 * function. Owner: host. Valid: until the plugin function returns. */
typedef struct lathe_call {
  const struct lathe_host *host;
} lathe_call;

/* Where an error belongs. Empty strings where unknown. */
typedef struct lathe_where {
  uint32_t struct_size;
  uint32_t reserved;
  lathe_str node;   /* eg: "seq_blocks_2" */
  lathe_str option; /* eg: "weight_width" */
  lathe_str file;   /* eg: a data file */
  uint64_t line;    /* 1-based; 0: unknown */
  uint64_t column;  /* 1-based; 0: unknown */
} lathe_where;

/* An unknown one is taken for INFO. */
typedef int32_t lathe_log_level;
enum { LATHE_LOG_DEBUG = 0, LATHE_LOG_INFO = 1, LATHE_LOG_WARNING = 2, LATHE_LOG_ERROR = 3 };

typedef struct lathe_host {
  uint32_t struct_size;
  uint32_t abi_version;

  /* Returns the table of a service, or NULL; last_error then says why. The host's come first (eg:
   * LATHE_SVC_GRAPH), then those that plugins offer (lathe_module.services): the file that offers
   * one is loaded when it is first asked for. A call that belongs to no run finds the host's only.
   * Look at the table's struct_size before you call. Owner: whoever offers it. Valid: for the life
   * of the process. [any] */
  const void *(*service)(lathe_call *call, const char *id);

  /* Records why the call fails and returns `code`, so that a plugin can say
   * `return call->host->fail(call, LATHE_INVALID_ARGUMENT, text)`. The text is copied. [call] */
  lathe_code (*fail)(lathe_call *call, lathe_code code, lathe_str message);

  /* The same with a place: the user sees which node, option or file. [call] */
  lathe_code (*fail_at)(lathe_call *call, lathe_code code, const lathe_where *where,
                        lathe_str message);

  /* Text of the last failure in this call, also of a host function that returned a code; empty if
   * none. Valid: until the plugin function returns. [call] */
  void (*last_error)(lathe_call *call, lathe_str *text);

  /* Writes a line to the user's log (standard error). Standard output is the host's. [any] */
  void (*log)(lathe_call *call, lathe_log_level level, lathe_str message);

  /* Reports progress; total 0 means unknown. Cheap: call it as often as you like. [call] */
  void (*progress)(lathe_call *call, uint64_t done, uint64_t total, lathe_str unit);

  /* Not 0 once the user has asked to stop; return LATHE_CANCELLED soon. One atomic load. [any] */
  int32_t (*cancelled)(lathe_call *call);

  /* Uninitialised memory, freed by the host when the plugin function returns; NULL if there is
   * none. `align` is a power of two. [call] */
  void *(*scratch)(lathe_call *call, uint64_t size, uint64_t align);

  /* Interns a text: equal texts give equal numbers for the life of the process. [any] */
  uint32_t (*symbol)(lathe_call *call, lathe_str text);

  /* Text of an interned number; empty for one that never was. Owner: host. Valid: for the life of
   * the process. [any] */
  void (*symbol_text)(lathe_call *call, uint32_t symbol, lathe_str *text);
} lathe_host;

#ifdef __cplusplus
}
#endif

#endif
