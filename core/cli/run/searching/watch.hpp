// What is said of a search while it runs: the progress line, failures as they come, and where
// nothing can be redrawn a line now and then. Knows nothing of how trials are run.
#pragma once

#include "core/report/pace.hpp"
#include "core/report/progress.hpp"
#include "core/search/search.hpp"
#include "core/search/study/reasons.hpp"

namespace lathe {

// Not thread-safe: a search calls its events one at a time.
class SearchWatch {
 public:
  // REQUIRES: both outlive it.
  SearchWatch(const SearchOptions& options, Progress& progress);
  SearchWatch(const SearchWatch&) = delete;
  SearchWatch& operator=(const SearchWatch&) = delete;

  SearchEvents events();

 private:
  void ended(const Trial& trial);
  void look();  // many times a second
  void tell(ReasonCounts& counts, std::uint64_t trial, std::string_view verb,
            const std::string& text);
  void sum_up_earlier();
  void show();
  void say_now_and_then();
  std::vector<std::string> facts();  // as they are now
  std::optional<double> seconds_left() const;

  const SearchOptions& options_;
  Progress& progress_;
  const std::chrono::system_clock::time_point began_ = std::chrono::system_clock::now();
  const Pace::Time start_ = std::chrono::steady_clock::now();
  const std::uint64_t total_;  // 0: there is no bound
  std::uint64_t done_ = 0, earlier_ = 0, failed_ = 0, pruned_ = 0;
  std::uint64_t earlier_when_looked_ = 0;
  bool summed_up_ = false;
  std::vector<double> best_;  // by objective; empty: no trial has completed
  ReasonCounts failures_, troubles_;
  Pace pace_{start_};
  double said_after_ = 0;  // seconds
};

}  // namespace lathe
