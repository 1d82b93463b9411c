/* A disk that fails, for the one file whose path ends in $LATHE_FAULT_FILE and for its draft.
 * Preloaded into a process, so that its writers meet what a user's disk would do to them.
 * $LATHE_FAULT says what: full, read_only, short, rename, crash. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { MOST_FILES = 1024, ROOM = 10 };
static size_t room[MOST_FILES]; /* of a descriptor of that file, plus one; 0: another file's */

/* A function pointer out of dlsym's object pointer, as POSIX has it. */
static void find(const char* name, void* function) {
  void* found = dlsym(RTLD_NEXT, name);
  memcpy(function, &found, sizeof found);
}

static int fault_is(const char* name) {
  const char* fault = getenv("LATHE_FAULT");
  return fault != NULL && strcmp(fault, name) == 0;
}

static int ends_with(const char* text, const char* end) {
  const size_t size = strlen(text), end_size = strlen(end);
  return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static int is_draft(const char* path) {
  const char* file = getenv("LATHE_FAULT_FILE");
  char draft[256];
  if (file == NULL) return 0;
  snprintf(draft, sizeof draft, "%s.part", file);
  return ends_with(path, draft);
}

static int fail(int error) {
  errno = error;
  return -1;
}

static int open_file(const char* name, const char* path, int flags, mode_t mode) {
  int (*next)(const char*, int, ...);
  int file;
  const int watched = (flags & O_WRONLY) != 0 && is_draft(path);
  if (watched && fault_is("read_only")) return fail(EROFS);
  find(name, &next);
  file = next(path, flags, mode);
  if (file >= 0 && file < MOST_FILES) room[file] = watched ? ROOM + 1 : 0;
  return file;
}

__attribute__((visibility("default"))) int open(const char* path, int flags, ...) {
  va_list more;
  mode_t mode;
  va_start(more, flags);
  mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_file("open", path, flags, mode);
}

__attribute__((visibility("default"))) int open64(const char* path, int flags, ...) {
  va_list more;
  mode_t mode;
  va_start(more, flags);
  mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_file("open64", path, flags, mode);
}

__attribute__((visibility("default"))) int close(int file) {
  int (*next)(int);
  find("close", &next);
  if (file >= 0 && file < MOST_FILES) room[file] = 0;
  return next(file);
}

__attribute__((visibility("default"))) ssize_t write(int file, const void* bytes, size_t size) {
  ssize_t (*next)(int, const void*, size_t);
  ssize_t put;
  find("write", &next);
  if (file < 0 || file >= MOST_FILES || room[file] == 0) return next(file, bytes, size);
  if (fault_is("short")) return next(file, bytes, (size + 1) / 2);
  if (!fault_is("full")) return next(file, bytes, size);
  if (room[file] == 1) return fail(ENOSPC);
  put = next(file, bytes, size < room[file] - 1 ? size : room[file] - 1);
  if (put > 0) room[file] -= (size_t)put;
  return put;
}

__attribute__((visibility("default"))) int rename(const char* from, const char* to) {
  int (*next)(const char*, const char*);
  const char* file = getenv("LATHE_FAULT_FILE");
  find("rename", &next);
  if (file != NULL && ends_with(to, file)) {
    if (fault_is("crash")) raise(SIGKILL);
    if (fault_is("rename")) return fail(EACCES);
  }
  return next(from, to);
}
