#include "core/checkpoint/prefixes.hpp"

#include "core/base/words/suggest.hpp"
#include "core/checkpoint/checkpoint.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace lathe {

namespace {

constexpr std::size_t kPrefixClues = 16;  // parameters whose names suggest prefixes
constexpr std::size_t kMostListed = 8;

// Whether the file has any of the state of a number format's site: "fc.weight_quantizer.step".
bool has_state(const Checkpoint& checkpoint, const std::string& name) {
  const std::string site = name.substr(0, name.rfind('.') + 1);
  const auto first = checkpoint.tensors.lower_bound(site);
  return first != checkpoint.tensors.end() && first->first.starts_with(site);
}

// How well the names under a prefix are those that are wanted.
struct Fit {
  std::string prefix;
  std::size_t fitting = 0;  // found with their shapes, what may be missing not counted
  std::size_t found = 0;
  bool complete = false;
};

Fit fit_of(const std::string& prefix, const std::vector<Graph::Named>& wanted,
           const Checkpoint& checkpoint) {
  Fit fit;
  fit.prefix = prefix;
  std::size_t needed = 0;
  for (const auto& [node, parameter] : wanted) {
    const std::string name = prefix + parameter->qualified_name;
    const bool optional = may_be_missing(*parameter, checkpoint, name);
    needed += optional ? 0 : 1;
    const auto tensor = checkpoint.tensors.find(name);
    if (tensor == checkpoint.tensors.end()) continue;
    ++fit.found;
    if (!optional && tensor->second.shape() == parameter->shape) ++fit.fitting;
  }
  fit.complete = needed > 0 && fit.fitting == needed;
  return fit;
}

// Every prefix that a name of the file suggests.
std::set<std::string> candidates_of(const std::vector<Graph::Named>& wanted,
                                    const Checkpoint& checkpoint) {
  std::set<std::string> candidates{""};
  const auto clues = std::span(wanted).first(std::min(wanted.size(), kPrefixClues));
  const auto suggest = [&](const std::string& name) {
    for (const auto& [node, parameter] : clues) {
      const std::string& tail = parameter->qualified_name;
      if (name.size() > tail.size() && name.ends_with(tail) &&
          name[name.size() - tail.size() - 1] == '.')
        candidates.insert(name.substr(0, name.size() - tail.size()));
    }
  };
  for (const auto& [name, tensor] : checkpoint.tensors) suggest(name);
  for (const auto& [name, kind] : checkpoint.lacking) suggest(name);
  return candidates;
}

std::string shown(const std::string& prefix) {
  return prefix.empty() ? "'' (no prefix)" : "'" + prefix + "'";
}

std::string listed(const std::vector<Fit>& fits) {
  std::string text;
  for (std::size_t i = 0; i < std::min(fits.size(), kMostListed); ++i) {
    const bool last = i + 1 == std::min(fits.size(), kMostListed);
    text += (i == 0 ? "" : last ? " and " : ", ") + shown(fits[i].prefix);
  }
  return text;
}

// The first parts of the names in a file, with their dots.
std::vector<std::string> first_parts(const Checkpoint& checkpoint) {
  std::set<std::string> parts;
  for (const auto& [name, tensor] : checkpoint.tensors)
    if (const auto dot = name.find('.'); dot != std::string::npos)
      parts.insert(name.substr(0, dot + 1));
  return {parts.begin(), parts.end()};
}

Error no_such_prefix(const std::string& asked, const Checkpoint& checkpoint,
                     const std::filesystem::path& path) {
  const std::vector<std::string> parts = first_parts(checkpoint);
  std::string text;
  for (std::size_t i = 0; i < std::min(parts.size(), kMostListed); ++i)
    text += (i == 0 ? "" : ", ") + shown(parts[i]);
  const auto near = nearest(asked.ends_with('.') ? asked : asked + ".", parts);
  text = parts.empty() ? "the names have no prefixes"
         : near        ? "did you mean '" + *near + "'? The names begin with " + text
                       : "the names begin with " + text;
  return run_error(LATHE_NOT_FOUND,
                   "no tensor's name begins with the prefix '" + asked + "'; " + text +
                       (parts.size() > kMostListed ? ", ..." : ""),
                   {path.string()});
}

// Those of the candidates that say what was asked for: it itself, else those that go on from there.
std::set<std::string> those_asked_for(std::string asked, const std::set<std::string>& candidates,
                                      const std::vector<Graph::Named>& wanted,
                                      const Checkpoint& checkpoint,
                                      const std::filesystem::path& path) {
  if (!checkpoint.outer.empty() && (asked + ".").starts_with(checkpoint.outer)) {
    asked.erase(0, checkpoint.outer.size());  // what was cut from every name
    if (asked.empty()) return candidates;
  }
  const std::string dotted = asked.empty() || asked.ends_with('.') ? asked : asked + ".";
  for (const std::string& exact : {dotted, asked})
    if (exact.empty() || fit_of(exact, wanted, checkpoint).found > 0) return {exact};
  std::set<std::string> longer;
  for (const std::string& candidate : candidates)
    if (candidate.starts_with(dotted)) longer.insert(candidate);
  if (!longer.empty()) return longer;
  const auto first = checkpoint.tensors.lower_bound(asked);
  if (first == checkpoint.tensors.end() || !first->first.starts_with(asked))
    throw no_such_prefix(asked, checkpoint, path);
  return {dotted};
}

}  // namespace

bool may_be_missing(const Parameter& parameter, const Checkpoint& checkpoint,
                    const std::string& name) {
  if (parameter.is_state()) return !has_state(checkpoint, name);
  return parameter.is_mask() || (parameter.is_buffer && parameter.name == "num_batches_tracked");
}

std::string prefix_of(const std::vector<Graph::Named>& wanted, const Checkpoint& checkpoint,
                      const LoadOptions& options, const std::filesystem::path& path) {
  std::set<std::string> candidates = candidates_of(wanted, checkpoint);
  if (options.prefix)
    candidates = those_asked_for(*options.prefix, candidates, wanted, checkpoint, path);
  std::vector<Fit> best;
  for (const std::string& prefix : candidates) {
    const Fit fit = fit_of(prefix, wanted, checkpoint);
    const auto rank = [](const Fit& of) { return std::tuple(of.complete, of.fitting, of.found); };
    // Sets that are complete are equals, whatever else each has.
    const bool equals = !best.empty() && fit.complete && best.front().complete;
    if (best.empty() || (!equals && rank(fit) > rank(best.front())))
      best = {fit};
    else if (equals || rank(fit) == rank(best.front()))
      best.push_back(fit);
  }
  std::stable_sort(best.begin(), best.end(),
                   [](const Fit& a, const Fit& b) { return a.prefix.size() < b.prefix.size(); });
  const bool enough = best.front().complete || (!options.strict && best.front().fitting > 0);
  if (best.size() > 1 && enough)
    throw run_error(LATHE_INVALID_ARGUMENT,
                    "the file holds " + std::to_string(best.size()) +
                        (best.front().complete ? " complete" : " equally large") +
                        " sets of weights for this network, under the prefixes " + listed(best) +
                        "; say which one with --load-prefix",
                    {path.string()});
  return best.front().prefix;
}

}  // namespace lathe
