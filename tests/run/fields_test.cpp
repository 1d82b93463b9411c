// Rows of any fields: which placeholder takes which, several inputs, numbers and truth values as
// targets, weighed rows; against computation by hand.
#include "tests/run/fields.hpp"
#include "tests/support/messages.hpp"

#include "core/run/rows.hpp"

using namespace lathe_test;
using lathe::Field;
using lathe::Loss;
using lathe::RowTensors;

namespace {

const std::atomic<bool> never{false};

// y = w . (a - b) + bias, with placeholders of those names.
Graph difference(const std::string& first, const std::string& second, std::int64_t batch = 2) {
  Writer w(3);
  const NodeId a = w.placeholder(first, {{"shape", Value::List{2}}});
  const NodeId b = w.placeholder(second, {{"shape", Value::List{2}}});
  w.function("sub", {{a}, {b}});
  w.linear("fc", 2, 1);
  return with_contents(w.finish(batch), {{"fc.weight", {2, -1}}, {"fc.bias", {0.5F}}});
}

const std::vector<float> kA{1, 2, 3, 4, 5, 6}, kB{0, 1, 1, 1, 2, 0};
// 2 (a0 - b0) - (a1 - b1) + 0.5
const std::vector<double> kOutputs{1.5, 1.5, 0.5};
const std::vector<float> kY{1, 2, -1};  // errors 0.5, -0.5, 1.5

std::shared_ptr<lathe::Dataset> pairs(const std::string& first, const std::string& second,
                                      const std::vector<float>& weights = {}) {
  RowTensors rows{{floats(Shape{3, 2}, kA), floats(Shape{3, 2}, kB), floats(Shape{3}, kY)}};
  std::vector<Field> fields{input(first, {2}), input(second, {2}),
                            target_field("y", rows.fields[2])};
  if (!weights.empty()) {
    fields.push_back(weight_field("w"));
    rows.fields.push_back(floats(Shape{3}, weights));
  }
  return lathe::dataset_of("pairs", fields, rows, rows, rows);
}

lathe::Rows in_batches(std::int64_t batch) { return {Split::validation, 0, batch}; }

lathe::TrainingOptions one_step(double rate, std::int64_t batch) {
  lathe::TrainingOptions options;
  options.optimizer = "sgd";
  options.lr_scheduler = "constant";
  options.learning_rate = rate;
  options.batch_size = batch;
  options.max_epochs = 1;
  options.max_steps = 1;
  options.shuffle = false;
  return options;
}

std::vector<double> doubles(const Tensor& tensor) {
  const auto values = tensor.values<float>();
  return {values.begin(), values.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fields)

BOOST_AUTO_TEST_CASE(placeholders_take_fields_by_name_else_by_place) {
  auto engine = open_executor();
  const auto outputs = [&](const Graph& graph, const lathe::Dataset& data) {
    return doubles(engine->outputs(graph, data, in_batches(2)));
  };
  const auto near = [](const std::vector<double>& found, const std::vector<double>& expected) {
    BOOST_TEST(found == expected, boost::test_tools::per_element());
  };
  near(outputs(difference("a", "b"), *pairs("a", "b")), kOutputs);
  near(outputs(difference("x", "y"), *pairs("a", "b")), kOutputs);
  near(outputs(difference("x", "b"), *pairs("a", "b")), kOutputs);  // one name is none
  // Crossed over: w . (b - a) + bias.
  near(outputs(difference("b", "a"), *pairs("a", "b")), {-0.5, -0.5, 0.5});
}

BOOST_AUTO_TEST_CASE(fields_that_do_not_fit_are_named) {
  auto engine = open_executor();
  const auto refusal = [&](const Graph& graph, const lathe::Dataset& data) {
    return message_of([&] { engine->evaluate(graph, data, in_batches(2)); });
  };
  Writer w(1);
  w.input({2});
  w.linear("fc", 2, 1);
  const std::string count = refusal(w.finish(2), *pairs("a", "b"));
  BOOST_TEST(contains(count, "1 inputs, data set 'pairs' has 2"), count);

  RowTensors rows{{integers({1, 2}), floats(Shape{2, 2}, {1, 2, 3, 4}), floats(Shape{2}, {1, 2})}};
  const auto odd = lathe::dataset_of(
      "odd", {input("a", {}, DType::int64), input("b", {2}), target_field("y", rows.fields[2])},
      rows, rows, {});
  const std::string type = refusal(difference("a", "b"), *odd);
  BOOST_TEST(contains(type, "input 'a' takes float32 [2] a row"), type);
  BOOST_TEST(contains(type, "field 'a' of data set 'odd' is int64 [] a row"), type);
}

BOOST_AUTO_TEST_CASE(an_input_that_no_placeholder_names_is_left_out) {
  Writer w(1);
  w.placeholder("b", {{"shape", Value::List{2}}});
  w.linear("fc", 2, 1);
  const Graph graph = with_contents(w.finish(2), {{"fc.weight", {1, 1}}, {"fc.bias", {0}}});
  const auto found = doubles(open_executor()->outputs(graph, *pairs("a", "b"), in_batches(3)));
  BOOST_TEST(found == (std::vector<double>{1, 2, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(numbers_are_scored_by_their_errors) {
  auto engine = open_executor();
  const Graph graph = difference("a", "b");
  const auto found = engine->evaluate(graph, *pairs("a", "b"), in_batches(2));
  BOOST_TEST((found.loss() == Loss::mse));
  BOOST_TEST(found.number("loss") == (0.25 + 0.25 + 2.25) / 3);
  BOOST_TEST(found.number("mae") == 2.5 / 3);
  // The mean of 1, 2 and -1 is 2/3; squared deviations 1/9 + 16/9 + 25/9.
  BOOST_TEST(found.number("r2") == 1 - 2.75 / (42.0 / 9), boost::test_tools::tolerance(1e-12));
  BOOST_TEST(found.number("samples") == 3);
  BOOST_TEST(!found.has("accuracy"));
}

BOOST_AUTO_TEST_CASE(rows_count_by_their_weight) {
  const auto found =
      open_executor()->evaluate(difference("a", "b"), *pairs("a", "b", {3, 1, 2}), in_batches(3));
  BOOST_TEST(found.number("loss") == (3 * 0.25 + 1 * 0.25 + 2 * 2.25) / 6);
  BOOST_TEST(found.number("mae") == 2.5 / 3);  // of rows as they are
  for (const std::int64_t batch : {1, 2})
    BOOST_TEST(open_executor()
                   ->evaluate(difference("a", "b"), *pairs("a", "b", {3, 1, 2}), in_batches(batch))
                   .number("loss") == found.number("loss"));
}

BOOST_AUTO_TEST_CASE(batches_that_weigh_nothing_are_no_obstacle_and_splits_are) {
  auto engine = open_executor();
  const auto some =
      engine->evaluate(difference("a", "b"), *pairs("a", "b", {0, 0, 2}), in_batches(2));
  BOOST_TEST(some.number("loss") == 2.25);
  BOOST_TEST(some.number("samples") == 3);
  const std::string none = message_of(
      [&] { engine->evaluate(difference("a", "b"), *pairs("a", "b", {0, 0, 0}), in_batches(2)); });
  BOOST_TEST(
      contains(none, "the weights 'w' of the 3 rows evaluated of data set 'pairs' are all 0"),
      none);
}

// The cache must not take the result of one loss, target or weight for that of another.
BOOST_AUTO_TEST_CASE(what_is_remembered_belongs_to_its_fields_and_its_loss) {
  auto engine = open_executor();
  const Graph graph = difference("a", "b");
  const RowTensors rows{{floats(Shape{2, 2}, {1, 2, 3, 4}), floats(Shape{2, 2}, {0, 0, 0, 0}),
                         floats(Shape{2}, {0, 1})}};
  const std::vector<Field> fields{input("a", {2}), input("b", {2}),
                                  target_field("y", rows.fields[2])};
  const auto one = lathe::dataset_of("one", fields, rows, rows, {});
  const RowTensors turned{{rows.fields[0], rows.fields[1], floats(Shape{2}, {1, 0})}};
  const auto other = lathe::dataset_of("other", fields, turned, turned, {});
  const std::vector<Field> crossed{input("b", {2}), input("a", {2}),
                                   target_field("y", rows.fields[2])};
  const auto swapped = lathe::dataset_of("swapped", crossed, rows, rows, {});
  lathe::Rows truths = in_batches(2);
  truths.loss = Loss::bce_with_logits;
  // Outputs 0.5 and 2.5; crossed over 0.5 and -1.5.
  for (int i = 0; i < 2; ++i) {
    BOOST_TEST(engine->evaluate(graph, *one, in_batches(2)).number("loss") == (0.25 + 2.25) / 2);
    BOOST_TEST(engine->evaluate(graph, *other, in_batches(2)).number("loss") == (0.25 + 6.25) / 2);
    BOOST_TEST(engine->evaluate(graph, *swapped, in_batches(2)).number("loss") ==
               (0.25 + 6.25) / 2);
    BOOST_TEST(engine->evaluate(graph, *one, truths).number("loss") ==
                   (std::log(1 + std::exp(0.5)) + std::log(1 + std::exp(-2.5))) / 2,
               boost::test_tools::tolerance(1e-12));
    BOOST_TEST(engine->evaluate(graph, *one, truths).number("accuracy") == 0.5);
  }
}

BOOST_AUTO_TEST_CASE(tokens_reach_an_embedding_as_whole_numbers) {
  Writer w(1);
  w.placeholder("tokens", {{"shape", Value::List{3}}, {"dtype", "int64"}});
  const NodeId embedded =
      w.module("emb", "embedding", {{"num_embeddings", 4}, {"embedding_dim", 2}});
  w.method("mean", {{embedded}, {Value(1)}});
  w.linear("fc", 2, 2);
  const Graph graph = with_contents(w.finish(2), {{"emb.weight", {0, 0, 3, 6, -3, 0, 6, 3}},
                                                  {"fc.weight", {1, 0, 0, 1}},
                                                  {"fc.bias", {0, 0}}});
  const std::vector<std::int64_t> tokens{1, 1, 2, 3, 0, 0};
  const Tensor ids = Tensor::of<std::int64_t>(DType::int64, Shape{2, 3}, tokens);
  const RowTensors rows{{ids, integers({1, 0})}};
  const auto data = lathe::dataset_of(
      "words", {input("tokens", {3}, DType::int64), target_field("label", rows.fields[1], 2)}, rows,
      rows, {});
  auto engine = open_executor();
  // Means of rows 1, 1, 2 and 3, 0, 0 of the table.
  BOOST_TEST(
      doubles(engine->outputs(graph, *data, in_batches(1))) == (std::vector<double>{1, 4, 2, 1}),
      boost::test_tools::per_element());
  const auto before = engine->evaluate(graph, *data, in_batches(2));
  BOOST_TEST(before.number("accuracy") == 1.0);
  lathe::TrainingOptions options = one_step(0.1, 2);
  const auto trained = engine->train(graph, *data, options, {}, never);
  BOOST_TEST(engine->evaluate(trained.last, *data, in_batches(2)).number("loss") <
             before.number("loss"));
}

BOOST_AUTO_TEST_CASE(a_training_step_on_two_inputs_is_the_hand_computed_one) {
  auto engine = open_executor();
  for (const bool weighed : {false, true}) {
    const std::vector<double> weight =
        weighed ? std::vector<double>{3, 1, 2} : std::vector<double>{1, 1, 1};
    const auto data = weighed ? pairs("a", "b", {3, 1, 2}) : pairs("a", "b");
    // d/dw of sum v_r (w . d_r + bias - y_r)^2 / sum v_r.
    double slopes[3] = {0, 0, 0}, total = weight[0] + weight[1] + weight[2];
    double loss = 0;
    for (std::size_t r = 0; r < 3; ++r) {
      const double error = kOutputs[r] - static_cast<double>(kY[r]);
      loss += weight[r] * error * error / total;
      for (std::size_t k = 0; k < 2; ++k)
        slopes[k] +=
            2 * weight[r] * error / total * static_cast<double>(kA[2 * r + k] - kB[2 * r + k]);
      slopes[2] += 2 * weight[r] * error / total;
    }
    const double rate = 0.01;
    const auto result = engine->train(difference("a", "b"), *data, one_step(rate, 3), {}, never);
    BOOST_REQUIRE_EQUAL(result.step_losses.size(), 1U);
    BOOST_TEST(result.step_losses[0] == loss, boost::test_tools::tolerance(1e-6));
    // The first step of Nesterov's momentum goes 1.9 times as far.
    const std::vector<float> w = contents_of(result.last, "fc.weight");
    const double start[3] = {2, -1, 0.5};
    const double found[3] = {static_cast<double>(w[0]), static_cast<double>(w[1]),
                             static_cast<double>(contents_of(result.last, "fc.bias")[0])};
    for (int i = 0; i < 3; ++i)
      BOOST_TEST(found[i] == start[i] - rate * 1.9 * slopes[i], boost::test_tools::tolerance(1e-5));
    const lathe::EpochMetrics& epoch = result.epochs.at(0);
    BOOST_TEST(epoch.number("train_mae") == 2.5 / 3, boost::test_tools::tolerance(1e-6));
    BOOST_TEST(epoch.number("train_r2") == 1 - 2.75 / (42.0 / 9),
               boost::test_tools::tolerance(1e-6));
    BOOST_TEST(epoch.has("validation_r2"));
    BOOST_TEST(!epoch.has("train_accuracy"));
  }
}

// Two batches, of rows 0 and 1 and of row 2, are all there are for a step that may take more: its
// gradient is the mean of theirs, each that of the batch's mean, rows weighed.
BOOST_AUTO_TEST_CASE(a_step_on_fewer_batches_than_it_may_take_divides_by_those) {
  for (const bool weighed : {false, true}) {
    const std::vector<double> weight =
        weighed ? std::vector<double>{3, 1, 2} : std::vector<double>{1, 1, 1};
    const auto data = weighed ? pairs("a", "b", {3, 1, 2}) : pairs("a", "b");
    double slopes[3] = {0, 0, 0};
    for (std::size_t r = 0; r < 3; ++r) {
      const double of_batch = r < 2 ? weight[0] + weight[1] : weight[2];
      const double slope =
          2 * weight[r] / of_batch * (kOutputs[r] - static_cast<double>(kY[r])) / 2;
      for (std::size_t k = 0; k < 2; ++k)
        slopes[k] += slope * static_cast<double>(kA[2 * r + k] - kB[2 * r + k]);
      slopes[2] += slope;
    }
    for (const auto& engine : {open_executor(), open_engine()}) {
      for (const std::int64_t batches : {2, 3, 100}) {
        lathe::TrainingOptions options = one_step(0.01, 2);
        options.accumulate_grad_batches = batches;
        const auto result = engine->train(difference("a", "b"), *data, options, {}, never);
        BOOST_TEST(result.step_losses.size() == 2U);
        const std::vector<float> w = contents_of(result.last, "fc.weight");
        const double start[3] = {2, -1, 0.5};
        const double found[3] = {static_cast<double>(w[0]), static_cast<double>(w[1]),
                                 static_cast<double>(contents_of(result.last, "fc.bias")[0])};
        for (int i = 0; i < 3; ++i)
          BOOST_TEST(found[i] == start[i] - 0.01 * 1.9 * slopes[i],
                     boost::test_tools::tolerance(1e-5));
        // The epoch's loss is the mean over its rows.
        const double sum = weight[0] + weight[1] + weight[2];
        BOOST_TEST(result.epochs.at(0).number("train_loss") ==
                       (weight[0] * 0.25 + weight[1] * 0.25 + weight[2] * 2.25) / sum,
                   boost::test_tools::tolerance(1e-6));
      }
    }
  }
}

namespace {

// Rows of 4 numbers and the target 2 x0 - x1 + x2 x3, times `columns`.
RowTensors products(std::int64_t rows, std::int64_t columns, std::uint64_t salt) {
  const RowTensors learned = learnable(rows, 4, 3, salt);
  const auto x = learned.fields[0].values<float>();
  std::vector<float> y;
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r) {
    const float* row = x.data() + 4 * r;
    for (std::int64_t c = 0; c < columns; ++c)
      y.push_back(static_cast<float>(c + 1) * (2 * row[0] - row[1] + row[2] * row[3]));
  }
  return {{learned.fields[0], floats(columns == 1 ? Shape{rows} : Shape{rows, columns}, y)}};
}

Graph regressor(int columns) {
  Writer w(5);
  w.input({4});
  w.linear("0", 4, 16);
  w.relu("1", false);
  w.linear("2", 16, columns);
  return w.finish(8);
}

}  // namespace

BOOST_AUTO_TEST_CASE(regressions_are_learned_by_own_kernels_as_by_the_engine) {
  for (const int columns : {1, 3}) {
    const RowTensors train = products(120, columns, 1), validation = products(40, columns, 2);
    const auto data = lathe::dataset_of(
        "products", {input("x", {4}), target_field("y", train.fields[1])}, train, validation, {});
    lathe::TrainingOptions options;
    options.learning_rate = 0.01;
    options.max_epochs = 30;
    options.batch_size = 25;
    const auto fast = open_executor()->train(regressor(columns), *data, options, {}, never);
    const auto slow = open_engine()->train(regressor(columns), *data, options, {}, never);
    for (std::size_t i = 0; i < 10; ++i)
      BOOST_TEST(fast.step_losses[i] == slow.step_losses[i], boost::test_tools::tolerance(1e-4));
    BOOST_TEST(fast.epochs.back().number("validation_r2") > 0.8);
    BOOST_TEST(
        fast.epochs.back().number("validation_r2") == slow.epochs.back().number("validation_r2"),
        boost::test_tools::tolerance(0.02));
    BOOST_TEST(fast.best_validation->number("loss") ==
               fast.epochs.at(static_cast<std::size_t>(fast.best_epoch)).number("validation_loss"));
  }
}

BOOST_AUTO_TEST_CASE(truth_values_are_learned) {
  const RowTensors numbers = products(120, 2, 1);
  std::vector<std::uint8_t> truths;
  for (const float y : numbers.fields[1].values<float>()) truths.push_back(y > 0.5F ? 1 : 0);
  const RowTensors rows{
      {numbers.fields[0], Tensor::of<std::uint8_t>(DType::boolean, Shape{120, 2}, truths)}};
  const auto data = lathe::dataset_of(
      "truths", {input("x", {4}), target_field("y", rows.fields[1])}, rows, rows, {});
  lathe::TrainingOptions options;
  options.learning_rate = 0.02;
  options.max_epochs = 20;
  options.batch_size = 30;
  const auto result = open_executor()->train(regressor(2), *data, options, {}, never);
  BOOST_TEST(result.epochs.back().number("validation_accuracy") > 0.9);
  BOOST_TEST(result.epochs.back().number("train_loss") <
             result.epochs.front().number("train_loss"));
}

BOOST_AUTO_TEST_CASE(a_regression_that_is_killed_resumes_to_the_same_bytes) {
  struct Killed {};
  const RowTensors rows = products(60, 1, 1);
  const auto data = lathe::dataset_of(
      "products", {input("x", {4}), target_field("y", rows.fields[1])}, rows, rows, {});
  const auto bytes = [](const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  };
  auto engine = open_executor();
  const TemporaryFolder whole, folder;
  lathe::TrainingOptions options;
  options.max_epochs = 3;
  options.batch_size = 20;
  options.checkpoint_every_steps = 1;
  options.folder = whole.path();
  engine->train(regressor(1), *data, options, {}, never);
  options.folder = folder.path();
  int seen = 0;
  lathe::TrainingEvents events;
  events.progress = [&](std::uint64_t, std::uint64_t) {
    if (++seen == 5) throw Killed();  // within the second epoch
  };
  BOOST_CHECK_THROW(engine->train(regressor(1), *data, options, events, never), Killed);
  options.resume = true;
  engine->train(regressor(1), *data, options, {}, never);
  for (const char* file : {"last.safetensors", "best.safetensors", "metrics.csv"})
    BOOST_TEST((bytes(folder.path() / file) == bytes(whole.path() / file)), file);
  BOOST_TEST(bytes(folder.path() / "metrics.csv")
                 .starts_with("epoch,train_loss,train_mae,train_r2,validation_loss,validation_mae,"
                              "validation_r2,learning_rate\n"));
}

BOOST_AUTO_TEST_CASE(a_training_is_not_resumed_with_another_loss) {
  const RowTensors rows{
      {products(40, 1, 1).fields[0], floats(Shape{40}, std::vector<float>(40, 1))}};
  const auto data = lathe::dataset_of("ones", {input("x", {4}), target_field("y", rows.fields[1])},
                                      rows, rows, {});
  auto engine = open_executor();
  const TemporaryFolder folder;
  lathe::TrainingOptions options;
  options.max_epochs = 1;
  options.folder = folder.path();
  engine->train(regressor(1), *data, options, {}, never);
  options.resume = true;
  options.max_epochs = 2;
  options.loss = "bce_with_logits";
  const std::string text =
      message_of([&] { engine->train(regressor(1), *data, options, {}, never); });
  BOOST_TEST(contains(text, "a run with loss = mse, this one has bce_with_logits"), text);
}

BOOST_AUTO_TEST_SUITE_END()
