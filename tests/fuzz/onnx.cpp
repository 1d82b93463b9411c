// Any bytes as a file of ONNX, down to the network that would be made of it: the host takes every
// node. Contents of weights are read as they would be. What is thrown must be an error of the
// reader's own, in one line.
#include "plugins/models/onnx/file/model_file.hpp"
#include "plugins/models/onnx/network.hpp"

#include <google/protobuf/stubs/logging.h>

#include <cstdlib>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// A host that takes whatever a model adds.
struct Host {
  std::uint32_t nodes = 0;
} counter;

lathe_code add_node(lathe_call*, lathe_edit*, const lathe_node_spec*, std::uint32_t* node) {
  *node = counter.nodes++;
  return LATHE_OK;
}
lathe_code promise_parameter(lathe_call*, lathe_edit*, std::uint32_t, lathe_str, std::uint64_t) {
  return LATHE_OK;
}
lathe_code set_format(lathe_call*, lathe_edit*, std::uint32_t, lathe_str, lathe_str,
                      const lathe_value*) {
  return LATHE_OK;
}
void rollback(lathe_call*, lathe_edit*) {}

const lathe_edit_api& edits() {
  static const lathe_edit_api table = [] {
    lathe_edit_api api = {};
    api.struct_size = sizeof api;
    api.add_node = add_node;
    api.promise_parameter = promise_parameter;
    api.set_format = set_format;
    api.rollback = rollback;
    return api;
  }();
  return table;
}

const void* service(lathe_call*, const char*) { return &edits(); }
void last_error(lathe_call*, lathe_str* text) { *text = {nullptr, 0}; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool quiet = [] {
    google::protobuf::SetLogHandler(nullptr);
    return true;
  }();
  (void)quiet;
  lathe_host host = {};
  host.struct_size = sizeof host;
  host.service = service;
  host.last_error = last_error;
  lathe_call call = {&host};
  try {
    lathe::edit edit(&call, static_cast<lathe_edit*>(nullptr));
    const auto model = onnx_reader::parse_model(reinterpret_cast<const char*>(data), size);
    std::vector<onnx_reader::ConstantPtr> weights;
    onnx_reader::read_network(model, "/nonexistent", edit, weights, [](const std::string&) {});
    constexpr std::int64_t kMost = 1 << 20;
    for (const onnx_reader::ConstantPtr& weight : weights) {
      if (weight->count() > kMost) continue;
      const onnx_reader::Contents all = weight->contents();
      const std::size_t count = all.reals.size() + all.integers.size();
      require(count == static_cast<std::size_t>(weight->count()));
    }
  } catch (const lathe::error& error) {
    const std::string_view text = error.what();
    require(!text.empty());
    for (const char c : text) require(static_cast<unsigned char>(c) >= 0x20);
  }
  return 0;
}
