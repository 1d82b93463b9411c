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

lathe::value_view argument(const Layer& layer, std::uint64_t i, std::string_view key) {
  const lathe::value_view given = layer.node().arguments();
  return i < given.size() ? given[i] : layer.node().kwargs().find(key);
}

bool is_tensor(const Layer& layer, lathe::value_view argument) {
  for (const lathe::node node : layer.node().inputs()) {
    if (argument.is_node() && node.id() == argument.node()) {
      return node.dtype() != LATHE_DTYPE_NONE;
    }
  }
  return false;
}

// The two operands: tensors in order, numbers where they stand.
std::vector<std::string> operands(Layer& layer, std::string_view second) {
  std::vector<std::string> out;
  std::size_t tensor = 0;
  const lathe::value_view arguments[] = {argument(layer, 0, "input"), argument(layer, 1, second)};
  for (const lathe::value_view a : arguments) {
    if (is_tensor(layer, a)) {
      // Both may be one tensor, which it reads once.
      out.push_back(layer.input(std::min(tensor++, layer.inputs() - 1)));
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
constexpr char kAdd[] = "Add", kSub[] = "Sub", kMul[] = "Mul", kDiv[] = "Div", kExp[] = "Exp",
               kSqrt[] = "Sqrt", kErf[] = "Erf";

void power(Layer& layer) { layer.result("Pow", operands(layer, "exponent")); }

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

// Axes are an attribute of ReduceMean before opset 18, an input of ReduceSum since 13.
void mean(Layer& layer) {
  layer.result("ReduceMean", {layer.input(0)},
               {{"axes", dims(layer)}, {"keepdims", std::int64_t{layer.flag("keepdim")}}});
}
void sum(Layer& layer) {
  const std::string x = layer.input(0);
  layer.result("ReduceSum", {x, layer.integers("axes", dims(layer))},
               {{"keepdims", std::int64_t{layer.flag("keepdim")}}});
}

}  // namespace

void add_arithmetic(std::vector<Translation>& rows) {
  rows.insert(rows.end(), {{"add", arithmetic<kAdd>},
                           {"sub", arithmetic<kSub>},
                           {"mul", arithmetic<kMul>},
                           {"div", arithmetic<kDiv>},
                           {"pow", power},
                           {"exp", function<kExp>},
                           {"sqrt", function<kSqrt>},
                           {"erf", function<kErf>},
                           {"rsqrt", rsqrt},
                           {"mean", mean},
                           {"sum", sum}});
}

}  // namespace onnx_writer
