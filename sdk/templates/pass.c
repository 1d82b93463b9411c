/* An analysis pass in C99: it looks at the graph and publishes a number.
 *   lathe plugin build pass_name.c
 *   lathe transform jsc-toy jsc-sim --passes 'pass_name<op=linear>' --plugin ./pass_name.so */
#include <lathe/c.h>

#include <stdlib.h>

typedef struct Settings {
  uint64_t size;
  char op[64];
} Settings;

/* Options arrive checked, defaults filled in. They are gone when this returns: copy what you keep.
 */
static lathe_code create(lathe_call* call, const lathe_value* options, void** self) {
  const lathe_value* op = lathe_find(options, "op");
  Settings* settings = calloc(1, sizeof *settings);
  if (settings == NULL) {
    return call->host->fail(call, LATHE_RESOURCE_EXHAUSTED,
                            LATHE_TEXT("there is not enough memory"));
  }
  if (op->size >= sizeof settings->op) {
    const lathe_where where = {.struct_size = sizeof where, .option = LATHE_TEXT("op")};
    free(settings);
    return call->host->fail_at(call, LATHE_INVALID_ARGUMENT, &where,
                               LATHE_TEXT("no op is that long"));
  }
  settings->size = op->size;
  memcpy(settings->op, op->as.text, op->size);
  *self = settings;
  return LATHE_OK;
}

static void destroy(void* self) { free(self); }

static lathe_code run(lathe_call* call, void* self, lathe_graph* graph) {
  const Settings* settings = self;
  const lathe_graph_api* graphs = LATHE_SERVICE(call, lathe_graph_api, LATHE_SVC_GRAPH, view);
  const lathe_report_api* report = LATHE_SERVICE(call, lathe_report_api, LATHE_SVC_REPORT, scalar);
  const lathe_graph_view* view;
  lathe_value count = lathe_int(0);
  lathe_str op;
  uint32_t wanted, i;
  if (graphs == NULL || report == NULL) return LATHE_UNIMPLEMENTED;

  LATHE_TRY(graphs->view(call, graph, &view)); /* the host has said why if it fails */
  op.data = settings->op;
  op.size = settings->size;
  wanted = call->host->symbol(call, op);
  for (i = 0; i < view->live_count; ++i) count.as.integer += view->op[view->order[i]] == wanted;
  return report->scalar(call, LATHE_TEXT("pass_name"), &count);
}

static const lathe_pass pass = {.struct_size = sizeof pass,
                                .create = create,
                                .destroy = destroy,
                                .run = run,
                                .scalars = "pass_name"};

static const lathe_option options[] = {{.key = "op",
                                        .type = LATHE_OPTION_STRING,
                                        .default_value = "relu",
                                        .doc = "Nodes of this op are counted."}};

LATHE_C_PLUGIN(LATHE_KIND_PASS, "pass_name", "0.1.0", "Counts the nodes of one op.",
               .options = options, .option_count = 1, .iface = &pass)
