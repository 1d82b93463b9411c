// Changing a graph: a transaction that is applied as a whole by commit() or not at all.
#pragma once

#include <lathe/hpp/graph.hpp>

#pragma GCC visibility push(hidden)

namespace lathe {

// How a parameter begins, in place of PyTorch's default, eg: initialiser::normal("weight", 0,
// 0.02).
struct initialiser {
  std::string parameter;
  lathe_initialiser_kind kind;
  double a, b;

  static initialiser constant(std::string parameter, double value) {
    return {std::move(parameter), LATHE_INITIALISER_CONSTANT, value, 0.0};
  }
  // On [low, high).
  static initialiser uniform(std::string parameter, double low, double high) {
    return {std::move(parameter), LATHE_INITIALISER_UNIFORM, low, high};
  }
  static initialiser normal(std::string parameter, double mean, double deviation) {
    return {std::move(parameter), LATHE_INITIALISER_NORMAL, mean, deviation};
  }
};

// A node to add; what is empty follows torch.fx's rules.
struct node_spec {
  std::string op;      // "linear", "relu", "add", "view"
  std::string target;  // "seq_blocks.2"; empty: the op's own name, or the function's
  std::vector<value> args = {};
  std::vector<value::entry> attributes = {};  // constructor arguments of a module
  lathe_opcode opcode = LATHE_OPCODE_CALL_MODULE;
  std::string name = {};
  node_id after = {};  // none: before the output, or last
  std::vector<value::entry> kwargs = {};
  std::vector<initialiser> initialisers = {};
};

class edit {
 public:
  // One made by graph.edit() rolls back unless it was committed; one lent by the host is the host's
  // to finish.
  edit(lathe_call* call, lathe_graph* g) : edit(call, static_cast<lathe_edit*>(nullptr)) {
    detail::check(call_, api_->begin(call_, g, &edit_));
    owned_ = true;
  }
  edit(lathe_call* call, lathe_edit* lent)
      : call_(call),
        edit_(lent),
        api_(detail::service<lathe_edit_api>(call, LATHE_SVC_EDIT,
                                             LATHE_SIZE_UP_TO(lathe_edit_api, rollback))) {}
  edit(edit&& other) noexcept
      : call_(other.call_),
        edit_(other.edit_),
        api_(other.api_),
        owned_(std::exchange(other.owned_, false)) {}
  edit& operator=(edit&&) = delete;
  ~edit() {
    if (owned_) api_->rollback(call_, edit_);
  }

  // Adds a node. Its id can be used at once.
  node_id add(const node_spec& spec);

  void set_args(node_id node, const std::vector<value>& args) {
    value::storage arrays;
    const std::vector<lathe_value> list = c_list(args, arrays);
    detail::check(call_, api_->set_args(call_, edit_, node.index, list.data(), list.size()));
  }
  void set_kwargs(node_id node, const std::vector<value::entry>& kwargs) {
    const value map = value::map(kwargs);
    value::storage arrays;
    const lathe_value c = map.c_value(arrays);
    detail::check(call_, api_->set_kwargs(call_, edit_, node.index, c.as.map, c.size));
  }
  // Every reader of `node` reads `replacement` instead, `replacement` itself excepted.
  void replace_uses(node_id node, node_id replacement) {
    detail::check(call_, api_->replace_uses(call_, edit_, node.index, replacement.index));
  }
  // Removes a node that nobody reads.
  void remove(node_id node) { detail::check(call_, api_->remove(call_, edit_, node.index)); }
  void set_attribute(node_id node, std::string_view key, const value& v) {
    value::storage arrays;
    const lathe_value c = v.c_value(arrays);
    detail::check(call_, api_->set_attribute(call_, edit_, node.index, to_str(key), &c));
  }
  void rename(node_id node, std::string_view name) {
    detail::check(call_, api_->rename(call_, edit_, node.index, to_str(name)));
  }
  // The same for many nodes at once.
  struct attribute {
    node_id node;
    std::string_view key;
    value v;
  };
  void set_attributes(const std::vector<attribute>& edits) {
    value::storage arrays;
    std::vector<lathe_attribute_edit> rows;
    rows.reserve(edits.size());
    for (const attribute& e : edits) {
      rows.push_back({e.node.index, 0, to_str(e.key), e.v.c_value(arrays)});
    }
    const lathe_attribute_edit_table table = {sizeof table, sizeof(lathe_attribute_edit),
                                              rows.data(), rows.size()};
    detail::check(call_, api_->set_attributes(call_, edit_, &table));
  }
  // The tensor is copied.
  void set_parameter(node_id node, std::string_view name, const lathe_tensor& tensor) {
    detail::check(call_, api_->set_parameter(call_, edit_, node.index, to_str(name), &tensor));
  }
  // What the model that is being built writes into its contents() under that number.
  void promise_parameter(node_id node, std::string_view name, std::uint64_t source) {
    const auto* api = detail::service<lathe_edit_api>(
        call_, LATHE_SVC_EDIT, LATHE_SIZE_UP_TO(lathe_edit_api, promise_parameter));
    detail::check(call_, api->promise_parameter(call_, edit_, node.index, to_str(name), source));
  }
  // 0 where an element of the parameter is pruned, 1 where it is kept; the tensor is copied.
  void set_mask(node_id node, std::string_view parameter, const lathe_tensor& mask) {
    detail::check(call_, api_->set_mask(call_, edit_, node.index, to_str(parameter), &mask));
  }
  // The contents stay as they are.
  void clear_mask(node_id node, std::string_view parameter) {
    detail::check(call_, api_->set_mask(call_, edit_, node.index, to_str(parameter), nullptr));
  }
  // Role: "data_in", "weight", "bias" or "data_out". `options` is a map, without prefix.
  void set_format(node_id node, std::string_view role, std::string_view format,
                  const value& options) {
    value::storage arrays;
    const lathe_value c = options.c_value(arrays);
    detail::check(call_,
                  api_->set_format(call_, edit_, node.index, to_str(role), to_str(format), &c));
  }
  // The same for many operands at once; an empty format makes one float again.
  struct operand_format {
    node_id node;
    std::string_view role, format;
    span<const lathe_entry> options = {};  // borrowed
  };
  void set_formats(const std::vector<operand_format>& edits) {
    std::vector<lathe_value> options(edits.size());
    std::vector<lathe_format_edit> rows;
    rows.reserve(edits.size());
    for (const operand_format& e : edits) {
      lathe_value& map = options[rows.size()];
      map.kind = LATHE_VALUE_MAP;
      map.size = e.options.size();
      map.as.map = e.options.data();
      rows.push_back({e.node.index, 0, to_str(e.role), to_str(e.format), &map});
    }
    const lathe_format_edit_table table = {sizeof table, sizeof(lathe_format_edit), rows.data(),
                                           rows.size()};
    detail::check(call_, api_->set_formats(call_, edit_, &table));
  }
  void clear_format(node_id node, std::string_view role) {
    detail::check(call_, api_->clear_format(call_, edit_, node.index, to_str(role)));
  }

  // Checks and applies everything, or throws what is wrong and drops it.
  void commit() {
    owned_ = false;
    detail::check(call_, api_->commit(call_, edit_));
  }
  void rollback() {
    owned_ = false;
    api_->rollback(call_, edit_);
  }
  // Neither committed nor rolled back.
  bool open() const { return owned_; }

 private:
  static std::vector<lathe_value> c_list(const std::vector<value>& items, value::storage& arrays) {
    std::vector<lathe_value> list;
    for (const value& item : items) list.push_back(item.c_value(arrays));
    return list;
  }
  static std::vector<lathe_entry> c_map(const std::vector<value::entry>& entries,
                                        value::storage& arrays) {
    std::vector<lathe_entry> map;
    for (const auto& [key, item] : entries) map.push_back({to_str(key), item.c_value(arrays)});
    return map;
  }

  lathe_call* call_;
  lathe_edit* edit_;
  const lathe_edit_api* api_;
  bool owned_ = false;
};

inline node_id edit::add(const node_spec& spec) {
  value::storage arrays;
  const auto args = c_list(spec.args, arrays);
  const auto kwargs = c_map(spec.kwargs, arrays);
  const auto attributes = c_map(spec.attributes, arrays);
  lathe_node_spec c = {};
  c.struct_size = sizeof c;
  c.opcode = spec.opcode;
  c.op = to_str(spec.op);
  c.target = to_str(spec.target);
  c.name = to_str(spec.name);
  c.args = args.data();
  c.arg_count = args.size();
  c.kwargs = kwargs.data();
  c.kwarg_count = kwargs.size();
  c.attributes = attributes.data();
  c.attribute_count = attributes.size();
  c.after = spec.after.index;
  std::vector<lathe_initialiser> rows;
  for (const initialiser& i : spec.initialisers) {
    rows.push_back({to_str(i.parameter), i.kind, 0, i.a, i.b});
  }
  const lathe_initialiser_table initialisers = {sizeof initialisers, sizeof(lathe_initialiser),
                                                rows.data(), rows.size()};
  c.initialisers = &initialisers;
  node_id made;
  detail::check(call_, api_->add_node(call_, edit_, &c, &made.index));
  return made;
}

inline void graph::assign(const graph& other) {
  const auto* api = detail::service<lathe_edit_api>(call_, LATHE_SVC_EDIT,
                                                    LATHE_SIZE_UP_TO(lathe_edit_api, assign));
  detail::check(call_, api->assign(call_, writable(), other.raw()));
}

inline edit graph::edit() const { return {call_, writable()}; }

}  // namespace lathe

#pragma GCC visibility pop
