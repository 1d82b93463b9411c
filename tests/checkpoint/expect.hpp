// How the checkpoint tests look at tensors and at errors.
#pragma once

#include "core/base/error.hpp"
#include "core/checkpoint/checkpoint.hpp"
#include "tests/support/messages.hpp"

#include <string>
#include <vector>

namespace lathe_test {

template <typename T>
std::vector<T> values_of(const lathe::Tensor& tensor) {
  const auto values = tensor.values<T>();
  return {values.begin(), values.end()};
}

// The sentence of the run_error that reading ends with, or "" if it succeeds.
inline std::string reading_fails(const std::filesystem::path& path) {
  try {
    lathe::read_checkpoint(path);
  } catch (const lathe::Error& error) {
    return error.exit_code() == 1 ? error.what() : std::string("usage: ") + error.what();
  }
  return "";
}

}  // namespace lathe_test
