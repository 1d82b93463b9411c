/* count_relu.cpp in C99: the same pass without the sugar. Its id differs, so that both can be
 * loaded. lathe plugin build count_relu.c */
#include <lathe/c.h>

static lathe_code run(lathe_call* call, void* self, lathe_graph* graph) {
  const lathe_graph_api* graphs = LATHE_SERVICE(call, lathe_graph_api, LATHE_SVC_GRAPH, view);
  const lathe_report_api* report = LATHE_SERVICE(call, lathe_report_api, LATHE_SVC_REPORT, scalar);
  const uint32_t relu = call->host->symbol(call, LATHE_TEXT("relu"));
  const lathe_graph_view* view;
  lathe_value count = lathe_int(0);
  uint32_t i;
  (void)self;
  if (graphs == NULL || report == NULL) return LATHE_UNIMPLEMENTED;

  LATHE_TRY(graphs->view(call, graph, &view));
  for (i = 0; i < view->live_count; ++i) count.as.integer += view->op[view->order[i]] == relu;
  return report->scalar(call, LATHE_TEXT("relus"), &count);
}

static const lathe_pass pass = {.struct_size = sizeof pass, .run = run, .scalars = "relus"};

LATHE_C_PLUGIN(LATHE_KIND_PASS, "count_relu_c", "1.0.0", "Counts the ReLU nodes, in C.",
               .iface = &pass)
