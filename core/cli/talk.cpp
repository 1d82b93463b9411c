// spdlog does the work; the prefix is a pattern flag of our own.
#include "core/cli/talk.hpp"

#include "core/report/progress.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>

namespace lathe {

namespace {

class Prefix : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    if (message.level == spdlog::level::info) return;
    const std::string_view level = message.level == spdlog::level::debug  ? "debug"
                                   : message.level == spdlog::level::warn ? "warning"
                                                                          : "error";
    out.append(level.data(), level.data() + level.size());
    const std::string_view colon = ": ";
    out.append(colon.data(), colon.data() + colon.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<Prefix>();
  }
};

std::atomic<bool> warnings_shown{true};

using StderrSink = spdlog::sinks::ansicolor_stderr_sink_mt;

class Talk : public StderrSink {
 public:
  explicit Talk(spdlog::color_mode mode) : StderrSink(mode) {}
  void log(const spdlog::details::log_msg& message) override {
    if (message.level == spdlog::level::warn && !warnings_shown) return;
    StderrSink::log(message);
  }
};

}  // namespace

void start_log() {
  auto sink = std::make_shared<Talk>(stderr_has_colour() ? spdlog::color_mode::always
                                                         : spdlog::color_mode::never);
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<Prefix>('*').set_pattern("%^%*%$%v");
  sink->set_formatter(std::move(formatter));
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("lathe", std::move(sink)));
}

void show_warnings(bool shown) { warnings_shown = shown; }

void set_log_level(const std::string& level) { spdlog::set_level(spdlog::level::from_str(level)); }

}  // namespace lathe
