#include "core/graph/graph.hpp"
#include "core/graph/index.hpp"
#include "core/graph/inference.hpp"
#include "core/graph/naming.hpp"
#include "core/graph/verify.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

namespace {

bool is_function(const Node& node) {
  return node.opcode == Opcode::call_function || node.opcode == Opcode::call_method;
}

// Functions are named after their last part: torch.flatten is "flatten".
std::string_view naming_target(const Node& node) {
  const std::string_view target = node.target;
  if (node.opcode != Opcode::call_function) return target;
  const std::size_t dot = target.rfind('.');
  return dot == std::string_view::npos ? target : target.substr(dot + 1);
}

void replace(Argument& argument, NodeId from, NodeId to) {
  if (NodeId* id = std::get_if<NodeId>(&argument.data)) {
    if (*id == from) *id = to;
  } else if (auto* list = std::get_if<std::vector<Argument>>(&argument.data)) {
    for (Argument& item : *list) replace(item, from, to);
  }
}

// A literal argument of a function, where the call has it, else as a keyword.
void set_literal_argument(Node& node, const OpRow& row, std::string_view key, const Value& value) {
  const auto at = std::find(row.signature.begin(), row.signature.end(), key);
  const auto position = static_cast<std::size_t>(at - row.signature.begin());
  if (at != row.signature.end() && position < node.args.size()) {
    node.args[position] = Argument{value};
    return;
  }
  for (auto& [name, argument] : node.kwargs) {
    if (name == key) {
      argument = Argument{value};
      return;
    }
  }
  node.kwargs.emplace_back(std::string(key), Argument{value});
}

// Formats are kept in this order, so that equal nodes hash alike.
std::size_t role_rank(std::string_view role) {
  constexpr std::array<std::string_view, 4> kRoles{"data_in", "weight", "bias", "data_out"};
  return static_cast<std::size_t>(std::find(kRoles.begin(), kRoles.end(), role) - kRoles.begin());
}

std::shared_ptr<ParameterContent> checked_content(const Node& node, const Parameter& parameter,
                                                  const Tensor& tensor) {
  if (tensor.shape() != parameter.shape || tensor.dtype() != parameter.dtype) {
    throw run_error(
        LATHE_INVALID_ARGUMENT,
        fmt::format("parameter '{}' of {}: expected {} of shape {}, found {} of shape {}",
                    parameter.qualified_name, described(node), name(parameter.dtype),
                    parameter.shape.text(), name(tensor.dtype()), tensor.shape().text()));
  }
  return std::make_shared<ParameterContent>(tensor);
}

}  // namespace

Transaction::Transaction(Graph& graph)
    : target_(graph),
      draft_(graph),
      order_(graph.order().begin(), graph.order().end()),
      touched_(graph.slots(), false),
      stale_(graph.slots(), false) {}

void Transaction::check_open() const {
  if (!open_)
    throw run_error(LATHE_FAILED_PRECONDITION, "the transaction has ended; begin another");
}

void Transaction::check_alive(NodeId id) const {
  check_open();
  if (draft_.alive(id)) return;
  const auto gone = removed_.find(index_of(id));
  throw usage_error(gone == removed_.end()
                        ? fmt::format("there is no node {} to edit", index_of(id))
                        : fmt::format("node '{}' was removed and cannot be edited", gone->second));
}

const Node& Transaction::node(NodeId id) const {
  check_alive(id);
  return draft_.node(id);
}

Node& Transaction::writable(NodeId id) {
  check_alive(id);
  std::shared_ptr<const Node>& slot = draft_.nodes_[index_of(id)];
  if (!touched_[index_of(id)]) {
    slot = std::make_shared<Node>(*slot);
    touched_[index_of(id)] = true;
  }
  // Made by us just now, and nobody else has seen it.
  return const_cast<Node&>(*slot);
}

Transaction::Names& Transaction::names() {
  if (!names_) names_ = draft_.index_->by_name;
  return *names_;
}

std::string Transaction::free_name(std::string candidate) {
  auto [base, number] = numbered(candidate);
  std::uint64_t next = number != 0 ? number : suffixes_[base];
  while (names().contains(candidate) || is_reserved(candidate)) {
    candidate = base + "_" + std::to_string(++next);
  }
  suffixes_[base] = next;
  return candidate;
}

NodeId Transaction::add(NodeSpec spec) {
  check_open();
  if (spec.op.empty()) {
    spec.op = spec.opcode == Opcode::get_attr ? "constant"
              : spec.opcode == Opcode::placeholder || spec.opcode == Opcode::output
                  ? std::string(lathe::name(spec.opcode))
                  : spec.target;
  }
  auto node = std::make_shared<Node>();
  node->opcode = spec.opcode;
  node->op = std::move(spec.op);
  node->target = std::move(spec.target);
  if (node->target.empty()) {
    const OpRow* known = draft_.ops().find(node->op);
    const bool function = node->opcode == Opcode::call_function && known != nullptr;
    node->target = function && !known->function.empty() ? known->function : node->op;
  }
  node->args = std::move(spec.args);
  node->kwargs = std::move(spec.kwargs);
  node->attributes = spec.attributes.is_none() ? Value(Value::Map{}) : std::move(spec.attributes);
  const std::string wish =
      spec.name.empty() ? snake_case(naming_target(*node)) : std::move(spec.name);
  node->name = free_name(legal_name(wish));
  const OpRow& row = row_of(draft_.ops(), *node);
  if (is_function(*node)) {
    for (const auto& [key, value] : node->attributes.as_map()) {
      set_literal_argument(*node, row, key, value);
    }
  }

  auto place = order_.end();
  if (spec.after != NodeId::none) {
    check_alive(spec.after);
    place = std::find(order_.begin(), order_.end(), spec.after) + 1;
  } else if (!order_.empty() && node->opcode != Opcode::output &&
             draft_.node(order_.back()).opcode == Opcode::output) {
    place = order_.end() - 1;
  }
  const NodeId id{static_cast<std::uint32_t>(draft_.nodes_.size())};
  order_.insert(place, id);
  names().emplace(node->name, id);
  draft_.nodes_.push_back(std::move(node));
  touched_.push_back(true);
  stale_.push_back(true);
  structural_ = true;
  return id;
}

void Transaction::set_args(NodeId id, std::vector<Argument> args) {
  writable(id).args = std::move(args);
  stale_[index_of(id)] = true;
  structural_ = true;
}

void Transaction::replace_uses(NodeId id, NodeId replacement) {
  check_alive(id);
  check_alive(replacement);
  for (NodeId reader : order_) {
    if (reader == replacement) continue;
    const std::vector<NodeId> inputs = draft_.node(reader).inputs();
    if (std::find(inputs.begin(), inputs.end(), id) == inputs.end()) continue;
    Node& node = writable(reader);
    for (Argument& argument : node.args) replace(argument, id, replacement);
    for (auto& [key, argument] : node.kwargs) replace(argument, id, replacement);
    stale_[index_of(reader)] = true;
  }
  structural_ = true;
}

void Transaction::remove(NodeId id) {
  check_alive(id);
  const std::string& name = draft_.node(id).name;
  removed_.emplace(index_of(id), name);
  names().erase(name);
  order_.erase(std::find(order_.begin(), order_.end(), id));
  draft_.nodes_[index_of(id)] = nullptr;
  structural_ = true;
}

void Transaction::set_attribute(NodeId id, std::string_view key, Value value) {
  Node& node = writable(id);
  if (is_function(node)) {
    set_literal_argument(node, row_of(draft_.ops(), node), key, value);
  } else {
    node.attributes.set(key, std::move(value));
  }
  stale_[index_of(id)] = true;
  structural_ = true;
}

void Transaction::rename(NodeId id, std::string_view name) {
  check_alive(id);
  if (!is_legal_name(name)) {
    throw usage_error(
        fmt::format("'{}' is no name for a node: letters, digits and underscores, and "
                    "no digit first",
                    name));
  }
  const auto [at, is_new] = names().emplace(std::string(name), id);
  if (!is_new && at->second != id) {
    throw usage_error(fmt::format("node '{}' cannot be renamed to '{}': that name is taken",
                                  draft_.node(id).name, name));
  }
  if (!is_new) return;
  Node& node = writable(id);
  names().erase(node.name);
  node.name = std::string(name);
  structural_ = true;
}

void Transaction::set_parameter(NodeId id, std::string_view name, Tensor tensor) {
  check_alive(id);
  contents_.push_back({id, std::string(name), std::move(tensor)});
}

void Transaction::set_format(NodeId id, OperandFormat format) {
  const Node& before = node(id);
  check_format_role(before, row_of(draft_.ops(), before), format.role);
  auto& formats = writable(id).formats;
  const auto at = std::find_if(formats.begin(), formats.end(), [&](const OperandFormat& f) {
    return role_rank(f.role) >= role_rank(format.role);
  });
  if (at != formats.end() && at->role == format.role) {
    *at = std::move(format);
  } else {
    formats.insert(at, std::move(format));
  }
}

void Transaction::clear_format(NodeId id, std::string_view role) {
  if (node(id).format(role) == nullptr) return;
  std::erase_if(writable(id).formats, [&](const OperandFormat& f) { return f.role == role; });
}

void Transaction::infer_changed() {
  std::vector<bool> changed(draft_.nodes_.size(), false);
  for (NodeId id : order_) {
    const Node& before = draft_.node(id);
    const std::vector<NodeId> inputs = before.inputs();
    const bool affected =
        stale_[index_of(id)] || std::any_of(inputs.begin(), inputs.end(),
                                            [&](NodeId input) { return changed[index_of(input)]; });
    if (!affected) continue;
    std::vector<Result> results;
    for (NodeId input : inputs) results.push_back(draft_.node(input).result);
    const Result old = before.result;
    Node& node = writable(id);
    infer(node, draft_.ops(), draft_.seed(), std::move(results));
    changed[index_of(id)] = node.result != old;
  }
}

// Parameters of one name are one parameter, whichever node reads them; trained contents win.
void Transaction::share_parameters() {
  std::unordered_map<std::string_view, std::shared_ptr<const ParameterContent>> contents;
  std::unordered_map<std::string_view, const Parameter*> firsts;
  bool shared = false;
  for (NodeId id : order_) {
    for (const Parameter& p : draft_.node(id).parameters) {
      const auto [at, is_new] = contents.emplace(p.qualified_name, p.content);
      firsts.emplace(p.qualified_name, &p);
      if (is_new || at->second == p.content) continue;
      if (const Parameter& first = *firsts.at(p.qualified_name);
          first.shape != p.shape || first.dtype != p.dtype) {
        throw usage_error(fmt::format(
            "{}: parameter '{}' has shape {} here and {} elsewhere; give one a name of its own",
            described(draft_.node(id)), p.qualified_name, p.shape.text(), first.shape.text()));
      }
      shared = true;
      if (!at->second->trained() && p.content->trained()) at->second = p.content;
    }
  }
  if (!shared) return;
  for (NodeId id : order_) {
    const std::size_t count = draft_.node(id).parameters.size();
    for (std::size_t i = 0; i < count; ++i) {
      const Parameter& p = draft_.node(id).parameters[i];
      const std::shared_ptr<const ParameterContent> content = contents.at(p.qualified_name);
      if (content != p.content) writable(id).parameters[i].content = content;
    }
  }
}

void Transaction::apply_contents() {
  std::unordered_map<std::string, std::shared_ptr<const ParameterContent>> given;
  for (const Content& content : contents_) {
    if (!draft_.alive(content.node)) continue;  // removed after it was given
    const Node& node = draft_.node(content.node);
    const Parameter* parameter = node.parameter(content.parameter);
    if (parameter == nullptr) {
      throw usage_error(
          fmt::format("{}: has no parameter '{}'", described(node), content.parameter));
    }
    given[parameter->qualified_name] = checked_content(node, *parameter, content.tensor);
  }
  for (NodeId id : order_) {
    const std::size_t count = draft_.node(id).parameters.size();
    for (std::size_t i = 0; i < count; ++i) {
      const auto found = given.find(draft_.node(id).parameters[i].qualified_name);
      if (found != given.end()) writable(id).parameters[i].content = found->second;
    }
  }
}

// A module made with bias=False has no bias to quantize, whatever a pass says of its kind.
void Transaction::drop_empty_formats() {
  for (NodeId id : order_) {
    if (!touched_[index_of(id)] || draft_.node(id).opcode != Opcode::call_module) continue;
    Node& node = writable(id);
    std::erase_if(node.formats, [&](const OperandFormat& f) {
      return (f.role == "weight" || f.role == "bias") && node.parameter(f.role) == nullptr;
    });
  }
}

void Transaction::commit() {
  check_open();
  const struct Closer {  // whether it succeeds or throws
    bool& open;
    ~Closer() { open = false; }
  } closer{open_};
  if (target_.epoch() != draft_.epoch()) {
    throw run_error(LATHE_ABORTED, "the graph was changed by another transaction meanwhile");
  }
  if (structural_) {
    verify_structure(draft_.nodes_, order_, removed_);
    infer_changed();
    verify_shared_modules(draft_.nodes_, order_);
    share_parameters();
  }
  if (!contents_.empty()) apply_contents();
  drop_empty_formats();
  if (structural_) draft_.index_ = make_index(draft_.nodes_, std::move(order_));
  draft_.hashes_.set(nullptr);
  ++draft_.epoch_;
  target_ = std::move(draft_);
}

}  // namespace lathe
