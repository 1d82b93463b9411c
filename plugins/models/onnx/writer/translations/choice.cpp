// Ops that choose or hide numbers by a mask, and what masks are made of.
#include "../translations.hpp"
#include "window.hpp"

namespace onnx_writer {

namespace {

// A tensor, or a number in the type of the result.
std::string chosen(Layer& layer, std::uint64_t i, std::string_view key) {
  const lathe::value_view given = layer.argument(i, key);
  if (const auto tensor = layer.input_of(given)) return layer.input(*tensor);
  if (given.is_node()) throw cannot({"it chooses a size as a number"});
  if (type_of(layer.node().dtype()) != onnx::TensorProto::FLOAT) {
    throw cannot({"it chooses a number for a tensor that is not float32"});
  }
  return layer.number(key, static_cast<float>(given.real()));
}

void where(Layer& layer) {
  const std::string mask = layer.input(layer.input_of(layer.argument(0, "condition")).value());
  layer.result("Where", {mask, chosen(layer, 1, "input"), chosen(layer, 2, "other")});
}

void masked_fill(Layer& layer) {
  if (layer.type_of_input(0) != onnx::TensorProto::FLOAT) {
    throw cannot({"it fills a tensor that is not float32"});
  }
  const std::string x = layer.input(layer.input_of(layer.argument(0, "input")).value());
  const std::string mask = layer.input(layer.input_of(layer.argument(1, "mask")).value());
  layer.result("Where", {mask, layer.number("value", layer.real("value", 0)), x});
}

void tril(Layer& layer) {
  constexpr std::int64_t kOpset = 14;  // has it
  if (layer.opset() < kOpset) throw cannot({"ONNX has it (Trilu) from opset 14 on"});
  const std::int64_t diagonal = layer.integer("diagonal", 0);
  const std::string k = layer.network().model().tensor(
      lathe::join({layer.node().name(), "_k"}), onnx::TensorProto::INT64, {},
      {reinterpret_cast<const char*>(&diagonal), sizeof diagonal});
  layer.result("Trilu", {layer.input(0), k}, {{"upper", std::int64_t{0}}});
}

// Numbers that are known are written; those of an open batch are not.
void arange(Layer& layer) {
  const lathe::value_view given = layer.node().arguments();
  const auto bound = [&](std::uint64_t i) {
    if (given[i].is_node()) throw cannot({"it counts to a size; ONNX's file has numbers"});
    return given[i].integer();
  };
  const std::int64_t start = given.size() > 1 ? bound(0) : 0;
  const std::int64_t step = given.size() > 2 ? bound(2) : 1;
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < layer.extents().at(0).number; ++i)
    numbers.push_back(start + i * step);
  layer.constant(layer.integers("numbers", numbers));
}

}  // namespace

void add_choice(std::vector<Translation>& rows) {
  rows.insert(rows.end(),
              {{"where", where}, {"masked_fill", masked_fill}, {"tril", tril}, {"arange", arange}});
}

}  // namespace onnx_writer
