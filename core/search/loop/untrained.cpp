// One warning per layer, however many trials and workers meet it.
#include "core/search/loop/untrained.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace lathe {
namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += fmt::format("{}'{}'", text.empty() ? "" : ", ", name);
  return text;
}

}  // namespace

std::vector<std::string> untrained_layers(const Graph& graph) {
  std::vector<std::string> names;
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    const auto fresh = [](const Parameter& parameter) {
      return !parameter.is_buffer && !parameter.is_state() && parameter.content != nullptr &&
             !parameter.content->trained();
    };
    if (std::any_of(node.parameters.begin(), node.parameters.end(), fresh))
      names.push_back(node.name);
  }
  return names;
}

UntrainedLayers::UntrainedLayers(std::vector<std::string> original) : told_(std::move(original)) {
  if (!told_.empty())
    spdlog::warn(
        "eval_mode = true evaluates layers that nothing has trained: {}; load weights with --load, "
        "or train each trial with basic_train and eval_mode = false",
        joined(told_));
}

void UntrainedLayers::add(std::uint64_t trial, const std::vector<std::string>& names) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> fresh;
  for (const std::string& name : names)
    if (!has(told_, name)) fresh.push_back(name);
  if (fresh.empty()) return;
  told_.insert(told_.end(), fresh.begin(), fresh.end());
  spdlog::warn(
      "eval_mode = true evaluates layers whose trained weights a transform replaced by new ones "
      "(in "
      "trial {} and maybe others): {}",
      trial, joined(fresh));
}

std::vector<std::string> untrained_in(std::vector<std::string> original,
                                      std::span<const Trial> trials) {
  for (const Trial& trial : trials)
    for (const std::string& name : trial.untrained)
      if (!has(original, name)) original.push_back(name);
  return original;
}

}  // namespace lathe
