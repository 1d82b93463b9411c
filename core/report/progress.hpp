// One line on the terminal that says how far the work is; nothing at all where there is no
// terminal.
#pragma once

#include "core/report/terminal.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace lathe {

// Thread-safe. The line is taken away by clear() and by the destructor.
class Progress {
 public:
  Progress() : Progress(stderr_can_redraw()) {}
  explicit Progress(bool shown) : shown_(shown) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Redrawn at most ten times a second. `total` 0: unknown.
  void update(const std::string& label, std::uint64_t done, std::uint64_t total);
  void clear();  // before anything else is written to the terminal

 private:
  std::string to_its_beginning(std::size_t columns) const;

  bool shown_;
  std::mutex mutex_;
  std::size_t drawn_ = 0;  // columns; 0: nothing is
  std::chrono::steady_clock::time_point last_{};
};

// What takes a drawn line away, for who writes another one in the meantime; empty where none is.
std::string_view progress_eraser();

// "epoch 3/20 [#####-----] 50% 1024/2048", or as much of it as fits into `width` columns: without
// the bar, without the counts, the label cut, the percents alone.
std::string progress_text(const std::string& label, std::uint64_t done, std::uint64_t total,
                          std::size_t width = 80);

}  // namespace lathe
