#include "core/base/log.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>

namespace lathe {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

LogLevel level_of(spdlog::level::level_enum level) {
  if (level <= spdlog::level::debug) return LogLevel::debug;
  if (level == spdlog::level::info) return LogLevel::info;
  return level == spdlog::level::warn ? LogLevel::warning : LogLevel::error;
}

class Sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit Sink(std::function<void(LogLevel, std::string_view)> sink) : sink_(std::move(sink)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    sink_(level_of(message.level), {message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

 private:
  const std::function<void(LogLevel, std::string_view)> sink_;
};

}  // namespace

void log(LogLevel level, std::string_view text) { spdlog::log(level_of(level), text); }

void send_log_to(std::function<void(LogLevel level, std::string_view text)> sink) {
  auto logger = std::make_shared<spdlog::logger>("lathe", std::make_shared<Sink>(std::move(sink)));
  logger->set_error_handler([](const std::string&) {});
  logger->set_level(spdlog::get_level());
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace lathe
