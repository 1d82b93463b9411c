// What is said on the way, to whoever listens to spdlog's default logger. Safe on any thread.
// Formatted by fmt's library: spdlog's own templates make each source that logs compile a formatter
// of its own, some seconds of each.
#pragma once

#include <fmt/core.h>

#include <functional>
#include <string_view>
#include <utility>

namespace lathe {

enum class LogLevel { debug, info, warning, error };

void log(LogLevel level, std::string_view text);

// Lines of the levels that are shown go to `sink` from now on, one at a time.
void send_log_to(std::function<void(LogLevel level, std::string_view text)> sink);

template <typename... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::debug, fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log(LogLevel::warning, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace lathe
