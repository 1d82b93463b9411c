#include "targets.hpp"

#include <algorithm>

namespace statistics {

namespace {

bool fits(const lathe::node& node, By by, std::string_view word) {
  return by == By::type ? node.op() == word : node.name() == word || node.target() == word;
}

// Single letters to add, take or change.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

// The nearest op or node; empty if none is near.
std::string_view nearest(const lathe::graph& graph, By by, std::string_view word) {
  std::string_view best;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const lathe::node node : graph.nodes()) {
    const std::string_view known = by == By::type ? node.op() : node.name();
    const std::size_t far = distance(word, known);
    if (far >= least) continue;
    least = far;
    best = known;
  }
  return best;
}

// Ops of the graph, each once, or what nodes it has.
std::string known_words(const lathe::graph& graph, By by) {
  std::vector<std::string_view> known;
  for (const lathe::node node : graph.nodes()) {
    const std::string_view word = by == By::type ? node.op() : node.name();
    if (std::find(known.begin(), known.end(), word) == known.end()) known.push_back(word);
    if (known.size() > 12) break;
  }
  std::string text;
  for (std::size_t i = 0; i < known.size(); ++i) {
    text += i == 12 ? ", ..." : lathe::join({i == 0 ? "" : ", ", known[i]});
  }
  return text;
}

[[noreturn]] void refuse(const lathe::graph& graph, By by, std::string_view word,
                         std::string_view option, std::string_view near) {
  std::string text =
      lathe::join({"'", word, "' is no ", by == By::type ? "op" : "node", " of this network"});
  bool is_other_kind = false;
  for (const lathe::node node : graph.nodes()) {
    is_other_kind = is_other_kind || fits(node, by == By::type ? By::name : By::type, word);
  }
  if (is_other_kind) {
    text += by == By::type ? "; it is a node: write by = \"name\" to choose nodes"
                           : "; it is an op: write by = \"type\" to choose ops";
  } else if (!near.empty()) {
    text += lathe::join({"; did you mean '", near, "'?"});
  } else {
    text += lathe::join({"; it has: ", known_words(graph, by)});
  }
  throw lathe::invalid_argument(text).at_option(option);
}

}  // namespace

Targets Targets::of(const lathe::options& options, std::string_view key) {
  if (!options.has(key)) return {};
  return {false, options.texts(key)};
}

std::vector<lathe::node> targeted(const lathe::graph& graph, By by, const Targets& targets,
                                  std::string_view option, const lathe::context& context) {
  std::vector<lathe::node> nodes;
  std::vector<bool> found(targets.words.size());
  for (const lathe::node node : graph.nodes()) {
    bool is_target = targets.all;
    for (std::size_t w = 0; w < found.size(); ++w) {
      if (!fits(node, by, targets.words[w])) continue;
      is_target = true;
      found[w] = true;
    }
    if (is_target) nodes.push_back(node);
  }
  for (std::size_t w = 0; w < found.size(); ++w) {
    if (found[w]) continue;
    const std::string_view near = nearest(graph, by, targets.words[w]);
    if (!near.empty() || nodes.empty()) refuse(graph, by, targets.words[w], option, near);
    context.warning(
        lathe::join({"'", targets.words[w], "' in '", option, "' fits no node of this network"}));
  }
  return nodes;
}

}  // namespace statistics
