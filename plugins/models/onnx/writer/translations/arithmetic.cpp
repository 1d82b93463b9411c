// Arithmetic of two tensors, or a tensor and a number; functions and sums.
#include "../translations.hpp"
#include "window.hpp"

namespace onnx_writer {

namespace {

// A number among the arguments, in the type of the tensor beside it.
std::string number(Layer& layer, double x, std::string_view what) {
  const int type = layer.type_of_input(0);
  if (type == onnx::TensorProto::FLOAT) return layer.number(what, static_cast<float>(x));
  if (type != onnx::TensorProto::INT64) {
    throw cannot({"it combines a number with a tensor that is neither float32 nor int64"});
  }
  const auto whole = static_cast<std::int64_t>(x);
  return layer.network().model().tensor(lathe::join({layer.node().name(), "_", what}), type, {},
                                        {reinterpret_cast<const char*>(&whole), sizeof whole});
}

// The two operands: tensors in order, numbers where they stand.
std::vector<std::string> operands(Layer& layer, std::string_view second) {
  std::vector<std::string> out;
  const lathe::value_view arguments[] = {layer.argument(0, "input"), layer.argument(1, second)};
  for (const lathe::value_view a : arguments) {
    if (const auto tensor = layer.input_of(a)) {
      out.push_back(layer.input(*tensor));
    } else if (a.is_node()) {
      throw cannot({"it computes with a size as a number"});
    } else {
      out.push_back(number(layer, a.real(), "number"));
    }
  }
  return out;
}

template <const char* kOperator>
void arithmetic(Layer& layer) {
  std::vector<std::string> both = operands(layer, "other");
  const lathe::value_view alpha = layer.attribute("alpha");
  if (alpha && alpha.real() != 1) {
    both[1] = layer.make("Mul", {both[1], number(layer, alpha.real(), "alpha")});
  }
  layer.result(kOperator, both);
}
constexpr char kAdd[] = "Add", kSub[] = "Sub", kMul[] = "Mul", kDiv[] = "Div", kMax[] = "Max",
               kExp[] = "Exp", kSqrt[] = "Sqrt", kErf[] = "Erf", kLog[] = "Log", kAbs[] = "Abs",
               kNeg[] = "Neg";

void power(Layer& layer) { layer.result("Pow", operands(layer, "exponent")); }

// A bound that is not given is no input.
void clamp(Layer& layer) {
  std::vector<std::string> inputs = {layer.input(0)};
  const auto bound = [&](std::string_view name) {
    const lathe::value_view given = layer.attribute(name);
    return given ? number(layer, given.real(), name) : std::string();
  };
  inputs.push_back(bound("min"));
  if (layer.attribute("max")) inputs.push_back(bound("max"));
  layer.result("Clip", inputs);
}

template <const char* kOperator>
void function(Layer& layer) {
  layer.result(kOperator, {layer.input(0)});
}

void rsqrt(Layer& layer) {
  const std::string root = layer.make("Sqrt", {layer.input(0)});
  layer.result("Div", {layer.number("one", 1), root});
}

std::vector<std::int64_t> dims(const Layer& layer) {
  const lathe::value_view dim = layer.attribute("dim");
  if (dim) return layer.extents("dim", 1);
  std::vector<std::int64_t> all;
  for (std::size_t d = 0; d < layer.extents_of_input(0).size(); ++d) {
    all.push_back(static_cast<std::int64_t>(d));
  }
  return all;
}

// Axes are an attribute of ReduceMean and ReduceMax before opset 18, an input of ReduceSum
// since 13.
template <const char* kOperator>
void reduce(Layer& layer) {
  layer.result(kOperator, {layer.input(0)},
               {{"axes", dims(layer)}, {"keepdims", std::int64_t{layer.flag("keepdim")}}});
}
constexpr char kReduceMean[] = "ReduceMean", kReduceMax[] = "ReduceMax";

void sum(Layer& layer) {
  const std::string x = layer.input(0);
  layer.result("ReduceSum", {x, layer.integers("axes", dims(layer))},
               {{"keepdims", std::int64_t{layer.flag("keepdim")}}});
}

// Of all elements, or along a dimension with the place of the largest.
void max(Layer& layer) {
  if (!layer.attribute("dim")) return reduce<kReduceMax>(layer);
  Extents extents = layer.extents_of_input(0);
  const std::int64_t dim = layer.integer("dim");
  const bool keeps = layer.flag("keepdim");
  const std::size_t axis = onnx_reader::axis_of(dim, extents.size());
  if (keeps) {
    extents[axis] = {1, false};
  } else {
    extents.erase(extents.begin() + static_cast<std::ptrdiff_t>(axis));
  }
  const std::string x = layer.input(0);
  const int type = layer.type_of_input(0);
  const std::int64_t keepdims = keeps;
  const std::string values = layer.make(
      "ReduceMax", {x}, {{"axes", std::vector<std::int64_t>{dim}}, {"keepdims", keepdims}},
      &extents, type);
  const std::string places = layer.make("ArgMax", {x}, {{"axis", dim}, {"keepdims", keepdims}},
                                        &extents, onnx::TensorProto::INT64);
  layer.parts({{values, type, true}, {places, onnx::TensorProto::INT64, true}});
}

}  // namespace

void add_arithmetic(std::vector<Translation>& rows) {
  rows.insert(rows.end(), {{"add", arithmetic<kAdd>},
                           {"sub", arithmetic<kSub>},
                           {"mul", arithmetic<kMul>},
                           {"div", arithmetic<kDiv>},
                           {"maximum", arithmetic<kMax>},
                           {"clamp", clamp},
                           {"pow", power},
                           {"exp", function<kExp>},
                           {"sqrt", function<kSqrt>},
                           {"erf", function<kErf>},
                           {"log", function<kLog>},
                           {"abs", function<kAbs>},
                           {"neg", function<kNeg>},
                           {"rsqrt", rsqrt},
                           {"mean", reduce<kReduceMean>},
                           {"amax", reduce<kReduceMax>},
                           {"max", max, Naming::by_name, true},
                           {"sum", sum}});
}

}  // namespace onnx_writer
