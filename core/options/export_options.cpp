#include "core/options/export_options.hpp"

namespace lathe {

std::vector<CommandOption> export_options() {
  using Row = OptionRow;
  constexpr OptionGroup kGroup = OptionGroup::codes;
  return {Row(kGroup, kQuantization,
              "What number formats become in a file of ONNX: none leaves them out, qdq is "
              "QuantizeLinear and DequantizeLinear, qonnx is QONNX's Quant, for FINN and hls4ml.")
              .spelt({"--quantization"}, "FORM")
              .one_of({"none", "qdq", "qonnx"})
              .standard("none")
              .command_line_only(),
          Row(kGroup, kOpset, "The version of ONNX's operators.")
              .spelt({"--opset"}, "N")
              .within("13..17")
              .standard(17)
              .command_line_only(),
          Row(kGroup, kExternalData,
              "Leaves large weights in a file beside that of ONNX: its name and .data.")
              .spelt({"--external-data"})
              .command_line_only()};
}

}  // namespace lathe
