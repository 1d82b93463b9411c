/* count_relu.cpp in C99: the same pass without the sugar. Its id differs, so that both can be
 * loaded. lathe plugin build count_relu.c */
#include <lathe/lathe.h>

static lathe_code create(lathe_call* call, const lathe_value* options, void** self) {
  (void)call;
  (void)options;
  *self = NULL; /* no options, no state */
  return LATHE_OK;
}

static void destroy(void* self) { (void)self; }

static lathe_code run(lathe_call* call, void* self, lathe_graph* graph) {
  static const char name[] = "relus", op[] = "relu", need[] = "count_relu_c needs a newer lathe";
  const lathe_graph_api* graphs = call->host->service(call, LATHE_SVC_GRAPH);
  const lathe_report_api* report = call->host->service(call, LATHE_SVC_REPORT);
  const lathe_graph_view* view;
  lathe_value count = {LATHE_INT, 0, 0, {0}};
  lathe_str text;
  uint32_t relu, i;
  (void)self;

  if (graphs == NULL || report == NULL) {
    text.data = need;
    text.size = sizeof need - 1;
    return call->host->fail(call, LATHE_UNIMPLEMENTED, text);
  }
  view = graphs->view(call, graph);
  if (view == NULL) return LATHE_FAILED_PRECONDITION; /* the host has said why */

  text.data = op;
  text.size = sizeof op - 1;
  relu = call->host->symbol(call, text);
  for (i = 0; i < view->live_count; ++i) count.as.integer += view->op[view->order[i]] == relu;

  text.data = name;
  text.size = sizeof name - 1;
  return report->scalar(call, text, &count);
}

static const lathe_pass pass = {
    LATHE_SIZE_UP_TO(lathe_pass, scalars), 0, create, destroy, run, NULL, "relus"};

static const lathe_component component = {LATHE_SIZE_UP_TO(lathe_component, interface),
                                          0,
                                          LATHE_KIND_PASS,
                                          "count_relu_c",
                                          "1.0.0",
                                          "Counts the ReLU nodes, in C.",
                                          0,
                                          0,
                                          NULL,
                                          0,
                                          sizeof(lathe_option),
                                          &pass};
static const lathe_component* const components[] = {&component};

LATHE_STAMP static const char stamp[] = "abi=0\0component=pass:count_relu_c:1.0.0\0";

static const lathe_module module = {LATHE_SIZE_UP_TO(lathe_module, stamp_size),
                                    LATHE_ABI_VERSION,
                                    components,
                                    1,
                                    NULL,
                                    0,
                                    stamp,
                                    sizeof stamp};

LATHE_EXPORT const lathe_module* LATHE_ENTRY(void) { return &module; }
