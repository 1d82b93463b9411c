// Types of nodes, as MASE's report has them.
#include "node_text.hpp"
#include "tabulate.hpp"

namespace {

struct ReportNodeType {
  static constexpr lathe_option options[] = {reports::kFileOption};
  static constexpr const char* details =
      "A row a node: its name, torch.fx's opcode, MASE's `mase_type` and `mase_op`, and the type "
      "of its first input `data_in_0`: `float`, `int`, the id of a number format, or `NA` where "
      "it has none. All of it is read from the metadata.\n\n"
      "Publishes the text, tabulate's format `simple`, on screen or in `file`.\n\n"
      "Source: MASE (`report_node_type_analysis_pass`).\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes report_node_type`";

  explicit ReportNodeType(lathe::options o) : file_(o.text_or("file", "")) {}

  void run(lathe::graph graph, lathe::report out) {
    python::Tabulate table(
        {{"Node name"}, {"Fx Node op"}, {"Mase type"}, {"Mase op"}, {"Value type"}});
    for (const auto node : graph.nodes()) {
      const lathe::value_view common = node.metadata().find("common");
      table.row({node.name(), reports::opcode_name(node),
                 reports::text_or(common, "mase_type", "NA"),
                 reports::text_or(common, "mase_op", "NA"),
                 reports::text_or(common.find("args").find("data_in_0"), "type", "NA")});
    }
    reports::show(out, "types", table.text(python::TableFormat::simple), "file", file_);
  }

 private:
  std::string file_;
};

}  // namespace

LATHE_ANALYSIS(ReportNodeType, "report_node_type", "1.0.0",
               "Shows the type and op of every node in MASE's words.")
