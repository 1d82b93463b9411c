// Draws with a carriage return and the terminal's "erase to the end of the line". The last column
// stays free: a terminal breaks the line behind a letter there, and the next drawing would begin
// one line further down.
#include "core/report/progress.hpp"

#include "core/base/words/shown.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/report/width.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <vector>

namespace lathe {

namespace {

// Of the terminal; of one that does not tell, 80.
std::size_t columns_now() {
  const std::size_t told = terminal_columns(STDERR_FILENO);
  return told == 0 ? 80 : told;
}

std::atomic<int> lines_drawn{0};

std::string bar(double part, std::size_t width) {
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(width));
  return std::string(filled, '#') + std::string(width - filled, '-');
}

}  // namespace

std::string progress_text(const std::string& unsafe_label, std::uint64_t done, std::uint64_t total,
                          std::size_t width, std::span<const std::string> facts) {
  const std::string label = shown(unsafe_label);
  constexpr std::size_t kBarWidth = 24, kShortBarWidth = 10;
  const double part =
      total == 0 ? 0 : static_cast<double>(std::min(done, total)) / static_cast<double>(total);
  const std::string percents = fmt::format("{:.0f}%", 100.0 * part);
  const std::string counts = fmt::format("{}/{}", done, total);
  for (std::size_t told = facts.size();; --told) {
    std::string rest;
    for (const std::string& fact : facts.first(told)) rest += "  " + shown(fact);
    std::vector<std::string> forms;
    if (total == 0) {
      forms = {fmt::format("{} {}{}", label, done, rest)};
    } else {
      forms = {
          fmt::format("{} [{}] {} {}{}", label, bar(part, kBarWidth), percents, counts, rest),
          fmt::format("{} [{}] {} {}{}", label, bar(part, kShortBarWidth), percents, counts, rest),
          fmt::format("{} {} {}{}", label, percents, counts, rest),
          fmt::format("{} {}{}", label, percents, rest)};
    }
    if (told > 0)
      forms.push_back(fmt::format("{}{}", total == 0 ? fmt::to_string(done) : percents, rest));
    for (const std::string& form : forms)
      if (width_of(form) <= width) return form;
    if (told == 0) break;
  }
  if (total == 0) return first_letters(fmt::format("{} {}", label, done), width);
  if (width < percents.size() + 2) return first_letters(percents, width);
  return fmt::format("{} {}", first_letters(label, width - percents.size() - 1), percents);
}

// A terminal that became narrower has broken the line into several: back to the first of them.
std::string Progress::to_its_beginning(std::size_t columns) const {
  const std::size_t rows = drawn_ == 0 ? 1 : (drawn_ - 1) / columns + 1;
  return rows == 1 ? "\r" : fmt::format("\033[{}A\r\033[J", rows - 1);
}

void Progress::update(const std::string& label, std::uint64_t done, std::uint64_t total,
                      const Facts& facts) {
  if (!shown_) return;
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  constexpr std::chrono::milliseconds kBetweenDrawings{100}, kBetweenLooks{25};
  if (drawn_ != 0 && now - looked_ < kBetweenLooks && done != total) return;
  looked_ = now;
  const std::size_t columns = columns_now();
  const bool same_width = columns == columns_;
  if (drawn_ != 0 && same_width && now - last_ < kBetweenDrawings && done != total) return;
  const std::string text =
      progress_text(label, done, total, columns - 1, facts ? facts() : std::vector<std::string>());
  if (drawn_ != 0 && same_width && text == text_) return;
  last_ = now;
  steer_terminal(fmt::format("{}{}\033[K", to_its_beginning(columns), text));
  if (drawn_ == 0) ++lines_drawn;
  drawn_ = std::max<std::size_t>(1, width_of(text));
  columns_ = columns;
  text_ = text;
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
