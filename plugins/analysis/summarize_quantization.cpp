// What quantization changed, against the graph before the first pass: a table of nodes and a
// histogram of layer types, as two CSV files (docs/mase.md, Quantize), and the formats of the
// operands that changed.
#include <lathe/lathe.hpp>

#include <algorithm>

#include "format_class.hpp"
#include "number_format.hpp"

namespace {

// One line of the node table.
struct Row {
  std::string original_name, new_name, mase_type, op, original_type, new_type;
  bool changed = false;
};

// The format of the first operand that has one; empty for a float node.
std::string format_of(const lathe::node& node) {
  for (const auto& operand : node.operands()) {
    if (!operand.is_float() && operand.is_tensor() && !operand.is_buffer()) {
      return lathe::to_string(operand.type());
    }
  }
  return {};
}

// Whether any operand of the two nodes differs in format or in its options.
bool formats_differ(const lathe::node& a, const lathe::node& b) {
  const auto left = a.operands(), right = b.operands();
  if (left.size() != right.size()) return true;
  for (std::uint64_t i = 0; i < left.size(); ++i) {
    if (!analysis::same_format(left[i], right[i])) return true;
  }
  return false;
}

// A row for each operand whose format differs: what it was and what it is.
void add_changes(const lathe::node& original, const lathe::node& now, lathe::table& changes) {
  for (const auto operand : now.operands()) {
    if (!analysis::may_have_format(operand)) continue;
    const auto before = original.find_operand(operand.name());
    if (!before || analysis::same_format(*before, operand)) continue;
    changes.row({now.name(), operand.name(), analysis::format_text(*before),
                 analysis::format_text(operand)});
  }
}

// "LinearInteger", "add_integer", "view", "x".
std::string type_of(const lathe::node& node) {
  const std::string format = format_of(node);
  if (node.is_module()) {
    const std::string_view text = node.module_text();
    return lathe::to_string(text.substr(0, text.find('('))) + analysis::format_class(format);
  }
  if (node.opcode() == LATHE_OPCODE_CALL_FUNCTION && !format.empty()) {
    return lathe::join({node.op(), "_", format});
  }
  return lathe::to_string(node.target());
}

std::string mase_type(const lathe::node& node) {
  const lathe::value_view type = node.metadata().find("common").find("mase_type");
  return type ? lathe::to_string(type.text()) : std::string();
}

Row row_of(const lathe::node& original, const lathe::node& now) {
  const lathe::node& known = now ? now : original;
  Row row;
  if (original) row.original_name = lathe::to_string(original.name());
  if (now) row.new_name = lathe::to_string(now.name());
  row.mase_type = mase_type(known);
  row.op = lathe::to_string(known.op());
  if (original) row.original_type = type_of(original);
  if (now) row.new_type = type_of(now);
  // MASE compares the types of the functions, which are equal for every quantized function.
  row.changed =
      !original || !now || row.original_type != row.new_type || formats_differ(original, now);
  return row;
}

// Nodes in the order of the graph as it is; those that a pass removed stand where they were.
std::vector<Row> compare(const lathe::graph& before, const lathe::graph& after) {
  std::vector<Row> rows;
  const lathe::node none;
  auto old_nodes = before.nodes();
  std::uint32_t next_old = 0;
  const auto skip_removed = [&](std::string_view until) {
    for (; next_old < old_nodes.size(); ++next_old) {
      const lathe::node old = old_nodes[next_old];
      if (old.name() == until) {
        ++next_old;
        return;
      }
      if (after.find(old.name())) continue;
      rows.push_back(row_of(old, none));
    }
  };
  for (const auto node : after.nodes()) {
    const lathe::node old = before.find(node.name());
    if (old) skip_removed(old.name());
    rows.push_back(row_of(old, node));
  }
  return rows;
}

std::string field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string table_csv(const std::vector<Row>& rows) {
  std::string csv = ",Ori name,New name,MASE_TYPE,Mase_OP,Original type,Quantized type,Changed\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& r = rows[i];
    csv += lathe::to_string(static_cast<std::int64_t>(i));
    for (const std::string* text :
         {&r.original_name, &r.new_name, &r.mase_type, &r.op, &r.original_type, &r.new_type}) {
      csv += "," + field(*text);
    }
    csv += r.changed ? ",True\n" : ",False\n";
  }
  return csv;
}

struct Group {
  std::string type, op;
  std::int64_t total = 0, changed = 0;
};

// Sorted by the original type; the op is that of the first node of the group.
std::vector<Group> histogram(const std::vector<Row>& rows) {
  std::vector<Group> groups;
  for (const Row& row : rows) {
    const std::string& type = row.original_type.empty() ? row.new_type : row.original_type;
    auto group =
        std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return g.type == type; });
    if (group == groups.end()) group = groups.insert(group, {type, row.op});
    ++group->total;
    group->changed += row.changed ? 1 : 0;
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
  static constexpr const char* scalars = "changed_nodes";

  void run(lathe::graph graph, lathe::report out) {
    const lathe::graph before = graph.original();
    const std::vector<Row> rows = compare(before, graph);
    std::string csv = "Original type,OP,Total,Changed,Unchanged\n";
    lathe::table table =
        out.table("histogram", {"Original type", "OP", "Total", "Changed", "Unchanged"});
    std::int64_t changed = 0;
    for (const Group& g : histogram(rows)) {
      csv += lathe::join({field(g.type), ",", field(g.op), ",", lathe::to_string(g.total), ",",
                          lathe::to_string(g.changed), ",", lathe::to_string(g.total - g.changed),
                          "\n"});
      table.row({g.type, g.op, g.total, g.changed, g.total - g.changed});
      changed += g.changed;
    }
    lathe::table changes = out.table("changes", {"node", "operand", "original", "now"});
    for (const auto node : graph.nodes()) {
      if (const lathe::node original = before.find(node.name())) {
        add_changes(original, node, changes);
      }
    }
    out.file("quantize_table.csv", table_csv(rows));
    out.file("quantize_histogram.csv", csv);
    out.scalar("changed_nodes", changed);
  }
};

}  // namespace

LATHE_ANALYSIS(SummarizeQuantization, "summarize_quantization", "1.0.0",
               "Tables of what quantization changed, as CSV files.")
