// compare_outputs against the formulas, in double; the engine is a stand-in that answers with the
// outputs the test gives it.
#include "tests/plugins/stand_in.hpp"

#include "core/data/data.hpp"
#include "tests/graph/models.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <numeric>

namespace {

using namespace lathe_test;
using boost::test_tools::tolerance;
using lathe::DType;
using lathe::Shape;
using lathe::Tensor;

const float kNaN = std::numeric_limits<float>::quiet_NaN();
const float kInfinity = std::numeric_limits<float>::infinity();

Tensor floats(Shape shape, const std::vector<float>& values) {
  return Tensor::of<float>(DType::float32, std::move(shape), values);
}

struct TwoNetworks : StandIn {
  Tensor original, now;
  lathe::ContentHash first{};
  std::vector<lathe::Rows> asked;
  Tensor outputs(const lathe::Graph& graph, const lathe::Dataset&,
                 const lathe::Rows& rows) override {
    asked.push_back(rows);
    return graph.hash(graph.output()) == first ? original : now;
  }
};

lathe::Field field(std::string name, lathe_field_role role, const Tensor& rows,
                   std::int64_t classes = 0) {
  const auto& dims = rows.shape().dims();
  return {std::move(name),
          role,
          rows.dtype(),
          Shape(std::vector<std::int64_t>(dims.begin() + 1, dims.end())),
          true,
          classes,
          {}};
}

// Rows of a network of linear layers over the last dimension of [places, 3].
struct Scene {
  Scene(const Tensor& original, const Tensor& now, const Tensor& target = {},
        std::int64_t classes = 0) {
    engine.original = original;
    engine.now = now;
    const Shape& shape = original.shape();
    const auto width = static_cast<int>(shape[shape.rank() - 1]);
    Value::List in;
    Shape inputs = shape;
    for (std::size_t i = 1; i + 1 < shape.rank(); ++i) in.emplace_back(shape[i]);
    in.emplace_back(3);
    inputs[shape.rank() - 1] = 3;
    Writer w(1);
    w.input(in);
    w.linear("fc", 3, width);
    before = w.finish(2);
    Writer other(2);
    other.input(in);
    other.linear("fc", 3, width);
    after = other.finish(2);
    engine.first = before.hash(before.output());
    const Tensor x = floats(inputs, std::vector<float>(static_cast<std::size_t>(inputs.numel())));
    std::vector<lathe::Field> fields{field("x", LATHE_FIELD_INPUT, x)};
    lathe::RowTensors rows{{x}};
    if (target.defined()) {
      fields.push_back(field("y", LATHE_FIELD_TARGET, target, classes));
      rows.fields.push_back(target);
    }
    data = lathe::dataset_of("set", fields, {}, rows, {});
    bench.context.executor = [this]() -> lathe::Executor& { return engine; };
    bench.context.dataset = [this]() -> const lathe::Dataset& { return *data; };
    bench.context.original = &before;
  }
  lathe::PassReport run(const json& options = json::object()) {
    return bench.run("compare_outputs", after, options);
  }

  Workbench bench{2};
  TwoNetworks engine;
  std::shared_ptr<lathe::Dataset> data;
  lathe::Graph before, after;
};

std::vector<double> log_softmax(const float* logits, std::size_t count) {
  double total = 0;
  for (std::size_t c = 0; c < count; ++c) total += std::exp(static_cast<double>(logits[c]));
  std::vector<double> out;
  for (std::size_t c = 0; c < count; ++c)
    out.push_back(static_cast<double>(logits[c]) - std::log(total));
  return out;
}

double divergence(const float* p, const float* q, std::size_t count) {
  const auto a = log_softmax(p, count), b = log_softmax(q, count);
  double sum = 0;
  for (std::size_t c = 0; c < count; ++c) sum += std::exp(a[c]) * (a[c] - b[c]);
  return sum;
}

std::vector<float> waves(std::size_t count, double step) {
  std::vector<float> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(static_cast<float>(3 * std::sin(step * static_cast<double>(i))));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(compared_outputs)

BOOST_AUTO_TEST_CASE(classes_diverge_by_the_formula_with_or_without_labels) {
  const std::vector<float> p = waves(4 * 11, 0.7);
  std::vector<float> q = p;
  for (std::size_t i = 0; i < q.size(); ++i) q[i] += static_cast<float>(i % 5) * 0.1F;
  double kl = 0, signal = 0, noise = 0;
  int agreeing = 0;
  for (std::size_t row = 0; row < 4; ++row) {
    kl += divergence(&p[11 * row], &q[11 * row], 11) / 4;
    const auto best = [&](const std::vector<float>& z) {
      return std::max_element(&z[11 * row], &z[11 * row] + 11) - z.data();
    };
    agreeing += best(p) == best(q) ? 1 : 0;
  }
  for (std::size_t i = 0; i < p.size(); ++i) {
    const double a = static_cast<double>(p[i]), b = static_cast<double>(q[i]);
    signal += a * a;
    noise += (b - a) * (b - a);
  }
  const Shape shape{4, 11};
  const Tensor labels =
      Tensor::of<std::int64_t>(DType::int64, Shape{4}, std::vector<std::int64_t>{0, 1, 2, 3});
  for (const Tensor& target : {Tensor(), labels}) {
    Scene scene(floats(shape, p), floats(shape, q), target, target.defined() ? 11 : 0);
    const lathe::PassReport report = scene.run({{"batch_size", 3}});
    BOOST_TEST(scalar(report, "kl") == kl, tolerance(1e-10));
    BOOST_TEST(scalar(report, "top1_agreement") == agreeing / 4.0);
    BOOST_TEST(scalar(report, "noise_to_signal") == noise / signal, tolerance(1e-12));
    BOOST_TEST(scalar(report, "snr_db") == 10 * std::log10(signal / noise), tolerance(1e-10));
    BOOST_TEST(scalar(report, "compared_samples") == 4);
    BOOST_TEST(scalar(report, "compared_positions") == 4);
    BOOST_TEST(scene.engine.asked.size() == 2U);
    BOOST_TEST((scene.engine.asked[0].split == lathe::Split::validation));
    BOOST_TEST(scene.engine.asked[0].batch_size == 3);
  }
}

BOOST_AUTO_TEST_CASE(of_sequences_every_position_counts_but_those_that_are_ignored) {
  const std::vector<float> p = waves(2 * 3 * 5, 1.1), q = waves(2 * 3 * 5, 1.15);
  const std::vector<std::int64_t> labels{1, 2, -100, 4, -100, -100};
  double kl = 0;
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] >= 0) kl += divergence(&p[5 * i], &q[5 * i], 5) / 3;
  const Shape shape{2, 3, 5};
  Scene scene(floats(shape, p), floats(shape, q),
              Tensor::of<std::int64_t>(DType::int64, Shape{2, 3}, labels), 5);
  const lathe::PassReport report = scene.run();
  BOOST_TEST(scalar(report, "kl") == kl, tolerance(1e-10));
  BOOST_TEST(scalar(report, "compared_positions") == 3);
  BOOST_TEST(scalar(report, "compared_samples") == 2);
  // Without labels every position counts.
  Scene unlabelled(floats(shape, p), floats(shape, q));
  BOOST_TEST(scalar(unlabelled.run(), "compared_positions") == 6);
}

BOOST_AUTO_TEST_CASE(numbers_have_noise_and_no_divergence) {
  const Shape shape{3, 2};
  Scene scene(floats(shape, {1, 0, 0, 2, 0, 0}), floats(shape, {1, 1, 0, 2, 0, 0}),
              floats(shape, std::vector<float>(6)));
  const lathe::PassReport report = scene.run();
  BOOST_TEST(scalar(report, "noise_to_signal") == 0.2);
  BOOST_TEST(report.scalars.size() == 4U);
  BOOST_TEST(table(report, "worst").rows[0][0].as_int() == 0);
  // Unless they are said to be logits.
  BOOST_TEST(scalar(scene.run({{"output", "classes"}}), "top1_agreement") == 1.0);
}

BOOST_AUTO_TEST_CASE(equal_outputs_have_no_divergence_and_300_decibels) {
  const Tensor same = floats(Shape{2, 9}, waves(18, 0.9));
  Scene scene(same, same);
  const lathe::PassReport report = scene.run();
  BOOST_TEST(scalar(report, "kl") == 0.0);
  BOOST_TEST(scalar(report, "top1_agreement") == 1.0);
  BOOST_TEST(scalar(report, "snr_db") == 300.0);
}

BOOST_AUTO_TEST_CASE(the_worst_rows_come_first_and_none_that_is_a_number_before_what_is_none) {
  const Shape shape{5, 2};
  Scene scene(floats(shape, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
              floats(shape, {0, 0, 0, 2, kNaN, 0, 0, 1, 0, 2}));
  const lathe::PassReport report = scene.run({{"worst", 4}});
  std::vector<std::int64_t> numbers;
  for (const auto& row : table(report, "worst").rows) numbers.push_back(row[0].as_int());
  BOOST_TEST(numbers == (std::vector<std::int64_t>{2, 1, 4, 3}), boost::test_tools::per_element());
  BOOST_TEST(std::isnan(scalar(report, "kl")));
  BOOST_TEST(scalar(report, "top1_agreement") == 0.2);  // NaN agrees with nothing
  BOOST_TEST(scene.run({{"worst", 0}}).tables.empty());
}

BOOST_AUTO_TEST_CASE(classes_that_cannot_be_have_no_part) {
  const Shape shape{1, 3};
  Scene scene(floats(shape, {1, 2, -kInfinity}), floats(shape, {1, 2.5F, -kInfinity}));
  const std::vector<float> p{1, 2}, q{1, 2.5F};
  BOOST_TEST(scalar(scene.run(), "kl") == divergence(p.data(), q.data(), 2), tolerance(1e-10));
}

BOOST_AUTO_TEST_CASE(outputs_of_other_sizes_are_refused) {
  Scene scene(floats(Shape{2, 3}, waves(6, 1)), floats(Shape{2, 4}, waves(8, 1)));
  try {
    scene.run();
    BOOST_ERROR("they were compared");
  } catch (const lathe::Error& error) {
    const std::string text = error.what();
    BOOST_TEST(text.find("one gives 3, the other 8 for 2 rows") != std::string::npos, text);
  }
}

BOOST_AUTO_TEST_CASE(sequences_in_which_nothing_counts_are_refused) {
  const Tensor none =
      Tensor::of<std::int64_t>(DType::int64, Shape{1, 2}, std::vector<std::int64_t>{-100, -100});
  const Tensor z = floats(Shape{1, 2, 3}, waves(6, 1));
  Scene scene(z, z, none, 3);
  BOOST_CHECK_THROW(scene.run(), lathe::Error);
}

BOOST_AUTO_TEST_SUITE_END()
