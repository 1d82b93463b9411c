// The process that helpers are forked from: forked itself before this one has threads, it never has
// any, so that a new helper can be had at any time. What this process has by then (data, network,
// plugins) all of them share. Knows nothing of trials.
//
// Nothing of it stays behind: a helper that ends takes with it what it started, the zygote its
// helpers, this process the zygote; kill -9 of any of them included.
#pragma once

#include "core/search/isolation/forking/descriptor.hpp"

#include <sys/types.h>

#include <functional>
#include <mutex>
#include <optional>

namespace lathe {

// A helper's ends of what leads to the search.
struct HelperEnds {
  Descriptor talk;    // messages
  Descriptor output;  // what is written to standard output and error
  Descriptor words;   // whom it was in as it ended, from a signal handler
};

// What is read of a leash, once: how its helper ended, with everything that it had started.
struct HelperEnd {
  enum class Kind { ended, not_forked, parallel } kind = Kind::ended;
  int number = 0;  // waitpid()'s status; errno; how many threads the zygote had
};
std::optional<HelperEnd> read_end(int leash);  // waits; nothing: the zygote is gone

class Zygote {
 public:
  struct Work {
    std::function<void()> prepare;          // before the first helper; what it throws is dropped
    std::function<int(HelperEnds)> helper;  // the exit status of its process
  };

  // Throws run_error if this process has other threads, or no process is to be had.
  explicit Zygote(const Work& work);
  ~Zygote();
  Zygote(const Zygote&) = delete;
  Zygote& operator=(const Zygote&) = delete;

  // Forks a helper. The leash is a connected socket of which the caller has the other end: there it
  // reads the end (above), and whatever it writes, or that it closes it, kills the helper.
  // Thread-safe. False: the zygote is gone.
  bool spawn(const HelperEnds& ends, const Descriptor& leash);
  // How the zygote ended, and kills what it left behind. REQUIRES: it is gone.
  std::string obituary();

 private:
  void reap();

  Descriptor control_;
  std::mutex sending_;
  pid_t process_ = -1;
  std::optional<int> status_;
};

}  // namespace lathe
