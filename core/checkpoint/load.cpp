// From the names of a file to the parameters of a graph and back.
#include "core/checkpoint/load.hpp"

#include "core/checkpoint/checkpoint.hpp"
#include "core/checkpoint/convert.hpp"
#include "core/checkpoint/prefixes.hpp"
#include "core/graph/formats/sites.hpp"
#include "core/graph/transaction.hpp"
#include "core/tensor/mask.hpp"

#include <algorithm>
#include <set>

namespace lathe {

namespace {

constexpr std::size_t kMostNamed = 8;  // of missing or mismatched tensors in one message
constexpr const char* kLenient =
    "; --load-strict=false takes what fits and leaves the rest as it is initialised";

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

// The masks that a file has for parameters that have none yet, by the parameter's qualified name.
std::map<std::string, Tensor> masks_in(const std::vector<Graph::Named>& wanted,
                                       const Checkpoint& checkpoint, const std::string& prefix) {
  std::map<std::string, Tensor> out;
  for (const auto& [node, parameter] : wanted) {
    if (!parameter->is_own() || parameter->is_buffer || parameter->dtype != DType::float32)
      continue;
    const auto found = checkpoint.tensors.find(prefix + mask_name(parameter->qualified_name));
    if (found == checkpoint.tensors.end() || found->second.shape() != parameter->shape) continue;
    const Tensor mask = converted(found->second, DType::float32);
    if (first_unfit(mask.values<float>()) == static_cast<std::size_t>(mask.numel()))
      out.emplace(parameter->qualified_name, mask);
  }
  return out;
}

// What the file calls a parameter: another of the names that are tied, if it has one of those
// alone.
std::string name_in(const Checkpoint& checkpoint, const Ties& ties, const std::string& prefix,
                    const std::string& own) {
  if (checkpoint.tensors.contains(prefix + own)) return prefix + own;
  for (const auto& [name, kept] : ties) {
    if (kept == own && checkpoint.tensors.contains(prefix + name)) return prefix + name;
  }
  return prefix + own;
}

Graph with_masks(const Graph& graph, const std::map<std::string, Tensor>& masks) {
  if (masks.empty()) return graph;
  Graph copy = graph;
  Transaction transaction(copy);
  for (const auto& [node, parameter] : graph.parameters()) {
    const auto found = masks.find(parameter->qualified_name);
    if (found != masks.end()) transaction.set_mask(node, parameter->name, found->second);
  }
  transaction.commit();
  return copy;
}

}  // namespace

Loaded load_parameters(const Graph& unmasked, const Checkpoint& checkpoint,
                       const std::filesystem::path& path, const LoadOptions& options) {
  LoadReport report;
  report.prefix = prefix_of(unmasked.parameters(), checkpoint, options, path);
  const Graph graph =
      with_masks(unmasked, masks_in(unmasked.parameters(), checkpoint, report.prefix));
  const auto wanted = graph.parameters();
  std::map<std::string, Tensor> contents;
  std::set<std::string> used;
  std::vector<std::string> faults;
  std::size_t fitting = 0;  // not counting what a file may be without
  const auto misfit = [&](const std::string& fault, const std::string& fresh) {
    if (options.strict)
      faults.push_back(fault);
    else
      report.fresh.push_back(fresh);
  };
  for (const auto& [node, parameter] : wanted) {
    const std::string& own = parameter->qualified_name;
    const std::string name = report.prefix + own;
    const std::string shape = parameter->shape.text();
    const auto found =
        checkpoint.tensors.find(name_in(checkpoint, graph.ties(), report.prefix, own));
    const auto lacking = checkpoint.lacking.find(name);
    if (lacking != checkpoint.lacking.end()) {
      used.insert(name);
      faults.push_back("tensor '" + name + "' is " + lacking->second +
                       ", which Lathe has no type for");
    } else if (found == checkpoint.tensors.end()) {
      if (may_be_missing(*parameter, checkpoint, name))
        report.missing.push_back(own);
      else
        misfit("tensor '" + own + "' of shape " + shape + " is missing",
               own + " of shape " + shape);
    } else if (found->second.shape() != parameter->shape) {
      used.insert(name);
      const std::string other = found->second.shape().text();
      misfit("tensor '" + name + "' should have shape " + shape + ", found " + other,
             own + " of shape " + shape + " (the file has " + other + ")");
    } else {
      used.insert(name);
      fitting += may_be_missing(*parameter, checkpoint, name) ? 0 : 1;
      contents.emplace(own, converted(found->second, parameter->dtype));
    }
  }
  report.matched = contents.size();
  std::map<std::string, Tensor> state;
  // PyTorch's files have what is tied under each of its names.
  for (const auto& [name, kept] : graph.ties()) used.insert(report.prefix + name);
  for (const auto& [name, tensor] : checkpoint.tensors) {
    if (used.count(name) != 0) continue;
    if (name.starts_with(report.prefix) && is_state_name(name))
      state.emplace(name.substr(report.prefix.size()), converted(tensor, DType::float32));
    else
      report.unused.push_back(name);
  }
  for (const auto& [name, kind] : checkpoint.lacking)
    if (used.count(name) == 0) report.lacking.push_back("'" + name + "' is " + kind);
  if (!report.fresh.empty() && fitting == 0 && faults.empty())
    faults.push_back("nothing in it has the name and the shape of anything in the model: " +
                     listed(report.fresh, ", "));
  if (!faults.empty())
    throw run_error(LATHE_INVALID_ARGUMENT,
                    "the checkpoint does not fit the model: " + listed(faults, "; ") + " (" +
                        summary(report, wanted.size()) + ")" +
                        (options.strict && fitting > 0 ? kLenient : ""),
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
