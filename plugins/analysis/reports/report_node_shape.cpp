// Shapes of what nodes read and make.
#include "node_text.hpp"
#include "python_text.hpp"

namespace {

// "data_in_0 = [8, 16]"; of an argument that is no tensor, its value.
void add_lines(std::string& text, lathe::value_view entries) {
  if (entries.kind() != LATHE_VALUE_MAP) return;
  for (const lathe_entry& entry : entries.entries()) {
    const lathe::value_view value(&entry.value);
    const bool is_tensor = value.kind() == LATHE_VALUE_MAP && value.find("shape");
    text += lathe::join({lathe::to_view(entry.key), " = ",
                         python::repr(is_tensor ? value.find("shape") : value), "\n"});
  }
}

struct ReportNodeShape {
  static constexpr lathe_option options[] = {reports::kFileOption};
  static constexpr const char* details =
      "For every node the shapes of its inputs and parameters (`in:`) and of its result "
      "(`out:`), the batch dimension first, from the metadata. An argument that is no tensor "
      "shows its value.\n\n"
      "Publishes the text, on screen or in `file`.\n\n"
      "Source: MASE (`report_node_shape_analysis_pass`).\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes report_node_shape`";

  explicit ReportNodeShape(lathe::options o) : file_(o.text_or("file", "")) {}

  void run(lathe::graph graph, lathe::report out) {
    std::string text;
    for (const auto node : graph.nodes()) {
      const lathe::value_view common = node.metadata().find("common");
      text += lathe::join({node.name(), ":\nin:\n"});
      add_lines(text, common.find("args"));
      text += "out:\n";
      add_lines(text, common.find("results"));
      text += "\n";
    }
    if (!text.empty()) text.pop_back();
    reports::show(out, "shapes", text, "file", file_);
  }

 private:
  std::string file_;
};

}  // namespace

LATHE_ANALYSIS(ReportNodeShape, "report_node_shape", "1.0.0",
               "Shows the shapes that every node reads and makes.")
