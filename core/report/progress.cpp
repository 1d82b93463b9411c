// Draws with a carriage return and the terminal's "erase to the end of the line". The last column
// stays free: a terminal breaks the line behind a letter there, and the next drawing would begin
// one line further down.
#include "core/report/progress.hpp"

#include "core/base/words/shown.hpp"
#include "core/host/stdout_guard.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>

namespace lathe {

namespace {

// Of the terminal; of one that does not tell, 80.
std::size_t columns_now() {
  const std::size_t told = terminal_columns(STDERR_FILENO);
  return told == 0 ? 80 : told;
}

std::atomic<int> lines_drawn{0};

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// Its first `width` characters.
std::string cut(std::string_view text, std::size_t width) {
  std::size_t end = 0;
  for (; end < text.size() && width > 0; --width)
    end += std::max<std::size_t>(1, utf8_length(text.substr(end)));
  return std::string(text.substr(0, end));
}

std::string bar(double part, std::size_t width) {
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(width));
  return std::string(filled, '#') + std::string(width - filled, '-');
}

}  // namespace

std::string progress_text(const std::string& unsafe_label, std::uint64_t done, std::uint64_t total,
                          std::size_t width) {
  const std::string label = shown(unsafe_label);
  if (total == 0) return cut(fmt::format("{} {}", label, done), width);
  constexpr std::size_t kBarWidth = 24, kShortBarWidth = 10;
  const double part = static_cast<double>(std::min(done, total)) / static_cast<double>(total);
  const std::string percents = fmt::format("{:.0f}%", 100.0 * part);
  const std::array<std::string, 4> forms{
      fmt::format("{} [{}] {} {}/{}", label, bar(part, kBarWidth), percents, done, total),
      fmt::format("{} [{}] {} {}/{}", label, bar(part, kShortBarWidth), percents, done, total),
      fmt::format("{} {} {}/{}", label, percents, done, total),
      fmt::format("{} {}", label, percents)};
  for (const std::string& form : forms)
    if (width_of(form) <= width) return form;
  if (width < percents.size() + 2) return cut(percents, width);
  return fmt::format("{} {}", cut(label, width - percents.size() - 1), percents);
}

// A terminal that became narrower has broken the line into several: back to the first of them.
std::string Progress::to_its_beginning(std::size_t columns) const {
  const std::size_t rows = drawn_ == 0 ? 1 : (drawn_ - 1) / columns + 1;
  return rows == 1 ? "\r" : fmt::format("\033[{}A\r\033[J", rows - 1);
}

void Progress::update(const std::string& label, std::uint64_t done, std::uint64_t total) {
  if (!shown_) return;
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (drawn_ != 0 && now - last_ < std::chrono::milliseconds(100) && done != total) return;
  last_ = now;
  const std::size_t columns = columns_now();
  const std::string text = progress_text(label, done, total, columns - 1);
  steer_terminal(fmt::format("{}{}\033[K", to_its_beginning(columns), text));
  if (drawn_ == 0) ++lines_drawn;
  drawn_ = std::max<std::size_t>(1, width_of(text));
}

void Progress::clear() {
  const std::lock_guard lock(mutex_);
  if (drawn_ == 0) return;
  steer_terminal(to_its_beginning(columns_now()) + "\033[K");
  drawn_ = 0;
  --lines_drawn;
}

std::string_view progress_eraser() { return lines_drawn > 0 ? "\r\033[K" : ""; }

}  // namespace lathe
