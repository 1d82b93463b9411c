// Changes to one graph, applied all together or not at all. What an edit costs follows from what it
// touches, not from the size of the graph.
#pragma once

#include "core/graph/alike_parts.hpp"
#include "core/graph/columns/linked_order.hpp"
#include "core/graph/columns/reader_lists.hpp"
#include "core/graph/graph.hpp"
#include "core/graph/parameters/parameters.hpp"

#include <optional>
#include <unordered_map>

namespace lathe {

// What an added node says; the rest follows from the op table.
struct NodeSpec {
  Opcode opcode = Opcode::call_module;
  std::string op;
  std::string target;
  std::string name;  // wish; empty: torch.fx's rule
  std::vector<Argument> args;
  std::vector<std::pair<std::string, Argument>> kwargs;
  Value attributes{Value::Map{}};
  std::vector<ChosenInitialiser> initialisers = {};
  std::vector<std::string> masks = {};  // parameters that have one; of ones until it is given
  NodeId after = NodeId::none;          // none: before the output, or last
};

// A change that can be seen to be wrong throws at once, the rest is found by commit; either way the
// graph stays as it was.
class Transaction {
 public:
  explicit Transaction(Graph& graph);  // the graph must outlive it

  // The node has its name from here on; results and parameters come with commit.
  NodeId add(NodeSpec spec);
  const Node& node(NodeId id) const;  // as drafted
  void set_args(NodeId node, std::vector<Argument> args);
  void set_kwargs(NodeId node, std::vector<std::pair<std::string, Argument>> kwargs);
  void replace_uses(NodeId node, NodeId replacement);
  void remove(NodeId node);  // commit refuses a node that is still read
  void set_attribute(NodeId node, std::string_view key, Value value);
  void rename(NodeId node, std::string_view name);
  void set_parameter(NodeId node, std::string_view name, Tensor tensor, bool trained = true);
  // The same, read when somebody first needs it.
  void promise_parameter(NodeId node, std::string_view name, ContentReader read);
  // Of 0 and 1; what shares the parameter shares its mask. None: the parameter loses it, and stays
  // as it is.
  void set_mask(NodeId node, std::string_view parameter, std::optional<Tensor> mask);
  void set_format(NodeId node, const OperandFormat& format);
  void clear_format(NodeId node, std::string_view role);

  // Verifies, infers what changed and swaps it in. On the first error it throws, naming the node,
  // and the graph stays as it was.
  void commit();

 private:
  Node& writable(NodeId id);
  Node& stale(NodeId id);  // to write to, and to be inferred again
  void check_open() const;
  void check_alive(NodeId id) const;
  LinkedOrder& order();
  ReaderLists& readers();
  void read_by(NodeId reader);  // tells the reader lists what it reads
  NodeId named(std::string_view name) const;
  std::string free_name(std::string candidate);
  std::shared_ptr<const EdgeColumns> new_edges() const;
  bool reads_alike(NodeId id) const;
  void infer_changed();
  bool infer_one(NodeId id);
  void drop_outgrown_masks();
  void drop_empty_formats();
  void renew_ties();
  void drop_state(NodeId id, std::string_view role);
  void update_columns();

  // What has to be done for a node at commit.
  struct Mark {
    bool touched = false;  // written to: its formats may need a look
    bool stale = false;    // its result must be inferred again
    bool rewired = false;  // the same, if it reads other results than before
  };

  Graph& target_;
  Graph draft_;
  std::optional<LinkedOrder> order_;    // made when first needed
  std::optional<ReaderLists> readers_;  // made when first needed
  std::vector<Mark> marks_;
  std::vector<NodeId> touched_;
  std::vector<GivenContent> contents_;  // for when shapes are known
  std::vector<RemovedNode> removed_;
  std::unordered_map<std::string, NodeId> names_;            // of nodes added or renamed
  std::unordered_map<std::string, std::uint64_t> suffixes_;  // last one given, by base name
  AlikeParts alike_;
  bool added_ = false;
  bool attributes_changed_ = false;
  bool formats_changed_ = false;
  bool edges_changed_ = false;
  bool texts_changed_ = false;
  bool results_changed_ = false;
  bool parameters_changed_ = false;
  bool inferred_ = false;  // any node
  bool open_ = true;
};

}  // namespace lathe
