// Any bytes as the pickle of a PyTorch file: parsed, and its tensors found. What is thrown must be
// one of the reader's own sentences.
#include "core/checkpoint/torch/objects.hpp"

#include <cstdlib>
#include <stdexcept>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto objects = lathe::read_torch_pickle(std::as_bytes(std::span(data, size)));
    if (objects.pickle_size > size) std::abort();
    for (const auto& [name, view] : objects.tensors) lathe::check(view);
  } catch (const std::runtime_error& error) {
    if (*error.what() == '\0') std::abort();
  }
  return 0;
}
