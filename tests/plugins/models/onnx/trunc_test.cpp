// QONNX's Trunc in both of its forms, against its rule worked out in integers.
#include "networks.hpp"
#include "written.hpp"

using namespace lathe_test;

namespace {

constexpr double kStep = 0.1;  // no power of two: float division misses integers

// 4 unsigned bits in steps of 0.1, then a Trunc to 2 bits: the first form, or with an out scale.
Graph truncated(const std::string& rounding, bool with_out_scale, bool is_signed = false) {
  onnx::ModelProto model = model_of({16});
  onnx::GraphProto& graph = *model.mutable_graph();
  const auto number = [&](const char* name, double value) {
    add_weight(graph, name, {}, {static_cast<float>(value)});
  };
  number("s", kStep);
  number("z", 0);
  number("four", 4);
  number("two", 2);
  number("wide", 4 * kStep);
  const std::string domain = "qonnx.custom_op.general";
  onnx::NodeProto& quant = add_node(graph, "Quant", {"x", "s", "z", "four"}, "q");
  quant.set_domain(domain);
  set_integer(quant, "signed", is_signed ? 1 : 0);
  onnx::NodeProto& trunc =
      with_out_scale ? add_node(graph, "Trunc", {"q", "s", "z", "four", "wide", "two"}, "y")
                     : add_node(graph, "Trunc", {"q", "s", "z", "four", "two"}, "y");
  trunc.set_domain(domain);
  if (with_out_scale) set_integer(trunc, "signed", is_signed ? 1 : 0);
  onnx::AttributeProto& mode = *trunc.add_attribute();
  mode.set_name("rounding_mode");
  mode.set_type(onnx::AttributeProto::STRING);
  mode.set_s(rounding);
  const TemporaryFolder folder;
  const Graph read = network(written(model, folder.path() / "net.onnx"), 1);
  for (const auto& named : read.parameters()) named.parameter->content->tensor();
  return read;
}

std::vector<float> codes(int from) {
  std::vector<float> x;
  for (int k = 0; k < 16; ++k) x.push_back(static_cast<float>((from + k) * kStep));
  return x;
}

Tensor row(const std::vector<float>& x) {
  return Tensor::of<float>(DType::float32, Shape{1, 16}, x);
}

}  // namespace

BOOST_AUTO_TEST_CASE(low_bits_are_dropped) {
  const std::map<std::string, double (*)(double)> rules = {
      {"FLOOR", [](double x) { return std::floor(x); }},
      {"CEIL", [](double x) { return std::min(3.0, std::ceil(x)); }},
      {"ROUND", [](double x) { return std::min(3.0, std::nearbyint(x)); }},
  };
  for (const auto& [mode, rule] : rules) {
    for (const bool with_out_scale : {false, true}) {
      BOOST_TEST_CONTEXT(mode << (with_out_scale ? ", out scale" : ", out bits")) {
        const std::vector<float> y =
            values_of(computed(truncated(mode, with_out_scale), row(codes(0))));
        for (int k = 0; k < 16; ++k) {
          if (mode == "ROUND" && k % 4 == 2) continue;  // halves of a step that is no float
          const double wanted = rule(k / 4.0) * kStep * (with_out_scale ? 4 : 1);
          BOOST_TEST(std::abs(static_cast<double>(y[static_cast<std::size_t>(k)]) - wanted) < 1e-6,
                     k);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(numbers_with_a_sign_are_rounded_down) {
  const std::vector<float> y = values_of(computed(truncated("FLOOR", false, true), row(codes(-8))));
  for (int k = -8; k < 8; ++k) {
    const double wanted = std::floor(k / 4.0) * kStep;
    BOOST_TEST(std::abs(static_cast<double>(y[static_cast<std::size_t>(k + 8)]) - wanted) < 1e-6,
               k);
  }
}

BOOST_AUTO_TEST_CASE(what_it_makes_has_its_bits) {
  const Graph graph = truncated("FLOOR", false);
  bool found = false;
  for (const NodeId id : graph.order()) {
    const OperandFormat* format = graph.node(id).format("data_out");
    if (graph.node(id).op != "mul" || format == nullptr) continue;
    found = true;
    BOOST_TEST(format->options.find("width")->as_int() == 2);
    BOOST_TEST(!format->options.find("is_signed")->as_bool());
  }
  BOOST_TEST(found);
}

BOOST_AUTO_TEST_CASE(a_sign_that_nobody_tells_is_an_error) {
  onnx::ModelProto model = model_of({16});
  onnx::GraphProto& graph = *model.mutable_graph();
  for (const auto& [name, value] :
       {std::pair{"s", 1.0F}, {"z", 0.0F}, {"four", 4.0F}, {"two", 2.0F}})
    add_weight(graph, name, {}, {value});
  onnx::NodeProto& trunc = add_node(graph, "Trunc", {"x", "s", "z", "four", "two"}, "y");
  trunc.set_domain("qonnx.custom_op.general");
  trunc.set_name("cut");
  const TemporaryFolder folder;
  BOOST_CHECK_EXCEPTION(network(written(model, folder.path() / "net.onnx"), 1), lathe::Error,
                        [](const lathe::Error& error) {
                          const std::string text = error.what();
                          return text.find("'cut'") != std::string::npos &&
                                 text.find("no Quant before it") != std::string::npos;
                        });
}
