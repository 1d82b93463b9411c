// Exchanges with a shared study on a thread of its own, so that nobody else waits for its server:
// neither workers nor Ctrl-C. One that is away is waited for, and that is said once. Knows nothing
// of trials.
#pragma once

#include "core/search/study/shared_study.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace lathe {

class Exchanger {
 public:
  // What the thread calls: what there is to exchange now, at the end the last of it; what came of
  // it; an error that no waiting mends, after which nothing more is exchanged.
  struct Calls {
    std::function<Exchange(bool over)> gather;
    std::function<void(const Exchange& exchange, ExchangeAnswer answer)> apply;
    std::function<void(std::exception_ptr failure)> fail;
  };
  // REQUIRES: `study` outlives it.
  Exchanger(SharedStudy& study, Calls calls);
  ~Exchanger();

  // Exchanges at once, not only after a while.
  void wake();
  // The next exchange is the last one.
  void finish();
  // Whether that is made, or has failed.
  bool finished() const { return finished_; }
  // Waits no longer for a server that is away: what it does not answer soon is given up.
  void hurry();
  // What was given up: the last exchange could not be made.
  bool gave_up() const { return gave_up_; }

 private:
  void work();
  bool exchange(bool over);
  void pause();

  SharedStudy& study_;
  const Calls calls_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false, over_ = false;
  std::atomic<bool> hurried_{false}, finished_{false}, gave_up_{false};
  bool away_ = false;
  std::chrono::milliseconds pause_{0};  // between tries of a server that is away
  std::thread thread_;
};

}  // namespace lathe
