// One warning per layer, however many trials and workers meet it.
#include "core/search/loop/untrained.hpp"

#include "core/base/log.hpp"
#include "core/run/health/untrained.hpp"

#include <fmt/format.h>

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

UntrainedLayers::UntrainedLayers(std::vector<std::string> original) : told_(std::move(original)) {
  if (!told_.empty())
    log_warning("{}",
                run::untrained_text("eval_mode = true", told_,
                                    "or train each trial with basic_train and eval_mode = false"));
}

void UntrainedLayers::add(std::uint64_t trial, const std::vector<std::string>& names) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> fresh;
  for (const std::string& name : names)
    if (!has(told_, name)) fresh.push_back(name);
  if (fresh.empty()) return;
  told_.insert(told_.end(), fresh.begin(), fresh.end());
  log_warning(
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
