// Whether metadata says what the graph is.
#include "../../option_values.hpp"
#include "../name_index.hpp"
#include "entries.hpp"

#include <string>
#include <unordered_set>
#include <vector>

namespace {

using lathe::value_view;

constexpr std::string_view kTypes[] = {"module",        "module_related_func", "builtin_func",
                                       "implicit_func", "placeholder",         "get_attr",
                                       "output",        "patched_func"};

struct Problem {
  std::string_view node;
  std::string entry, text;
};

std::string shape_text(lathe::shape shape) {
  std::string all;
  for (const std::int64_t extent : shape) {
    all += lathe::join({all.empty() ? "" : ", ", lathe::to_string(extent)});
  }
  return "[" + all + "]";
}

bool same_shape(value_view said, lathe::shape shape) {
  if (said.kind() != LATHE_VALUE_LIST || said.size() != shape.size()) return false;
  for (std::uint64_t i = 0; i < shape.size(); ++i) {
    if (said[i].kind() != LATHE_VALUE_INT || said[i].integer() != shape[i]) return false;
  }
  return true;
}

bool same_precision(value_view said, const lathe::operand& operand) {
  if (said.kind() != LATHE_VALUE_LIST || said.size() != operand.precision_count()) return false;
  for (std::uint64_t i = 0; i < said.size(); ++i) {
    if (!option_values::same(said[i], operand.precision(i))) return false;
  }
  return true;
}

std::string precision_text(const lathe::operand& operand) {
  std::string all;
  for (std::uint64_t i = 0; i < operand.precision_count(); ++i) {
    all += (i == 0 ? "" : ",") + option_values::text(operand.precision(i));
  }
  return "[" + all + "]";
}

class Verifier {
 public:
  explicit Verifier(std::size_t nodes) : names_(nodes) {}

  void verify(const lathe::node& node) {
    node_ = node.name();
    if (!names_.add(node_).second) add("", "another node has this name");
    const value_view metadata = node.metadata();
    const value_view common = metadata.find("common");
    for (const char* section : {"common", "software", "hardware"}) {
      if (metadata.find(section).kind() != LATHE_VALUE_MAP) add(section, "is no map");
    }
    check_hardware(metadata.find("hardware"));
    // What is alike is looked at once.
    if (metadata::place(common) == nullptr || !seen_.insert(metadata::place(common)).second) return;
    check_type(node, common);
    check_tensors(node, common);
  }

  std::vector<Problem> problems;

 private:
  void add(std::string entry, std::string text) {
    problems.push_back({node_, std::move(entry), std::move(text)});
  }

  void check_hardware(value_view hardware) {
    const value_view implicit = hardware.find("is_implicit"), device = hardware.find("device_id");
    if (implicit && implicit.kind() != LATHE_VALUE_BOOL) {
      add("hardware/is_implicit", "is neither true nor false");
    }
    if (device && device.kind() != LATHE_VALUE_INT) add("hardware/device_id", "is no integer");
  }

  void check_type(const lathe::node& node, value_view common) {
    const value_view type = common.find("mase_type"), op = common.find("mase_op");
    bool known = false;
    for (const std::string_view word : kTypes) {
      known = known || (type.kind() == LATHE_VALUE_STRING && type.text() == word);
    }
    if (!known) add("common/mase_type", "is '" + option_values::text(type) + "', which is no type");
    if (op.kind() != LATHE_VALUE_STRING || op.text() != node.op()) {
      add("common/mase_op",
          lathe::join({"is '", option_values::text(op), "', but the node is a '", node.op(), "'"}));
    }
  }

  void check_tensors(const lathe::node& node, value_view common) {
    const value_view args = common.find("args"), results = common.find("results");
    if (results.size() > 1) add("common/results", "has more than one result");
    std::uint32_t input = 0;
    for (const auto operand : node.operands()) {
      if (operand.is_buffer() || operand.is_state() || !operand.is_tensor()) continue;
      std::string_view producer;
      if (operand.is_input()) producer = next_producer(node, input);
      if (!operand.is_output() && node.is_output()) continue;  // its result says it
      const bool is_result = operand.is_output();
      const std::string entry =
          lathe::join({is_result ? "common/results/" : "common/args/", operand.name()});
      check_tensor(entry, (is_result ? results : args).find(operand.name()), operand, producer);
    }
  }

  // The node that makes the next tensor among the inputs; empty where there is none.
  static std::string_view next_producer(const lathe::node& node, std::uint32_t& at) {
    while (at < node.input_count() && node.input(at).dtype() == LATHE_DTYPE_NONE) ++at;
    return at < node.input_count() ? node.input(at++).name() : std::string_view();
  }

  void check_tensor(const std::string& entry, value_view said, const lathe::operand& operand,
                    std::string_view producer) {
    if (said.kind() != LATHE_VALUE_MAP) {
      add(entry, "is missing");
      return;
    }
    const value_view shape = said.find("shape"), type = said.find("type"),
                     precision = said.find("precision");
    if (!same_shape(shape, operand.shape())) {
      const std::string maker =
          producer.empty() ? std::string() : lathe::join({", as '", producer, "' makes it"});
      add(entry + "/shape", lathe::join({"is ", option_values::text(shape), ", but the tensor is ",
                                         shape_text(operand.shape()), maker}));
    }
    if (type.kind() != LATHE_VALUE_STRING || type.text() != operand.type()) {
      add(entry + "/type", lathe::join({"is '", option_values::text(type), "', but the tensor is '",
                                        operand.type(), "'"}));
    }
    if (!same_precision(precision, operand)) {
      add(entry + "/precision", lathe::join({"is ", option_values::text(precision),
                                             ", but the tensor has ", precision_text(operand)}));
    } else {
      check_width(entry, precision[0]);
    }
  }

  void check_width(const std::string& entry, value_view width) {
    const bool is_number = width.kind() == LATHE_VALUE_INT || width.kind() == LATHE_VALUE_FLOAT;
    if (is_number && !(width.real() > 0)) {
      add(entry + "/precision",
          lathe::join({"has a width of ", option_values::text(width), " bits"}));
    }
  }

  std::string_view node_;
  analysis::NameIndex names_;
  std::unordered_set<const void*> seen_;
};

struct VerifyMetadata {
  static constexpr lathe_option options[] = {
      lathe::bool_option("strict", "Fails where there is a problem; else the table alone says it.")
          .by_default("true"),
  };
  static constexpr const char* scalars = "problems";
  static constexpr const char* details =
      "Compares the metadata of every node with the graph: `mase_type` is one of MASE's, "
      "`mase_op` is the node's op, every tensor has an entry whose shape is that of the tensor, "
      "and of the node that makes it, whose type is its number format and whose precision is "
      "that of the format, with a width above 0; names of nodes are unique, and there is at most "
      "one result. What is derived holds; a note of an earlier pass may contradict.\n\n"
      "MASE would also have the fraction of fixed point within its width. Here `frac_width` may "
      "be anything from -64 to 64, and that is no problem.\n\n"
      "Publishes `problems`, and the table `problems`: node, entry, problem. With `strict` it "
      "fails with the first of them.\n\n"
      "Source: MASE (`verify_common_metadata_analysis_pass`, which fails on every graph).\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes verify_metadata`";

  explicit VerifyMetadata(lathe::options o) : strict_(o.boolean("strict")) {}

  void run(lathe::graph graph, lathe::report out) const {
    Verifier verifier(graph.nodes().size());
    for (const auto node : graph.nodes()) verifier.verify(node);
    const auto count = static_cast<std::int64_t>(verifier.problems.size());
    out.scalar("problems", count);
    lathe::table table = out.table("problems", {"node", "entry", "problem"});
    for (const Problem& p : verifier.problems) table.row({p.node, p.entry, p.text});
    if (!strict_ || count == 0) return;
    const Problem& first = verifier.problems.front();
    const std::string more = count == 1 ? std::string()
                                        : lathe::join({" (", lathe::to_string(count),
                                                       " problems; strict=false lists them all)"});
    throw lathe::error(
        LATHE_FAILED_PRECONDITION,
        lathe::join({"metadata ", first.entry, first.entry.empty() ? "" : " ", first.text, more}))
        .at_node(first.node);
  }

 private:
  bool strict_;
};

}  // namespace

LATHE_ANALYSIS(VerifyMetadata, "verify_metadata", "1.0.0",
               "Checks the metadata of every node against the graph.")
