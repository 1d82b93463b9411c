// One line on the terminal that says how far the work is; nothing at all where there is no
// terminal.
#pragma once

#include "core/report/terminal.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lathe {

// Thread-safe. The line is taken away by clear() and by the destructor.
class Progress {
 public:
  Progress() : Progress(stderr_can_redraw()) {}
  explicit Progress(bool shown) : shown_(shown) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  bool is_shown() const { return shown_; }

  // Further words on the line, the most important first: they are asked for when it is drawn.
  using Facts = std::function<std::vector<std::string>()>;

  // Redrawn at most ten times a second, and at once on a terminal that has become wider or
  // narrower. `total` 0: unknown.
  void update(const std::string& label, std::uint64_t done, std::uint64_t total,
              const Facts& facts = {});
  void clear();  // before anything else is written to the terminal

 private:
  std::string to_its_beginning(std::size_t columns) const;

  bool shown_;
  std::mutex mutex_;
  std::size_t drawn_ = 0;    // columns; 0: nothing is
  std::size_t columns_ = 0;  // of the terminal, at that time
  std::string text_;
  std::chrono::steady_clock::time_point last_{}, looked_{};  // drawn, looked at the terminal
};

// What takes a drawn line away, for who writes another one in the meantime; empty where none is.
std::string_view progress_eraser();

// "epoch 3/20 [#####-----] 50% 1024/2048  best 0.81  2:05 left", or as much of it as fits into
// `width` columns: without the bar, the counts, the label; without the last of the facts; the label
// cut, the percents alone.
std::string progress_text(const std::string& label, std::uint64_t done, std::uint64_t total,
                          std::size_t width = 80, std::span<const std::string> facts = {});

}  // namespace lathe
