// Gradients of the batch's loss with respect to activations: against closed forms in double,
// against differences of evaluations, and where there are none.
#include "tests/run/fields.hpp"
#include "tests/support/messages.hpp"

using namespace lathe_test;
using lathe::Observation;

namespace {

using Doubles = std::vector<double>;

Doubles doubles(std::span<const float> values) { return {values.begin(), values.end()}; }

// By "node operand batch": what was seen.
struct Seen {
  std::map<std::string, Doubles> tensors, gradients;
  std::map<std::string, std::uint64_t> rows;
};

Seen seen_of(lathe::Executor& engine, const Graph& graph, const lathe::Dataset& data,
             const lathe::Rows& rows, const std::vector<std::string>& names) {
  std::vector<NodeId> nodes;
  for (const std::string& name : names) nodes.push_back(graph.find(name));
  Seen seen;
  engine.observe_gradients(graph, data, rows, nodes, [&](const Observation& o) {
    const std::string key =
        fmt::format("{} {} {}", graph.node(o.node).name, o.operand.name, o.batch);
    seen.tensors[key] = doubles(o.tensor.values<float>());
    seen.rows[key] = o.rows;
    if (o.gradient == nullptr) return;
    BOOST_TEST((o.gradient->shape() == o.tensor.shape()), key);
    seen.gradients[key] = doubles(o.gradient->values<float>());
  });
  return seen;
}

// x: 3 numbers; two hidden, relu, three classes. `inplace` as PyTorch writes it.
Graph two_layers(bool inplace) {
  Writer w(3);
  w.input({3});
  w.linear("fc1", 3, 2);
  w.relu("act", inplace);
  w.linear("fc2", 2, 3);
  return with_contents(w.finish(2), {{"fc1.weight", {0.5F, -1, 0.25F, 1, 0.5F, -0.5F}},
                                     {"fc1.bias", {0.25F, -0.5F}},
                                     {"fc2.weight", {1, -1, 0.5F, 2, -0.25F, 0.75F}},
                                     {"fc2.bias", {0, 0.125F, -0.25F}}});
}

const std::vector<float> kRows{1, 0.5F, -1, -0.5F, 2, 0.75F, 0.25F, -1, 1.5F};

std::shared_ptr<lathe::Dataset> three_rows(const std::vector<float>& x) {
  const lathe::RowTensors rows{{floats(Shape{3, 3}, x), integers({2, 0, 1})}};
  return lathe::dataset_of("three", rows, rows, rows, 3);
}

// By hand, in double: gradients of the mean loss over `count` rows at x, fc1's and act's results,
// and the logits, of one row.
struct ByHand {
  double x[3] = {}, hidden[2] = {}, active[2] = {}, logits[3] = {};
};
ByHand by_hand(const float* x, std::size_t label, double count) {
  constexpr double kW1[2][3] = {{0.5, -1, 0.25}, {1, 0.5, -0.5}}, kB1[2] = {0.25, -0.5};
  constexpr double kW2[3][2] = {{1, -1}, {0.5, 2}, {-0.25, 0.75}}, kB2[3] = {0, 0.125, -0.25};
  double h[2], z[3], total = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    h[i] = kB1[i];
    for (std::size_t j = 0; j < 3; ++j) h[i] += kW1[i][j] * static_cast<double>(x[j]);
  }
  for (std::size_t c = 0; c < 3; ++c) {
    z[c] = kB2[c];
    for (std::size_t i = 0; i < 2; ++i) z[c] += kW2[c][i] * std::max(h[i], 0.0);
    total += std::exp(z[c]);
  }
  ByHand g;
  for (std::size_t c = 0; c < 3; ++c) {
    g.logits[c] = (std::exp(z[c]) / total - (c == label ? 1 : 0)) / count;
    for (std::size_t i = 0; i < 2; ++i) g.active[i] += kW2[c][i] * g.logits[c];
  }
  for (std::size_t i = 0; i < 2; ++i) {
    g.hidden[i] = h[i] > 0 ? g.active[i] : 0;
    for (std::size_t j = 0; j < 3; ++j) g.x[j] += kW1[i][j] * g.hidden[i];
  }
  return g;
}

void check(const Seen& seen, const std::string& key, std::size_t row, const double* expected,
           std::size_t count) {
  BOOST_REQUIRE_MESSAGE(seen.gradients.contains(key), key);
  const Doubles& found = seen.gradients.at(key);
  for (std::size_t i = 0; i < count; ++i)
    BOOST_TEST(std::abs(found.at(row * count + i) - expected[i]) < 1e-7,
               key << ", row " << row << ", element " << i);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(activation_gradients)

BOOST_AUTO_TEST_CASE(those_of_two_layers_are_the_closed_form_batch_by_batch) {
  for (const bool inplace : {false, true}) {
    const Graph graph = two_layers(inplace);
    const Seen seen = seen_of(*open_executor(), graph, *three_rows(kRows),
                              {Split::validation, 0, 2}, {"fc1", "act", "fc2"});
    const std::size_t labels[] = {2, 0, 1};
    for (std::size_t row = 0; row < 3; ++row) {
      // Two rows, then the last one alone: the loss is the mean of a batch.
      const std::size_t batch = row / 2, at = row % 2;
      const ByHand g = by_hand(&kRows[3 * row], labels[row], batch == 0 ? 2 : 1);
      check(seen, fmt::format("fc1 data_in_0 {}", batch), at, g.x, 3);
      check(seen, fmt::format("fc1 data_out_0 {}", batch), at, g.hidden, 2);
      check(seen, fmt::format("act data_in_0 {}", batch), at, g.hidden, 2);
      check(seen, fmt::format("act data_out_0 {}", batch), at, g.active, 2);
      check(seen, fmt::format("fc2 data_out_0 {}", batch), at, g.logits, 3);
    }
    BOOST_TEST(seen.rows.at("fc2 data_out_0 1") == 1U);
  }
}

BOOST_AUTO_TEST_CASE(the_tensors_are_those_of_a_plain_observation) {
  const Graph graph = two_layers(true);
  const auto data = three_rows(kRows);
  const lathe::Rows rows{Split::validation, 0, 3};
  auto engine = open_engine();
  const Seen seen = seen_of(*engine, graph, *data, rows, {"fc1", "act", "fc2"});
  std::size_t compared = 0;
  const std::vector<NodeId> nodes{graph.find("fc1"), graph.find("act"), graph.find("fc2")};
  engine->observe(graph, *data, rows, nodes, [&](const Observation& o) {
    BOOST_TEST((o.gradient == nullptr));
    const Doubles& found =
        seen.tensors.at(fmt::format("{} {} {}", graph.node(o.node).name, o.operand.name, o.batch));
    BOOST_TEST(found == doubles(o.tensor.values<float>()), boost::test_tools::per_element());
    ++compared;
  });
  BOOST_TEST(compared == seen.tensors.size());
}

// A residual sum, of which one branch is pooled: every activation is read more than once.
BOOST_AUTO_TEST_CASE(those_of_a_convolution_are_the_slopes_of_what_evaluate_tells) {
  Writer w(5);
  const NodeId x = w.input({2, 4, 4});
  const NodeId conv =
      w.module("conv", "conv2d",
               {{"in_channels", 2}, {"out_channels", 2}, {"kernel_size", 3}, {"padding", 1}});
  w.function("add", {{conv}, {x}});
  w.module("pool", "avg_pool2d", {{"kernel_size", 2}});
  w.module("flatten", "flatten");
  w.linear("fc", 8, 3);
  const Graph graph = w.finish(4);
  std::vector<float> pixels;
  for (int i = 0; i < 4 * 32; ++i)
    pixels.push_back(0.1F * static_cast<float>((i * 37) % 23) - 1.0F);
  const auto data = [&](const std::vector<float>& values) {
    const lathe::RowTensors rows{{floats(Shape{4, 2, 4, 4}, values), integers({0, 1, 2, 1})}};
    return lathe::dataset_of("four", rows, rows, rows, 3);
  };
  auto engine = open_engine();
  const lathe::Rows rows{Split::validation, 0, 4};
  const Seen seen = seen_of(*engine, graph, *data(pixels), rows, {"conv"});
  const Doubles& slopes = seen.gradients.at("conv data_in_0 0");
  double steepest = 0;
  for (const std::size_t i : {0U, 17U, 45U, 64U, 99U, 127U}) {
    const auto loss_at = [&](float change) {
      std::vector<float> moved = pixels;
      moved[i] += change;
      return engine->evaluate(graph, *data(moved), rows).number("loss");
    };
    const double slope = (loss_at(0.02F) - loss_at(-0.02F)) / 0.04;
    BOOST_TEST(std::abs(slopes.at(i) - slope) < 2e-5,
               "pixel " << i << ": " << slopes.at(i) << ", " << slope);
    steepest = std::max(steepest, std::abs(slope));
  }
  BOOST_TEST(steepest > 1e-3);
}

BOOST_AUTO_TEST_CASE(what_the_output_does_not_depend_on_is_seen_without_a_gradient) {
  Writer w(3);
  w.input({3});
  const NodeId first = w.linear("fc1", 3, 3);
  w.linear("aside", 3, 2);
  w.call(lathe::Opcode::output, "output", {lathe::Argument{first}});
  w.edit().commit();
  const Graph graph = w.graph().with_batch(3);
  const Seen seen = seen_of(*open_executor(), graph, *three_rows(kRows), {Split::validation, 0, 3},
                            {"fc1", "aside"});
  BOOST_TEST(seen.tensors.contains("aside data_out_0 0"));
  BOOST_TEST(!seen.gradients.contains("aside data_out_0 0"));
  BOOST_TEST(seen.gradients.contains("fc1 data_out_0 0"));
  BOOST_TEST(seen.gradients.contains("aside data_in_0 0"));
}

BOOST_AUTO_TEST_CASE(a_format_passes_the_gradient_straight_through) {
  const Graph plain = two_layers(false);
  const NodeId fc2 = plain.find("fc2");
  Graph graph = plain;
  lathe::Transaction edit(graph);
  Value options{Value::Map{}};
  options.set("width", 4);
  options.set("frac_width", 1);
  edit.set_format(fc2, format_of("data_in", "integer", options));
  edit.commit();
  const Seen seen =
      seen_of(*open_engine(), graph, *three_rows(kRows), {Split::validation, 0, 3}, {"act", "fc2"});
  // d loss / d act = W2^T (d loss / d logits), with the gradient of logits of the rounded input.
  const Doubles& logits = seen.gradients.at("fc2 data_out_0 0");
  const Doubles& active = seen.gradients.at("act data_out_0 0");
  constexpr double kW2[3][2] = {{1, -1}, {0.5, 2}, {-0.25, 0.75}};
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t i = 0; i < 2; ++i) {
      double expected = 0;
      for (std::size_t c = 0; c < 3; ++c) expected += kW2[c][i] * logits[3 * row + c];
      BOOST_TEST(std::abs(active[2 * row + i] - expected) < 1e-7);
    }
}

BOOST_AUTO_TEST_SUITE_END()
