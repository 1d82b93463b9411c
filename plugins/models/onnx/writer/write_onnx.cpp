#include "write_onnx.hpp"

#include "network.hpp"

namespace onnx_writer {

namespace {

Quantization quantization_named(const std::string& name) {
  if (name == "qdq") return Quantization::qdq;
  return name == "qonnx" ? Quantization::qonnx : Quantization::none;
}

}  // namespace

WriteOnnx::WriteOnnx(lathe::options o) : file_(o.text("file")) {
  settings_.quantization = quantization_named(o.text("quantization"));
  settings_.opset = o.integer("opset");
  if (file_.empty() || file_.find('/') != std::string::npos) {
    throw lathe::invalid_argument("it is the name of a file, without folders").at_option("file");
  }
  if (o.boolean("external_data")) settings_.data_file = file_ + ".data";
}

void WriteOnnx::run(lathe::graph graph, lathe::weights weights, lathe::formats formats,
                    lathe::report out, lathe::context host) {
  WrittenModel model(settings_);
  Network network({graph, weights, formats, host}, settings_, model);
  network.write();
  if (!settings_.data_file.empty()) out.file(settings_.data_file, model.data());
  out.file(file_, model.bytes());
  out.scalar("onnx_nodes", model.nodes());
  out.scalar("onnx_quantizers", network.quantizers());
}

}  // namespace onnx_writer
