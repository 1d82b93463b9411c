// The graph beside what it was before the first pass: nodes, operands, weights.
#include <lathe/lathe.hpp>

#include <algorithm>
#include <cstring>
#include <optional>

#include "comparison/node_pairs.hpp"
#include "comparison/sheet.hpp"
#include "comparison/weight_numbers.hpp"

namespace {

using analysis::Sheet;

lathe::value number(double x) { return std::isnan(x) ? lathe::value() : lathe::value(x); }

std::string shape_text(lathe::shape shape) {
  std::string text = "[";
  for (std::uint64_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + lathe::to_string(shape[i]);
  }
  return text + "]";
}

std::string precision_text(const lathe::operand& operand) {
  std::string text = "[";
  for (std::uint64_t i = 0; i < operand.precision_count(); ++i) {
    text += (i == 0 ? "" : ", ") + option_values::text(operand.precision(i));
  }
  return text + "]";
}

std::string input_names(const lathe::node& node) {
  std::string names;
  for (std::uint32_t i = 0; i < node.input_count(); ++i) {
    names += lathe::join({i == 0 ? "" : ", ", node.input(i).name()});
  }
  return names;
}

bool same_inputs(const lathe::node& a, const lathe::node& b) {
  if (a.input_count() != b.input_count()) return false;
  for (std::uint32_t i = 0; i < a.input_count(); ++i) {
    if (a.input(i).name() != b.input(i).name()) return false;
  }
  return true;
}

bool same_shape(const lathe::node& a, const lathe::node& b) {
  const lathe::shape left = a.shape(), right = b.shape();
  return left.size() == right.size() && std::equal(left.begin(), left.end(), right.begin());
}

bool holds_contents(const lathe::operand& operand) {
  return operand.is_parameter() || operand.is_buffer();
}

// What two nodes differ in besides inputs and contents follows from their profiles, of which a
// graph has few: an answer is worked out once for each pair that comes.
class Profiles {
 public:
  bool differ(const lathe::node& a, const lathe::node& b) {
    const std::uint32_t place = b.profile();
    if (place >= known_.size()) known_.resize(place + 1);
    Answer& answer = known_[place];
    if (answer.known && answer.original == a.profile()) return answer.differ;
    answer = {true, a.profile(),
              a.op() != b.op() || a.opcode() != b.opcode() || !same_shape(a, b) ||
                  !option_values::same(a.attributes(), b.attributes()) ||
                  analysis::formats_differ(a, b)};
    return answer.differ;
  }

 private:
  struct Answer {
    bool known = false;
    std::uint32_t original = 0;
    bool differ = false;
  };
  std::vector<Answer> known_;
};

// The two graphs, and what a pass can ask about them.
struct Sides {
  lathe::graph before, after;
  const lathe::weights& weights;
  const lathe::formats& formats;
};

// Contents as the network uses them: through the operand's number format, if it has one.
std::optional<std::vector<float>> used(const Sides& sides, const lathe::graph& graph,
                                       const lathe::node& node, const lathe::operand& operand) {
  if (!analysis::may_have_format(operand) || operand.is_float()) return std::nullopt;
  const auto format = sides.formats.find(graph, node, operand.role());
  if (!format) return std::nullopt;
  const lathe::tensor<const float> contents = sides.weights.of(graph, node, operand.name());
  std::vector<float> quantized(contents.size());
  lathe_tensor into = sides.weights.raw_of(graph, node, operand.name());
  into.flags = 0;
  into.dl.data = quantized.data();
  into.dl.byte_offset = 0;
  format->quantize(sides.weights.raw_of(graph, node, operand.name()), into);
  return quantized;
}

bool same_bytes(const lathe_tensor& a, const lathe_tensor& b, std::int64_t elements) {
  const auto at = [](const lathe_tensor& t) {
    return static_cast<const char*>(t.dl.data) + t.dl.byte_offset;
  };
  const auto bytes = static_cast<std::size_t>(elements) * ((a.dl.dtype.bits + 7U) / 8U);
  return a.dl.dtype.bits == b.dl.dtype.bits && std::memcmp(at(a), at(b), bytes) == 0;
}

bool same_operand_shape(const lathe::operand& a, const lathe::operand& b) {
  const lathe::shape left = a.shape(), right = b.shape();
  return left.size() == right.size() && std::equal(left.begin(), left.end(), right.begin());
}

bool contents_differ(const Sides& sides, const lathe::node& a, const lathe::operand& was,
                     const lathe::node& b, const lathe::operand& is) {
  if (was.storage_id() == is.storage_id()) return false;
  if (was.raw().dtype != is.raw().dtype || !same_operand_shape(was, is)) return true;
  return !same_bytes(sides.weights.raw_of(sides.before, a, was.name()),
                     sides.weights.raw_of(sides.after, b, is.name()), is.numel());
}

struct CompareGraphs {
  static constexpr lathe_option options[] = {
      lathe::int_option("values", "Numbers of each weight that are shown, from its beginning.")
          .within("0..1000")
          .by_default("4"),
      lathe::int_option("nodes",
                        "Nodes that tables and files show, the first that differ; 0 means all.")
          .within("0..")
          .by_default("500"),
  };
  static constexpr const char* scalars =
      "changed_nodes|added_nodes|removed_nodes|changed_parameters|max_weight_change";
  static constexpr const char* details =
      "Holds every node beside the node of the same name before the first pass, and shows those "
      "that differ in op, class, inputs, attributes, shape, number formats or contents of "
      "parameters. A node that only one of the graphs has was added or removed.\n\n"
      "The table `nodes` has op and class before and after; `attributes` each attribute, shape and "
      "list of inputs that differs; `operands` every operand of nodes of which a format differs, "
      "with its options and precision. `weights` has, of each parameter whose contents or "
      "format changed, its least, largest and mean number, the deviation and the first `values` "
      "numbers: before (`original`) and now, and as the network uses them where a format sits on "
      "them (`quantized`). `weight_changes` says how far apart they are, as contents and as used: "
      "`max_change = max |b - a|`, `relative_l2 = |b - a| / |a|`, "
      "`snr_db = 10 log10(sum a^2 / sum (b - a)^2)`.\n\n"
      "Tables and files have the first `nodes` nodes that differ. The scalars count all, and "
      "parameters and buffers with other contents; "
      "`max_weight_change` is the largest change of contents. Each table is also a file, "
      "`compare_nodes.csv` and so on.\n\n"
      "Source: the comparison of graphs of MASE's labs, with what their tables of types do not "
      "show.\n\n"
      "Example: `lathe transform jsc-tiny --passes "
      "'quantize<by=type,linear.name=integer>,compare_graphs'`";

  explicit CompareGraphs(lathe::options o)
      : values_(static_cast<std::uint64_t>(o.integer("values"))),
        most_(o.integer("nodes") == 0 ? INT64_MAX : o.integer("nodes")) {}

  void run(lathe::graph graph, lathe::weights weights, lathe::formats formats,
           lathe::context context, lathe::report out) {
    const Sides sides{graph.original(), graph, weights, formats};
    Sheets sheets{{out,
                   "compare_",
                   "nodes",
                   {"node", "change", "original op", "op", "original type", "type"}},
                  {out, "compare_", "attributes", {"node", "what", "original", "now"}},
                  {out,
                   "compare_",
                   "operands",
                   {"node", "operand", "original", "now", "original precision", "precision"}},
                  {out,
                   "compare_",
                   "weights",
                   {"node", "parameter", "version", "min", "max", "mean", "std", "values"}},
                  {out,
                   "compare_",
                   "weight_changes",
                   {"node", "parameter", "compared", "elements", "changed", "max_change",
                    "relative_l2", "snr_db"}},
                  analysis::NodeTypes(sides.before),
                  analysis::NodeTypes(sides.after)};
    Counts counts;
    Profiles profiles;
    analysis::for_each_pair(sides.before, sides.after,
                            [&](const lathe::node& original, const lathe::node& now) {
                              if (!original || !now) {
                                if (shows(counts)) add_node(original, now, sheets);
                                ++(now ? counts.added : counts.removed);
                              } else if (compare(sides, original, now,
                                                 profiles.differ(original, now), sheets, counts)) {
                                ++counts.changed;
                              }
                            });
    if (!counts.not_finite.empty()) context.warning(counts.not_finite);
    for (const Sheet* sheet :
         {&sheets.nodes, &sheets.attributes, &sheets.operands, &sheets.weights, &sheets.changes}) {
      sheet->write(out);
    }
    if (counts.differing() > most_) {
      out.text("nodes",
               lathe::join({"the tables and files have the first ", lathe::to_string(most_), " of ",
                            lathe::to_string(counts.differing()),
                            " nodes that differ; the option 'nodes' says how many"}));
    }
    out.scalar("changed_nodes", counts.changed);
    out.scalar("added_nodes", counts.added);
    out.scalar("removed_nodes", counts.removed);
    out.scalar("changed_parameters", counts.parameters);
    out.scalar("max_weight_change", counts.largest);
  }

 private:
  struct Sheets {
    Sheet nodes, attributes, operands, weights, changes;
    analysis::NodeTypes original_types, types;
  };
  struct Counts {
    std::int64_t changed = 0, added = 0, removed = 0, parameters = 0;
    std::int64_t differing() const { return changed + added + removed; }
    double largest = 0;
    std::string not_finite;  // the first weight that is not, in a sentence
  };
  // The contents of one parameter.
  struct Version {
    std::string name;
    lathe::span<const float> values;
  };

  static void add_node(const lathe::node& original, const lathe::node& now, Sheets& sheets) {
    const lathe::node& known = now ? now : original;
    const char* change = !original ? "added" : !now ? "removed" : "changed";
    const auto op = [](const lathe::node& n) { return n ? lathe::value(n.op()) : lathe::value(); };
    const auto type = [](const lathe::node& n, analysis::NodeTypes& types) {
      return n ? lathe::value(types.of(n)) : lathe::value();
    };
    sheets.nodes.row({known.name(), change, op(original), op(now),
                      type(original, sheets.original_types), type(now, sheets.types)});
  }

  bool shows(const Counts& counts) const { return counts.differing() < most_; }

  // Notes the first weight that is not finite.
  static void check_finite(const lathe::node& node, const lathe::operand& operand,
                           lathe::tensor<const float> values, Counts& counts) {
    const auto finite = [](float x) { return std::isfinite(x); };
    if (!counts.not_finite.empty()) return;
    if (std::all_of(values.data(), values.data() + values.size(), finite)) return;
    counts.not_finite =
        lathe::join({"node '", node.name(), "': its ", operand.name(),
                     " holds NaN or infinity; what is said of its numbers may be none"});
  }

  // How far contents are apart, for the scalars; also of nodes that no table shows.
  static void measure(const Sides& sides, const lathe::node& original, const lathe::operand& was,
                      const lathe::node& now, const lathe::operand& is, Counts& counts) {
    if (was.raw().dtype != LATHE_DTYPE_FLOAT32 || is.raw().dtype != LATHE_DTYPE_FLOAT32) return;
    const lathe::tensor<const float> before = sides.weights.of(sides.before, original, was.name());
    const lathe::tensor<const float> after = sides.weights.of(sides.after, now, is.name());
    check_finite(now, is, after, counts);
    if (before.size() != after.size()) return;
    const analysis::Distance distance =
        analysis::distance_of({before.data(), before.size()}, {after.data(), after.size()});
    if (!(distance.largest <= counts.largest)) counts.largest = distance.largest;
  }

  // Whether the nodes differ; then their rows are added, if they are shown.
  bool compare(const Sides& sides, const lathe::node& original, const lathe::node& now,
               bool profiles_differ, Sheets& sheets, Counts& counts) const {
    bool contents = false;
    const auto now_operands = now.operands(), old_operands = original.operands();
    for (std::uint64_t i = 0; i < now_operands.size(); ++i) {
      const lathe::operand operand = now_operands[i];
      if (!holds_contents(operand)) continue;
      // Where nothing else differs they stand at the same places.
      const auto was = profiles_differ ? original.find_operand(operand.name())
                                       : std::optional<lathe::operand>(old_operands[i]);
      const bool differ = !was || contents_differ(sides, original, *was, now, operand);
      contents = contents || differ;
      counts.parameters += was && differ ? 1 : 0;
      if (was && differ) measure(sides, original, *was, now, operand, counts);
    }
    if (!contents && !profiles_differ && same_inputs(original, now)) return false;
    if (!shows(counts)) return true;
    add_node(original, now, sheets);
    add_attributes(original, now, sheets.attributes);
    add_operands(original, now, sheets.operands);
    for (const auto operand : now.operands()) {
      if (!holds_contents(operand) || operand.raw().dtype != LATHE_DTYPE_FLOAT32) continue;
      const auto was = original.find_operand(operand.name());
      if (was) compare_contents(sides, original, *was, now, operand, sheets, counts);
    }
    return true;
  }

  static void add_attributes(const lathe::node& original, const lathe::node& now, Sheet& sheet) {
    const auto text = [](const lathe::value_view& v) {
      return v.is_none() ? lathe::value() : lathe::value(option_values::text(v));
    };
    const lathe::value_view was = original.attributes(), is = now.attributes();
    for (const lathe_entry& entry : is.entries()) {
      const lathe::value_view old = was.find(lathe::to_view(entry.key));
      if (!option_values::same(old, &entry.value)) {
        sheet.row({now.name(), lathe::to_view(entry.key), text(old), text(&entry.value)});
      }
    }
    for (const lathe_entry& entry : was.entries()) {
      if (entry.value.kind != LATHE_VALUE_NONE && is.find(lathe::to_view(entry.key)).is_none()) {
        sheet.row({now.name(), lathe::to_view(entry.key), text(&entry.value), lathe::value()});
      }
    }
    if (!same_shape(original, now)) {
      sheet.row({now.name(), "shape", shape_text(original.shape()), shape_text(now.shape())});
    }
    if (!same_inputs(original, now)) {
      sheet.row({now.name(), "inputs", input_names(original), input_names(now)});
    }
  }

  // All of them where one format differs.
  static void add_operands(const lathe::node& original, const lathe::node& now, Sheet& sheet) {
    bool differ = false;
    for (const auto operand : now.operands()) {
      if (!analysis::may_have_format(operand)) continue;
      const auto was = original.find_operand(operand.name());
      differ = differ || !was || !analysis::same_format(*was, operand);
    }
    if (!differ) return;
    for (const auto operand : now.operands()) {
      if (!analysis::may_have_format(operand)) continue;
      const auto was = original.find_operand(operand.name());
      sheet.row({now.name(), operand.name(),
                 was ? lathe::value(analysis::format_text(*was)) : lathe::value(),
                 analysis::format_text(operand),
                 was ? lathe::value(precision_text(*was)) : lathe::value(),
                 precision_text(operand)});
    }
  }

  void compare_contents(const Sides& sides, const lathe::node& original, const lathe::operand& was,
                        const lathe::node& now, const lathe::operand& is, Sheets& sheets,
                        Counts& counts) const {
    const bool differ = contents_differ(sides, original, was, now, is);
    if (!differ && analysis::same_format(was, is)) return;
    const lathe::tensor<const float> before = sides.weights.of(sides.before, original, was.name());
    const lathe::tensor<const float> after = sides.weights.of(sides.after, now, is.name());
    const lathe::span<const float> old_values{before.data(), before.size()};
    const lathe::span<const float> new_values{after.data(), after.size()};
    check_finite(now, is, after, counts);
    const auto old_used = used(sides, sides.before, original, was);
    const auto new_used = used(sides, sides.after, now, is);
    const auto span_of = [](const std::vector<float>& v) {
      return lathe::span<const float>{v.data(), v.size()};
    };
    std::vector<Version> versions{{"original", old_values}};
    if (old_used) versions.push_back({"original quantized", span_of(*old_used)});
    if (differ) versions.push_back({"now", new_values});
    if (new_used) versions.push_back({"quantized", span_of(*new_used)});
    for (const Version& version : versions) add_version(now, is, version, sheets.weights);
    if (old_values.size() != new_values.size()) return;
    if (differ) {
      add_distance(now, is, "contents", analysis::distance_of(old_values, new_values),
                   sheets.changes);
    }
    if (old_used || new_used) {
      add_distance(now, is, "as used",
                   analysis::distance_of(old_used ? span_of(*old_used) : old_values,
                                         new_used ? span_of(*new_used) : new_values),
                   sheets.changes);
    }
  }

  void add_version(const lathe::node& node, const lathe::operand& operand, const Version& version,
                   Sheet& sheet) const {
    const analysis::Numbers n = analysis::numbers_of(version.values);
    sheet.row({node.name(), operand.name(), version.name, number(n.min), number(n.max),
               number(n.mean), number(n.deviation),
               analysis::first_values(version.values, values_)});
  }

  static void add_distance(const lathe::node& node, const lathe::operand& operand,
                           const char* compared, const analysis::Distance& distance, Sheet& sheet) {
    sheet.row({node.name(), operand.name(), compared, operand.numel(), distance.changed,
               number(distance.largest), number(distance.relative()), number(distance.snr_db())});
  }

  std::uint64_t values_;
  std::int64_t most_;  // nodes that are shown
};

}  // namespace

LATHE_ANALYSIS(CompareGraphs, "compare_graphs", "1.0.0",
               "What the passes changed: nodes, operands, and weights before and after.")
