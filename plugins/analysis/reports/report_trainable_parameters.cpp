// Trainable parameters of every submodule.
#include "node_text.hpp"
#include "tabulate.hpp"

#include <cstdio>
#include <deque>
#include <unordered_map>
#include <unordered_set>

namespace {

struct Submodule {
  std::string_view name;  // "seq_blocks.2"
  std::int64_t elements = 0;
  std::vector<std::size_t> children;
};

// Submodules by the dots in the names of parameters, in the order in which they are met. The first
// is the network itself.
class Submodules {
 public:
  Submodules() { all_.emplace_back(); }

  void add(std::string_view parameter, std::int64_t elements) {
    std::size_t at = 0;
    all_[0].elements += elements;
    for (std::size_t dot = parameter.find('.'); dot != std::string_view::npos;
         dot = parameter.find('.', dot + 1)) {
      at = child(at, parameter.substr(0, dot));
      all_[at].elements += elements;
    }
  }

  std::int64_t total() const { return all_[0].elements; }
  std::size_t count() const { return all_.size() - 1; }

  // Calls row(submodule) for all, each before those inside it.
  template <class Row>
  void each(const Row& row) const {
    std::vector<std::size_t> open(all_[0].children.rbegin(), all_[0].children.rend());
    while (!open.empty()) {
      const Submodule& next = all_[open.back()];
      open.pop_back();
      row(next);
      open.insert(open.end(), next.children.rbegin(), next.children.rend());
    }
  }

 private:
  std::size_t child(std::size_t parent, std::string_view name) {
    const auto [found, is_new] = of_name_.try_emplace(name, all_.size());
    if (is_new) {
      all_[parent].children.push_back(all_.size());
      all_.emplace_back().name = name;
    }
    return found->second;
  }

  std::deque<Submodule> all_;
  std::unordered_map<std::string_view, std::size_t> of_name_;
};

std::string percent(std::int64_t part, std::int64_t whole) {
  char text[32];
  const double share = whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  std::snprintf(text, sizeof text, "%.2f%%", 100 * share);
  return text;
}

struct ReportTrainableParameters {
  static constexpr lathe_option options[] = {reports::kFileOption};
  static constexpr const char* scalars = "trainable_parameters|submodules";
  static constexpr const char* details =
      "The elements of the trainable parameters of every submodule, of those inside it too, and "
      "their share of the network's. Submodules follow from the names of parameters: "
      "`seq_blocks.2.weight` counts in `seq_blocks.2` and in `seq_blocks`. A parameter that "
      "several nodes use counts once, and so the total is the sum of the outermost rows and of "
      "what belongs to no submodule. Buffers and what number formats keep are no parameters. "
      "MASE's "
      "own total counts a parameter once for each submodule that it lies in.\n\n"
      "Publishes `trainable_parameters`, `submodules` (rows), and the text, tabulate's format "
      "`grid`, on screen or in `file`.\n\n"
      "Source: MASE (`report_trainable_parameters_analysis_pass`).\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes report_trainable_parameters`";

  explicit ReportTrainableParameters(lathe::options o) : file_(o.text_or("file", "")) {}

  void run(lathe::graph graph, lathe::report out) {
    Submodules submodules;
    std::unordered_set<std::string_view> seen;
    for (const auto node : graph.nodes()) {
      for (const auto operand : node.operands()) {
        if (!operand.is_parameter() || operand.qualified_name().empty()) continue;
        if (!seen.insert(operand.qualified_name()).second) continue;
        submodules.add(operand.qualified_name(), operand.numel());
      }
    }
    std::deque<std::string> texts;
    python::Tabulate table({{"Submodule"}, {"Trainable Parameters", true}, {"Share", true}});
    submodules.each([&](const Submodule& row) {
      const std::string& count = texts.emplace_back(lathe::to_string(row.elements));
      const std::string& share = texts.emplace_back(percent(row.elements, submodules.total()));
      table.row({row.name, count, share});
    });
    const std::string text =
        lathe::join({table.text(python::TableFormat::grid),
                     "\n\nTotal Trainable Parameters: ", lathe::to_string(submodules.total())});
    reports::show(out, "parameters", text, "file", file_);
    out.scalar("trainable_parameters", submodules.total());
    out.scalar("submodules", submodules.count());
  }

 private:
  std::string file_;
};

}  // namespace

LATHE_ANALYSIS(ReportTrainableParameters, "report_trainable_parameters", "1.0.0",
               "Shows how many trainable parameters every submodule has.")
