// Bytes as a file that is read as a checkpoint.
#pragma once

#include "expect.hpp"
#include "tests/support/support.hpp"
#include "torch_writer.hpp"

namespace lathe_test {

// One file in a folder of its own, written anew for each reading.
struct Files {
  TemporaryFolder folder;
  std::filesystem::path path = folder.path() / "file.bin";
  lathe::Checkpoint read(const std::string& bytes) const {
    write_file(path, bytes);
    return lathe::read_checkpoint(path);
  }
  std::string fails(const std::string& bytes) const {
    write_file(path, bytes);
    return reading_fails(path);
  }
};

}  // namespace lathe_test
