// Reading a graph: nodes with names, ops, inputs, shapes, attributes, operands and costs. All of it
// is borrowed from the host and valid until the pass returns; nodes that were taken before an edit
// was committed show the graph as it was.
#pragma once

#include <lathe/hpp/context.hpp>

#include <atomic>
#include <optional>

#pragma GCC visibility push(hidden)

namespace lathe {

class edit;
class graph;

// The name of a role, as edit::set_format() takes it: "data_in", "weight", "bias", "data_out".
inline std::string_view role_name(lathe_role role) {
  constexpr std::string_view names[] = {"", "data_in", "weight", "bias", "data_out"};
  return role < sizeof names / sizeof *names ? names[role] : std::string_view();
}

// Gives a tensor of the host's back before the pass returns: what run(), read() or zeros() gave.
inline void release(lathe_call* call, const lathe_tensor& t) {
  const auto* api = detail::service<lathe_tensor_api>(call, LATHE_SVC_TENSOR,
                                                      LATHE_SIZE_UP_TO(lathe_tensor_api, release));
  detail::check(call, api->release(call, &t));
}

namespace detail {

// A node as a view shows it.
struct node_place {
  lathe_call* call = nullptr;
  const lathe_graph* graph = nullptr;
  const lathe_graph_view* view = nullptr;
  std::uint32_t id = LATHE_NONE_ID;
};

inline const lathe_graph_api* graph_api(lathe_call* call) {
  return static_cast<const lathe_graph_api*>(call->host->service(call, LATHE_SVC_GRAPH));
}

// A table that the host leaves in the view once it is made; `made` loads what may be there already.
template <class T>
const T& of_view(const node_place& node, const T* made,
                 lathe_code (*lathe_graph_api::*make)(lathe_call*, const lathe_graph*,
                                                      const lathe_graph_view*, const T**)) {
  if (made == nullptr) {
    check(node.call, (graph_api(node.call)->*make)(node.call, node.graph, node.view, &made));
  }
  return *made;
}

inline const lathe_profiles& profiles(const node_place& node) {
  return of_view(node, __atomic_load_n(&node.view->profiles, __ATOMIC_ACQUIRE),
                 &lathe_graph_api::profiles);
}

inline const lathe_parameter_columns& parameters(const node_place& node) {
  return of_view(node, __atomic_load_n(&node.view->parameters, __ATOMIC_ACQUIRE),
                 &lathe_graph_api::parameters);
}

}  // namespace detail

// A tensor that a node reads, owns or makes, as MASE's metadata describes it.
class operand {
 public:
  explicit operand(const lathe_operand& o, const detail::node_place& of = {}) : o_(&o), of_(of) {}
  std::string_view name() const { return to_view(o_->name); }  // "data_in_0", "weight"
  std::string_view type() const { return to_view(o_->type); }  // "float", or a format's id
  bool is_float() const { return type() == "float"; }
  lathe_role role() const { return o_->role; }  // eg: LATHE_ROLE_WEIGHT
  bool is_input() const { return o_->kind == LATHE_OPERAND_INPUT; }
  bool is_parameter() const { return o_->kind == LATHE_OPERAND_PARAMETER; }
  bool is_buffer() const { return o_->kind == LATHE_OPERAND_BUFFER; }
  bool is_output() const { return o_->kind == LATHE_OPERAND_OUTPUT; }
  // What a number format keeps, eg: "weight_quantizer.step".
  bool is_state() const { return o_->kind == LATHE_OPERAND_STATE; }
  bool is_tensor() const { return o_->dtype != LATHE_DTYPE_NONE; }
  double bits() const { return o_->bits; }  // storage per element
  std::uint64_t precision_count() const { return o_->precision_count; }
  value_view precision(std::uint64_t i) const {
    return i < o_->precision_count ? value_view(&o_->precision[i]) : value_view();
  }
  lathe::shape shape() const { return {o_->shape, o_->rank}; }
  std::int64_t numel() const { return o_->numel; }
  // Of a parameter, buffer or state: "seq_blocks.2.weight"; and equal for those that share their
  // contents.
  // Empty and 0 for all others.
  std::string_view qualified_name() const {
    return has_own() ? to_view(detail::parameters(of_).qualified_name[own()]) : std::string_view();
  }
  std::uint64_t storage_id() const {
    return has_own() ? detail::parameters(of_).storage_id[own()] : 0;
  }
  // Of its number format; none if it is float.
  lathe::options format_options() const { return lathe::options(value_view(o_->format_options)); }
  const lathe_operand& raw() const { return *o_; }

 private:
  bool has_own() const { return o_->parameter != LATHE_NONE_ID && of_.view != nullptr; }
  std::uint32_t own() const { return detail::parameters(of_).begin[of_.id] + o_->parameter; }

  const lathe_operand* o_;
  detail::node_place of_;
};

// The operands of a node, for range-for.
class operand_range {
 public:
  operand_range(const detail::node_place& of, const lathe_profile& profile, std::uint32_t row_size)
      : of_(of), rows_(profile.operands), count_(profile.operand_count), row_size_(row_size) {}

  class iterator {
   public:
    iterator(const operand_range* range, std::uint64_t i) : range_(range), i_(i) {}
    operand operator*() const { return (*range_)[i_]; }
    iterator& operator++() {
      ++i_;
      return *this;
    }
    bool operator!=(const iterator& other) const { return i_ != other.i_; }

   private:
    const operand_range* range_;
    std::uint64_t i_;
  };

  std::uint64_t size() const { return count_; }
  // Rows are as wide as the host knows them.
  operand operator[](std::uint64_t i) const {
    return operand(detail::row(rows_, row_size_, i), of_);
  }
  iterator begin() const { return {this, 0}; }
  iterator end() const { return {this, count_}; }

 private:
  detail::node_place of_;
  const lathe_operand* rows_;
  std::uint64_t count_;
  std::uint32_t row_size_;
};

// A text that is compared often, eg: `static const lathe::key relu("relu")`: interned once, and
// then a number.
class key {
 public:
  explicit key(const char* text) : text_(text) {}
  std::uint32_t symbol(lathe_call* call) const {
    std::uint32_t known = symbol_.load(std::memory_order_relaxed);
    if (known == LATHE_NONE_ID) {
      known = call->host->symbol(call, to_str(text_));
      symbol_.store(known, std::memory_order_relaxed);
    }
    return known;
  }

 private:
  const char* text_;
  mutable std::atomic<std::uint32_t> symbol_{LATHE_NONE_ID};
};

class node {
 public:
  node() = default;
  node(lathe_call* call, const lathe_graph* graph, const lathe_graph_view* view, std::uint32_t id)
      : call_(call), graph_(graph), view_(view), id_(id) {}

  // False for the node that find() did not find.
  explicit operator bool() const { return id_ != LATHE_NONE_ID; }
  node_id id() const { return {id_}; }
  operator node_id() const { return {id_}; }

  std::string_view name() const { return to_view(view_->name[id_]); }   // "seq_blocks_2"
  std::string_view op() const { return to_view(view_->op_text[id_]); }  // "linear"
  bool is(const key& op) const { return view_->op[id_] == op.symbol(call_); }
  std::string_view target() const { return to_view(view_->target[id_]); }  // "seq_blocks.2"
  lathe_opcode opcode() const { return view_->opcode[id_]; }
  bool is_module() const { return opcode() == LATHE_OPCODE_CALL_MODULE; }
  bool is_placeholder() const { return opcode() == LATHE_OPCODE_PLACEHOLDER; }
  bool is_output() const { return opcode() == LATHE_OPCODE_OUTPUT; }

  // Of the result, batch dimension included.
  lathe::shape shape() const {
    const std::uint32_t begin = view_->shape_begin[id_];
    return {view_->shape + begin, view_->shape_begin[id_ + 1] - begin};
  }
  lathe_dtype dtype() const { return view_->dtype[id_]; }
  std::uint64_t numel() const { return element_count(shape()); }

  // Nodes whose results it reads, in argument order; and nodes that read its result.
  std::uint32_t input_count() const {
    return view_->input_begin[id_ + 1] - view_->input_begin[id_];
  }
  node input(std::uint32_t i) const { return other(view_->inputs[view_->input_begin[id_] + i]); }
  std::vector<node> inputs() const {
    return others(view_->inputs, view_->input_begin[id_], view_->input_begin[id_ + 1]);
  }
  std::vector<node> users() const {
    return others(view_->uses, view_->use_begin[id_], view_->use_begin[id_ + 1]);
  }
  std::uint32_t user_count() const { return view_->use_begin[id_ + 1] - view_->use_begin[id_]; }

  // Constructor arguments of its module, literal arguments of its function: a map.
  value_view attributes() const { return read(&lathe_graph_api::attributes); }
  // One of them; none if there is none. eg: node.attribute("in_features").integer()
  value_view attribute(std::string_view key) const { return attributes().find(key); }

  // Positional arguments, nodes and literals, a list; edit::set_args() takes them back. And keyword
  // arguments, a map, for edit::set_kwargs().
  value_view arguments() const { return read(&lathe_graph_api::arguments); }
  value_view kwargs() const { return read(&lathe_graph_api::kwargs); }

  // Nodes that are alike (op, attributes, number formats, shapes) have one number, below
  // graph::profile_count(): what follows from operands, cost and facts can be worked out once for
  // each. The reverse need not hold.
  std::uint32_t profile() const { return detail::profiles(place()).of_node[id_]; }

  // Everything it reads, owns and makes: inputs, parameters, buffers, output, in this order.
  operand_range operands() const {
    return {place(), profile_row(), detail::profiles(place()).operand_row_size};
  }
  // The operand of that name, if there is one. eg: node.find_operand("weight")
  std::optional<operand> find_operand(std::string_view name) const {
    for (const operand o : operands()) {
      if (o.name() == name) return o;
    }
    return std::nullopt;
  }

  // What executing it costs; known is 0 where there is no rule.
  const lathe_cost& cost() const { return *profile_row().cost; }
  // What the dialect knows of its op: bit rule, channel rule, counting rule, ...
  const lathe_op_facts& facts() const { return *profile_row().facts; }
  // Whether a number format can sit on the operands of that role.
  bool can_quantize(lathe_role role) const { return ((facts().roles >> role) & 1U) != 0; }

  // MASE's metadata: {common, software, hardware}, with the notes that passes left in it
  // (meta::set).
  value_view metadata() const { return read(&lathe_graph_api::metadata); }
  // As PyTorch prints the module; empty for a node that is none.
  std::string_view module_text() const {
    lathe_str text = {};
    detail::check(call_, api()->module_text(call_, graph_, id_, &text));
    return to_view(text);
  }

 private:
  detail::node_place place() const { return {call_, graph_, view_, id_}; }
  const lathe_profile& profile_row() const {
    const lathe_profiles& all = detail::profiles(place());
    return detail::row(all.rows, all.row_size, all.of_node[id_]);
  }
  const lathe_graph_api* api() const { return detail::graph_api(call_); }
  using reader = lathe_code (*lathe_graph_api::*)(lathe_call*, const lathe_graph*, std::uint32_t,
                                                  const lathe_value**);
  value_view read(reader function) const {
    const lathe_value* found = nullptr;
    detail::check(call_, (api()->*function)(call_, graph_, id_, &found));
    return found;
  }
  node other(std::uint32_t id) const { return {call_, graph_, view_, id}; }
  std::vector<node> others(const std::uint32_t* ids, std::uint32_t begin, std::uint32_t end) const {
    std::vector<node> all;
    for (std::uint32_t i = begin; i < end; ++i) all.push_back(other(ids[i]));
    return all;
  }

  lathe_call* call_ = nullptr;
  const lathe_graph* graph_ = nullptr;
  const lathe_graph_view* view_ = nullptr;
  std::uint32_t id_ = LATHE_NONE_ID;
};

// The live nodes of a graph in execution order, for range-for.
class node_range {
 public:
  class iterator {
   public:
    iterator(const node_range* range, const std::uint32_t* at) : range_(range), at_(at) {}
    node operator*() const { return {range_->call_, range_->graph_, range_->view_, *at_}; }
    iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator!=(const iterator& other) const { return at_ != other.at_; }

   private:
    const node_range* range_;
    const std::uint32_t* at_;
  };

  node_range(lathe_call* call, const lathe_graph* graph, const lathe_graph_view* view)
      : call_(call), graph_(graph), view_(view) {}
  iterator begin() const { return {this, view_->order}; }
  iterator end() const { return {this, view_->order + view_->live_count}; }
  std::uint32_t size() const { return view_->live_count; }
  node operator[](std::uint32_t i) const { return {call_, graph_, view_, view_->order[i]}; }

 private:
  lathe_call* call_;
  const lathe_graph* graph_;
  const lathe_graph_view* view_;
};

class graph {
 public:
  graph(lathe_call* call, lathe_graph* g) : graph(call, static_cast<const lathe_graph*>(g)) {
    writable_ = g;
  }
  graph(lathe_call* call, const lathe_graph* g)
      : call_(call),
        graph_(g),
        api_(detail::service<lathe_graph_api>(call, LATHE_SVC_GRAPH,
                                              LATHE_SIZE_UP_TO(lathe_graph_api, load))) {}

  node_range nodes() const { return {call_, graph_, view()}; }
  // The node of that name; it is false if there is none.
  node find(std::string_view name) const {
    std::uint32_t id = LATHE_NONE_ID;
    detail::check(call_, api_->find(call_, graph_, to_str(name), &id));
    return {call_, graph_, view(), id};
  }
  node at(node_id id) const { return {call_, graph_, view(), id.index}; }
  // See node::profile().
  std::uint32_t profile_count() const {
    return detail::profiles({call_, graph_, view(), LATHE_NONE_ID}).count;
  }
  // torch.fx's printout.
  std::string_view text() const {
    lathe_str text = {};
    detail::check(call_, api_->text(call_, graph_, &text));
    return to_view(text);
  }

  // The graph as it was before the first pass of this run.
  graph original() const {
    const lathe_graph* first = nullptr;
    detail::check(call_, api_->original(call_, &first));
    return {call_, first};
  }
  // A copy that may be edited and run, also by an analysis; it goes when the pass returns, or with
  // release(), after which nothing of it may be used.
  graph copy() const {
    lathe_graph* made = nullptr;
    detail::check(call_, api_->copy(call_, graph_, &made));
    return {call_, made};
  }
  void release() { detail::check(call_, api_->release(call_, writable())); }
  // Writes it, weights included, as `lathe transform` leaves one, into a folder that is absolute or
  // in the pass's own of the run; empty: that one.
  void save(std::string_view folder, std::string_view metadata_file = {}) const {
    detail::check(call_, api_->save(call_, graph_, to_str(folder), to_str(metadata_file)));
  }
  // One that was saved, as a copy is one; and this one becomes it, with its ids.
  graph load(std::string_view path) const {
    lathe_graph* loaded = nullptr;
    detail::check(call_, api_->load(call_, to_str(path), &loaded));
    return {call_, loaded};
  }
  void assign(const graph& other);
  // Opens a transaction (hpp/edit.hpp).
  lathe::edit edit() const;

  // Options of the nodes that the node map `key` of the running pass chooses, in graph order.
  struct chosen;
  std::vector<chosen> choose(std::string_view key) const;

  lathe_call* call() const { return call_; }
  const lathe_graph* raw() const { return graph_; }
  lathe_graph* writable() const {
    if (writable_ == nullptr) {
      throw error(LATHE_PERMISSION_DENIED, "this graph may only be read; edit a copy");
    }
    return writable_;
  }

 private:
  const lathe_graph_view* view() const {
    const lathe_graph_view* v = nullptr;
    detail::check(call_, api_->view(call_, graph_, &v));
    return v;
  }

  lathe_call* call_;
  const lathe_graph* graph_;
  lathe_graph* writable_ = nullptr;
  const lathe_graph_api* api_;
};

struct graph::chosen {
  // What is chosen for one operand, eg: a number format and its options.
  struct operand {
    lathe_role role;
    std::string_view name;
    lathe::options options;
  };
  lathe::node node;
  lathe::options options;  // that belong to no operand
  std::vector<operand> operands;
};

inline std::vector<graph::chosen> graph::choose(std::string_view key) const {
  const auto* api = detail::service<lathe_options_api>(
      call_, LATHE_SVC_OPTIONS, LATHE_SIZE_UP_TO(lathe_options_api, location));
  lathe_node_options_table table = {};
  table.struct_size = sizeof table;
  detail::check(call_, api->nodes(call_, graph_, to_str(key), &table));
  std::vector<chosen> all;
  for (std::uint64_t i = 0; i < table.count; ++i) {
    const lathe_node_options& row = detail::row(table.rows, table.row_size, i);
    std::vector<chosen::operand> operands;
    for (std::uint64_t r = 0; r < row.role_count; ++r) {
      const lathe_role_options& role = detail::row(row.roles, row.role_row_size, r);
      operands.push_back({role.role, to_view(role.name), lathe::options(value_view(role.options))});
    }
    all.push_back({at({row.node}), lathe::options(value_view(row.options)), std::move(operands)});
  }
  return all;
}

}  // namespace lathe

#pragma GCC visibility pop
