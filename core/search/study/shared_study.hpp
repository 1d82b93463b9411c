// A study that any number of processes work on at once. All of them know every trial; what they
// share is who evaluates which, and what became of it. Knows nothing of samplers and threads.
//
// A process has a trial as long as it renews its lease, of which the study's own clock tells the
// end. One whose lease has run out may be taken over by anybody; whoever had it cannot write its
// outcome any more.
#pragma once

#include "core/search/study/storage.hpp"

namespace lathe {

// Who evaluates a trial that runs.
enum class Whose {
  ours,     // this process
  others,   // another one
  nobodys,  // one that has ended: it may be taken over. Also of a trial that waits
  guests,   // another program, of which nobody knows whether it still runs
};

struct SharedTrial {
  StoredTrial trial;
  Whose whose = Whose::others;
};

// What one process tells a shared study, and asks of it.
struct Exchange {
  std::vector<StoredTrial> settled;   // of ours: those that ended, and waiting ones: given back
  std::optional<StoredTrial> wanted;  // to be ours: the next number, or one that is nobody's
};

struct ExchangeAnswer {
  // Trials that are new or have changed since they were last told, in number order. What was wanted
  // is among them unless it had to be left to another; as it is there, if it was there already.
  std::vector<SharedTrial> news;
  std::vector<std::uint64_t> lost;  // of `settled`: taken over by another, so that it was dropped
};

class SharedStudy {
 public:
  virtual ~SharedStudy() = default;
  // All of it, or nothing, durable when it returns. Throws LATHE_UNAVAILABLE where the study cannot
  // be reached: then the same may be exchanged again, whatever became of it.
  virtual ExchangeAnswer exchange(const Exchange& exchange) = 0;
  // How long an exchange may wait for its answer. Thread-safe.
  virtual void set_patience(std::chrono::milliseconds patience) = 0;
};

}  // namespace lathe
