// The model "onnx": a network from a file of ONNX or QONNX, with its weights, under the names of
// torch's modules where the file has them.
#include "file/model_file.hpp"
#include "network.hpp"

#include <filesystem>

namespace {

class Onnx {
 public:
  static constexpr lathe_option options[] = {
      lathe::path_option("file", "The file, eg: net.onnx.").required(),
  };

  explicit Onnx(lathe::options o) : file_(o.text("file")) {}

  void build(lathe_call* call, lathe_edit* raw) const {
    try {
      lathe::edit edit(call, raw);
      const auto warn = [call](const std::string& text) { lathe::context(call).warning(text); };
      onnx_reader::read_network(onnx_reader::read_model_file(file_), folder(), edit, warn);
    } catch (lathe::error& error) {
      throw error.at_file(file_);
    }
  }

 private:
  std::string folder() const { return std::filesystem::path(file_).parent_path().string(); }

  std::string file_;
};

lathe_code create(lathe_call* call, const lathe_value* options, void** self) noexcept {
  return lathe::detail::guarded(call,
                                [&] { *self = lathe::detail::construct<Onnx>(call, options); });
}
lathe_code build(lathe_call* call, void* self, const lathe_model_input*,
                 lathe_edit* edit) noexcept {
  return lathe::detail::guarded(call, [&] { static_cast<Onnx*>(self)->build(call, edit); });
}

constexpr lathe_model kModel = {LATHE_SIZE_UP_TO(lathe_model, build), 0, create,
                                lathe::detail::destroy<Onnx>, build};

}  // namespace

LATHE_MODULE(lathe::detail::component<Onnx>(LATHE_KIND_MODEL, "onnx", "1.0.0",
                                            "A network from a file of ONNX or QONNX.", &kModel))
