// What a plugin gave the host and must not: a mistake of its author, never of the user. The message
// that it ends in names file, component and function.
#pragma once

#include "core/base/error.hpp"

#include <fmt/format.h>

namespace lathe {

class PluginMistake : public Error {
 public:
  explicit PluginMistake(const std::string& message)
      : Error(Blame::run, LATHE_INVALID_ARGUMENT, message) {}
};

// What a plugin hands over by pointer. Throws PluginMistake naming it if it is null.
template <typename T>
T& required(T* given, std::string_view name) {
  if (given == nullptr) throw PluginMistake(fmt::format("it gave the host NULL for '{}'", name));
  return *given;
}

}  // namespace lathe
