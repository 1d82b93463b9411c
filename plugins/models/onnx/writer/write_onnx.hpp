// The pass "write_onnx": the network as a file of ONNX or QONNX.
#pragma once

#include "settings.hpp"

#include <lathe/lathe.hpp>

namespace onnx_writer {

class WriteOnnx {
 public:
  static constexpr const char* scalars = "onnx_nodes|onnx_quantizers";
  static constexpr const char* details =
      "Writes the network as it is at this point of the pipeline into the pass's folder, with "
      "nodes that carry the names of torch.fx and weights that carry PyTorch's. The batch comes "
      "first and is open, unless the network computes with it as a number.\n\n"
      "`quantization` says what becomes of number formats:\n\n"
      "- `none`: they are left out.\n"
      "- `qdq`: QuantizeLinear and DequantizeLinear, which onnxruntime runs. Weights are integers "
      "of 8 or 32 bits, activations have up to 8, fewer by a Clip; a bias is float.\n"
      "- `qonnx`: Quant and BipolarQuant of `qonnx.custom_op.general`, which FINN and hls4ml take, "
      "of up to 32 bits. Shapes are static, with a batch of 1; a linear layer is MatMul and Add; "
      "the quantizer of a ReLU without sign stands behind it.\n\n"
      "A format is asked what it does to numbers: one that makes them multiples of a scale that "
      "does not follow from the tensor at hand can be written, whichever it is (`integer`, "
      "`integer_floor`, `affine`, `lsq`, `binary`; of weights also those that choose a scale from "
      "them, as `ternary`). Others, and ops that ONNX does not have, are an error that names "
      "them all.\n\n"
      "It publishes how many nodes and quantizers the file has.\n\n"
      "Source: ONNX, operators of opset 13 to 17; QONNX, operators Quant and BipolarQuant.\n\n"
      "Example: `lathe transform jsc-tiny --passes "
      "'quantize<by=type,linear={name=integer,data_in_width=8,weight_width=4}>,"
      "write_onnx<quantization=qonnx>'`";
  static constexpr lathe_option options[] = {
      lathe::string_option("file", "The file's name, in the pass's folder.")
          .by_default("model.onnx"),
      lathe::choice_option("quantization", "none|qdq|qonnx", "What number formats become.")
          .by_default("none"),
      lathe::int_option("opset", "The version of ONNX's operators.")
          .by_default("17")
          .within("13..17"),
      lathe::bool_option("external_data", "Large weights in a file beside it, its name and .data.")
          .by_default("false"),
  };

  explicit WriteOnnx(lathe::options o);

  void run(lathe::graph graph, lathe::weights weights, lathe::formats formats, lathe::report out,
           lathe::context host);

 private:
  std::string file_;
  Settings settings_;
};

}  // namespace onnx_writer
