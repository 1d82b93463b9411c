// Which entry of a node map is for which node. MASE's rule, in file order, with its silent misses
// turned into errors and warnings. Knows nothing about what an entry says.
#include "core/options/nodes/node_map.hpp"

#include "core/base/pattern.hpp"
#include "core/base/words/suggest.hpp"
#include "core/graph/inference.hpp"
#include "core/graph/naming.hpp"
#include "core/options/nodes/dotted_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace lathe {
namespace {

enum class By { type, name, regex };

constexpr std::size_t kMostNames = 3;  // of nodes, in a warning

std::optional<By> by_word(std::string_view word) {
  if (word == "type") return By::type;
  if (word == "name") return By::name;
  if (word == "regex_name" || word == "regx_name") return By::regex;
  return std::nullopt;
}

bool is_plain_name(std::string_view key) {
  return std::all_of(key.begin(), key.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
  });
}

bool is_selectable(const Node& node) {
  return node.opcode != Opcode::placeholder && node.opcode != Opcode::output;
}

// {config = {...}} as MASE writes it, or the options themselves.
const Value& options_of(const Value& entry) {
  const Value* config = entry.is_map() ? entry.find("config") : nullptr;
  return config != nullptr ? *config : entry;
}

bool holds(const std::vector<std::string>& ops, const std::string& op) {
  return std::ranges::find(ops, op) != ops.end();
}

bool is_on_request(const NodeMapRules& rules, const Node& node) {
  return holds(rules.on_request, node.op) && !holds(rules.targets, node.op);
}

// An entry and whether it has been of use.
struct Selector {
  const Value::Entry* entry;
  std::optional<Pattern> pattern;
  bool used = false;
  // Of a pattern: whether it matches nodes that are acted on without a request.
  mutable std::optional<bool> is_wide = std::nullopt;
};

class Selectors {
 public:
  Selectors(const Value& map, By by, const NodeMapRules& rules, const Graph* graph = nullptr)
      : by_(by), rules_(rules), graph_(graph) {
    for (const Value::Entry& entry : map.as_map()) {
      if (entry.first == "by") continue;
      if (entry.first == "default") {
        fallback_ = &entry.second;
        continue;
      }
      Selector selector{&entry, std::nullopt};
      if (by == By::regex) {
        selector.pattern.emplace(entry.first, entry.second.position());
      } else {
        of_key_.emplace(entry.first, selectors_.size());
      }
      selectors_.push_back(std::move(selector));
    }
  }

  // The options for a node, or null.
  const Value* select(const Node& node) {
    if (Selector* first = first_match(node)) {
      first->used = true;
      return &options_of(first->entry->second);
    }
    const bool reached = fallback_ != nullptr && !is_on_request(rules_, node);
    return reached ? &options_of(*fallback_) : nullptr;
  }

  const std::vector<Selector>& all() const { return selectors_; }

  // Null if none does.
  Selector* first_match(const Node& node) {
    if (by_ != By::regex) {
      const auto named = of_key_.find(by_ == By::type ? node.op : node.name);
      return named == of_key_.end() ? nullptr : &selectors_[named->second];
    }
    const auto found = std::ranges::find_if(
        selectors_, [&](const Selector& selector) { return matches(selector, node); });
    return found == selectors_.end() ? nullptr : &*found;
  }

  bool matches(const Selector& selector, const Node& node) const {
    switch (by_) {
      case By::type:
        return selector.entry->first == node.op;
      case By::name:
        return selector.entry->first == node.name;
      default:
        return selector.pattern->matches(node.name) &&
               !(is_on_request(rules_, node) && is_wide(selector));
    }
  }

 private:
  bool is_wide(const Selector& selector) const {
    if (!selector.is_wide) {
      selector.is_wide = std::ranges::any_of(graph_->order(), [&](NodeId id) {
        const Node& node = graph_->node(id);
        return is_selectable(node) && !is_on_request(rules_, node) &&
               acts_on(rules_, row_of(graph_->ops(), node)) && selector.pattern->matches(node.name);
      });
    }
    return *selector.is_wide;
  }

  By by_;
  const NodeMapRules& rules_;
  const Graph* graph_;  // null: nothing is to be selected
  const Value* fallback_ = nullptr;
  std::vector<Selector> selectors_;
  std::unordered_map<std::string_view, std::size_t> of_key_;  // not of patterns
};

By by_of(const Value& map, const NodeMapRules& rules) {
  const Value* by = map.find("by");
  if (by == nullptr) {
    const auto& entries = map.as_map();
    const auto selector = std::find_if(entries.begin(), entries.end(),
                                       [](const Value::Entry& e) { return e.first != "default"; });
    if (selector == entries.end()) return By::type;  // only a default: it does not matter
    throw usage_error(
        fmt::format("{} needs 'by': type, name or regex_name; '{}' is none of its options, so it "
                    "selects nodes",
                    rules.owner, selector->first),
        map.position());
  }
  const auto known = by->is_string() ? by_word(by->as_string()) : std::nullopt;
  if (!known) {
    const std::string got = by->is_none() ? "NA" : by->text();
    const auto near = nearest(got, {"type", "name", "regex_name"});
    throw usage_error(
        fmt::format("'by' of {} takes type, name or regex_name; got {}{}", rules.owner, got,
                    near ? fmt::format("; did you mean '{}'?", *near) : ""),
        by->position());
  }
  return *known;
}

// What may stand in front of an entry besides patterns.
bool is_op(const Graph& graph, const std::string& key) { return graph.ops().find(key) != nullptr; }
bool is_node(const Graph& graph, const std::string& key) { return graph.find(key) != NodeId::none; }

// Why entries are of no use, for warnings.
class Unused {
 public:
  Unused(Selectors& selectors, By by, const Graph& graph, const NodeMapRules& rules)
      : selectors_(selectors), by_(by), graph_(graph), rules_(rules) {}

  // "'seq_blocks_2' in pass 'quantize' is shadowed by 'seq_blocks_.*': ..."
  std::string sentence(const Selector& selector) {
    const std::string& key = selector.entry->first;
    const std::string who = fmt::format("'{}' in {}", key, rules_.owner);
    if (const std::string earlier = shadows_of(selector); !earlier.empty()) {
      return fmt::format("{} is shadowed by {}: a node goes by the first entry that matches it",
                         who, earlier);
    }
    return fmt::format("{} is not used: {}", who, reason(selector));
  }

 private:
  // "'a', 'b'": the earlier entries that took all the nodes that this one matches.
  std::string shadows_of(const Selector& selector) {
    std::vector<const Selector*> earlier;
    for (const NodeId id : graph_.order()) {
      const Node& node = graph_.node(id);
      if (!is_target(node) || !selectors_.matches(selector, node)) continue;
      const Selector* first = selectors_.first_match(node);
      if (std::ranges::find(earlier, first) == earlier.end()) earlier.push_back(first);
    }
    std::string text;
    for (const Selector* one : earlier) {
      text += fmt::format("{}'{}'", text.empty() ? "" : ", ", one->entry->first);
    }
    return text;
  }

  std::string reason(const Selector& selector) {
    const std::string& key = selector.entry->first;
    if (by_ == By::regex) return reason_of_pattern(selector);
    if (by_ == By::name && is_node(graph_, key)) {
      return does_not_act(graph_.node(graph_.find(key)).op);
    }
    if (by_ == By::type && is_op(graph_, key)) {
      return acts_on(rules_, *graph_.ops().find(key)) ? fmt::format("the graph has no {}", key)
                                                      : does_not_act(key);
    }
    return by_ == By::type ? "'by' is type, and this names a node"
                           : "'by' is name, and this names an op";
  }

  std::string reason_of_pattern(const Selector& selector) {
    std::vector<const Node*> tried;
    const Node* part = nullptr;
    for (const NodeId id : graph_.order()) {
      const Node& node = graph_.node(id);
      if (selectors_.matches(selector, node)) return does_not_act(node.op);
      if (!is_target(node)) continue;
      tried.push_back(&node);
      if (part == nullptr && selector.pattern->occurs_in(node.name)) part = &node;
    }
    if (part != nullptr) {
      return fmt::format("no node matches it; it has to match the whole name, eg: .*{}.* for '{}'",
                         selector.entry->first, part->name);
    }
    const bool has_dots = selector.entry->first.find("\\.") != std::string::npos;
    return fmt::format("no node matches it{}; {}",
                       has_dots ? ", as names of nodes have _ where modules have dots" : "",
                       names_tried(tried));
  }

  // "it was tried on 'seq_blocks_1', 'seq_blocks_2' and 5 more"
  std::string names_tried(const std::vector<const Node*>& tried) const {
    if (tried.empty()) return fmt::format("the graph has none that {} acts on", rules_.owner);
    std::string text;
    for (std::size_t i = 0; i < std::min(tried.size(), kMostNames); ++i) {
      text += fmt::format("{}'{}'", i == 0 ? "it was tried on " : ", ", tried[i]->name);
    }
    if (tried.size() > kMostNames) text += fmt::format(" and {} more", tried.size() - kMostNames);
    return text;
  }

  std::string does_not_act(std::string_view op) const {
    return fmt::format("{} does not act on a {}", rules_.owner, op);
  }

  bool is_target(const Node& node) const {
    return is_selectable(node) && acts_on(rules_, row_of(graph_.ops(), node));
  }

  Selectors& selectors_;
  By by_;
  const Graph& graph_;
  const NodeMapRules& rules_;
};

// The node that a module's dotted name means: "seq_blocks_2" for "seq_blocks.2".
std::string hint(const std::string& key, const Graph& graph,
                 const std::vector<std::string>& known) {
  if (std::string node = legal_name(key); is_node(graph, node)) {
    return fmt::format("; did you mean '{}'?", node);
  }
  const std::string text = suggestion(key, known);
  const std::size_t dot = key.rfind('.');
  if (dot == std::string::npos || text.starts_with("; did you mean")) return text;
  return suggestion(key.substr(dot + 1), known);  // "Linear" of "nn.Linear"
}

void check_selector(const Selector& selector, By by, const Graph& graph,
                    const NodeMapRules& rules) {
  const std::string& key = selector.entry->first;
  if (by == By::regex && (selector.used || !is_plain_name(key))) return;
  if (is_op(graph, key) || is_node(graph, key)) return;
  std::vector<std::string> known;
  for (const NodeId id : graph.order()) known.push_back(graph.node(id).name);
  const bool part_of_one =
      by == By::regex && !key.empty() && std::ranges::any_of(known, [&](const std::string& node) {
        return selector.pattern->occurs_in(node);
      });
  const std::vector<std::string> ops = graph.ops().names();
  known.insert(known.end(), ops.begin(), ops.end());
  throw usage_error(
      fmt::format("'{}' in {} is neither an op nor a node of the graph{}", key, rules.owner,
                  part_of_one
                      ? fmt::format("; a pattern has to match a whole name, eg: .*{}.*", key)
                      : hint(key, graph, known)),
      selector.entry->second.position());
}

void check_shape(const Value::Entry& entry) {
  if (!entry.second.is_map()) {
    const Value& given = entry.second;
    throw usage_error(
        fmt::format("'{}' selects nodes, so it takes a table of options; got {}", entry.first,
                    given.is_none()
                        ? fmt::format("NA; {}.name = NA leaves nodes as they are", entry.first)
                        : fmt::format("{} {}", given.kind_name(), given.text())),
        given.position());
  }
  if (const Value* config = entry.second.find("config")) {
    if (!config->is_map()) {
      throw usage_error(
          fmt::format("'config' takes a table; got {} {}", config->kind_name(), config->text()),
          config->position());
    }
    for (const auto& [key, value] : entry.second.as_map()) {
      if (key == "config") continue;
      throw usage_error(fmt::format("'{}' stands beside 'config'; move it inside", key),
                        value.position());
    }
  }
}

}  // namespace

bool acts_on(const NodeMapRules& rules, const OpRow& row) {
  if (rules.targets.empty() || holds(rules.targets, row.op) || holds(rules.on_request, row.op))
    return true;
  return row.of_plugin() && rules.suits_plugin_op != nullptr && rules.suits_plugin_op(row);
}

void check_selectors(const Value& map, const NodeMapRules& rules) {
  if (!map.is_map()) {
    throw usage_error(fmt::format("{} takes a table of selectors; got {} {}", rules.owner,
                                  map.kind_name(), map.text()),
                      map.position());
  }
  const By by = by_of(map, rules);
  for (const Value::Entry& entry : map.as_map()) {
    if (entry.first == "by") continue;
    check_shape(entry);
    refuse_dotted_name(entry, rules);
  }
  Selectors compiled(map, by, rules);  // throws for a bad pattern
}

void check_node_map(const Value& map, const NodeMapRules& rules) {
  check_selectors(map, rules);
  for (const auto& [key, entry] : map.as_map()) {
    if (key != "by") check_node_entry(options_of(entry), rules);
  }
}

std::vector<SelectedEntry> select_entries(const Value& map, const NodeMapRules& rules,
                                          const Graph& graph, std::vector<std::string>& warnings) {
  check_selectors(map, rules);
  const By by = by_of(map, rules);
  Selectors selectors(map, by, rules, &graph);
  std::vector<SelectedEntry> result;
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (!is_selectable(node) || !acts_on(rules, row_of(graph.ops(), node))) continue;
    if (const Value* entry = selectors.select(node)) result.push_back({id, entry});
  }
  Unused unused(selectors, by, graph, rules);
  for (const Selector& selector : selectors.all()) {
    check_selector(selector, by, graph, rules);
    if (selector.used) continue;
    const Position& position = selector.entry->second.position();
    warnings.push_back(fmt::format("{}{}{}", position.text(), position.known() ? ": " : "",
                                   unused.sentence(selector)));
  }
  return result;
}

std::vector<NodeOptions> resolve_node_map(const Value& map, const NodeMapRules& rules,
                                          const Graph& graph, std::vector<std::string>& warnings) {
  check_node_map(map, rules);
  std::vector<NodeOptions> result;
  for (const auto& [node, entry] : select_entries(map, rules, graph, warnings)) {
    Value options = node_options(*entry, rules, graph.node(node), graph.ops());
    if (!options.is_none()) result.push_back({node, std::move(options)});
  }
  return result;
}

}  // namespace lathe
