// The bodies of messages (channel.hpp).
#pragma once

#include "core/base/log.hpp"
#include "core/search/loop/evaluation.hpp"

#include <string>
#include <string_view>

namespace lathe {

// Each is read back by its counterpart, which throws run_error for anything else.
std::string body_of(const Scalars& scalars);
Scalars scalars_of(std::string_view body);

// Of the error its code, whom it blames, and its sentence with the place.
std::string body_of(const std::exception& error);
Error error_of(std::string_view body);

struct Reported {
  std::int64_t step = 0;
  double value = 0;
};
std::string body_of(const Reported& reported);
Reported reported_of(std::string_view body);

struct LogLine {
  LogLevel level = LogLevel::info;
  std::string text;
};
std::string body_of(const LogLine& line);
LogLine log_line_of(std::string_view body);

}  // namespace lathe
