// Waits for a turn among the processes that write to one SQLite file. Knows nothing about what they
// write.
//
// Everybody looks again after a short random time, however long they have waited: SQLite's own
// wait looks ever more seldom, so that with ten writers whoever comes last never finds the file
// free.
#pragma once

#include <chrono>
#include <filesystem>
#include <random>
#include <string>

namespace lathe {

class Turn {
 public:
  Turn(std::filesystem::path path, std::chrono::milliseconds most);

  // Starts to count the time.
  void begin();
  // Sleeps a little; false if the time is up. Says once whom it waits for, if that takes long.
  bool wait();

 private:
  const std::filesystem::path path_;
  const std::chrono::milliseconds most_;
  std::chrono::steady_clock::time_point began_;
  bool told_ = false;
  std::minstd_rand random_;
};

// Who holds a write lock on the file or its WAL index, as /proc/locks tells: "process 42
// (python3)".
std::string lock_holder(const std::filesystem::path& path);

}  // namespace lathe
