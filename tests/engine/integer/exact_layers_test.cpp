// Layers on integers give what exact arithmetic on the quantized values gives, rounded once, bit
// for bit. Where products of bytes are not exact, such bytes that they are.
#include "tests/engine/integer/exact_sums.hpp"
#include "tests/engine/integer/random_layers.hpp"
#include "tests/engine/integer/runs.hpp"

using namespace lathe_test;

namespace {

std::string first_difference(const std::vector<float>& found, const std::vector<float>& expected) {
  std::size_t differing = 0, first = expected.size();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (std::memcmp(&found[i], &expected[i], sizeof found[i]) == 0) continue;
    first = std::min(first, i);
    ++differing;
  }
  if (differing == 0) return {};
  return fmt::format("{} of {} differ, the first, [{}], is {:a} and should be {:a}", differing,
                     expected.size(), first, found[first], expected[first]);
}

// Shapes that oneDNN has no fast kernel for, or none that is exact, stay on floats.
bool is_for_lack_of_a_kernel(const std::string& why) {
  const auto says = [&](const char* words) { return why.find(words) != std::string::npos; };
  return says("oneDNN has only 'ref") || (instructions_are_exact() && says("is not exact"));
}

// What is wrong with a layer; empty: nothing. Counts those on integers.
std::string trouble(const RandomLayer& layer, Draw& draw, int& on_integers) {
  const std::string name = layer.graph.node(layer.node).name;
  const Ran ran = run_graph(layer.graph, layer.inputs, {});
  const auto exact = exact_result(registry(), layer.graph, layer.node, layer.inputs);
  if (!ran.on_integers.contains(name)) {
    if (!ran.on_floats.contains(name)) return "nothing says what it ran on";
    const std::string& why = ran.on_floats.at(name);
    if (layer.may_stay_on_floats || is_for_lack_of_a_kernel(why)) return {};
    return "ran on floats: " + why;
  }
  ++on_integers;
  if (!exact) return "ran on integers, but a scale changes within a sum";
  const std::vector<float> found = list(ran.results[0]);
  if (found.size() != exact->size()) return "a result of another shape";
  const std::string difference = first_difference(found, *exact);
  if (!difference.empty()) return difference;
  const std::int64_t rows = layer.inputs[0].shape()[0];
  if (!layer.rows_apart || rows == 1) return {};
  const std::int64_t portion = draw.whole(1, rows - 1);
  const Ran parts = run_graph(layer.graph, layer.inputs, {.portion = portion});
  if (same_bytes(parts.results[0], ran.results[0])) return {};
  return fmt::format("differs in portions of {} rows", portion);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exact_layers)

BOOST_AUTO_TEST_CASE(sums_are_rounded_once) {
  // 2^24 + 1 lies between two floats; what the bias adds decides.
  const std::int64_t between = (1 << 24) + 1;
  BOOST_TEST(rounded_once(1, between, 0) == 0x1p24F);
  BOOST_TEST(rounded_once(1, between, 0x1p-100F) == 0x1p24F + 2);
  BOOST_TEST(rounded_once(1, between, -0x1p-100F) == 0x1p24F);
  BOOST_TEST(rounded_once(1, -between, -0x1p-100F) == -0x1p24F - 2);
  BOOST_TEST(!std::signbit(rounded_once(1, 0, -0.0F)));
}

BOOST_AUTO_TEST_CASE(random_layers_are_exact) {
  const bool any = instructions_are_exact();
  int on_integers = 0, on_floats = 0;
  for (std::uint64_t seed = 0; on_integers < 600 && seed < 2000; ++seed) {
    const RandomLayer layer = random_layer(seed, any);
    Draw draw(seed);
    const int before = on_integers;
    const std::string what = trouble(layer, draw, on_integers);
    on_floats += before == on_integers ? 1 : 0;
    BOOST_TEST(what.empty(), "layer " << seed << ", " << layer.text << ": " << what);
  }
  BOOST_TEST_MESSAGE(on_integers << " layers on integers, " << on_floats << " on floats");
  BOOST_TEST(on_integers == 600);
}

// The largest magnitudes of 8 bits all together, where a wrong intermediate would show.
BOOST_AUTO_TEST_CASE(extreme_bytes_of_every_sign_are_exact) {
  const std::int64_t in = 300, outputs = 17;
  const auto filled = [](const Shape& shape, bool high) {
    return floats(shape,
                  std::vector<float>(static_cast<std::size_t>(shape.numel()), high ? 1e9F : -1e9F));
  };
  const bool any = instructions_are_exact();
  for (const bool data_signed : {false, true}) {
    if (data_signed && !any) continue;
    for (const int ends : {0, 1, 2, 3}) {
      Writer w(1);
      w.input({in});
      const NodeId layer = w.linear("fc", static_cast<int>(in), static_cast<int>(outputs));
      Graph graph =
          w.finish(3).with_parameters({{"fc.weight", filled({outputs, in}, ends % 2 == 1)}});
      lathe::Transaction edit(graph);
      edit.set_format(layer, format_of("data_in", "integer",
                                       Value::Map{{"width", any ? 8 : 7},
                                                  {"frac_width", 4},
                                                  {"is_signed", Value(data_signed)}}));
      edit.set_format(layer, format_of("weight", "integer", integer_options(8, 6)));
      edit.commit();
      const std::vector<Tensor> inputs{filled({3, in}, ends / 2 == 1)};
      const Ran ran = run_graph(graph, inputs, {});
      BOOST_TEST(ran.on_integers.contains("fc"));
      const auto exact = exact_result(registry(), graph, layer, inputs);
      BOOST_TEST(first_difference(list(ran.results[0]), exact.value()) == "");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
