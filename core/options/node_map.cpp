// Which entry of a node map is for which node. MASE's rule, in file order, with its silent misses
// turned into errors and warnings. Knows nothing about what an entry says.
#include "core/options/node_map.hpp"

#include "core/base/suggest.hpp"
#include "core/graph/inference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

namespace lathe {
namespace {

enum class By { type, name, regex };

constexpr std::size_t kLongestPattern = 500;
constexpr std::size_t kLongestName = 2000;  // of a node; longer ones match no pattern

std::optional<By> by_word(std::string_view word) {
  if (word == "type") return By::type;
  if (word == "name") return By::name;
  if (word == "regex_name" || word == "regx_name") return By::regex;
  return std::nullopt;
}

// Matching time stays polynomial whatever the pattern: libstdc++'s breadth-first executor.
constexpr auto kSyntax = std::regex_constants::ECMAScript
#ifdef __GLIBCXX__
                         | std::regex_constants::__polynomial
#endif
    ;

std::regex pattern(const std::string& key, const Position& position) {
  if (key.size() > kLongestPattern) {
    throw usage_error(fmt::format("a pattern of {} characters is too long; {} are allowed",
                                  key.size(), kLongestPattern),
                      position);
  }
  try {
    return std::regex(key, kSyntax);
  } catch (const std::regex_error& error) {
    throw usage_error(fmt::format("'{}' is no regular expression: {}", key, error.what()),
                      position);
  }
}

bool is_plain_name(std::string_view key) {
  return std::all_of(key.begin(), key.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
  });
}

// {config = {...}} as MASE writes it, or the options themselves.
const Value& options_of(const Value& entry) {
  const Value* config = entry.is_map() ? entry.find("config") : nullptr;
  return config != nullptr ? *config : entry;
}

// An entry and whether it has been of use.
struct Selector {
  const Value::Entry* entry;
  std::optional<std::regex> regex;
  bool used = false;
};

class Selectors {
 public:
  Selectors(const Value& map, By by) : by_(by) {
    for (const Value::Entry& entry : map.as_map()) {
      if (entry.first == "by") continue;
      if (entry.first == "default") {
        fallback_ = &entry.second;
        continue;
      }
      Selector selector{&entry, std::nullopt};
      if (by == By::regex) selector.regex = pattern(entry.first, entry.second.position());
      selectors_.push_back(std::move(selector));
    }
  }

  // The options for a node, or null.
  const Value* select(const Node& node) {
    for (Selector& selector : selectors_) {
      if (!matches(selector, node)) continue;
      selector.used = true;
      return &options_of(selector.entry->second);
    }
    return fallback_ == nullptr ? nullptr : &options_of(*fallback_);
  }

  const std::vector<Selector>& all() const { return selectors_; }

 private:
  bool matches(const Selector& selector, const Node& node) const {
    switch (by_) {
      case By::type:
        return selector.entry->first == node.op;
      case By::name:
        return selector.entry->first == node.name;
      default:
        return node.name.size() <= kLongestName && std::regex_match(node.name, *selector.regex);
    }
  }

  By by_;
  const Value* fallback_ = nullptr;
  std::vector<Selector> selectors_;
};

By by_of(const Value& map, const NodeMapRules& rules) {
  const Value* by = map.find("by");
  if (by == nullptr) {
    const auto& entries = map.as_map();
    const bool selects = std::any_of(entries.begin(), entries.end(),
                                     [](const Value::Entry& e) { return e.first != "default"; });
    if (!selects) return By::type;  // only a default: it does not matter
    throw usage_error(fmt::format("{} needs 'by': type, name or regex_name", rules.owner),
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
struct Names {
  std::vector<std::string> ops, nodes;

  explicit Names(const Graph& graph) {
    ops = graph.ops().names();
    for (const NodeId id : graph.order()) nodes.push_back(graph.node(id).name);
  }
  bool is_op(const std::string& key) const {
    return std::find(ops.begin(), ops.end(), key) != ops.end();
  }
  bool is_node(const std::string& key) const {
    return std::find(nodes.begin(), nodes.end(), key) != nodes.end();
  }
};

std::string why_unused(const std::string& key, By by, const Names& names, const Graph& graph,
                       const NodeMapRules& rules) {
  if (by == By::name && names.is_node(key)) {
    const Node& node = graph.node(graph.find(key));
    return fmt::format("{} does not act on a {}", rules.owner, node.op);
  }
  if (by == By::type && names.is_op(key)) {
    return acts_on(rules, *graph.ops().find(key))
               ? fmt::format("the graph has no {}", key)
               : fmt::format("{} does not act on a {}", rules.owner, key);
  }
  if (by == By::type) return "'by' is type, and this names a node";
  if (by == By::name) return "'by' is name, and this names an op";
  return "no node matches it";
}

void check_selector(const Selector& selector, By by, const Names& names,
                    const NodeMapRules& rules) {
  const std::string& key = selector.entry->first;
  if (names.is_op(key) || names.is_node(key)) return;
  if (by == By::regex && (selector.used || !is_plain_name(key))) return;
  std::vector<std::string> known = names.nodes;
  known.insert(known.end(), names.ops.begin(), names.ops.end());
  throw usage_error(fmt::format("'{}' in {} is neither an op nor a node of the graph{}", key,
                                rules.owner, suggestion(key, known)),
                    selector.entry->second.position());
}

void check_shape(const Value::Entry& entry) {
  if (!entry.second.is_map()) {
    throw usage_error(fmt::format("'{}' selects nodes, so it takes a table of options; got {} {}",
                                  entry.first, entry.second.kind_name(), entry.second.text()),
                      entry.second.position());
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
  if (rules.targets.empty() || std::ranges::find(rules.targets, row.op) != rules.targets.end()) {
    return true;
  }
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
    if (entry.first != "by") check_shape(entry);
  }
  Selectors compiled(map, by);  // throws for a bad pattern
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
  Selectors selectors(map, by);
  std::vector<SelectedEntry> result;
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (node.opcode == Opcode::placeholder || node.opcode == Opcode::output) continue;
    if (!acts_on(rules, row_of(graph.ops(), node))) continue;
    if (const Value* entry = selectors.select(node)) result.push_back({id, entry});
  }
  const Names names(graph);
  for (const Selector& selector : selectors.all()) {
    check_selector(selector, by, names, rules);
    if (selector.used) continue;
    const std::string& key = selector.entry->first;
    const Position& position = selector.entry->second.position();
    warnings.push_back(fmt::format("{}{}'{}' in {} is not used: {}", position.text(),
                                   position.known() ? ": " : "", key, rules.owner,
                                   why_unused(key, by, names, graph, rules)));
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
