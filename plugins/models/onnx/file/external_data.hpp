// Contents of tensors in files beside the model's.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

namespace onnx_reader {

struct FileRange {
  std::string path;
  std::uint64_t offset = 0, length = 0;
};

// Where the tensor's bytes are: inside `folder`, in a regular file that has them all; `length` is
// how many its shape needs. Throws lathe::error. Reads nothing.
FileRange external_range(const onnx::TensorProto& tensor, std::int64_t length,
                         const std::string& folder);

std::vector<char> read(const FileRange& range);

}  // namespace onnx_reader
