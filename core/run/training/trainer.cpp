// The training loop.
#include "core/run/training/trainer.hpp"

#include "core/data/data.hpp"
#include "core/run/health/batch_statistics.hpp"
#include "core/run/health/not_finite.hpp"

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
  at_least("evaluation_batch_size", options.rows_evaluated_at_once(), 1);
  at_least("accumulate_grad_batches", options.accumulate_grad_batches, 1);
  at_least("max_samples", options.max_samples, 0);
  at_least("max_steps", options.max_steps, -1);
  at_least("early_stopping", options.early_stopping.value_or(1), 1);
  if (options.max_steps == 0) {
    throw usage_error("max_steps is 0, which would train nothing; -1 is no bound");
  }
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
    : backend_(backend),
      data_(data),
      options_(checked(options)),
      validate_(std::move(validate)),
      graph_(graph),
      criterion_(asked_loss(options.loss), graph, data),
      parameters_(graph),
      optimizer_(optimizer_from_name(options.optimizer), parameters_.values().size(),
                 options.weight_decay),
      schedule_(options.lr_scheduler, options.learning_rate, optimizer_.annealing_floor(),
                options.num_warmup_steps),
      train_(rows_of(graph, data, {Split::train, 0, options.batch_size})),
      augments_(data.info().augments),
      folder_(options_) {
  if (parameters_.values().empty()) {
    throw usage_error("the network has no parameters; there is nothing to train");
  }
  criterion_.check(criterion_.targets(train_.split), train_.rows);
  state_.loss = criterion_.loss();
  if (data.count(Split::validation) > 0) {
    // To find faults now.
    const RowSource rows =
        rows_of(graph, data, {Split::validation, 0, options.rows_evaluated_at_once()});
    check_batch_statistics(graph_, Mode::evaluation, rows.rows, rows.batch, Split::validation);
  } else {
    validate_ = nullptr;
  }
  check_batch_statistics(graph_, Mode::training, train_.rows, train_.batch, Split::train);
  began_finite_ = broken_parameter().empty();
  program_ = backend.training_program(graph_, parameters_, Mode::training, {});
}

std::int64_t Trainer::batches_per_epoch() const {
  return (train_.rows + train_.batch - 1) / train_.batch;
}

RunIdentity Trainer::make_identity() const {
  Hasher structure;
  for (NodeId id : graph_.order()) {
    const Node& node = graph_.node(id);
    structure.add(node.name).add(node.op).add(graph_.attributes(id).text());
    for (const OperandFormat& format : node.formats) {
      structure.add(format.role).add(format.format).add(format.options.text());
    }
    for (const Parameter& parameter : node.parameters) {
      if (parameter.is_mask()) structure.add(parameter.name).add(parameter.content->hash().text());
    }
  }
  Hasher rows;
  for (const Tensor& field : train_.split.fields) rows.add(hash_of(field));
  if (augments_) {
    // How rows are augmented shows in what some of them become.
    const auto some = static_cast<std::uint64_t>(std::min<std::int64_t>(train_.rows, 8));
    const std::vector<std::uint64_t> first = epoch_order(some, false, 0, 0);
    const RowTensors seen = data_.augment(options_.seed, 0, first, data_.read(Split::train, first));
    for (const Tensor& field : seen.fields) rows.add(hash_of(field));
  }
  auto text = [](const auto& value) { return fmt::format("{}", value); };
  return {{"network", structure.finish().text()},
          {"data", rows.finish().text()},
          {"loss", std::string(name(state_.loss))},
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

TrainingParts Trainer::parts() {
  return {graph_, state_, parameters_, optimizer_, best_, batches_per_epoch()};
}

Graph Trainer::network() {
  program_->bring_buffers();
  return graph_.with_parameters(parameters_.contents());
}

// What a step may have broken is never saved: the last good checkpoint stays.
void Trainer::save_last() {
  if (!folder_.in_use()) return;
  program_->bring_buffers();
  if (began_finite_ && !broken_parameter().empty()) return;
  folder_.save_last(parts());
}

std::string Trainer::broken_parameter() {
  for (const TrainedParameters::Piece& piece : parameters_.pieces()) {
    const Parameter& parameter = *piece.parameter;
    if (parameter.dtype != DType::float32) continue;
    const auto* numbers =
        piece.value != nullptr ? piece.value : reinterpret_cast<const float*>(piece.buffer.data());
    const NotFinite found =
        not_finite_in(std::span(numbers, static_cast<std::size_t>(parameter.shape.numel())));
    if (found.any()) return fmt::format("'{}' has {}", parameter.qualified_name, found.text());
  }
  return {};
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
  const bool all_done = state_.epoch >= options_.max_epochs || out_of_steps();
  out.stopped_early = !all_done && !out.interrupted && !out.given_up && out_of_patience();
  out.last = network();
  out.best = best_.empty() ? out.last : graph_.with_parameters(best_);
  out.epochs = state_.epochs;
  out.best_epoch = state_.best_epoch;
  out.step_losses = std::move(step_losses_);
  out.best_validation = best_validation_;
  return out;
}

bool Trainer::finished() const {
  return state_.epoch >= options_.max_epochs || out_of_steps() || out_of_patience();
}

// Follows from the epochs that ended, so a resumed run decides as an uninterrupted one does.
bool Trainer::out_of_patience() const {
  if (!options_.early_stopping || state_.best_epoch < 0) return false;
  const std::int64_t since_best = state_.epoch - 1 - state_.best_epoch;
  return since_best >= *options_.early_stopping;
}

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

// Batches whose gradients make the step that the next batch belongs to: at an epoch's end there may
// be fewer than are asked for.
std::int64_t Trainer::batches_of_step() const {
  const std::int64_t first = state_.batch - state_.pending;
  const std::int64_t left = std::min(batches_per_epoch() - first,
                                     batch_limit() - (state_.total_batches - state_.pending));
  return std::min(options_.accumulate_grad_batches, left);
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
    train_batch(std::span(order).subspan(first, count));
    if (events.progress) events.progress(first + count, total);
    if (first + count < total && folder_.is_due(state_)) save_last();
  }
  return true;
}

RowTensors Trainer::augmented(std::span<const std::uint64_t> rows) const {
  return data_.augment(options_.seed, static_cast<std::uint64_t>(state_.epoch), rows,
                       data_.read(Split::train, rows));
}

double Trainer::differentiate(std::span<const std::uint64_t> rows) {
  const RandomPlace place{options_.seed, static_cast<std::uint64_t>(state_.total_batches) << 32};
  const auto count = static_cast<std::int64_t>(rows.size());
  Tensor output;
  Targets targets;
  RowTensors changed;
  if (augments_) {
    changed = augmented(rows);
    output = program_->forward(
        {fed(train_.feed, changed), epoch_order(rows.size(), false, 0, 0), place});
    targets = criterion_.targets(changed);
    targets.index = rows;
    criterion_.check(targets, count);
  } else {
    output = program_->forward({train_.inputs, rows, place});
    targets = gathered_.gather(criterion_.targets(train_.split), rows);
  }
  LossBatch batch{output.values<float>().data(), count, criterion_.elements(), targets};
  output_gradient_.resize(static_cast<std::size_t>(count * batch.elements));
  batch.gradient = output_gradient_.data();
  batch.scale = 1.0 / static_cast<double>(batches_of_step());
  Counts counts;
  criterion_.count(batch, counts);
  if (std::isfinite(counts.loss())) program_->backward(output_gradient_);
  state_.counts.add(counts);
  return counts.loss();
}

void Trainer::train_batch(std::span<const std::uint64_t> rows) {
  const std::int64_t batches = batches_of_step();
  if (state_.pending == 0) {
    std::fill(parameters_.gradients().begin(), parameters_.gradients().end(), 0.0F);
  }
  const double loss = differentiate(rows);
  if (!std::isfinite(loss)) stop_at_batch(loss, rows);

  step_losses_.push_back(loss);
  ++state_.batch;
  ++state_.total_batches;
  if (++state_.pending == batches) {
    optimizer_.step(parameters_.values(), parameters_.gradients(), learning_rate(state_.steps));
    parameters_.mask();
    program_->values_changed();
    ++state_.steps;
    state_.pending = 0;
  }
}

// The node is looked for in evaluation mode: without dropout, with running statistics.
void Trainer::stop_at_batch(double loss, std::span<const std::uint64_t> rows) {
  const RowTensors seen = augments_ ? augmented(rows) : data_.read(Split::train, rows);
  const std::vector<Tensor> inputs = fed(train_.feed, seen);
  const auto count = static_cast<std::int64_t>(rows.size());
  const Origin origin = first_not_finite(backend_, network(), {inputs, 0, count, count, 0},
                                         {data_.id(), Split::train, 0, rows});
  // Without a step the learning rate has done nothing yet.
  const bool stepped = state_.steps > 0;
  std::string why = origin.text.empty() ? std::string() : "; " + origin.text;
  if (stepped) why += "; a lower learning rate may help";
  stop_at(fmt::format("the loss is {} at epoch {}, batch {}{}",
                      std::isnan(loss) ? "NaN" : "infinite", state_.epoch, state_.batch, why));
}

void Trainer::stop_at(const std::string& what) const {
  const bool saved = folder_.in_use() && !state_.epochs.empty();
  throw run_error(LATHE_ABORTED, what + (saved ? fmt::format("; the last good checkpoint is '{}'",
                                                             folder_.last().string())
                                               : std::string()));
}

bool Trainer::end_epoch(const std::atomic<bool>& cancelled) {
  const Evaluation train(criterion_.loss(), state_.counts);
  std::optional<Evaluation> validation;
  if (validate_) {
    // A validation that is remembered would not look.
    if (cancelled.load(std::memory_order_relaxed)) return false;
    try {
      validation = validate_(network());
    } catch (const Error& error) {
      if (error.code() != LATHE_CANCELLED) throw;
      return false;
    }
    const double loss = validation->number("loss");
    if (!std::isfinite(loss))
      stop_at(fmt::format(
          "the validation loss is {} at the end of epoch {}; a lower learning rate may help",
          std::isnan(loss) ? "NaN" : "infinite", state_.epoch));
  }
  program_->bring_buffers();
  if (const std::string broken = began_finite_ ? broken_parameter() : std::string();
      !broken.empty())
    stop_at(fmt::format("{} at the end of epoch {}; a lower learning rate may help", broken,
                        state_.epoch));
  // Without validation rows the best epoch is the one that trained best.
  const double judged = (validation ? *validation : train).number("loss");
  const bool better = state_.best_epoch < 0 || judged < state_.best_loss;
  if (better) {
    state_.best_epoch = state_.epoch;
    state_.best_loss = judged;
    best_ = parameters_.contents();
    best_validation_ = validation;
  }
  state_.epochs.push_back(epoch_metrics(state_.epoch, train, validation ? &*validation : nullptr,
                                        learning_rate(state_.steps - 1)));
  ++state_.epoch;
  state_.batch = 0;
  state_.counts = {};
  state_.pending = 0;
  // In this order: a run killed in between does this epoch again and writes the same best.
  if (better) folder_.save_best(parts());
  save_last();
  return true;
}

}  // namespace lathe::run
