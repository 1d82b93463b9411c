// Runs what must fail and gives the sentence it fails with.
#pragma once

#include "core/base/error.hpp"

#include <string>

namespace lathe_test {

template <typename Action>
std::string refusal(const Action& action) {
  try {
    action();
  } catch (const lathe::Error& error) {
    return error.what();
  }
  return "(nothing was refused)";
}

inline bool mentions(const std::string& text, std::initializer_list<const char*> words) {
  for (const char* word : words) {
    if (text.find(word) == std::string::npos) return false;
  }
  return true;
}

}  // namespace lathe_test
