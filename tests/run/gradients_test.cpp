// Gradients of batches in evaluation mode: against closed forms in double, and what they leave
// alone.
#include "tests/run/fields.hpp"
#include "tests/support/messages.hpp"

using namespace lathe_test;
using lathe::BatchGradients;

namespace {

struct Seen {
  std::vector<double> losses;
  std::vector<std::uint64_t> first_rows, rows;
  std::vector<std::string> names;             // of parameters
  std::vector<std::vector<float>> gradients;  // by batch, one after the other
};

Seen gradients_of(lathe::Executor& engine, const Graph& graph, const lathe::Dataset& data,
                  const lathe::Rows& rows) {
  Seen seen;
  engine.gradients(graph, data, rows, [&](const BatchGradients& batch) {
    BOOST_TEST(batch.batch == seen.losses.size());
    seen.losses.push_back(batch.loss);
    seen.first_rows.push_back(batch.first_row);
    seen.rows.push_back(batch.rows);
    seen.names.clear();
    std::vector<float>& all = seen.gradients.emplace_back();
    for (const BatchGradients::Row& row : batch.parameters) {
      seen.names.push_back(row.parameter.qualified_name);
      BOOST_TEST((row.gradient.shape() == row.parameter.shape));
      BOOST_TEST((row.value.shape() == row.parameter.shape));
      const auto values = row.gradient.values<float>();
      all.insert(all.end(), values.begin(), values.end());
    }
  });
  return seen;
}

Graph classifier() {
  Writer w(7);
  w.input({16});
  w.linear("fc", 16, 5);
  return w.finish(8);
}

// Every kind of layer that is not the same in training and in evaluation.
Graph moody() {
  Writer w(7);
  w.input({16});
  w.batch_norm("0", 16);
  w.linear("1", 16, 8);
  w.relu("2", false);
  w.module("3", "dropout", {{"p", 0.5}});
  w.linear("4", 8, 5);
  return w.finish(8);
}

const lathe::Rows kBatches{Split::validation, 0, 16};

}  // namespace

BOOST_AUTO_TEST_SUITE(gradients)

// d loss / d W = mean over rows of (softmax - onehot) x^T.
BOOST_AUTO_TEST_CASE(those_of_a_linear_classifier_are_the_closed_form) {
  auto engine = open_executor();
  const auto data = jets(40, 40);
  const Graph graph = classifier();
  const Seen seen = gradients_of(*engine, graph, *data, kBatches);
  BOOST_TEST(seen.first_rows == (std::vector<std::uint64_t>{0, 16, 32}),
             boost::test_tools::per_element());
  BOOST_TEST(seen.rows == (std::vector<std::uint64_t>{16, 16, 8}),
             boost::test_tools::per_element());
  BOOST_TEST(seen.names == (std::vector<std::string>{"fc.weight", "fc.bias"}),
             boost::test_tools::per_element());
  const std::vector<float> weight = contents_of(graph, "fc.weight");
  const std::vector<float> bias = contents_of(graph, "fc.bias");
  const lathe::RowTensors& rows = data->all(Split::validation);
  const auto x = rows.fields[0].values<float>();
  const auto labels = rows.fields[1].values<std::int64_t>();
  for (std::size_t b = 0; b < 3; ++b) {
    std::vector<double> expected(5 * 16 + 5);
    double loss = 0;
    const auto count = static_cast<double>(seen.rows[b]);
    for (std::size_t r = seen.first_rows[b]; r < seen.first_rows[b] + seen.rows[b]; ++r) {
      double logits[5], total = 0;
      for (std::size_t c = 0; c < 5; ++c) {
        logits[c] = static_cast<double>(bias[c]);
        for (std::size_t f = 0; f < 16; ++f)
          logits[c] += static_cast<double>(weight[c * 16 + f]) * static_cast<double>(x[r * 16 + f]);
        total += std::exp(logits[c]);
      }
      const auto label = static_cast<std::size_t>(labels[r]);
      loss += (std::log(total) - logits[label]) / count;
      for (std::size_t c = 0; c < 5; ++c) {
        const double slope = (std::exp(logits[c]) / total - (c == label ? 1.0 : 0.0)) / count;
        for (std::size_t f = 0; f < 16; ++f)
          expected[c * 16 + f] += slope * static_cast<double>(x[r * 16 + f]);
        expected[80 + c] += slope;
      }
    }
    BOOST_TEST(seen.losses[b] == loss, boost::test_tools::tolerance(1e-6));
    for (std::size_t i = 0; i < expected.size(); ++i)
      BOOST_TEST(std::abs(static_cast<double>(seen.gradients[b][i]) - expected[i]) < 1e-6,
                 "batch " << b << ", element " << i);
  }
}

BOOST_AUTO_TEST_CASE(they_are_computed_as_an_evaluation_is) {
  auto engine = open_engine();
  const auto data = jets(40, 40);
  const Graph graph = moody();
  const Seen seen = gradients_of(*engine, graph, *data, kBatches);
  double mean = 0;
  for (std::size_t b = 0; b < seen.losses.size(); ++b)
    mean += seen.losses[b] * static_cast<double>(seen.rows[b]) / 40;
  BOOST_TEST(mean == engine->evaluate(graph, *data, kBatches).number("loss"),
             boost::test_tools::tolerance(1e-6));
  // Nothing is drawn and nothing is left behind: the same again, bit by bit.
  const Seen again = gradients_of(*engine, graph, *data, kBatches);
  BOOST_TEST((seen.gradients == again.gradients));
  // Scale and shift of the batch norm are trained, its statistics are not.
  BOOST_TEST(seen.names == (std::vector<std::string>{"0.weight", "0.bias", "1.weight", "1.bias",
                                                     "4.weight", "4.bias"}),
             boost::test_tools::per_element());
}

// d loss / d w by differences of evaluations, which know nothing of gradients.
BOOST_AUTO_TEST_CASE(they_are_the_slopes_of_what_evaluate_tells) {
  auto engine = open_engine();
  const auto data = jets(40, 40);
  const Graph graph = moody();
  const lathe::Rows whole{Split::validation, 0, 40};
  const Seen seen = gradients_of(*engine, graph, *data, whole);
  const std::vector<float> values = contents_of(graph, "1.weight");
  const std::size_t before = 32;  // scale and shift
  double steepest = 0;
  for (const std::size_t i : {std::size_t{0}, std::size_t{17}, std::size_t{70}, std::size_t{100}}) {
    const auto loss_at = [&](float change) {
      std::vector<float> moved = values;
      moved[i] += change;
      return engine->evaluate(with_contents(graph, {{"1.weight", moved}}), *data, whole)
          .number("loss");
    };
    const double slope = (loss_at(0.002F) - loss_at(-0.002F)) / 0.004;
    BOOST_TEST(std::abs(static_cast<double>(seen.gradients[0][before + i]) - slope) < 5e-4,
               "element " << i << ": " << seen.gradients[0][before + i] << ", " << slope);
    steepest = std::max(steepest, std::abs(slope));
  }
  BOOST_TEST(steepest > 2e-3);
}

// Straight through: the gradient at the quantized weights, whose values are shown unquantized.
BOOST_AUTO_TEST_CASE(quantized_weights_pass_them_straight_through) {
  auto engine = open_engine();
  const auto data = jets(40, 40);
  const Graph plain = classifier();
  Graph coarse = plain;
  lathe::Transaction edit(coarse);
  edit.set_format(coarse.find("fc"), format_of("weight", "integer", integer_options(4, 3)));
  edit.commit();
  std::vector<float> rounded = contents_of(plain, "fc.weight");
  for (float& w : rounded)
    w = std::clamp(std::nearbyint(w * 8.0F), -8.0F, 7.0F) / 8.0F;  // 4 bits, 3 behind the point
  const Seen found = gradients_of(*engine, coarse, *data, kBatches);
  const Seen expected =
      gradients_of(*engine, with_contents(plain, {{"fc.weight", rounded}}), *data, kBatches);
  for (std::size_t b = 0; b < found.gradients.size(); ++b)
    check_close(found.gradients[b], expected.gradients[b], 1e-6, 1e-7, "gradient");
  BOOST_TEST(found.losses[0] ==
                 engine->evaluate(coarse, *data, {Split::validation, 16, 16}).number("loss"),
             boost::test_tools::tolerance(1e-5));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_differentiated_is_refused) {
  auto engine = open_executor();
  const auto data = jets(40, 40);
  Writer w(1);
  w.input({16});
  w.relu("0", false);
  const Graph bare = w.finish(2);
  const std::string text = message_of([&] { gradients_of(*engine, bare, *data, kBatches); });
  BOOST_TEST(contains(text, "no parameters"), text);
  const std::atomic<bool> cancelled{true};
  lathe::Rows rows = kBatches;
  rows.cancelled = &cancelled;
  BOOST_CHECK_EXCEPTION(gradients_of(*engine, classifier(), *data, rows), lathe::Error,
                        [](const lathe::Error& error) { return error.code() == LATHE_CANCELLED; });
}

BOOST_AUTO_TEST_SUITE_END()
