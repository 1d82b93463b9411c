/* A pass that misbehaves where the file that includes this says so: BODY in run(), CREATE, DESTROY,
 * ENTRY. Otherwise it publishes the number VALUE as "n". */
#define _GNU_SOURCE
#include <lathe/c.h>

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef ID
#define ID "evil"
#endif
#ifndef BODY
#define BODY
#endif
#ifndef CREATE
#define CREATE
#endif
#ifndef DESTROY
#define DESTROY
#endif
#ifndef VALUE
#define VALUE 3
#endif

static lathe_code create(lathe_call* call, const lathe_value* options, void** self) {
  (void)call;
  (void)options;
  *self = NULL;
  CREATE;
  return LATHE_OK;
}
static void destroy(void* self) {
  (void)self;
  DESTROY;
}
static lathe_code run(lathe_call* call, void* self, lathe_graph* graph) {
  const lathe_report_api* report = LATHE_SERVICE(call, lathe_report_api, LATHE_SVC_REPORT, scalar);
  const lathe_value v = lathe_int(VALUE);
  (void)self;
  (void)graph;
  if (report == NULL) return LATHE_UNIMPLEMENTED;
  BODY;
  return report->scalar(call, LATHE_TEXT("n"), &v);
}
static const lathe_pass pass = {
    .struct_size = sizeof pass, .create = create, .destroy = destroy, .run = run, .scalars = "n"};
LATHE_C_PLUGIN(LATHE_KIND_PASS, ID, "1.0.0", "A test.", .iface = &pass)
