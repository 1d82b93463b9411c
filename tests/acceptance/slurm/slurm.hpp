// A Slurm of one node for a test, and Slurm's commands on it.
#pragma once

#include "tests/support/support.hpp"

#include <functional>
#include <string>

namespace lathe_test {

class Slurm {
 public:
  // Skips the case where Debian's slurm-wlm or munge is not installed. Jobs find `lathe` on their
  // path. There may be more CPUs than the machine has.
  explicit Slurm(int cpus);
  ~Slurm();
  Slurm(const Slurm&) = delete;
  Slurm& operator=(const Slurm&) = delete;

  // Runs a line of shell in the folder; insists on success and returns what it prints.
  std::string run(const std::string& line) const;
  // The task's state in squeue (R, PD, CG); nothing when it has ended.
  std::string state(const std::string& task) const;
  // Throws after a minute, with what squeue and the jobs say.
  void wait_until(const std::string& what, const std::function<bool()>& holds) const;

  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

}  // namespace lathe_test
