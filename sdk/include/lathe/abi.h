#ifndef LATHE_ABI_H
#define LATHE_ABI_H

/* The words every other header is written in: codes, strings, export and size macros.
 * Knows nothing about graphs, plugins or tensors. C99 and any C++ from 11 on.
 *
 * Rules of the whole ABI, said once:
 *   - Every shared struct and every function table begins with struct_size: the end of the last
 *     field its writer knew. A reader never touches a field beyond it (LATHE_HAS).
 *   - Fields are only ever appended. A change of meaning gets a new function or a new service id.
 *   - Integers have fixed width. There is no bool, enum, bitfield or long, and no struct by value
 *     but one: a lathe_str as an argument. Nothing but a lathe_code, a number or nothing is
 * returned.
 *   - A field called `reserved` is written as 0 and never read.
 *   - Rows of tables are as wide as their writer knew them (row_size), so that fields can be added:
 *     row i begins at (const char *)rows + i * row_size.
 *   - Enumerations are open: each says what to take a number for that one does not know. Numbers
 *     are never used again.
 *   - No memory changes owner. Pointers are borrowed; each says until when.
 *   - Nothing unwinds across: neither a C++ exception nor a Rust panic may leave a function.
 *
 * Thread tags, at the end of each function's comment:
 *   [call]  only inside the call that was handed in, on its thread or on threads joined before it
 *           returns;
 *   [any]   from any thread at any time, as long as the object lives;
 *   [scan]  while plugins are being listed: no services, no side effects. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Major version: part of the entry symbol's name and of the ELF stamp. 0 means not yet frozen. */
#define LATHE_ABI_VERSION 0

/* Minor version of these headers: grows when something is added to them. */
#define LATHE_ABI_MINOR 0

/* The minor version whose declarations a plugin may see; the oldest by default, so that a plugin
 * built with a new SDK loads in an old host. What minor N added stands behind
 * `#if LATHE_TARGET >= N`: raise it to use that, and ask for the service in lathe_module.needs. */
#ifndef LATHE_TARGET
#define LATHE_TARGET 0
#endif
#if LATHE_TARGET > LATHE_ABI_MINOR
#error "LATHE_TARGET asks for a newer SDK than this one: install it, or lower LATHE_TARGET"
#endif

#define LATHE_EXPORT __attribute__((visibility("default")))

/* End of the last field: tail padding never counts. */
#define LATHE_SIZE_UP_TO(type, last) (offsetof(type, last) + sizeof(((type *)0)->last))

/* True if the table behind `pointer` has `function` and it is not null. */
#define LATHE_HAS(type, pointer, function) \
  ((pointer)->struct_size >= LATHE_SIZE_UP_TO(type, function) && (pointer)->function != 0)

/* UTF-8 text, not terminated. Owner: whoever passes it. Valid: for the call. What a plugin says of
 * itself (module.h, ids of services) is NUL-terminated and static instead. */
typedef struct lathe_str {
  const char *data;
  uint64_t size;
} lathe_str;

/* Outcome of every function that can fail. Numbers are those of absl::StatusCode; an unknown one
 * means LATHE_UNKNOWN. The text travels through lathe_host.fail. */
typedef int32_t lathe_code;
enum {
  LATHE_OK = 0,
  LATHE_CANCELLED = 1,
  LATHE_UNKNOWN = 2,
  LATHE_INVALID_ARGUMENT = 3, /* the caller's mistake: a bad option, shape or id */
  LATHE_DEADLINE_EXCEEDED = 4,
  LATHE_NOT_FOUND = 5,
  LATHE_ALREADY_EXISTS = 6,
  LATHE_PERMISSION_DENIED = 7, /* e.g. an edit by a pass that declared itself an analysis */
  LATHE_RESOURCE_EXHAUSTED = 8,
  LATHE_FAILED_PRECONDITION = 9,
  LATHE_ABORTED = 10,
  LATHE_OUT_OF_RANGE = 11,
  LATHE_UNIMPLEMENTED = 12,
  LATHE_INTERNAL = 13,
  LATHE_UNAVAILABLE = 14,
  LATHE_DATA_LOSS = 15 /* damaged input */
};

/* An absent node, parameter or index. */
#define LATHE_NONE_ID UINT32_MAX

#ifdef __cplusplus
}
#endif

#endif
