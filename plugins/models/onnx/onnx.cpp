// The model "onnx" and the pass "write_onnx" (writer/): a network from a file of ONNX or QONNX,
// with its weights, under the names of torch's modules where the file has them. Weights are read
// when they are first needed.
#include "file/model_file.hpp"
#include "network.hpp"
#include "writer/write_onnx.hpp"

#include <filesystem>

namespace {

class Onnx {
 public:
  static constexpr lathe_option options[] = {
      lathe::path_option("file", "The file, eg: net.onnx.").required(),
  };

  explicit Onnx(lathe::options o) : file_(o.text("file")) {}

  void build(lathe::model_builder& m) {
    try {
      const std::string folder = std::filesystem::path(file_).parent_path().string();
      onnx_reader::read_network(onnx_reader::read_model_file(file_), folder, m.changes(), weights_,
                                [&](const std::string& text) { m.host().warning(text); });
    } catch (lathe::error& error) {
      throw error.at_file(file_);
    }
  }

  void contents(std::uint64_t source, lathe_tensor& out) const {
    onnx_reader::write(*weights_.at(source), out);
  }

 private:
  std::string file_;
  std::vector<onnx_reader::ConstantPtr> weights_;  // promised, by number
};

}  // namespace

LATHE_MODULE(lathe::model<Onnx>("onnx", "1.0.0", "A network from a file of ONNX or QONNX."),
             lathe::pass<onnx_writer::WriteOnnx>("write_onnx", "1.0.0",
                                                 "Writes the network as ONNX or QONNX."))
