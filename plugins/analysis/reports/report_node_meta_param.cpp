// The metadata of all nodes, as MASE prints it.
#include "node_text.hpp"
#include "tabulate.hpp"

#include <unordered_map>

namespace {

struct Section {
  std::string_view key, header;
};
constexpr Section kSections[] = {
    {"common", "Common Param"}, {"hardware", "Hardware Param"}, {"software", "Software Param"}};

// Nodes that are alike have one map: it is printed once.
class Printed {
 public:
  std::string_view of(lathe::value_view v) {
    const void* const key = v.kind() == LATHE_VALUE_MAP ? v.raw()->as.map : nullptr;
    if (key == nullptr || v.size() == 0) return v.size() == 0 ? "{}" : "NA";
    std::string& text = texts_[key];
    if (text.empty()) text = python::pformat(v);
    return text;
  }

 private:
  std::unordered_map<const void*, std::string> texts_;
};

struct ReportNodeMetaParam {
  static constexpr lathe_option options[] = {
      lathe::string_list_option("which",
                                "Parts that are shown: all, or some of common, hardware, software.")
          .by_default("[\"all\"]"),
      lathe::string_option("save_path",
                           "File for the table, in the pass's folder; NA shows it on screen.")
          .nullable()
          .by_default("NA"),
  };
  static constexpr const char* details =
      "A row a node: its name, torch.fx's opcode, `mase_type`, `mase_op`, and the chosen parts "
      "of its metadata as Python's `pprint.pformat` prints them, keys sorted, 80 columns wide. "
      "Columns are in the order common, hardware, software, whatever the order in `which`.\n\n"
      "Publishes the text, tabulate's format `grid`, on screen or in the file `save_path`.\n\n"
      "Source: MASE (`report_node_meta_param_analysis_pass`).\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes "
      "'report_node_meta_param<which=[common,software],save_path=report.txt>'`";

  explicit ReportNodeMetaParam(lathe::options o) : save_path_(o.text_or("save_path", "")) {
    for (const std::string& word : o.texts("which")) {
      bool known = word == "all";
      for (std::size_t i = 0; i < std::size(kSections); ++i) {
        if (word != "all" && word != kSections[i].key) continue;
        shown_[i] = known = true;
      }
      if (known) continue;
      throw lathe::invalid_argument(
          lathe::join({"'", word, "' is none of all, common, hardware, software"}))
          .at_option("which");
    }
  }

  void run(lathe::graph graph, lathe::report out) {
    std::vector<python::Tabulate::Column> columns = {
        {"Node name"}, {"Fx Node op"}, {"Mase type"}, {"Mase op"}};
    for (std::size_t i = 0; i < std::size(kSections); ++i) {
      if (shown_[i]) columns.push_back({kSections[i].header});
    }
    python::Tabulate table(columns);
    Printed printed;
    for (const auto node : graph.nodes()) {
      const lathe::value_view metadata = node.metadata();
      const lathe::value_view common = metadata.find("common");
      table.row({node.name(), reports::opcode_name(node),
                 reports::text_or(common, "mase_type", "NA"),
                 reports::text_or(common, "mase_op", "NA")});
      for (std::size_t i = 0; i < std::size(kSections); ++i) {
        if (shown_[i]) table.cell(printed.of(metadata.find(kSections[i].key)));
      }
    }
    reports::show(out, "metadata", table.text(python::TableFormat::grid), "save_path", save_path_);
  }

 private:
  bool shown_[std::size(kSections)] = {};
  std::string save_path_;
};

}  // namespace

LATHE_ANALYSIS(ReportNodeMetaParam, "report_node_meta_param", "1.0.0",
               "Shows the metadata of every node, or writes it to a file.")
