// The training loop.
#include "core/engine/trainer.hpp"

#include "core/data/data.hpp"
#include "core/engine/evaluator.hpp"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace lathe::engine {

namespace {

TrainingOptions checked(TrainingOptions options) {
  auto at_least = [](std::string_view what, std::int64_t value, std::int64_t low) {
    if (value < low) {
      throw usage_error(fmt::format("{} is {}; it must be {} or more", what, value, low));
    }
  };
  at_least("max_epochs", options.max_epochs, 1);
  at_least("batch_size", options.batch_size, 1);
  at_least("accumulate_grad_batches", options.accumulate_grad_batches, 1);
  at_least("max_samples", options.max_samples, 0);
  auto not_negative = [](std::string_view what, double value) {
    if (!(value >= 0) || std::isinf(value)) {
      throw usage_error(fmt::format("{} is {}; it must be 0 or more", what, value));
    }
  };
  not_negative("learning_rate", options.learning_rate);
  not_negative("weight_decay", options.weight_decay);
  return options;
}

}  // namespace

Trainer::Trainer(const Registry& registry, at::Device device, const Graph& graph,
                 const Dataset& data, const TrainingOptions& options)
    : data_(data),
      options_(checked(options)),
      device_(device),
      plan_(graph, registry),
      parameters_(plan_, device),
      optimizer_(optimizer_from_name(options.optimizer), parameters_.values().size(),
                 options.weight_decay),
      schedule_(options.lr_scheduler, options.learning_rate, optimizer_.annealing_floor(),
                options.num_warmup_steps),
      train_(rows_of(graph, data, Split::train, options.batch_size)) {
  const std::vector<NodeId> results = graph.node(graph.output()).inputs();
  const Shape& output = graph.node(graph.output()).result.shape;
  if (results.size() != 1 || output.rank() != 2) {
    throw usage_error(
        fmt::format("the network's output has shape {}; training needs logits [batch, classes]",
                    output.text()));
  }
  if (parameters_.values().empty()) {
    throw usage_error("the network has no parameters; there is nothing to train");
  }
  classes_ = output[1];
  check_labels({train_.labels(), static_cast<std::size_t>(train_.rows)}, classes_, 0);
  if (data.count(Split::validation) > 0) {
    validation_ = rows_of(graph, data, Split::validation, options.batch_size);
    validation_chunk_ = chunk_rows(graph, *validation_);
  }
  check_batches();
  augments_ = data.info().augments;
  if (device_.is_cpu() && train_.split.samples.dtype() == DType::float32 && !augments_) {
    chain_ = DenseChain::make(plan_, parameters_);
  }
  registers_.resize(plan_.steps().size());
}

std::int64_t Trainer::batches_per_epoch() const {
  return (train_.rows + train_.batch - 1) / train_.batch;
}

// Batch statistics of a single value are none: said before the first epoch instead of at its end.
void Trainer::check_batches() const {
  const std::int64_t rest = train_.rows % train_.batch;
  if (train_.batch != 1 && rest != 1) return;
  const Graph& graph = plan_.graph();
  for (NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (!node.op.starts_with("batch_norm")) continue;
    const Shape& shape = node.result.shape;
    if (shape.numel() != shape[0] * shape[1]) continue;
    throw usage_error(fmt::format(
        "batch size {} leaves a batch of one row of the {} in the train split, and node '{}' "
        "({}) cannot normalise a single row; choose another batch size",
        train_.batch, train_.rows, node.name, node.op));
  }
}

RunIdentity Trainer::make_identity() const {
  Hasher structure;
  const Graph& graph = plan_.graph();
  for (NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    structure.add(node.name).add(node.op).add(node.attributes.text());
    for (const OperandFormat& format : node.formats) {
      structure.add(format.role).add(format.format).add(format.options.text());
    }
  }
  Hasher rows;
  rows.add(hash_of(train_.split.samples)).add(hash_of(train_.split.labels));
  if (augments_) {
    // How rows are augmented shows in what some of them become.
    const auto some = static_cast<std::uint64_t>(std::min<std::int64_t>(train_.rows, 8));
    SplitTensors seen = data_.read(Split::train, epoch_order(some, false, 0, 0));
    const std::span<const float> values = seen.samples.values<float>();
    std::vector<float> augmented(values.begin(), values.end());
    data_.augment(options_.seed, 0, epoch_order(some, false, 0, 0), augmented);
    rows.add_bytes(std::as_bytes(std::span(augmented)));
  }
  auto text = [](const auto& value) { return fmt::format("{}", value); };
  return {{"network", structure.finish().text()},
          {"data", rows.finish().text()},
          {"optimizer", options_.optimizer},
          {"learning_rate", text(options_.learning_rate)},
          {"lr_scheduler", options_.lr_scheduler},
          {"num_warmup_steps", text(options_.num_warmup_steps)},
          {"weight_decay", text(options_.weight_decay)},
          {"batch_size", text(options_.batch_size)},
          {"accumulate_grad_batches", text(options_.accumulate_grad_batches)},
          {"seed", text(options_.seed)},
          {"shuffle", text(options_.shuffle)}};
}

TrainingResult Trainer::run(const TrainingEvents& events, const std::atomic<bool>& cancelled) {
  start();
  TrainingResult out;
  // An interrupt during the validation leaves an epoch that is trained and not yet ended.
  while (!finished() || state_.batch > 0) {
    if (!train_epoch(events, cancelled) || !end_epoch(cancelled)) {
      out.interrupted = true;
      save_last();
      break;
    }
    if (events.epoch_ended) events.epoch_ended(state_.epochs.back());
    const auto network = [this] { return plan_.graph().with_parameters(parameters_.contents()); };
    if (!events.keep_going || events.keep_going(state_.epochs.back(), network)) continue;
    out.given_up = !finished();
    break;
  }
  out.last = plan_.graph().with_parameters(parameters_.contents());
  out.best = best_.empty() ? out.last : plan_.graph().with_parameters(best_);
  out.epochs = state_.epochs;
  out.step_losses = std::move(step_losses_);
  out.best_validation = best_validation_;
  return out;
}

bool Trainer::finished() const { return state_.epoch >= options_.max_epochs || out_of_steps(); }

bool Trainer::out_of_steps() const {
  return (options_.max_steps >= 0 && state_.steps >= options_.max_steps) ||
         (options_.max_samples > 0 && state_.total_batches >= batch_limit());
}

std::int64_t Trainer::batch_limit() const {
  return options_.max_samples == 0 ? std::numeric_limits<std::int64_t>::max()
                                   : (options_.max_samples + train_.batch - 1) / train_.batch;
}

std::int64_t Trainer::planned_steps() const {
  const auto steps_of = [&](std::int64_t batches) {
    return (batches + options_.accumulate_grad_batches - 1) / options_.accumulate_grad_batches;
  };
  const std::int64_t batches = batches_per_epoch();
  const std::int64_t epochs = std::min(options_.max_epochs, batch_limit() / batches);
  std::int64_t steps = epochs * steps_of(batches);
  if (epochs < options_.max_epochs) steps += steps_of(batch_limit() - epochs * batches);
  return options_.max_steps >= 0 ? std::min(steps, options_.max_steps) : steps;
}

double Trainer::learning_rate(std::int64_t step) const {
  return schedule_.learning_rate({step, planned_steps(), state_.epoch, options_.max_epochs});
}

bool Trainer::train_epoch(const TrainingEvents& events, const std::atomic<bool>& cancelled) {
  const auto total = static_cast<std::uint64_t>(train_.rows);
  const auto batch = static_cast<std::uint64_t>(train_.batch);
  const std::vector<std::uint64_t> order =
      epoch_order(total, options_.shuffle, options_.seed, state_.epoch);
  for (std::int64_t b = state_.batch; b < batches_per_epoch(); ++b) {
    if (out_of_steps()) break;
    if (cancelled.load(std::memory_order_relaxed)) return false;
    const std::uint64_t first = static_cast<std::uint64_t>(b) * batch;
    const std::uint64_t count = std::min(batch, total - first);
    const bool last = first + count == total || state_.total_batches + 1 == batch_limit();
    train_batch(std::span(order).subspan(first, count), last);
    if (events.progress) events.progress(first + count, total);
    if (first + count < total && checkpoint_is_due()) save_last();
  }
  return true;
}

void Trainer::fill_batch(std::span<const std::uint64_t> rows) {
  batch_labels_.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) batch_labels_[i] = train_.labels()[rows[i]];
  if (chain_) return;  // it gathers the samples itself, in its own layout
  std::vector<std::int64_t> dims = train_.split.samples.shape().dims();
  dims[0] = static_cast<std::int64_t>(rows.size());
  if (!batch_samples_.defined() || batch_samples_.size(0) != dims[0]) {
    batch_samples_ =
        at::empty(dims, at::TensorOptions().dtype(scalar_type(train_.split.samples.dtype())));
  }
  const std::span<const std::byte> from = train_.split.samples.bytes();
  const std::size_t bytes = from.size() / static_cast<std::size_t>(train_.rows);
  auto* to = static_cast<std::byte*>(batch_samples_.data_ptr());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::memcpy(to + i * bytes, from.data() + rows[i] * bytes, bytes);
  }
  if (augments_) {
    data_.augment(options_.seed, static_cast<std::uint64_t>(state_.epoch), rows,
                  {batch_samples_.data_ptr<float>(), rows.size() * bytes / sizeof(float)});
  }
}

BatchMetrics Trainer::differentiate(std::span<const std::uint64_t> rows, double scale,
                                    RandomPlace place) {
  registers_[plan_.inputs()[0]].tensor = batch_samples_.to(device_);
  Execution execution{plan_, parameters_.for_training(place), registers_};
  execution.training = true;
  execution.place = place;
  execution.run();
  const at::Tensor output = std::move(registers_[plan_.outputs()[0]].tensor);
  const at::Tensor logits = as_logits(output.detach(), static_cast<std::int64_t>(rows.size()));
  at::Tensor gradient = at::empty_like(logits);
  const BatchMetrics metrics =
      cross_entropy({logits.data_ptr<float>(), logits.size(0), classes_}, batch_labels_.data(),
                    gradient.data_ptr<float>(), scale);
  if (!std::isfinite(metrics.loss)) return metrics;
  if (!output.requires_grad()) {
    throw usage_error("the network's output depends on no parameter; there is nothing to train");
  }
  output.backward(gradient.to(output.device(), output.scalar_type()));
  parameters_.collect_gradients();
  return metrics;
}

void Trainer::train_batch(std::span<const std::uint64_t> rows, bool last) {
  // Every element drawn in a batch has a counter of its own.
  const RandomPlace place{options_.seed, static_cast<std::uint64_t>(state_.total_batches) << 32};
  const double scale = 1.0 / static_cast<double>(options_.accumulate_grad_batches);
  if (state_.pending == 0) {
    std::fill(parameters_.gradients().begin(), parameters_.gradients().end(), 0.0F);
  }
  fill_batch(rows);
  const BatchMetrics metrics = chain_ ? chain_->step(train_.split.samples.values<float>().data(),
                                                     rows, batch_labels_.data(), scale, place)
                                      : differentiate(rows, scale, place);
  if (!std::isfinite(metrics.loss)) stop_at(metrics.loss, "loss", true);

  step_losses_.push_back(metrics.loss);
  state_.loss_sum += metrics.loss;
  state_.correct += metrics.correct;
  state_.rows += static_cast<std::int64_t>(rows.size());
  ++state_.batch;
  ++state_.total_batches;
  if (++state_.pending == options_.accumulate_grad_batches || last) {
    optimizer_.step(parameters_.values(), parameters_.gradients(), learning_rate(state_.steps));
    parameters_.publish_values();
    ++state_.steps;
    state_.pending = 0;
  }
}

void Trainer::stop_at(double loss, std::string_view what, bool with_batch) const {
  const std::string where = with_batch
                                ? fmt::format("epoch {}, batch {}", state_.epoch, state_.batch)
                                : fmt::format("the end of epoch {}", state_.epoch);
  const bool saved = !options_.folder.empty() && !state_.epochs.empty();
  throw run_error(LATHE_ABORTED,
                  fmt::format("the {} is {} at {}; a lower learning rate may help{}", what,
                              std::isnan(loss) ? "NaN" : "infinite", where,
                              saved ? fmt::format("; the last good checkpoint is '{}'",
                                                  (options_.folder / "last.safetensors").string())
                                    : std::string()));
}

std::optional<Evaluation> Trainer::validate(const std::atomic<bool>& cancelled) {
  const c10::InferenceMode inference;
  const std::vector<at::Tensor> operands = parameters_.for_evaluation({plan_.graph().seed(), 0});
  std::vector<Register> registers(plan_.steps().size());
  Tally tally(classes_);
  for (std::int64_t first = 0; first < validation_->rows; first += validation_chunk_) {
    if (cancelled.load(std::memory_order_relaxed)) return std::nullopt;
    const std::int64_t rows = std::min(validation_chunk_, validation_->rows - first);
    registers[plan_.inputs()[0]].tensor = validation_->samples.narrow(0, first, rows).to(device_);
    Execution execution{plan_, operands, registers};
    execution.rows_per_format_call = validation_->batch;
    execution.place = {plan_.graph().seed(), static_cast<std::uint64_t>(first) << 32};
    execution.run();
    const at::Tensor logits = as_logits(registers[plan_.outputs()[0]].tensor, rows);
    for (std::int64_t at = 0; at < rows; at += validation_->batch) {
      const std::int64_t count = std::min(validation_->batch, rows - at);
      tally.add({logits.data_ptr<float>() + at * classes_, count, classes_},
                validation_->labels() + first + at, static_cast<std::uint64_t>(first + at));
    }
  }
  return tally.result();
}

bool Trainer::end_epoch(const std::atomic<bool>& cancelled) {
  EpochMetrics metrics;
  metrics.epoch = state_.epoch;
  metrics.train_loss = state_.loss_sum / static_cast<double>(state_.batch);
  metrics.train_accuracy = static_cast<double>(state_.correct) / static_cast<double>(state_.rows);
  metrics.learning_rate = learning_rate(state_.steps - 1);
  std::optional<Evaluation> evaluation;
  if (validation_) {
    evaluation = validate(cancelled);
    if (!evaluation) return false;
    metrics.validation_loss = evaluation->loss;
    metrics.validation_accuracy = evaluation->accuracy;
    if (!std::isfinite(evaluation->loss)) stop_at(evaluation->loss, "validation loss", false);
  } else {
    metrics.validation_loss = std::numeric_limits<double>::quiet_NaN();
    metrics.validation_accuracy = metrics.validation_loss;
  }
  // Without validation rows the best epoch is the one that trained best.
  const double judged = validation_ ? metrics.validation_loss : metrics.train_loss;
  const bool better = state_.best_epoch < 0 || judged < state_.best_loss;
  if (better) {
    state_.best_epoch = state_.epoch;
    state_.best_loss = judged;
    best_ = parameters_.contents();
    best_validation_ = evaluation;
  }
  state_.epochs.push_back(metrics);
  ++state_.epoch;
  state_.batch = 0;
  state_.loss_sum = 0;
  state_.correct = state_.rows = 0;
  state_.pending = 0;
  // In this order: a run killed in between does this epoch again and writes the same best.
  if (better) save_best();
  save_last();
  return true;
}

}  // namespace lathe::engine
