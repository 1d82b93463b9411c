#include "core/cli/run/training.hpp"

#include "core/base/log.hpp"
#include "core/cli/run/evaluation.hpp"
#include "core/report/progress.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cmath>

namespace lathe {

namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string told(std::string_view name, double value) {
  return fmt::format(" {} {:.4f}", name, value);
}

TrainingEvents announce_epochs(const TrainingOptions& options, Progress& progress) {
  TrainingEvents events;
  auto epoch = std::make_shared<std::int64_t>(1);
  const std::int64_t epochs = options.max_epochs;
  events.progress = [&progress, epoch, epochs](std::uint64_t done, std::uint64_t total) {
    progress.update(fmt::format("epoch {}/{}", *epoch, epochs), done, total);
  };
  events.epoch_ended = [&progress, epoch, epochs](const EpochMetrics& metrics) {
    progress.clear();
    *epoch = metrics.epoch + 2;  // the next one, counted from 1
    std::string text = fmt::format("epoch {}/{}: train", metrics.epoch + 1, epochs);
    for (const auto& [name, value] : metrics.of(kTrainPrefix)) text += told(name, value);
    if (!std::isnan(metrics.number("validation_loss"))) {
      text += ", validation";
      for (const auto& [name, value] : metrics.of(kValidationPrefix)) text += told(name, value);
    }
    log_info("{}, learning rate {:.3g}", text, metrics.number(kLearningRateColumn));
  };
  return events;
}

void tell_early_stop(const Trained& trained, const TrainingOptions& options) {
  const EpochMetrics& best = *trained.best_epoch();
  const bool validated = !std::isnan(best.number("validation_loss"));
  const char* judged = validated ? "validation" : "training";
  log_info(
      "stopped early after epoch {} of {}: the {} loss has not improved for {} epoch{}; the lowest "
      "is "
      "{:.4f}, of epoch {}",
      trained.result.epochs.back().epoch + 1, options.max_epochs, judged, *options.early_stopping,
      *options.early_stopping == 1 ? "" : "s",
      best.number(validated ? "validation_loss" : "train_loss"), best.epoch + 1);
}

}  // namespace

const EpochMetrics* Trained::best_epoch() const {
  return result.best_epoch < 0 ? nullptr
                               : &result.epochs.at(static_cast<std::size_t>(result.best_epoch));
}

Loss run_loss(Session& session) {
  const Dataset& data = session.dataset();
  return chosen_loss(asked_loss(session.settings().get(kLoss)), data.info(), data.id());
}

Trained train_once(Session& session, const Graph& graph, const TrainingOptions& options) {
  Executor& executor = session.executor();
  const Dataset& data = session.dataset();
  if (data.count(Split::validation) == 0)
    log_warning(
        "'{}' has no validation split: the best weights are those with the lowest training loss",
        data.id());
  TrainingOptions told = options;
  if (!options.folder.empty()) {
    const Loss loss = chosen_loss(asked_loss(options.loss), data.info(), data.id());
    told.origin = describe_network(graph, session.origin(graph, loss));
  }
  Progress progress;
  const auto began = std::chrono::steady_clock::now();
  const double cpu_began = cpu_seconds();
  Trained trained;
  trained.result =
      executor.train(graph, data, told, announce_epochs(options, progress), session.cancelled());
  trained.cpu_seconds = cpu_seconds() - cpu_began;
  trained.wall_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (trained.result.interrupted) return trained;
  if (trained.result.stopped_early) tell_early_stop(trained, options);
  for (const Split split : {Split::test, Split::validation}) {
    if (data.count(split) == 0) continue;
    trained.split = split;
    try {
      const Rows whole{.split = split,
                       .batch_size = options.rows_evaluated_at_once(),
                       .loss = asked_loss(options.loss),
                       .cancelled = &session.cancelled()};
      trained.evaluation = executor.evaluate(trained.result.best, data, whole);
    } catch (const Error& error) {
      // The training is done and saved; the command says that it was interrupted.
      if (error.code() != LATHE_CANCELLED) throw;
    }
    break;
  }
  return trained;
}

}  // namespace lathe
