// Any bytes as a checkpoint of any kind, in a file in memory. What is read must be whole; what is
// thrown must be an error of the reader's own.
#include "core/checkpoint/checkpoint.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace {

// One file, written anew for each input.
struct MemoryFile {
  int descriptor = ::memfd_create("checkpoint", MFD_CLOEXEC);
  std::filesystem::path path = "/proc/self/fd/" + std::to_string(descriptor);

  void hold(const std::uint8_t* data, std::size_t size) const {
    if (::ftruncate(descriptor, 0) != 0 ||
        ::pwrite(descriptor, data, size, 0) != static_cast<ssize_t>(size))
      std::abort();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile file;
  file.hold(data, size);
  try {
    const lathe::Checkpoint read = lathe::read_checkpoint(file.path);
    static volatile unsigned sum;
    for (const auto& [name, tensor] : read.tensors) {
      const auto elements = static_cast<std::size_t>(tensor.shape().numel());
      if (tensor.bytes().size() != elements * lathe::element_size(tensor.dtype())) std::abort();
      for (const std::byte b : tensor.bytes()) sum = sum + std::to_integer<unsigned>(b);
    }
  } catch (const lathe::Error& error) {
    if (error.message().empty()) std::abort();
  }
  return 0;
}
