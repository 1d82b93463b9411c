// Draws with a carriage return and the terminal's "erase to the end of the line".
#include "core/report/progress.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace lathe {

bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

bool stderr_has_colour() {
  const char* no_colour = std::getenv("NO_COLOR");
  return stderr_is_terminal() && (no_colour == nullptr || *no_colour == '\0');
}

std::string progress_text(const std::string& label, std::uint64_t done, std::uint64_t total) {
  if (total == 0) return fmt::format("{} {}", label, done);
  constexpr std::uint64_t kBarWidth = 24;
  const double part = static_cast<double>(std::min(done, total)) / static_cast<double>(total);
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(kBarWidth));
  return fmt::format("{} [{}{}] {:.0f}% {}/{}", label, std::string(filled, '#'),
                     std::string(kBarWidth - filled, '-'), 100.0 * part, done, total);
}

void Progress::update(const std::string& label, std::uint64_t done, std::uint64_t total) {
  if (!shown_) return;
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (drawn_ && now - last_ < std::chrono::milliseconds(100) && done != total) return;
  last_ = now;
  drawn_ = true;
  fmt::print(stderr, "\r{}\033[K", progress_text(label, done, total));
  std::fflush(stderr);
}

void Progress::clear() {
  const std::lock_guard lock(mutex_);
  if (!drawn_) return;
  drawn_ = false;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
}

}  // namespace lathe
