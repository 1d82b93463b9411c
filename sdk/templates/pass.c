/* An analysis pass in C99: it looks at the graph and publishes a number.
 *   lathe plugin build pass_name.c
 *   lathe transform jsc-toy jsc-sim --passes 'pass_name<op=linear>' --plugin ./pass_name.so */
#include <lathe/lathe.h>

#include <stdlib.h>
#include <string.h>

typedef struct Settings {
  uint64_t size;
  char op[64];
} Settings;

static lathe_str str(const char* text) {
  lathe_str s;
  s.data = text;
  s.size = strlen(text);
  return s;
}

/* Options arrive checked, defaults filled in. They are gone when this returns: copy what you keep.
 */
static lathe_code create(lathe_call* call, const lathe_value* options, void** self) {
  Settings* settings = calloc(1, sizeof *settings);
  uint64_t i;
  if (settings == NULL) {
    return call->host->fail(call, LATHE_RESOURCE_EXHAUSTED, str("there is not enough memory"));
  }
  for (i = 0; i < options->size; ++i) {
    const lathe_entry* entry = &options->as.map[i];
    if (entry->key.size != 2 || memcmp(entry->key.data, "op", 2) != 0) continue;
    if (entry->value.size >= sizeof settings->op) {
      lathe_where where = {{"", 0}, {"op", 2}, {"", 0}, 0};
      free(settings);
      return call->host->fail_at(call, LATHE_INVALID_ARGUMENT, &where, str("no op is that long"));
    }
    settings->size = entry->value.size;
    memcpy(settings->op, entry->value.as.text, entry->value.size);
  }
  *self = settings;
  return LATHE_OK;
}

static void destroy(void* self) { free(self); }

static lathe_code run(lathe_call* call, void* self, lathe_graph* graph) {
  const Settings* settings = self;
  const lathe_graph_api* graphs = call->host->service(call, LATHE_SVC_GRAPH);
  const lathe_report_api* report = call->host->service(call, LATHE_SVC_REPORT);
  const lathe_graph_view* view;
  lathe_value count = {LATHE_INT, 0, 0, {0}};
  lathe_str op;
  uint32_t wanted, i;

  if (graphs == NULL || report == NULL) {
    return call->host->fail(call, LATHE_UNIMPLEMENTED, str("pass_name needs a newer lathe"));
  }
  view = graphs->view(call, graph);
  if (view == NULL) return LATHE_FAILED_PRECONDITION; /* the host has said why */

  op.data = settings->op;
  op.size = settings->size;
  wanted = call->host->symbol(call, op);
  for (i = 0; i < view->live_count; ++i) count.as.integer += view->op[view->order[i]] == wanted;
  return report->scalar(call, str("pass_name"), &count);
}

static const lathe_pass pass = {
    LATHE_SIZE_UP_TO(lathe_pass, scalars), 0, create, destroy, run, NULL, "pass_name"};

static const lathe_option options[] = {{"op", LATHE_OPTION_STRING, 0, "relu", NULL, NULL, NULL,
                                        "Nodes of this op are counted.", NULL, 0, NULL, NULL}};

static const lathe_component component = {LATHE_SIZE_UP_TO(lathe_component, interface),
                                          0,
                                          LATHE_KIND_PASS,
                                          "pass_name",
                                          "0.1.0",
                                          "Counts the nodes of one op.",
                                          0,
                                          0,
                                          options,
                                          1,
                                          sizeof(lathe_option),
                                          &pass};
static const lathe_component* const components[] = {&component};

LATHE_STAMP static const char stamp[] = "abi=0\0component=pass:pass_name:0.1.0\0";

static const lathe_module module = {LATHE_SIZE_UP_TO(lathe_module, stamp_size),
                                    LATHE_ABI_VERSION,
                                    components,
                                    1,
                                    NULL,
                                    0,
                                    stamp,
                                    sizeof stamp};

LATHE_EXPORT const lathe_module* LATHE_ENTRY(void) { return &module; }
