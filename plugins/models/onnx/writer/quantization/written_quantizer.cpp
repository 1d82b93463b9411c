#include "written_quantizer.hpp"

#include <algorithm>

namespace onnx_writer {

namespace {

using onnx::TensorProto;
using Rounding = Quantizer::Rounding;

constexpr const char* kQonnx = "qonnx.custom_op.general";
constexpr int kWidestCode = 8;           // of QuantizeLinear before opset 21
constexpr int kWidestConstantCode = 32;  // of DequantizeLinear

std::string named(const std::string& name, const char* what) {
  return lathe::join({name, "_", what});
}

lathe::error cannot(std::initializer_list<std::string_view> why) {
  return {LATHE_UNIMPLEMENTED, lathe::join(why)};
}

// Extents to which a vector of numbers broadcasts along its axis.
std::vector<std::int64_t> spread(const Quantizer& quantizer, std::size_t count, std::size_t rank) {
  if (count == 1) return {};
  std::vector<std::int64_t> dims(rank, 1);
  dims[*quantizer.axis] = static_cast<std::int64_t>(count);
  return dims;
}

const char* rounding_mode(Rounding rounding) {
  switch (rounding) {
    case Rounding::floor:
      return "FLOOR";
    case Rounding::ceil:
      return "CEIL";
    case Rounding::toward_zero:
      return "ROUND_TO_ZERO";
    case Rounding::half_even:
      break;
  }
  return "ROUND";
}

std::string write_quant(WrittenModel& model, const Quantizer& q, const Quantized& of) {
  const std::size_t rank = of.extents.size();
  const std::string scale =
      model.reals(named(of.name, "scale"), spread(q, q.scale.size(), rank), q.scale);
  std::string out = model.fresh(named(of.name, "quantized"));
  const std::string node = named(of.name, "quant");
  if (q.is_bipolar) {
    model.node({"BipolarQuant", node, {of.value, scale}, {}, kQonnx}, {out});
  } else {
    const std::vector<float> zeros(q.zero_point.begin(), q.zero_point.end());
    const std::string zero =
        model.reals(named(of.name, "zero_point"), spread(q, zeros.size(), rank), zeros);
    const std::string bits = model.number(named(of.name, "bits"), static_cast<float>(q.width));
    model.node({"Quant",
                node,
                {of.value, scale, zero, bits},
                {{"signed", std::int64_t{q.is_signed}},
                 {"narrow", std::int64_t{q.is_narrow}},
                 {"rounding_mode", std::string(rounding_mode(q.rounding))}},
                kQonnx},
               {out});
  }
  model.value(out, TensorProto::FLOAT, of.extents);
  return out;
}

template <class Code>
std::string write_codes_as(WrittenModel& model, const std::string& name, int type,
                           const std::vector<std::int64_t>& dims,
                           const std::vector<std::int64_t>& codes) {
  std::string bytes;
  bytes.reserve(codes.size() * sizeof(Code));
  for (const std::int64_t c : codes) {
    const auto code = static_cast<Code>(c);
    bytes.append(reinterpret_cast<const char*>(&code), sizeof code);
  }
  return model.tensor(name, type, dims, bytes);
}

std::string write_codes(WrittenModel& model, const std::string& name, int type,
                        const std::vector<std::int64_t>& dims,
                        const std::vector<std::int64_t>& codes) {
  if (type == TensorProto::INT8) return write_codes_as<std::int8_t>(model, name, type, dims, codes);
  if (type == TensorProto::UINT8) {
    return write_codes_as<std::uint8_t>(model, name, type, dims, codes);
  }
  return write_codes_as<std::int32_t>(model, name, type, dims, codes);
}

std::vector<std::int64_t> vector_dims(std::size_t count) {
  return count == 1 ? std::vector<std::int64_t>()
                    : std::vector<std::int64_t>{static_cast<std::int64_t>(count)};
}

// Scale and zero point as both operators take them, and their axis.
struct Steps {
  std::vector<std::string> inputs;
  Attributes axis;
};
Steps write_steps(WrittenModel& model, const Quantizer& q, const std::string& name, int type) {
  Steps out;
  out.inputs.push_back(model.reals(named(name, "scale"), vector_dims(q.scale.size()), q.scale));
  std::vector<std::int64_t> zeros = q.zero_point;
  zeros.resize(q.scale.size(), zeros.front());
  if (type != TensorProto::INT32) {
    out.inputs.push_back(
        write_codes(model, named(name, "zero_point"), type, vector_dims(zeros.size()), zeros));
  }
  if (q.scale.size() > 1) out.axis = {{"axis", static_cast<std::int64_t>(*q.axis)}};
  return out;
}

void check_linear(const Quantizer& q, int type) {
  const std::int64_t low = type == TensorProto::INT8 ? -128 : 0;
  for (const std::int64_t z : q.zero_point) {
    const bool fits = type == TensorProto::INT32 ? z == 0 : z >= low && z <= low + 255;
    if (!fits) {
      throw cannot({"its zero point ", lathe::to_string(z), " is none that DequantizeLinear has"});
    }
  }
  if (q.scale.size() == 1 && q.zero_point.size() > 1) {
    throw cannot({"it has several zero points and one scale"});
  }
}

std::string dequantized(WrittenModel& model, std::string codes, const Steps& steps,
                        const std::string& name, const Extents& extents) {
  std::vector<std::string> inputs = {std::move(codes)};
  inputs.insert(inputs.end(), steps.inputs.begin(), steps.inputs.end());
  std::string out = model.fresh(named(name, "quantized"));
  model.node({"DequantizeLinear", named(name, "dequantize"), inputs, steps.axis}, {out});
  model.value(out, TensorProto::FLOAT, extents);
  return out;
}

// QuantizeLinear's codes end where their type does: those of a format that has fewer are clipped.
std::string clipped(WrittenModel& model, const Quantizer& q, const Quantized& of) {
  const bool is_whole = q.width == kWidestCode && !q.is_narrow;
  if (is_whole) return of.value;
  if (q.scale.size() > 1 || q.has_zero_point()) {
    throw cannot({"with QuantizeLinear codes of ", lathe::to_string(std::int64_t{q.width}),
                  " bits have one scale and no zero point; QONNX has it ('qonnx')"});
  }
  const std::string low = model.number(named(of.name, "low"), q.low() * q.scale[0]);
  const std::string high = model.number(named(of.name, "high"), q.high() * q.scale[0]);
  std::string out = model.fresh(named(of.name, "clipped"));
  model.node({"Clip", named(of.name, "clip"), {of.value, low, high}}, {out});
  model.value(out, TensorProto::FLOAT, of.extents);
  return out;
}

std::string write_linear(WrittenModel& model, const Quantizer& q, const Quantized& of) {
  if (q.is_bipolar) throw cannot({"QuantizeLinear has no two values; QONNX has them ('qonnx')"});
  if (q.width > kWidestCode) {
    throw cannot({"QuantizeLinear has 8 bits, not ", lathe::to_string(std::int64_t{q.width}),
                  "; QONNX has them ('qonnx')"});
  }
  if (q.rounding != Rounding::half_even) {
    throw cannot(
        {"QuantizeLinear rounds to the nearest code; QONNX rounds otherwise, too "
         "('qonnx')"});
  }
  const int type = q.is_signed ? TensorProto::INT8 : TensorProto::UINT8;
  check_linear(q, type);
  const std::string x = clipped(model, q, of);
  const Steps steps = write_steps(model, q, of.name, type);
  std::vector<std::string> inputs = {x};
  inputs.insert(inputs.end(), steps.inputs.begin(), steps.inputs.end());
  std::string codes = model.fresh(named(of.name, "codes"));
  model.node({"QuantizeLinear", named(of.name, "quantize"), inputs, steps.axis}, {codes});
  model.value(codes, type, of.extents);
  return dequantized(model, codes, steps, of.name, of.extents);
}

}  // namespace

std::string write_quantizer(WrittenModel& model, Quantization form, const Quantizer& quantizer,
                            const Quantized& of) {
  return form == Quantization::qonnx ? write_quant(model, quantizer, of)
                                     : write_linear(model, quantizer, of);
}

std::string write_quantized(WrittenModel& model, Quantization form,
                            const QuantizedParameter& parameter,
                            const std::vector<std::int64_t>& dims, const std::string& name) {
  const Quantizer& q = parameter.quantizer;
  Extents extents;
  for (const std::int64_t dim : dims) extents.push_back({dim, false});
  if (form == Quantization::qonnx) {
    const std::string numbers = model.reals(name, dims, parameter.numbers);
    return write_quant(model, q, {numbers, numbers, extents});
  }
  if (q.width > kWidestConstantCode) {
    throw cannot({"DequantizeLinear has 32 bits, not ", lathe::to_string(std::int64_t{q.width})});
  }
  const bool is_small = q.is_bipolar || q.width <= kWidestCode;
  const int type = !is_small                     ? TensorProto::INT32
                   : q.is_bipolar || q.is_signed ? TensorProto::INT8
                                                 : TensorProto::UINT8;
  check_linear(q, type);
  const AlongAxis index(q.axis, {dims.data(), dims.size()});
  std::vector<std::int64_t> codes;
  codes.reserve(parameter.numbers.size());
  for (std::uint64_t i = 0; i < parameter.numbers.size(); ++i) {
    codes.push_back(static_cast<std::int64_t>(q.code(parameter.numbers[i], index(i))));
  }
  const std::string written = write_codes(model, named(name, "codes"), type, dims, codes);
  const Steps steps = write_steps(model, q, name, type);
  return dequantized(model, written, steps, name, extents);
}

}  // namespace onnx_writer
