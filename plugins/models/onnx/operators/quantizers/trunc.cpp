// QONNX's Trunc, which drops low bits.
#include "formats.hpp"

#include <cmath>

namespace onnx_reader {

namespace {

// Whether the numbers at a value have a sign: what quantized them says so.
bool is_signed_at(const Graph& graph, const std::string& value) {
  std::set<std::string> seen;
  std::vector<std::string> values = {value};
  while (!values.empty()) {
    const Node* maker = graph.maker_of(values.back());
    values.pop_back();
    if (maker == nullptr) continue;
    if (maker->op() == "Quant" || maker->op() == "IntQuant") {
      return maker->integer("signed", 1) != 0;
    }
    for (std::size_t i = 0; i < maker->inputs(); ++i) {
      if (seen.insert(maker->input(i)).second) values.push_back(maker->input(i));
    }
  }
  throw lathe::error(LATHE_UNIMPLEMENTED,
                     "no Quant before it says whether what it truncates has a sign");
}

// Drops low bits of integers k: in its first form (out bits) k * scale becomes
// round(k / 2^n) * scale, in its second (out scale) round(k / 2^n) * 2^n * scale. Integers are
// moved by half a step less half a unit and rounded to the nearest: no float can lie on the wrong
// side of where floor and ceil jump.
void trunc(Network& net, const Node& node) {
  const Value& x = net.tensor_input(node, 0);
  const bool has_scale = node.inputs() == 6;
  auto format = std::make_shared<Format>();
  const ConstantPtr scale = quantizer_parameter(net, node, 1, "scale"),
                    zero = quantizer_parameter(net, node, 2, "zero point");
  if (scale->count() != 1 || zero->count() != 1 || zero->number() != 0) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "it has several scales, or a zero point that is not 0");
  }
  const double from = scale->number();
  const double to = has_scale ? quantizer_parameter(net, node, 4, "out scale")->number()
                              : std::ldexp(from, width_of(net, node, 3) - width_of(net, node, 4));
  const double steps = to / from;
  int bits = 0;
  if (!(from > 0) || std::frexp(steps, &bits) != 0.5 || bits < 1 || bits > 31) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "it drops no whole number of bits");
  }
  format->width = width_of(net, node, has_scale ? 5 : 4);
  format->is_signed =
      has_scale ? node.integer("signed", 1) != 0 : is_signed_at(net.graph(), node.input(0));
  format->narrow = node.integer("narrow", 0) != 0;
  format->scale = {static_cast<float>(has_scale ? to : from)};
  const std::string rounding = rounding_of(node, "FLOOR");
  if (rounding == "toward_zero" && format->is_signed) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "it rounds numbers with a sign towards zero");
  }
  const double half = (steps - 1) / 2 * from;
  const double moved = rounding == "half_even" ? 0 : rounding == "ceil" ? -half : half;
  Value out = x;
  out.format = nullptr;
  const std::string name = Names::of_function(node);
  if (moved != 0) out.node = net.function("sub", {out.node, moved}, has_scale ? name : "");
  if (!has_scale && steps != 1) out.node = net.function("mul", {out.node, 1 / steps}, name);
  if (out.node == x.node)
    out.node = net.module("identity", net.names().unscoped("trunc"), x.node, {});
  net.give_output_format(out.node, format);
  net.set(node, std::move(out));
}

}  // namespace

void add_trunc(std::vector<Operator>& rows) {
  const std::vector<std::string_view> words = {"signed", "narrow", "rounding_mode"};
  rows.push_back({Domain::qonnx, "Trunc", 5, 6, Takes::nothing, words, trunc});
}

}  // namespace onnx_reader
