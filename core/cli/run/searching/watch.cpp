// A trial that ended before this process began is an earlier run's: those are summed up.
#include "core/cli/run/searching/watch.hpp"

#include "core/base/log.hpp"
#include "core/cli/run/searching/objectives.hpp"
#include "core/report/table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace lathe {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Pace::Time time) {
  return std::chrono::duration<double>(Clock::now() - time).count();
}

std::string best_text(const SearchOptions& options, const std::vector<double>& best) {
  constexpr int kDigits = 5;
  std::string text;
  for (std::size_t i = 0; i < best.size(); ++i)
    text += fmt::format("{}{}", i == 0 ? "best " : ", ",
                        number_text(unscaled(options, i, best[i]), kDigits));
  return text;
}

}  // namespace

SearchWatch::SearchWatch(const SearchOptions& options, Progress& progress)
    : options_(options),
      progress_(progress),
      total_(static_cast<std::uint64_t>(std::max<std::int64_t>(0, options.n_trials))) {}

SearchEvents SearchWatch::events() {
  SearchEvents events;
  events.trial_ended = [this](const Trial& trial) { ended(trial); };
  events.look = [this] { look(); };
  return events;
}

void SearchWatch::ended(const Trial& trial) {
  ++done_;
  const bool earlier = trial.completed < began_;
  if (earlier)
    ++earlier_;
  else
    sum_up_earlier();
  if (trial.state == TrialState::fail) ++failed_;
  if (trial.state == TrialState::pruned) ++pruned_;
  if (trial.state == TrialState::complete) note_best(options_, trial.values, best_);
  if (earlier) {
    if (trial.state == TrialState::fail) failures_.add(trial.number, trial.error);
    return;
  }
  if (trial.state == TrialState::fail)
    tell(failures_, trial.number, " failed", trial.error);
  else
    for (const std::string& trouble : trial.troubles) tell(troubles_, trial.number, "", trouble);
  show();
}

void SearchWatch::look() {
  if (earlier_ == earlier_when_looked_) sum_up_earlier();
  earlier_when_looked_ = earlier_;
  if (done_ > 0) show();
}

void SearchWatch::tell(ReasonCounts& counts, std::uint64_t trial, std::string_view verb,
                       const std::string& text) {
  const std::size_t alike = counts.add(trial, text);
  if (alike > 2) return;
  progress_.clear();
  if (alike == 1)
    log_warning("trial {}{}: {}", trial, verb, text);
  else
    log_warning("trial {}{} likewise; more of them are counted at the end", trial, verb);
}

// All at once, whatever number of runs they are of.
void SearchWatch::sum_up_earlier() {
  if (summed_up_ || earlier_ == 0) return;
  summed_up_ = true;
  if (failed_ == 0) return;
  constexpr std::size_t kMostTold = 3;
  const std::vector<Reason>& reasons = failures_.all();
  std::string text;
  for (std::size_t i = 0; i < std::min(reasons.size(), kMostTold); ++i)
    text += fmt::format("{}{} like trial {} ({})", i == 0 ? "" : ", ", reasons[i].trials,
                        reasons[i].first, reasons[i].text);
  if (reasons.size() > kMostTold)
    text += fmt::format(" and others for {} more reasons", reasons.size() - kMostTold);
  progress_.clear();
  log_warning("{} of the {} trials of earlier runs failed: {}", failed_, earlier_, text);
}

void SearchWatch::show() {
  if (!progress_.is_shown()) return say_now_and_then();
  progress_.update("trials", done_, total_, [this] { return facts(); });
}

// After ten seconds, half a minute, a minute, and then every minute.
void SearchWatch::say_now_and_then() {
  constexpr double kFirst = 10, kSecond = 30, kEvery = 60;
  const double next = said_after_ < kFirst ? kFirst
                      : said_after_ < kSecond
                          ? kSecond
                          : said_after_ - std::fmod(said_after_, kEvery) + kEvery;
  const double seconds = seconds_since(start_);
  if (seconds < next) return;
  said_after_ = seconds;
  log_info("trials {}{}  {}", done_, total_ == 0 ? "" : fmt::format("/{}", total_),
           fmt::join(facts(), "  "));
}

std::optional<double> SearchWatch::seconds_left() const {
  std::optional<double> left;
  if (const auto rate = pace_.rate(); rate && total_ > done_)
    left = static_cast<double>(total_ - done_) / *rate;
  if (options_.timeout_seconds > 0) {
    const double budget = std::max(0.0, options_.timeout_seconds - seconds_since(start_));
    left = left ? std::min(*left, budget) : budget;
  }
  return left;
}

std::vector<std::string> SearchWatch::facts() {
  pace_.add(Clock::now(), done_ - earlier_);
  std::vector<std::string> facts;
  if (!best_.empty()) facts.push_back(best_text(options_, best_));
  if (const auto left = seconds_left()) facts.push_back(duration_text(*left) + " left");
  if (failed_ > 0) facts.push_back(fmt::format("{} failed", failed_));
  if (const auto rate = pace_.rate()) facts.push_back(rate_text(*rate));
  if (pruned_ > 0) facts.push_back(fmt::format("{} pruned", pruned_));
  return facts;
}

}  // namespace lathe
