// Checkpoints of a training, and the way back.
#include "core/run/training/training_folder.hpp"

#include "core/base/file.hpp"
#include "core/checkpoint/checkpoint.hpp"

#include <fmt/format.h>

namespace lathe::run {

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

// Contents of the graph's parameters as the file has them; shapes and names checked.
std::map<std::string, Tensor> contents_in(const Graph& graph, const Checkpoint& checkpoint,
                                          const std::filesystem::path& file) {
  LoadOptions own;
  own.prefix = "";
  return parameters_of(load_parameters(graph, checkpoint, file, own).graph);
}

}  // namespace

bool TrainingFolder::is_due(const TrainingState& state) const {
  if (!in_use() || state.steps == saved_at_step_) return false;
  if (options_.checkpoint_every_steps > 0 &&
      state.steps - saved_at_step_ >= options_.checkpoint_every_steps) {
    return true;
  }
  const std::chrono::duration<double> since = std::chrono::steady_clock::now() - saved_at_;
  return options_.checkpoint_every_seconds > 0 &&
         since.count() >= options_.checkpoint_every_seconds;
}

void TrainingFolder::save_last(const TrainingParts& parts) {
  if (!in_use()) return;
  std::map<std::string, Tensor> tensors = parts.parameters.contents();
  tensors.emplace(kFirst, copy_of(parts.optimizer.first()));
  if (!parts.optimizer.second().empty()) {
    tensors.emplace(kSecond, copy_of(parts.optimizer.second()));
  }
  if (parts.state.pending > 0) tensors.emplace(kGradients, copy_of(parts.parameters.gradients()));
  std::map<std::string, std::string> metadata = to_metadata(parts.state, identity_);
  metadata.emplace(kBatchesPerEpoch, fmt::format("{}", parts.batches_per_epoch));
  metadata.insert(origin_.begin(), origin_.end());
  write_safetensors(last(), tensors, metadata);
  write_metrics(metrics(), parts.state);
  saved_at_ = std::chrono::steady_clock::now();
  saved_at_step_ = parts.state.steps;
}

void TrainingFolder::save_best(const TrainingParts& parts) const {
  if (!in_use()) return;
  std::map<std::string, std::string> metadata = origin_;
  metadata.emplace(kBestEpoch, fmt::format("{}", parts.state.best_epoch));
  metadata.emplace("loss", fmt::format("{}", parts.state.best_loss));
  write_safetensors(best(), parts.best, metadata);
}

void TrainingFolder::start(RunIdentity identity, const TrainingParts& parts) {
  saved_at_ = std::chrono::steady_clock::now();
  identity_ = std::move(identity);
  make_folders(options_.folder);
  if (options_.resume && std::filesystem::exists(last())) {
    resume(parts);
    return;
  }
  // What an earlier run left must not be taken for this one's.
  for (const std::filesystem::path& stale : {last(), best(), metrics()}) {
    std::error_code ignored;
    std::filesystem::remove(stale, ignored);
  }
  write_origin();
}

// Before any weights, and after those of another network are gone: whoever finds weights finds what
// they are weights of.
void TrainingFolder::write_origin() {
  for (const auto& [name, contents] : options_.origin.files)
    write_atomically(options_.folder / name, contents);
  origin_ = options_.origin.metadata;
}

bool TrainingFolder::keeps_origin(const std::map<std::string, std::string>& metadata) {
  for (const auto& [name, contents] : options_.origin.files)
    if (!std::filesystem::exists(options_.folder / name)) return false;
  for (const auto& [key, value] : options_.origin.metadata) {
    const auto found = metadata.find(key);
    if (found == metadata.end()) return false;
    origin_.insert(*found);
  }
  return true;
}

void TrainingFolder::resume(const TrainingParts& parts) {
  const std::filesystem::path file = last();
  const Checkpoint checkpoint = read_checkpoint(file);
  parts.state = from_metadata(checkpoint.metadata, identity_, file);
  parts.parameters.assign(contents_in(parts.graph, checkpoint, file));
  restore(checkpoint, kFirst, parts.optimizer.first(), file);
  if (!parts.optimizer.second().empty()) {
    restore(checkpoint, kSecond, parts.optimizer.second(), file);
  }
  if (parts.state.pending > 0) restore(checkpoint, kGradients, parts.parameters.gradients(), file);
  parts.optimizer.set_steps(parts.state.steps);
  saved_at_step_ = parts.state.steps;
  if (parts.state.best_epoch >= 0) {
    if (!std::filesystem::exists(best())) {
      throw run_error(LATHE_NOT_FOUND,
                      fmt::format("'{}' is missing beside last.safetensors; the run cannot be "
                                  "resumed without it",
                                  best().string()));
    }
    parts.best = contents_in(parts.graph, read_checkpoint(best()), best());
  }
  if (!keeps_origin(checkpoint.metadata)) {
    write_origin();
    // In this order: a run killed in between does it again.
    if (parts.state.best_epoch >= 0) save_best(parts);
    save_last(parts);
  }
  write_metrics(metrics(), parts.state);
}

}  // namespace lathe::run
