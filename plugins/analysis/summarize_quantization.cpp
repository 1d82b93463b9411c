// What quantization changed, against the graph before the first pass: a table of nodes and a
// histogram of layer types, as two CSV files (docs/mase.md, Quantize), and the formats of the
// operands that changed.
#include <lathe/lathe.hpp>

#include <algorithm>
#include <unordered_map>

#include "comparison/node_pairs.hpp"
#include "csv.hpp"

namespace {

// One line of the node table. Texts are borrowed from the graphs and from what is worked out of
// them.
struct Row {
  std::string_view original_name, new_name, mase_type, op, original_type, new_type;
  bool changed = false;
};

// MASE's words for the kind of a node, which nodes that are alike share.
class MaseTypes {
 public:
  explicit MaseTypes(const lathe::graph& graph) : known_(graph.profile_count() * kOpcodes) {}

  std::string_view of(const lathe::node& node) {
    std::optional<std::string>& type = known_[node.profile() * kOpcodes + node.opcode()];
    if (!type) {
      const auto found = node.metadata().find("common").find("mase_type");
      type = found ? lathe::to_string(found.text()) : std::string();
    }
    return *type;
  }

 private:
  static constexpr std::size_t kOpcodes = LATHE_OPCODE_OUTPUT + 1;
  std::vector<std::optional<std::string>> known_;
};

// How the formats of two kinds of nodes differ.
struct Difference {
  struct Operand {
    std::string name, original, now;
  };
  bool any = false;
  std::vector<Operand> operands;
};

Difference difference_of(const lathe::node& original, const lathe::node& now) {
  Difference out;
  out.any = analysis::formats_differ(original, now);
  for (const auto operand : now.operands()) {
    if (!out.any || !analysis::may_have_format(operand)) continue;
    const auto before = original.find_operand(operand.name());
    if (!before || analysis::same_format(*before, operand)) continue;
    out.operands.push_back({lathe::to_string(operand.name()), analysis::format_text(*before),
                            analysis::format_text(operand)});
  }
  return out;
}

class Differences {
 public:
  const Difference& of(const lathe::node& original, const lathe::node& now) {
    const std::uint64_t both = std::uint64_t{original.profile()} << 32U | now.profile();
    const auto found = known_.find(both);
    if (found != known_.end()) return found->second;
    return known_.emplace(both, difference_of(original, now)).first->second;
  }

 private:
  std::unordered_map<std::uint64_t, Difference> known_;
};

// Both graphs beside each other, and what follows from their kinds of nodes.
class Comparison {
 public:
  Comparison(const lathe::graph& before, const lathe::graph& after, lathe::table& changes)
      : before_(before),
        after_(after),
        changes_(changes),
        old_types_(before),
        new_types_(after),
        old_mase_types_(before),
        new_mase_types_(after) {}

  // Nodes in the order of the graph as it is; those that a pass removed stand where they were.
  // Valid as long as this is.
  const std::vector<Row>& rows() {
    rows_.reserve(before_.nodes().size());
    analysis::for_each_pair(
        before_, after_,
        [&](const lathe::node& original, const lathe::node& now) { add(original, now); });
    return rows_;
  }

 private:
  void add(const lathe::node& original, const lathe::node& now) {
    Row row;
    const lathe::node& known = now ? now : original;
    row.mase_type = (now ? new_mase_types_ : old_mase_types_).of(known);
    row.op = known.op();
    if (original) {
      row.original_name = original.name();
      row.original_type = old_types_.of(original);
    }
    if (now) {
      row.new_name = now.name();
      row.new_type = new_types_.of(now);
    }
    // MASE compares the types of the functions, which are equal for every quantized function.
    row.changed = !original || !now || row.original_type != row.new_type;
    if (original && now) {
      const Difference& formats = differences_.of(original, now);
      row.changed = row.changed || formats.any;
      for (const auto& operand : formats.operands) {
        changes_.row({now.name(), operand.name, operand.original, operand.now});
      }
    }
    rows_.push_back(row);
  }

  const lathe::graph &before_, &after_;
  lathe::table& changes_;
  analysis::NodeTypes old_types_, new_types_;
  MaseTypes old_mase_types_, new_mase_types_;
  Differences differences_;
  std::vector<Row> rows_;
};

std::string table_csv(const std::vector<Row>& rows) {
  constexpr std::size_t kUsualLine = 100;
  std::string csv = ",Ori name,New name,MASE_TYPE,Mase_OP,Original type,Quantized type,Changed\n";
  csv.reserve(csv.size() + rows.size() * kUsualLine);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& r = rows[i];
    csv += lathe::to_string(static_cast<std::int64_t>(i));
    for (const std::string_view text :
         {r.original_name, r.new_name, r.mase_type, r.op, r.original_type, r.new_type}) {
      csv += ',';
      analysis::add_csv_field(csv, text);
    }
    csv += r.changed ? ",True\n" : ",False\n";
  }
  return csv;
}

struct Group {
  std::string_view type, op;
  std::int64_t total = 0, changed = 0;
};

// Sorted by the original type; the op is that of the first node of the group.
std::vector<Group> histogram(const std::vector<Row>& rows) {
  std::vector<Group> groups;
  std::unordered_map<std::string_view, std::size_t> places;
  for (const Row& row : rows) {
    const std::string_view type = row.original_type.empty() ? row.new_type : row.original_type;
    const auto [place, is_new] = places.try_emplace(type, groups.size());
    if (is_new) groups.push_back({type, row.op});
    Group& group = groups[place->second];
    ++group.total;
    group.changed += row.changed ? 1 : 0;
  }
  std::sort(groups.begin(), groups.end(),
            [](const Group& a, const Group& b) { return a.type < b.type; });
  return groups;
}

struct SummarizeQuantization {
  static constexpr const char* details =
      "Compares the graph with what it was before the first pass, node by node by name. A node has "
      "changed if it is new or gone, or if the number format of one of its operands, or an option "
      "of it, is another one. `changed_nodes` counts them; the table `changes` has a row for each "
      "operand whose format differs, `histogram` one for each original type of layer.\n\n"
      "Two files in the form of the original: `quantize_table.csv` (names, mase_type, mase_op, "
      "original and quantized type, changed; a row a node) and `quantize_histogram.csv` (a row a "
      "type, in ASCII order: op, total, changed, unchanged).\n\n"
      "Source: MASE (`summarize_quantization`), which takes every function for changed and does "
      "not see options.\n\n"
      "Example: `lathe transform jsc-tiny --passes "
      "'quantize<by=type,linear.name=integer>,summarize_quantization'`";
  static constexpr lathe_option options[] = {
      lathe::string_option("save_dir",
                           "Folder for the two files, within the pass's own of the run; NA is "
                           "that one.")
          .nullable()
          .by_default("NA"),
  };
  static constexpr const char* scalars = "changed_nodes";

  explicit SummarizeQuantization(lathe::options o) : folder_(o.text_or("save_dir", "")) {
    if (!folder_.empty()) folder_ += '/';
  }

  void run(lathe::graph graph, lathe::report out) {
    const lathe::graph before = graph.original();
    lathe::table table =
        out.table("histogram", {"Original type", "OP", "Total", "Changed", "Unchanged"});
    lathe::table changes = out.table("changes", {"node", "operand", "original", "now"});
    Comparison compared(before, graph, changes);
    const std::vector<Row>& rows = compared.rows();
    std::string csv = "Original type,OP,Total,Changed,Unchanged\n";
    std::int64_t changed = 0;
    for (const Group& g : histogram(rows)) {
      analysis::add_csv_field(csv, g.type);
      csv += ',';
      analysis::add_csv_field(csv, g.op);
      csv += lathe::join({",", lathe::to_string(g.total), ",", lathe::to_string(g.changed), ",",
                          lathe::to_string(g.total - g.changed), "\n"});
      table.row({g.type, g.op, g.total, g.changed, g.total - g.changed});
      changed += g.changed;
    }
    out.file(folder_ + "quantize_table.csv", table_csv(rows));
    out.file(folder_ + "quantize_histogram.csv", csv);
    out.scalar("changed_nodes", changed);
  }

 private:
  std::string folder_;
};

}  // namespace

LATHE_ANALYSIS(SummarizeQuantization, "summarize_quantization", "1.0.0",
               "Tables of what quantization changed, as CSV files.")
