// Trials in helper processes: one helper per worker, started when the worker has its first trial,
// and anew when it has ended. A crash, a kill or a hang costs the trial that it was at.
#pragma once

#include "core/search/isolation/helper.hpp"
#include "core/search/isolation/helper_log.hpp"
#include "core/search/isolation/helper_process.hpp"

#include <memory>

namespace lathe {

class TrialPool {
 public:
  struct Work {
    std::function<void()> prepare;     // once, in the process that helpers are forked from
    std::function<HelperWork()> make;  // in each helper
  };

  // Starts the first helper, so that what all would fail by is said at once: throws run_error, or
  // what `make` throws there. `cancelled` ends helpers at once. REQUIRES: this process has no other
  // threads; all references outlive it.
  TrialPool(std::size_t workers, const Work& work, const std::atomic<bool>& cancelled);
  ~TrialPool();
  TrialPool(const TrialPool&) = delete;
  TrialPool& operator=(const TrialPool&) = delete;

  // As Evaluate: thread-safe for different workers. A helper that ends fails the trial: run_error
  // says how, and the last line it wrote. Throws EndOfSearch if no helper is to be had.
  Scalars evaluate(int worker, std::span<const double> point, const std::atomic<bool>& stop,
                   const Report& report);
  std::vector<std::string> unpromised_scalars(const std::atomic<bool>& stop);

  // Ends all helpers, warning of those that end otherwise than they should. What ran in them: a
  // value for each.
  std::vector<Value> finish();

 private:
  struct Worker {
    std::unique_ptr<HelperProcess> helper;  // null: not started
    bool ready = false;
    int failed_starts = 0;  // since one was ready
    Value environment;      // of the helper
    std::vector<Value> environments;
  };

  void start(Worker& worker);
  HelperProcess& ready(Worker& worker, const std::atomic<bool>& stop);
  void wait_for_ready(Worker& worker, const std::atomic<bool>& stop);
  void drop(Worker& worker);
  Message answer(Worker& worker, MessageKind kind, std::string_view body,
                 const std::atomic<bool>& stop, const Report& report);
  Error end_of_trial(Worker& worker, const std::atomic<bool>& stop);
  Error no_helper(const HelperProcess& helper);

  const std::atomic<bool>& cancelled_;
  Zygote zygote_;
  HelperLog log_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<bool> any_was_ready_ = false;
};

}  // namespace lathe
