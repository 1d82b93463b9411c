#include "core/search/isolation/pool.hpp"

#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/search/isolation/wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

namespace lathe {
namespace {

using std::chrono::milliseconds;

constexpr int kMostFailedStarts = 3;
constexpr milliseconds kBetweenStarts{300};
// As long as a plugin may take after an interrupt.
constexpr milliseconds kLongestEnd{5000};

Error stopped() { return run_error(LATHE_CANCELLED, "the trial was given up"); }

// "; its last line: ..."
std::string last_line_of(const HelperProcess& helper) {
  if (helper.last_line().empty()) return {};
  return fmt::format("; its last line: {}", helper.last_line());
}

std::string who_of(const HelperProcess& helper) {
  return helper.who().empty() ? std::string() : fmt::format(" ({})", helper.who());
}

// Of those of one worker, which had one after the other, only the largest cache counts.
void count_one_cache(std::vector<Value>& environments) {
  std::int64_t most = 0;
  for (Value& environment : environments) {
    Value* const cache = environment.find_to_write("cache");
    Value* const held = cache == nullptr ? nullptr : cache->find_to_write("most_bytes");
    if (held == nullptr) continue;
    const std::int64_t larger = std::max(held->as_int(), most);
    *held = Value(larger - most);
    most = larger;
  }
}

}  // namespace

TrialPool::TrialPool(std::size_t workers, const Work& work, const std::atomic<bool>& cancelled)
    : cancelled_(cancelled), zygote_({work.prepare, [&work](HelperEnds ends) {
                                        return run_helper(std::move(ends), work.make);
                                      }}) {
  for (std::size_t i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>());
  try {
    ready(*workers_.front(), cancelled);
  } catch (const EndOfSearch& end) {
    throw end.why;
  }
}

TrialPool::~TrialPool() = default;

void TrialPool::start(Worker& worker) {
  worker.ready = false;
  const auto said = std::make_shared<HelperLog::Source>(log_);
  worker.helper =
      std::make_unique<HelperProcess>(zygote_, [said](const LogLine& line) { said->add(line); });
}

// The worker's helper has ended.
void TrialPool::drop(Worker& worker) {
  if (!worker.environment.is_none())
    worker.environments.push_back(std::exchange(worker.environment, {}));
  worker.helper.reset();
}

Error TrialPool::no_helper(const HelperProcess& helper) {
  const auto& end = helper.end();
  if (!end)
    return run_error(LATHE_UNAVAILABLE,
                     fmt::format("the process that helper processes are started from {}; the same "
                                 "command with --resume goes on",
                                 zygote_.obituary()));
  if (end->kind == HelperEnd::Kind::parallel)
    return run_error(
        LATHE_FAILED_PRECONDITION,
        fmt::format("--isolate: the process that helper processes are started from has {} threads, "
                    "which a library or plugin has started as it was loaded; leave --isolate out",
                    end->number));
  if (end->kind == HelperEnd::Kind::not_forked)
    return run_error(
        LATHE_RESOURCE_EXHAUSTED,
        fmt::format("--isolate: there is no process to be had to run trials in: {}; raise the "
                    "limit of processes (ulimit -u, or that of the container), or ask for fewer "
                    "with --jobs",
                    system_text(end->number)));
  return run_error(LATHE_ABORTED, fmt::format("a helper process {} before its first trial{}{}",
                                              helper.how(), who_of(helper), last_line_of(helper)));
}

HelperProcess& TrialPool::ready(Worker& worker, const std::atomic<bool>& stop) {
  if (worker.helper != nullptr && worker.ready && worker.helper->has_ended()) {
    log_warning("a helper process {} between two trials{}{}", worker.helper->how(),
                who_of(*worker.helper), last_line_of(*worker.helper));
    drop(worker);
  }
  if (worker.helper == nullptr) start(worker);
  while (!worker.ready) wait_for_ready(worker, stop);
  return *worker.helper;
}

// Until it is, or has ended and another one is started.
void TrialPool::wait_for_ready(Worker& worker, const std::atomic<bool>& stop) {
  HelperProcess& helper = *worker.helper;
  const std::optional<Message> said = helper.wait(stop);
  if (said && said->kind == MessageKind::ready) {
    worker.ready = any_was_ready_ = true;
    worker.failed_starts = 0;
    return;
  }
  if (said && said->kind == MessageKind::refused) throw EndOfSearch{error_of(said->body)};
  const bool ended = helper.has_ended();
  helper.kill();
  if (stop && !ended) {
    drop(worker);
    throw stopped();
  }
  ++worker.failed_starts;
  if (!any_was_ready_ || !helper.end() || worker.failed_starts == kMostFailedStarts)
    throw EndOfSearch{no_helper(helper)};
  drop(worker);
  std::this_thread::sleep_for(kBetweenStarts);
  start(worker);
}

// The answer to what was asked, reports on the way passed on.
Message TrialPool::answer(Worker& worker, MessageKind kind, std::string_view body,
                          const std::atomic<bool>& stop, const Report& report) {
  HelperProcess& helper = ready(worker, stop);
  helper.start_of_trial();
  helper.send(kind, body);
  while (std::optional<Message> said = helper.wait(stop)) {
    switch (said->kind) {
      case MessageKind::report: {
        const Reported reported = reported_of(said->body);
        const bool hopeless = report(reported.step, reported.value);
        helper.send(MessageKind::answer, WireWriter().whole(hopeless ? 1 : 0).bytes());
        break;
      }
      case MessageKind::environment:
        worker.environment = WireReader(said->body).value();
        break;
      case MessageKind::failed:
        throw error_of(said->body);
      default:
        return *std::move(said);
    }
  }
  throw end_of_trial(worker, stop);
}

Error TrialPool::end_of_trial(Worker& worker, const std::atomic<bool>& stop) {
  HelperProcess& helper = *worker.helper;
  const bool ended = helper.has_ended();
  helper.kill();
  if (ended && !helper.end()) throw EndOfSearch{no_helper(helper)};
  const Error why = ended || !stop
                        ? run_error(LATHE_ABORTED,
                                    fmt::format("{}{} while it ran this trial{}{}", kHelperEnded,
                                                helper.how(), who_of(helper), last_line_of(helper)))
                        : stopped();
  drop(worker);
  // Ready, if all goes well, when the next trial begins.
  if (!cancelled_) start(worker);
  return why;
}

Scalars TrialPool::evaluate(int worker, std::span<const double> point,
                            const std::atomic<bool>& stop, const Report& report) {
  const Message outcome = answer(*workers_[static_cast<std::size_t>(worker)], MessageKind::evaluate,
                                 WireWriter().reals(point).bytes(), stop, report);
  return scalars_of(outcome.body);
}

std::vector<std::string> TrialPool::unpromised_scalars(const std::atomic<bool>& stop) {
  const Report nothing = [](std::int64_t, double) { return false; };
  try {
    return WireReader(answer(*workers_.front(), MessageKind::name, {}, stop, nothing).body).texts();
  } catch (const EndOfSearch& end) {
    throw end.why;
  }
}

std::vector<Value> TrialPool::finish() {
  for (const auto& worker : workers_)
    if (worker->helper != nullptr) worker->helper->say_no_more();
  std::vector<Value> environments;
  for (const auto& worker : workers_) {
    if (worker->helper != nullptr) {
      HelperProcess& helper = *worker->helper;
      const bool at_once = cancelled_ || !worker->ready;
      at_once ? helper.kill() : helper.wait_for_end(kLongestEnd);
      if (!at_once && !helper.in_order())
        log_warning("a helper process {} after its last trial{}{}", helper.how(), who_of(helper),
                    last_line_of(helper));
      drop(*worker);
    }
    count_one_cache(worker->environments);
    std::ranges::move(worker->environments, std::back_inserter(environments));
  }
  return environments;
}

}  // namespace lathe
