#include "core/graph/transaction.hpp"

#include "core/graph/formats/shared_weights.hpp"
#include "core/graph/formats/sites.hpp"
#include "core/graph/inference.hpp"
#include "core/graph/naming.hpp"
#include "core/graph/operands.hpp"
#include "core/graph/verify.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

namespace {

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
    node.args.own(position) = Argument{value};
    return;
  }
  auto& kwargs = node.kwargs.own();
  const auto found = std::ranges::find(kwargs, key, &std::pair<std::string, Argument>::first);
  if (found != kwargs.end()) {
    found->second = Argument{value};
  } else {
    kwargs.emplace_back(std::string(key), Argument{value});
  }
}

bool has_role(const OpRow& row, const Node& node, std::string_view role) {
  const std::vector<std::string_view> roles = quantizable_roles(row, node);
  return std::ranges::find(roles, role) != roles.end();
}

bool reads(const Node& node, NodeId id) {
  bool found = false;
  node.for_each_input([&](NodeId input) { found = found || input == id; });
  return found;
}

}  // namespace

Transaction::Transaction(Graph& graph) : target_(graph), draft_(graph), marks_(graph.slots()) {}

void Transaction::check_open() const {
  if (!open_)
    throw run_error(LATHE_FAILED_PRECONDITION, "the transaction has ended; begin another");
}

void Transaction::check_alive(NodeId id) const {
  check_open();
  if (draft_.alive(id)) return;
  const auto gone = std::ranges::find(removed_, id, &RemovedNode::id);
  throw usage_error(
      gone == removed_.end()
          ? fmt::format("there is no node {} to edit", index_of(id))
          : fmt::format("node '{}' was removed and cannot be edited", gone->node->name));
}

const Node& Transaction::node(NodeId id) const {
  check_alive(id);
  return draft_.node(id);
}

Node& Transaction::writable(NodeId id) {
  check_alive(id);
  Mark& mark = marks_[index_of(id)];
  if (!mark.touched) touched_.push_back(id);
  mark.touched = true;
  return draft_.nodes_.own(id);
}

Node& Transaction::stale(NodeId id) {
  Node& node = writable(id);
  marks_[index_of(id)].stale = true;
  return node;
}

LinkedOrder& Transaction::order() {
  if (!order_) order_.emplace(draft_.order(), draft_.slots());
  return *order_;
}

ReaderLists& Transaction::readers() {
  if (readers_) return *readers_;
  readers_.emplace(draft_.edges());
  for (NodeId id : touched_) {
    if (draft_.alive(id)) read_by(id);
  }
  return *readers_;
}

void Transaction::read_by(NodeId reader) {
  if (!readers_) return;  // whoever makes them looks at every node that was touched
  draft_.node(reader).for_each_input([&](NodeId input) { readers_->add(input, reader); });
}

NodeId Transaction::named(std::string_view name) const {
  const auto given = names_.find(std::string(name));
  if (given != names_.end()) return given->second;
  const NodeId id = target_.find(name);
  return id != NodeId::none && draft_.alive(id) && draft_.node(id).name == name ? id : NodeId::none;
}

std::string Transaction::free_name(std::string candidate) {
  auto [base, number] = numbered(candidate);
  std::uint64_t next = number != 0 ? number : suffixes_[base];
  while (named(candidate) != NodeId::none || is_reserved(candidate)) {
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
  Node node;
  node.opcode = spec.opcode;
  node.op = std::move(spec.op);
  node.target = std::move(spec.target);
  if (node.target.empty()) {
    const OpRow* known = draft_.ops().find(node.op);
    const bool function = node.opcode == Opcode::call_function && known != nullptr;
    node.target = function && !known->function.empty() ? known->function : node.op;
  }
  node.args = std::move(spec.args);
  node.kwargs = std::move(spec.kwargs);
  node.initialisers = std::move(spec.initialisers);
  node.masks = std::move(spec.masks);
  auto attributes = Shared<Attributes>::make();
  if (!spec.attributes.is_none()) attributes.own().values = std::move(spec.attributes);
  const std::string wish =
      spec.name.empty() ? snake_case(naming_target(node)) : std::move(spec.name);
  node.name = free_name(legal_name(wish));
  const OpRow& row = row_of(draft_.ops(), node);
  if (node.is_function()) {
    for (const auto& [key, value] : attributes->values.as_map()) {
      set_literal_argument(node, row, key, value);
    }
  }
  NodeId place = order().last();
  if (spec.after != NodeId::none) {
    check_alive(spec.after);
    place = spec.after;
  } else if (place != NodeId::none && node.opcode != Opcode::output &&
             draft_.node(place).opcode == Opcode::output) {
    place = order().before(place);
  }
  const NodeId id{static_cast<std::uint32_t>(draft_.nodes_.size())};
  order().insert_after(place, id);
  names_.emplace(node.name, id);
  draft_.nodes_.append(Shared<Node>::make(std::move(node)), std::move(attributes));
  marks_.push_back({.touched = true, .stale = true, .rewired = false});
  touched_.push_back(id);
  read_by(id);
  added_ = true;
  return id;
}

void Transaction::set_args(NodeId id, std::vector<Argument> args) {
  stale(id).args = std::move(args);
  read_by(id);
  edges_changed_ = true;
}

void Transaction::set_kwargs(NodeId id, std::vector<std::pair<std::string, Argument>> kwargs) {
  stale(id).kwargs = std::move(kwargs);
  read_by(id);
  edges_changed_ = true;
}

void Transaction::replace_uses(NodeId id, NodeId replacement) {
  check_alive(id);
  check_alive(replacement);
  if (id == replacement) return;
  bool spared = false;
  for (NodeId reader : readers().take(id)) {
    if (!draft_.alive(reader) || !reads(draft_.node(reader), id)) continue;
    if (reader == replacement) {
      spared = true;
      continue;
    }
    Node& node = writable(reader);
    if (!node.args.empty()) {
      for (Argument& argument : node.args.own()) replace(argument, id, replacement);
    }
    if (!node.kwargs.empty()) {
      for (auto& [key, argument] : node.kwargs.own()) replace(argument, id, replacement);
    }
    marks_[index_of(reader)].rewired = true;
    readers().add(replacement, reader);
    edges_changed_ = true;
  }
  if (spared) readers().add(id, replacement);
}

void Transaction::remove(NodeId id) {
  check_alive(id);
  names_.erase(draft_.node(id).name);
  order().erase(id);
  removed_.push_back({id, draft_.nodes_.take(id)});
}

void Transaction::set_attribute(NodeId id, std::string_view key, Value value) {
  check_alive(id);
  // One that was added is not inferred yet.
  if (index_of(id) < target_.slots() && alike_.set_inert(draft_.nodes_, id, key, value)) {
    attributes_changed_ = true;
    return;
  }
  Node& node = stale(id);
  if (node.is_function()) {
    const std::size_t inputs = node.inputs().size();
    set_literal_argument(node, row_of(draft_.ops(), node), key, value);
    if (node.inputs().size() != inputs) edges_changed_ = true;  // it stands where a node stood
  } else {
    draft_.nodes_.own_attributes(id).own().values.set(key, std::move(value));
  }
}

void Transaction::rename(NodeId id, std::string_view name) {
  check_alive(id);
  if (!is_legal_name(name)) {
    throw usage_error(
        fmt::format("'{}' is no name for a node: letters, digits and underscores, and "
                    "no digit first",
                    name));
  }
  const NodeId owner = named(name);
  if (owner == id) return;
  if (owner != NodeId::none) {
    throw usage_error(fmt::format("node '{}' cannot be renamed to '{}': that name is taken",
                                  draft_.node(id).name, name));
  }
  Node& node = writable(id);
  // State of a function's formats is named after the node.
  if (std::ranges::any_of(node.parameters, &Parameter::is_state)) stale(id);
  names_.erase(node.name);
  node.name = std::string(name);
  names_.emplace(node.name, id);
  texts_changed_ = true;
}

void Transaction::set_parameter(NodeId id, std::string_view name, Tensor tensor, bool trained) {
  check_alive(id);
  contents_.push_back({id, std::string(name), std::move(tensor), trained});
}

void Transaction::promise_parameter(NodeId id, std::string_view name, ContentReader read) {
  check_alive(id);
  contents_.push_back({id, std::string(name), {}, true, std::move(read)});
}

void Transaction::set_mask(NodeId id, std::string_view parameter, std::optional<Tensor> mask) {
  if (mask && node(id).row != nullptr) check_maskable(node(id), parameter);
  const std::vector<NodeId> all =
      draft_.shares_weights_ ? sharers_of(draft_.nodes_, id, parameter) : std::vector<NodeId>{id};
  for (const NodeId sharer : all) {
    if (has_mask(node(sharer), parameter) == mask.has_value()) continue;
    std::vector<std::string>& masks = stale(sharer).masks.own();
    if (mask) {
      masks.insert(std::ranges::upper_bound(masks, parameter), std::string(parameter));
    } else {
      std::erase(masks, parameter);
    }
  }
  const std::string name = mask_name(parameter);
  if (mask) {
    contents_.push_back({id, name, *std::move(mask)});
  } else {
    std::erase_if(contents_, [&](const GivenContent& content) {
      return content.node == id && content.parameter == name;
    });
  }
}

void Transaction::drop_outgrown_masks() {
  if (!inferred_) return;
  for (const NodeId id : touched_) {
    if (index_of(id) >= target_.slots() || draft_.nodes_.find(id) == nullptr) continue;
    if (lathe::drop_outgrown_masks(draft_.nodes_, id, target_.node(id))) parameters_changed_ = true;
  }
}

void Transaction::set_format(NodeId id, const OperandFormat& format) {
  const Node& before = node(id);
  check_format_role(before, row_of(draft_.ops(), before), format.role);
  formats_changed_ = true;
  const OperandFormat* old = before.format(format.role);
  // State goes on only under the very format that it was kept for.
  if (old != nullptr && (old->format != format.format || old->options != format.options)) {
    drop_state(id, format.role);
  }
  if (!format.state.empty()) stale(id);
  alike_.set_format(writable(id).formats, format);
}

void Transaction::clear_format(NodeId id, std::string_view role) {
  if (node(id).format(role) == nullptr) return;
  drop_state(id, role);
  formats_changed_ = true;
  alike_.clear_format(writable(id).formats, role);
}

void Transaction::drop_state(NodeId id, std::string_view role) {
  const auto is_of_role = [number = role_named(role)](const Parameter& p) {
    return p.is_state() && p.site.role == number;
  };
  if (std::ranges::none_of(node(id).parameters, is_of_role)) return;
  std::erase_if(writable(id).parameters.own(), is_of_role);
  parameters_changed_ = true;
}

// Verified, so that what follows may go by them.
std::shared_ptr<const EdgeColumns> Transaction::new_edges() const {
  const EdgeColumns& old = *target_.edges();
  std::vector<NodeId> changed = touched_;
  for (const RemovedNode& removed : removed_) changed.push_back(removed.id);
  std::ranges::sort(changed);
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  auto edges = std::make_shared<EdgeColumns>();
  edges->order = order_ ? order_->list() : old.order;
  edges->reserve(draft_.slots(), old.inputs.size() + changed.size());
  const auto rows = static_cast<std::uint32_t>(old.alive.size());
  for (NodeId id : changed) {
    edges->append_rows(old, std::min(index_of(id), rows));
    const Node* node = draft_.nodes_.find(id);
    node != nullptr ? edges->append(*node) : edges->append_blank();
  }
  edges->append_rows(old, rows);
  verify_structure(draft_.nodes_, *edges, removed_);
  edges->add_uses();
  return edges;
}

// Whether the node reads the very results that its own was inferred from.
bool Transaction::reads_alike(NodeId id) const {
  const auto now = draft_.edges()->inputs_of(id), then = target_.edges()->inputs_of(id);
  return std::ranges::equal(now, then, [&](std::uint32_t a, std::uint32_t b) {
    return draft_.node(NodeId{a}).result == target_.node(NodeId{b}).result;
  });
}

void Transaction::infer_changed() {
  const auto is_due = [](const Mark& mark) { return mark.stale || mark.rewired; };
  if (std::ranges::none_of(marks_, is_due)) return;
  std::vector<std::uint8_t> changed(draft_.slots(), 0);
  const std::shared_ptr<const EdgeColumns> edges = draft_.edges();
  for (NodeId id : edges->order) {
    const Mark mark = marks_[index_of(id)];
    const bool due = mark.stale ||
                     std::ranges::any_of(edges->inputs_of(id),
                                         [&](std::uint32_t i) { return changed[i] != 0; }) ||
                     (mark.rewired && !reads_alike(id));
    if (due) changed[index_of(id)] = infer_one(id) ? 1 : 0;
  }
}

// Whether the result changed.
bool Transaction::infer_one(NodeId id) {
  std::vector<Result> results;
  for (const std::uint32_t input : draft_.edges()->inputs_of(id)) {
    results.push_back(draft_.node(NodeId{input}).result);
  }
  Node& node = writable(id);
  const Result old_result = node.result;
  const SharedList<Parameter> old_parameters = node.parameters;
  Shared<Attributes>& attributes = draft_.nodes_.own_attributes(id);
  Value values = attributes->values;
  infer(node, values, draft_.ops(), {draft_.seed(), draft_.spare_state(), draft_.ties()},
        std::move(results));
  alike_.give(attributes, *node.row, std::move(values));
  const bool same = std::ranges::equal(
      node.parameters, old_parameters, [](const Parameter& a, const Parameter& b) {
        return a.content == b.content && a.qualified_name == b.qualified_name;
      });
  if (same) {
    node.parameters = old_parameters;  // which copies of the graph share
  } else {
    parameters_changed_ = true;
  }
  inferred_ = true;
  const bool changed = node.result != old_result;
  results_changed_ = results_changed_ || changed;
  return changed;
}

// A module made with bias=False has no bias to quantize, whatever a pass says of its kind.
void Transaction::drop_empty_formats() {
  if (!formats_changed_ && !inferred_) return;
  for (NodeId id : touched_) {
    const Node* node = draft_.nodes_.find(id);
    if (node == nullptr || node->opcode != Opcode::call_module || node->formats.empty()) continue;
    for (const char* role : {"weight", "bias"}) {
      if (node->format(role) == nullptr || has_role(*node->row, *node, role)) continue;
      alike_.clear_format(draft_.nodes_.own(id).formats, role);
    }
  }
}

void Transaction::renew_ties() {
  draft_.ties_ =
      std::make_shared<const Ties>(renewed_ties(draft_.ties(), draft_.nodes_, draft_.order()));
  parameters_changed_ = true;
}

// What holds on is shared with every graph for which it holds.
void Transaction::update_columns() {
  if (added_ || texts_changed_) draft_.columns_.forget_texts();
  if (added_ || results_changed_) draft_.columns_.forget_results();
  if (added_ || parameters_changed_ || !removed_.empty() || !contents_.empty()) {
    draft_.columns_.forget_parameters();
  }
  draft_.columns_.blank(removed_);
  std::vector<NodeId> edited = touched_;
  for (const RemovedNode& removed : removed_) edited.push_back(removed.id);
  draft_.columns_.renew_profiles(edited);
  draft_.hashes_.set(nullptr);
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
  if (added_ || edges_changed_ || !removed_.empty()) draft_.columns_.edges = new_edges();
  infer_changed();
  if (added_ || ((inferred_ || attributes_changed_) && draft_.shares_modules_)) {
    draft_.shares_modules_ = verify_shared_modules(draft_.nodes_, draft_.order());
  }
  if (!removed_.empty() && draft_.ties_ != nullptr) renew_ties();
  if (added_ || parameters_changed_) share_parameters(draft_.nodes_, draft_.order());
  give_contents(draft_.nodes_, draft_.order(), contents_);
  drop_outgrown_masks();
  if (added_ || parameters_changed_ || !contents_.empty()) {
    mask_contents(draft_.nodes_, draft_.order());
  }
  drop_empty_formats();
  if (added_) {
    draft_.shares_weights_ =
        may_share_weights(draft_.nodes_, draft_.order(), draft_.shares_modules_);
  }
  if ((added_ || formats_changed_) && draft_.shares_weights_) {
    verify_shared_formats(draft_.nodes_, draft_.order());
  }
  update_columns();
  if (formats_changed_ || inferred_) check_formats(draft_, touched_);
  ++draft_.epoch_;
  target_ = std::move(draft_);
}

}  // namespace lathe
