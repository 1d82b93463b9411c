// Rows of ops that plugins bring, as a graph sees them: by the file they come from.
#include "core/graph/ops/op_table.hpp"
#include "core/graph/transaction.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;

namespace {

// x -> "mine" -> output, where a plugin of that hash brings "mine".
class MineOf : public OpSet {
 public:
  explicit MineOf(const std::string& plugin_hash) : OpSet({row(plugin_hash)}) {}
  const OpRow* find(std::string_view op) const override {
    const OpRow* own = OpSet::find(op);
    return own != nullptr ? own : builtin_ops().find(op);
  }

 private:
  static OpRow row(const std::string& plugin_hash) {
    OpRow row;
    row.op = "mine";
    row.module_class = "Mine";
    row.operands = {"data_in_0"};
    row.plugin_hash = plugin_hash;
    row.shape = [](const OpInputs& in) { return in.tensors[0]; };
    return row;
  }
};

ContentHash hash_with(const OpSet& ops) {
  Graph graph(0, &ops);
  Transaction edit(graph);
  NodeSpec spec;
  spec.opcode = Opcode::placeholder;
  spec.target = "x";
  spec.attributes = Value(Value::Map{{"shape", Value::List{4}}});
  const NodeId x = edit.add(spec);
  NodeSpec mine;
  mine.op = mine.target = "mine";
  mine.args = {Argument{x}};
  const NodeId made = edit.add(mine);
  NodeSpec output;
  output.opcode = Opcode::output;
  output.args = {Argument{made}};
  edit.add(output);
  edit.commit();
  return graph.hash(made);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_node_hashes_by_the_file_that_brings_its_op) {
  const MineOf one("aaaa"), same("aaaa"), other("bbbb");
  BOOST_TEST((hash_with(one) == hash_with(same)));
  BOOST_TEST((hash_with(one) != hash_with(other)));
}
