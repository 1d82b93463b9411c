#include "core/base/error.hpp"

#include "core/base/words/shown.hpp"

namespace lathe {

std::string Position::text() const {
  if (line == 0) return file;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

namespace {

std::string placed(const std::string& message, const Position& position) {
  return position.known() ? position.text() + ": " + message : message;
}

}  // namespace

Error::Error(Blame blame, lathe_code code, const std::string& message, Position position)
    : std::runtime_error(shown(placed(message, position))),
      blame_(blame),
      code_(code),
      message_(message),
      position_(std::move(position)) {}

Error Error::at(const Position& position) const {
  return position_.known() ? *this : Error(blame_, code_, message_, position);
}

Error Error::within(std::string_view context) const {
  return Error(blame_, code_, std::string(context) + ": " + message_, position_);
}

Error usage_error(const std::string& message, Position position) {
  return Error(Blame::usage, LATHE_INVALID_ARGUMENT, message, std::move(position));
}

Error run_error(lathe_code code, const std::string& message, Position position) {
  return Error(Blame::run, code, message, std::move(position));
}

}  // namespace lathe
