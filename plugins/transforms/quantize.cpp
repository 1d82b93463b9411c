// Gives operands number formats, chosen per node by type, name or regular expression. The formats
// themselves are components of their own: this pass knows none of them. Where a fixed-point format
// leaves its frac_width open, the pass can choose it from values it observes.
#include <lathe/lathe.hpp>

#include <iterator>
#include <map>

#include "calibration.hpp"

namespace {

// The format that one operand of a node is to have.
struct Choice {
  lathe::node_id node;
  std::string_view role;
  std::string_view format;
  std::vector<lathe_entry> options;  // borrowed
};

lathe::value_view option_of(const Choice& choice, std::string_view key) {
  for (const lathe_entry& entry : choice.options) {
    if (lathe::to_view(entry.key) == key) return {&entry.value};
  }
  return {};
}

// How many operands of the chosen nodes get no format, by role. Outputs do not count: they get one
// only if somebody asks.
class LeftFloat {
 public:
  void add(const lathe::graph::chosen& chosen) {
    for (std::size_t i = 0; i < std::size(kRoles); ++i) {
      bool is_chosen = false;
      for (const auto& operand : chosen.operands) is_chosen |= operand.role == kRoles[i];
      counts_[i] += chosen.node.can_quantize(kRoles[i]) && !is_chosen ? 1 : 0;
    }
  }
  void tell(lathe::report& out) const {
    std::string text;
    for (std::size_t i = 0; i < std::size(kRoles); ++i) {
      if (counts_[i] == 0) continue;
      text += lathe::join({text.empty() ? "" : ", ", lathe::to_string(counts_[i]), " ",
                           lathe::role_name(kRoles[i])});
    }
    if (text.empty()) return;
    out.text("left_float", lathe::join({"operands of the chosen nodes that stay float, because "
                                        "their entries name others: ",
                                        text, "\n"}));
  }

 private:
  static constexpr lathe_role kRoles[] = {LATHE_ROLE_DATA_IN, LATHE_ROLE_WEIGHT, LATHE_ROLE_BIAS};
  std::int64_t counts_[std::size(kRoles)] = {};
};

std::vector<Choice> choices_of(const lathe::graph& graph, lathe::report& out) {
  std::vector<Choice> choices;
  LeftFloat left;
  for (const auto& chosen : graph.choose("nodes")) {
    // MASE's metadata says "quantized" after a bypass, although nothing is.
    if (chosen.options.boolean_or("bypass", false)) continue;
    for (const auto& operand : chosen.operands) {
      choices.push_back({chosen.node, lathe::role_name(operand.role), operand.name,
                         operand.options.all().entries().to_vector()});
    }
    left.add(chosen);
  }
  left.tell(out);
  return choices;
}

// Fraction widths of the choices that leave them open, from observed ranges.
class Calibration {
 public:
  Calibration(calibration::method method, lathe::rows rows)
      : method_(method), rows_(std::move(rows)) {}

  // Fills in frac_width where it is open; the rest is as it was.
  void apply(std::vector<Choice>& choices, const lathe::graph& graph,
             const lathe::executor& executor, const lathe::weights& weights, lathe::report& out,
             const lathe::context& context) {
    for (const Choice& choice : choices) add(choice, graph);
    if (open_.empty()) return;
    observe(graph, executor, weights, &calibration::operand::see_range);
    if (method_ == calibration::method::mse) {
      observe(graph, executor, weights, &calibration::operand::see_error);
    }
    lathe::table table =
        out.table("calibration", {"node", "operand", "low", "high", "width", "frac_width"});
    for (Choice& choice : choices) {
      const auto found = open_.find({choice.node.index, choice.role});
      if (found == open_.end()) continue;
      const calibration::operand& seen = found->second;
      const std::optional<int> fraction = seen.fraction();
      for (lathe_entry& entry : choice.options) {
        if (fraction && lathe::to_view(entry.key) == "frac_width")
          entry.value = lathe_value_of(*fraction);
      }
      const std::string_view node = graph.at(choice.node).name();
      table.row({node, choice.role, value_or_none(seen.low()), value_or_none(seen.high()),
                 option_of(choice, "width").integer(), value_or_none(fraction)});
      if (seen.not_finite() == 0) continue;
      context.warning(lathe::join({"calibration leaves out ", lathe::to_string(seen.not_finite()),
                                   " of ", lathe::to_string(seen.count()), " values of '",
                                   choice.role, "' of node '", node, "', which are not finite"}));
    }
  }

 private:
  // None: left open, as nothing but zeros was seen.
  template <class Number>
  static lathe::value value_or_none(const std::optional<Number>& number) {
    return number ? lathe::value(*number) : lathe::value();
  }

  using See = void (calibration::operand::*)(lathe::span<const float>);

  static lathe_value lathe_value_of(int integer) {
    lathe_value v = {};
    v.kind = LATHE_VALUE_INT;
    v.as.integer = integer;
    return v;
  }

  // Fixed point is what has a width and a frac_width; one that is given stays.
  void add(const Choice& choice, const lathe::graph& graph) {
    bool has_fraction = false;
    for (const lathe_entry& entry : choice.options) {
      has_fraction = has_fraction || lathe::to_view(entry.key) == "frac_width";
    }
    const lathe::value_view width = option_of(choice, "width");
    if (!has_fraction || width.is_none() || !option_of(choice, "frac_width").is_none()) return;
    const lathe::value_view is_signed = option_of(choice, "is_signed");
    const bool with_sign = (is_signed.is_none() || is_signed.boolean()) &&
                           graph.at(choice.node).facts().is_unsigned == 0;
    open_.emplace(Key{choice.node.index, choice.role},
                  calibration::operand(width.integer(), with_sign));
  }

  void observe(const lathe::graph& graph, const lathe::executor& executor,
               const lathe::weights& weights, See see) {
    std::vector<lathe::node_id> watched;
    for (auto& [key, operand] : open_) {
      const lathe::node node = graph.at({key.first});
      const auto own = node.find_operand(key.second);
      if (own && own->is_parameter()) {
        (operand.*see)(weights.of(graph, node, key.second));
      } else if (watched.empty() || watched.back().index != key.first) {
        watched.push_back(node);
      }
    }
    if (watched.empty()) return;
    executor.observe(graph, rows_, watched,
                     [&](lathe::node_id id, const lathe::operand& operand, const lathe_tensor& t) {
                       const auto found = open_.find({id.index, lathe::role_name(operand.role())});
                       if (found == open_.end()) return;
                       (found->second.*see)(lathe::tensor<const float>(t));
                     });
  }

  using Key = std::pair<std::uint32_t, std::string_view>;
  calibration::method method_;
  lathe::rows rows_;
  std::map<Key, calibration::operand> open_;
};

class Quantize {
 public:
  static constexpr lathe_option entry[] = {
      lathe::choice_option("name", nullptr,
                           "Number format of the operands that are named, or of all; NA leaves the "
                           "node as it is.")
          .nullable(),
      lathe::bool_option("bypass", "Leave the node as it is, whatever else is said.")
          .by_default("false"),
  };
  static constexpr lathe_option options[] = {
      lathe::node_map_option("nodes", "Formats of nodes: by, default, and ops, nodes or patterns.")
          .with_items(entry, LATHE_KIND_FORMAT, "data_in|weight|bias|data_out"),
      lathe::choice_option("calibration", "none|range|mse",
                           "How a frac_width that is NA is chosen: half the width; the finest "
                           "that clips nothing observed; the least squared error.")
          .by_default("none"),
      lathe::choice_option("calibration_split", "train|validation|test", "Rows that are observed.")
          .by_default("train"),
      lathe::int_option("calibration_samples", "The first so many rows; 0 means all.")
          .within("0..")
          .by_default("256"),
  };
  static constexpr const char* targets =
      "linear|conv1d|conv2d|conv_transpose2d|relu|add|sub|mul|matmul|bmm";

  explicit Quantize(lathe::options o)
      : method_(calibration::method_of(o.text("calibration"))),
        rows_{o.text("calibration_split"),
              static_cast<std::uint64_t>(o.integer("calibration_samples")), 0} {}

  void run(lathe::graph graph, lathe::edit& edit, lathe::executor executor, lathe::weights weights,
           lathe::report out, lathe::context context) {
    std::vector<Choice> choices = choices_of(graph, out);
    if (method_ != calibration::method::none) {
      Calibration(method_, rows_).apply(choices, graph, executor, weights, out, context);
    }
    std::vector<lathe::edit::operand_format> formats;
    formats.reserve(choices.size());
    for (const Choice& choice : choices) {
      formats.push_back({choice.node, choice.role, choice.format,
                         lathe::span<const lathe_entry>(choice.options)});
    }
    edit.set_formats(formats);
  }

 private:
  calibration::method method_;
  lathe::rows rows_;
};

}  // namespace

LATHE_TRANSFORM(Quantize, "quantize", "1.0.0", "Gives nodes number formats.")
