// The training loop.
#include "core/run/training/trainer.hpp"

#include "core/data/data.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace lathe::run {

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

Trainer::Trainer(Backend& backend, const Graph& graph, const Dataset& data,
                 const TrainingOptions& options, Validate validate)
    : data_(data),
      options_(checked(options)),
      validate_(std::move(validate)),
      graph_(graph),
      parameters_(graph),
      optimizer_(optimizer_from_name(options.optimizer), parameters_.values().size(),
                 options.weight_decay),
      schedule_(options.lr_scheduler, options.learning_rate, optimizer_.annealing_floor(),
                options.num_warmup_steps),
      train_(rows_of(graph, data, {Split::train, 0, options.batch_size})),
      augments_(data.info().augments),
      folder_(options_) {
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
    rows_of(graph, data, {Split::validation, 0, options.batch_size});  // to find faults now
  } else {
    validate_ = nullptr;
  }
  check_batches();
  program_ = backend.training_program(graph_, parameters_);
}

std::int64_t Trainer::batches_per_epoch() const {
  return (train_.rows + train_.batch - 1) / train_.batch;
}

// Batch statistics of a single value are none: said before the first epoch instead of at its end.
void Trainer::check_batches() const {
  const std::int64_t rest = train_.rows % train_.batch;
  if (train_.batch != 1 && rest != 1) return;
  for (NodeId id : graph_.order()) {
    const Node& node = graph_.node(id);
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
  for (NodeId id : graph_.order()) {
    const Node& node = graph_.node(id);
    structure.add(node.name).add(node.op).add(graph_.attributes(id).text());
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

TrainingParts Trainer::parts() { return {graph_, state_, parameters_, optimizer_, best_}; }

Graph Trainer::network() {
  program_->bring_buffers();
  return graph_.with_parameters(parameters_.contents());
}

void Trainer::save_last() {
  program_->bring_buffers();
  folder_.save_last(parts());
}

TrainingResult Trainer::run(const TrainingEvents& events, const std::atomic<bool>& cancelled) {
  if (folder_.in_use()) folder_.start(make_identity(), parts());
  program_->contents_changed();
  TrainingResult out;
  // An interrupt during the validation leaves an epoch that is trained and not yet ended.
  while (!finished() || state_.batch > 0) {
    if (!train_epoch(events, cancelled) || !end_epoch(cancelled)) {
      out.interrupted = true;
      save_last();
      break;
    }
    if (events.epoch_ended) events.epoch_ended(state_.epochs.back());
    const auto now = [this] { return network(); };
    if (!events.keep_going || events.keep_going(state_.epochs.back(), now)) continue;
    out.given_up = !finished();
    break;
  }
  out.last = network();
  out.best = best_.empty() ? out.last : graph_.with_parameters(best_);
  out.epochs = state_.epochs;
  out.best_epoch = state_.best_epoch;
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
    if (first + count < total && folder_.is_due(state_)) save_last();
  }
  return true;
}

// Copies of the rows as the data set changes them for this epoch.
Tensor Trainer::augmented(std::span<const std::uint64_t> rows) const {
  const Tensor& samples = train_.split.samples;
  std::vector<std::int64_t> dims = samples.shape().dims();
  const auto elements = static_cast<std::size_t>(samples.numel() / dims[0]);
  dims[0] = static_cast<std::int64_t>(rows.size());
  return Tensor::make(DType::float32, Shape(dims), [&](std::span<std::byte> out) {
    const std::span<const float> from = samples.values<float>();
    const std::span to(reinterpret_cast<float*>(out.data()), rows.size() * elements);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto row = from.subspan(rows[i] * elements, elements);
      std::copy(row.begin(), row.end(), to.subspan(i * elements).begin());
    }
    data_.augment(options_.seed, static_cast<std::uint64_t>(state_.epoch), rows, to);
  });
}

BatchMetrics Trainer::differentiate(std::span<const std::uint64_t> rows) {
  const RandomPlace place{options_.seed, static_cast<std::uint64_t>(state_.total_batches) << 32};
  const auto count = static_cast<std::int64_t>(rows.size());
  Tensor logits;
  if (augments_) {
    const Tensor samples = augmented(rows);
    logits = program_->forward({samples, epoch_order(rows.size(), false, 0, 0), place});
  } else {
    logits = program_->forward({train_.split.samples, rows, place});
  }
  batch_labels_.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) batch_labels_[i] = train_.labels()[rows[i]];
  logits_gradient_.resize(static_cast<std::size_t>(count * classes_));
  const double scale = 1.0 / static_cast<double>(options_.accumulate_grad_batches);
  const BatchMetrics metrics = cross_entropy({logits.values<float>().data(), count, classes_},
                                             batch_labels_.data(), logits_gradient_.data(), scale);
  if (std::isfinite(metrics.loss)) program_->backward(logits_gradient_);
  return metrics;
}

void Trainer::train_batch(std::span<const std::uint64_t> rows, bool last) {
  if (state_.pending == 0) {
    std::fill(parameters_.gradients().begin(), parameters_.gradients().end(), 0.0F);
  }
  const BatchMetrics metrics = differentiate(rows);
  if (!std::isfinite(metrics.loss)) stop_at(metrics.loss, "loss", true);

  step_losses_.push_back(metrics.loss);
  state_.loss_sum += metrics.loss;
  state_.correct += metrics.correct;
  state_.rows += static_cast<std::int64_t>(rows.size());
  ++state_.batch;
  ++state_.total_batches;
  if (++state_.pending == options_.accumulate_grad_batches || last) {
    optimizer_.step(parameters_.values(), parameters_.gradients(), learning_rate(state_.steps));
    program_->values_changed();
    ++state_.steps;
    state_.pending = 0;
  }
}

void Trainer::stop_at(double loss, std::string_view what, bool with_batch) const {
  const std::string where = with_batch
                                ? fmt::format("epoch {}, batch {}", state_.epoch, state_.batch)
                                : fmt::format("the end of epoch {}", state_.epoch);
  const bool saved = folder_.in_use() && !state_.epochs.empty();
  throw run_error(
      LATHE_ABORTED,
      fmt::format("the {} is {} at {}; a lower learning rate may help{}", what,
                  std::isnan(loss) ? "NaN" : "infinite", where,
                  saved ? fmt::format("; the last good checkpoint is '{}'", folder_.last().string())
                        : std::string()));
}

bool Trainer::end_epoch(const std::atomic<bool>& cancelled) {
  EpochMetrics metrics;
  metrics.epoch = state_.epoch;
  metrics.train_loss = state_.loss_sum / static_cast<double>(state_.batch);
  metrics.train_accuracy = static_cast<double>(state_.correct) / static_cast<double>(state_.rows);
  metrics.learning_rate = learning_rate(state_.steps - 1);
  metrics.validation_loss = std::numeric_limits<double>::quiet_NaN();
  metrics.validation_accuracy = metrics.validation_loss;
  const Graph now = network();
  std::optional<Evaluation> evaluation;
  if (validate_) {
    // A validation that is remembered would not look.
    if (cancelled.load(std::memory_order_relaxed)) return false;
    try {
      evaluation = validate_(now);
    } catch (const Error& error) {
      if (error.code() != LATHE_CANCELLED) throw;
      return false;
    }
    metrics.validation_loss = evaluation->number("loss");
    metrics.validation_accuracy = evaluation->number("accuracy");
    if (!std::isfinite(metrics.validation_loss)) {
      stop_at(metrics.validation_loss, "validation loss", false);
    }
  }
  // Without validation rows the best epoch is the one that trained best.
  const double judged = validate_ ? metrics.validation_loss : metrics.train_loss;
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
  if (better) folder_.save_best(parts());
  save_last();
  return true;
}

}  // namespace lathe::run
