// From the names of a file to the parameters of a graph and back.
#include "core/checkpoint/load.hpp"

#include "core/checkpoint/checkpoint.hpp"
#include "core/checkpoint/convert.hpp"
#include "core/graph/formats/sites.hpp"

#include <algorithm>
#include <set>

namespace lathe {

namespace {

constexpr std::size_t kMostNamed = 8;     // of missing or mismatched tensors in one message
constexpr std::size_t kPrefixClues = 16;  // parameters whose names suggest prefixes

// Whether the file has any of the state of a number format's site: "fc.weight_quantizer.step".
bool has_state(const Checkpoint& checkpoint, const std::string& name) {
  const std::string site = name.substr(0, name.rfind('.') + 1);
  const auto first = checkpoint.tensors.lower_bound(site);
  return first != checkpoint.tensors.end() && first->first.starts_with(site);
}

// What counts batches does so in training only; older files lack it, and evaluation does not need
// it. Weights that were trained without a number format have none of its state: then it stays as it
// is in the graph, fresh.
bool optional_in_a_file(const Parameter& parameter, const Checkpoint& checkpoint,
                        const std::string& name) {
  if (parameter.is_state()) return !has_state(checkpoint, name);
  return parameter.is_buffer && parameter.name == "num_batches_tracked";
}

// What the file puts before every name of the graph: "", "model.", "module.", "net.encoder.", ...
// The one under which most of the graph's names are found; the shortest of equals.
std::string prefix_of(const std::vector<Graph::Named>& wanted, const Checkpoint& checkpoint) {
  std::set<std::string> candidates{""};
  const auto clues = std::span(wanted).first(std::min(wanted.size(), kPrefixClues));
  for (const auto& [name, tensor] : checkpoint.tensors)
    for (const auto& [node, parameter] : clues) {
      const std::string& tail = parameter->qualified_name;
      if (name.size() > tail.size() && name.ends_with(tail) &&
          name[name.size() - tail.size() - 1] == '.')
        candidates.insert(name.substr(0, name.size() - tail.size()));
    }
  std::string best;
  std::size_t most = 0;
  for (const std::string& prefix : candidates) {
    std::size_t found = 0;
    for (const auto& [node, parameter] : wanted)
      found += checkpoint.tensors.count(prefix + parameter->qualified_name);
    if (found > most || (found == most && prefix.size() < best.size())) {
      best = prefix;
      most = found;
    }
  }
  return best;
}

std::string listed(const std::vector<std::string>& sentences, std::string_view between) {
  std::string text;
  for (std::size_t i = 0; i < std::min(sentences.size(), kMostNamed); ++i)
    text += (i == 0 ? "" : std::string(between)) + sentences[i];
  if (sentences.size() > kMostNamed)
    text += std::string(between) + "and " + std::to_string(sentences.size() - kMostNamed) + " more";
  return text;
}

// "3 of 14 tensors match, under the prefix 'model.'; the file also has 'a', 'b'"
std::string summary(const LoadReport& report, std::size_t wanted) {
  std::string text =
      std::to_string(report.matched) + " of " + std::to_string(wanted) + " tensors match";
  if (!report.prefix.empty()) text += ", under the prefix '" + report.prefix + "'";
  std::vector<std::string> quoted;
  for (const std::string& name : report.unused) quoted.push_back("'" + name + "'");
  if (!quoted.empty()) text += "; the file also has " + listed(quoted, ", ");
  return text;
}

}  // namespace

Loaded load_parameters(const Graph& graph, const Checkpoint& checkpoint,
                       const std::filesystem::path& path) {
  const auto wanted = graph.parameters();
  LoadReport report;
  report.prefix = prefix_of(wanted, checkpoint);
  std::map<std::string, Tensor> contents;
  std::set<std::string> used;
  std::vector<std::string> faults;
  for (const auto& [node, parameter] : wanted) {
    const std::string name = report.prefix + parameter->qualified_name;
    const auto found = checkpoint.tensors.find(name);
    if (found == checkpoint.tensors.end()) {
      if (optional_in_a_file(*parameter, checkpoint, name))
        report.missing.push_back(parameter->qualified_name);
      else
        faults.push_back("tensor '" + parameter->qualified_name + "' of shape " +
                         parameter->shape.text() + " is missing");
      continue;
    }
    used.insert(name);
    if (found->second.shape() != parameter->shape) {
      faults.push_back("tensor '" + name + "' should have shape " + parameter->shape.text() +
                       ", found " + found->second.shape().text());
      continue;
    }
    contents.emplace(parameter->qualified_name, converted(found->second, parameter->dtype));
  }
  report.matched = contents.size();
  std::map<std::string, Tensor> state;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    if (used.count(name) != 0) continue;
    if (name.starts_with(report.prefix) && is_state_name(name))
      state.emplace(name.substr(report.prefix.size()), converted(tensor, DType::float32));
    else
      report.unused.push_back(name);
  }
  if (!faults.empty())
    throw run_error(LATHE_INVALID_ARGUMENT,
                    "the checkpoint does not fit the model: " + listed(faults, "; ") + " (" +
                        summary(report, wanted.size()) + ")",
                    {path.string()});
  return {graph.with_parameters(contents).with_spare_state(std::move(state)), std::move(report)};
}

std::map<std::string, Tensor> parameters_of(const Graph& graph) {
  std::map<std::string, Tensor> out;
  for (const auto& [node, parameter] : graph.parameters())
    out.emplace(parameter->qualified_name, parameter->content->tensor());
  return out;
}

}  // namespace lathe
