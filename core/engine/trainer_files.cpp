// The trainer's checkpoints: best.safetensors, last.safetensors and metrics.csv, and the way back.
#include "core/base/file.hpp"
#include "core/checkpoint/checkpoint.hpp"
#include "core/engine/trainer.hpp"

#include <fmt/format.h>

namespace lathe::engine {

namespace {

const std::string kFirst = std::string(kStatePrefix) + "optimizer.first";
const std::string kSecond = std::string(kStatePrefix) + "optimizer.second";
const std::string kGradients = std::string(kStatePrefix) + "gradients";

Tensor copy_of(std::span<const float> values) {
  return Tensor::of<float>(DType::float32, Shape{static_cast<std::int64_t>(values.size())}, values);
}

// Copies a tensor of the file to where it belongs.
void restore(const Checkpoint& checkpoint, const std::string& name, std::span<float> to,
             const std::filesystem::path& file) {
  auto entry = checkpoint.tensors.find(name);
  if (entry == checkpoint.tensors.end()) {
    throw run_error(
        LATHE_DATA_LOSS,
        fmt::format("'{}' lacks the tensor '{}'; it cannot be resumed from", file.string(), name));
  }
  const Tensor& tensor = entry->second;
  if (tensor.dtype() != DType::float32 || tensor.numel() != static_cast<std::int64_t>(to.size())) {
    throw run_error(
        LATHE_DATA_LOSS,
        fmt::format("'{}': tensor '{}' is {} {}, expected float32 [{}]", file.string(), name,
                    lathe::name(tensor.dtype()), tensor.shape().text(), to.size()));
  }
  const auto from = tensor.values<float>();
  std::copy(from.begin(), from.end(), to.begin());
}

// Contents of the plan's parameters as the file has them; shapes and names checked.
std::map<std::string, Tensor> contents_in(const Graph& graph, const Checkpoint& checkpoint,
                                          const std::filesystem::path& file) {
  return parameters_of(load_parameters(graph, checkpoint, file).graph);
}

}  // namespace

bool Trainer::checkpoint_is_due() const {
  if (options_.folder.empty() || state_.steps == saved_at_step_) return false;
  if (options_.checkpoint_every_steps > 0 &&
      state_.steps - saved_at_step_ >= options_.checkpoint_every_steps) {
    return true;
  }
  const std::chrono::duration<double> since = std::chrono::steady_clock::now() - saved_at_;
  return options_.checkpoint_every_seconds > 0 &&
         since.count() >= options_.checkpoint_every_seconds;
}

void Trainer::save_last() {
  if (options_.folder.empty()) return;
  std::map<std::string, Tensor> tensors = parameters_.contents();
  tensors.emplace(kFirst, copy_of(optimizer_.first()));
  if (!optimizer_.second().empty()) tensors.emplace(kSecond, copy_of(optimizer_.second()));
  if (state_.pending > 0) tensors.emplace(kGradients, copy_of(parameters_.gradients()));
  write_safetensors(options_.folder / "last.safetensors", tensors, to_metadata(state_, identity_));
  write_metrics(options_.folder / "metrics.csv", state_.epochs);
  saved_at_ = std::chrono::steady_clock::now();
  saved_at_step_ = state_.steps;
}

void Trainer::save_best() {
  if (options_.folder.empty()) return;
  write_safetensors(options_.folder / "best.safetensors", best_,
                    {{"epoch", fmt::format("{}", state_.best_epoch)},
                     {"loss", fmt::format("{}", state_.best_loss)}});
}

void Trainer::start() {
  saved_at_ = std::chrono::steady_clock::now();
  if (options_.folder.empty()) return;
  identity_ = make_identity();
  make_folders(options_.folder);
  if (options_.resume && std::filesystem::exists(options_.folder / "last.safetensors")) {
    resume();
    return;
  }
  // What an earlier run left must not be taken for this one's.
  for (const char* stale : {"last.safetensors", "best.safetensors", "metrics.csv"}) {
    std::error_code ignored;
    std::filesystem::remove(options_.folder / stale, ignored);
  }
}

void Trainer::resume() {
  const std::filesystem::path file = options_.folder / "last.safetensors";
  const Checkpoint checkpoint = read_checkpoint(file);
  state_ = from_metadata(checkpoint.metadata, identity_, file);
  parameters_.assign(contents_in(plan_.graph(), checkpoint, file));
  restore(checkpoint, kFirst, optimizer_.first(), file);
  if (!optimizer_.second().empty()) restore(checkpoint, kSecond, optimizer_.second(), file);
  if (state_.pending > 0) restore(checkpoint, kGradients, parameters_.gradients(), file);
  optimizer_.set_steps(state_.steps);
  saved_at_step_ = state_.steps;
  if (state_.best_epoch >= 0) {
    const std::filesystem::path best = options_.folder / "best.safetensors";
    if (!std::filesystem::exists(best)) {
      throw run_error(LATHE_NOT_FOUND,
                      fmt::format("'{}' is missing beside last.safetensors; the run cannot be "
                                  "resumed without it",
                                  best.string()));
    }
    best_ = contents_in(plan_.graph(), read_checkpoint(best), best);
  }
  write_metrics(options_.folder / "metrics.csv", state_.epochs);
}

}  // namespace lathe::engine
