// One line on the terminal that says how far the work is; nothing at all where there is no
// terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace lathe {

bool stderr_is_terminal();
// Colour is wanted: a terminal, and NO_COLOR (no-color.org) unset or empty.
bool stderr_has_colour();

// Thread-safe. The line is taken away by clear() and by the destructor.
class Progress {
 public:
  Progress() : Progress(stderr_is_terminal()) {}
  explicit Progress(bool shown) : shown_(shown) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Redrawn at most ten times a second. `total` 0: unknown.
  void update(const std::string& label, std::uint64_t done, std::uint64_t total);
  void clear();  // before anything else is written to the terminal

 private:
  bool shown_;
  std::mutex mutex_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_{};
};

// "epoch 3/20 [#####-----] 50% 1024/2048"
std::string progress_text(const std::string& label, std::uint64_t done, std::uint64_t total);

}  // namespace lathe
