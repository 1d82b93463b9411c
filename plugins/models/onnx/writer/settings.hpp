// How a network is to be written.
#pragma once

#include <cstdint>
#include <string>

namespace onnx_writer {

enum class Quantization : std::uint8_t { none, qdq, qonnx };

struct Settings {
  Quantization quantization = Quantization::none;
  std::int64_t opset = 17;
  std::string data_file;  // beside the model's, for large tensors; empty: none
};

}  // namespace onnx_writer
