// Trainable parameters of every submodule.
#include "../name_index.hpp"
#include "node_text.hpp"
#include "tabulate.hpp"

#include <cmath>
#include <deque>

namespace {

struct Submodule {
  std::string_view name;  // "seq_blocks.2"
  std::size_t parent = 0;
  std::int64_t elements = 0;
  std::vector<std::size_t> children;
};

// Submodules by the dots in the names of parameters, in the order in which they are met. The first
// is the network itself.
class Submodules {
 public:
  explicit Submodules(std::size_t most) : names_(most) { at(""); }

  void add(std::string_view parameter, std::int64_t elements) {
    const std::size_t dot = parameter.rfind('.');
    const std::string_view owner = dot == std::string_view::npos ? "" : parameter.substr(0, dot);
    if (owner != all_[last_].name) last_ = at(owner);
    all_[last_].elements += elements;
  }

  // Gives each what is in it. Nothing is added after that.
  void sum() {
    for (std::size_t i = all_.size(); i-- > 1;) all_[all_[i].parent].elements += all_[i].elements;
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
  // The one of that name; made, behind those around it, if need be.
  std::size_t at(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    std::size_t parent = 0;
    if (!name.empty() && !names_.has(name)) {
      parent = at(dot == std::string_view::npos ? "" : name.substr(0, dot));
    }
    const auto [number, is_new] = names_.add(name);
    if (!is_new) return number;
    all_.emplace_back().name = name;
    all_[number].parent = parent;
    if (!name.empty()) all_[parent].children.push_back(number);
    return number;
  }

  std::deque<Submodule> all_;
  std::size_t last_ = 0;
  analysis::NameIndex names_;  // numbers are places
};

// With two decimals.
std::string percent(std::int64_t part, std::int64_t whole) {
  const double share = whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  const std::int64_t hundredths = std::llround(1e4 * share);
  return lathe::join({lathe::to_string(hundredths / 100), hundredths % 100 < 10 ? ".0" : ".",
                      lathe::to_string(hundredths % 100), "%"});
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
      "MASE's own total counts a parameter once for each submodule that it lies in.\n\n"
      "Publishes `trainable_parameters`, `submodules` (rows), and the text, tabulate's format "
      "`grid`, on screen or in `file`.\n\n"
      "Source: MASE (`report_trainable_parameters_analysis_pass`).\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes report_trainable_parameters`";

  explicit ReportTrainableParameters(lathe::options o) : file_(o.text_or("file", "")) {}

  void run(lathe::graph graph, lathe::report out) {
    Submodules submodules(graph.nodes().size());
    analysis::NameIndex seen(2 * graph.nodes().size());
    for (const auto node : graph.nodes()) {
      for (const auto operand : node.operands()) {
        if (!operand.is_parameter()) continue;
        const std::string_view name = operand.qualified_name();
        if (!name.empty() && seen.add(name).second) submodules.add(name, operand.numel());
      }
    }
    submodules.sum();
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
