// What tests ask of error messages.
#pragma once

#include "core/base/error.hpp"

#include <string>

namespace lathe_test {

// The message of the Error that `body` throws; empty if it throws none.
template <typename Body>
std::string message_of(const Body& body) {
  try {
    body();
  } catch (const lathe::Error& error) {
    return error.what();
  }
  return {};
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace lathe_test
