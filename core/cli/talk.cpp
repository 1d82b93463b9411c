// spdlog takes the messages; a sink of our own writes them, because its own let a failed write of
// stderr end the process.
#include "core/cli/talk.hpp"

#include "core/base/words/shown.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/report/progress.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <mutex>

namespace lathe {

namespace {

std::atomic<bool> warnings_shown{true};

// Above, a run repeats itself.
constexpr std::size_t kMostWarnings = 1000;

struct Warnings {
  std::mutex mutex;
  std::vector<std::string> said;  // each once
};
Warnings& warnings() {
  static auto* const all = new Warnings;  // outlives static destructors
  return *all;
}

void remember_warning(std::string_view text) {
  Warnings& all = warnings();
  const std::lock_guard lock(all.mutex);
  if (all.said.size() < kMostWarnings && std::ranges::find(all.said, text) == all.said.end())
    all.said.emplace_back(text);
}

struct Prefix {
  std::string_view word;
  std::string_view colour;  // SGR
};

Prefix prefix_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::info:
      return {"", ""};
    case spdlog::level::trace:
    case spdlog::level::debug:
      return {"debug", "\033[36m"};
    case spdlog::level::warn:
      return {"warning", "\033[33m\033[1m"};
    default:
      return {"error", "\033[31m\033[1m"};
  }
}

// In one write, so that lines of two processes do not mix.
void write_line(const Prefix& prefix, std::string_view text, bool coloured) {
  std::string line;
  if (!prefix.word.empty())
    line = coloured ? fmt::format("{}{}:\033[m ", prefix.colour, prefix.word)
                    : fmt::format("{}: ", prefix.word);
  steer_terminal(fmt::format("{}{}{}\n", progress_eraser(), line, shown(text)));
}

class Talk final : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (message.level == spdlog::level::warn && !warnings_shown) return;
    const std::string_view text(message.payload.data(), message.payload.size());
    if (message.level == spdlog::level::warn) remember_warning(text);
    write_line(prefix_of(message.level), text, coloured_);
  }
  void flush_() override {}

 private:
  const bool coloured_ = stderr_has_colour();
};

}  // namespace

void start_log() {
  auto logger = std::make_shared<spdlog::logger>("lathe", std::make_shared<Talk>());
  // A line that cannot be made is lost, and nothing else.
  logger->set_error_handler([](const std::string&) {});
  spdlog::set_default_logger(std::move(logger));
}

void show_warnings(bool shown) { warnings_shown = shown; }

std::vector<std::string> said_warnings() {
  Warnings& all = warnings();
  const std::lock_guard lock(all.mutex);
  return all.said;
}

void set_log_level(const std::string& level) { spdlog::set_level(spdlog::level::from_str(level)); }

void say_error(std::string_view sentence) noexcept {
  try {
    write_line({"error", ""}, sentence, false);
  } catch (const std::exception&) {
    steer_terminal("error: out of memory\n");
  }
}

}  // namespace lathe
