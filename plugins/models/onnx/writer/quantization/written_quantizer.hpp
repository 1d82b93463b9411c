// Quantizers as nodes: QONNX's Quant and BipolarQuant, or ONNX's QuantizeLinear and
// DequantizeLinear, which have 8 bits.
#pragma once

#include "../file/written_model.hpp"
#include "quantizer.hpp"

namespace onnx_writer {

// What is quantized: its value, the name that is made of it, its shape.
struct Quantized {
  std::string value, name;
  Extents extents;
};

// The value that holds the quantized numbers. Throws lathe::error for what that form does not have.
std::string write_quantizer(WrittenModel& model, Quantization form, const Quantizer& quantizer,
                            const Quantized& of);

// Of a parameter, whose numbers it writes under that name: with QuantizeLinear's as its codes.
std::string write_quantized(WrittenModel& model, Quantization form,
                            const QuantizedParameter& parameter,
                            const std::vector<std::int64_t>& dims, const std::string& name);

}  // namespace onnx_writer
