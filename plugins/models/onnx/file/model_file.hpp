// A file of ONNX as the message that protobuf makes of it.
#pragma once

#include <onnx/onnx_pb.h>

#include <memory>
#include <string>

namespace onnx_reader {

// Throws lathe::error at the file: one that is not there, no ONNX, cut off, or too large for
// protobuf (2 GiB; larger ones keep their weights in files beside them).
std::shared_ptr<const onnx::ModelProto> read_model_file(const std::string& path);

// The same of bytes.
std::shared_ptr<const onnx::ModelProto> parse_model(const char* bytes, std::size_t size);

}  // namespace onnx_reader
