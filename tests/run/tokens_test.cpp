// Sequences of tokens: what is told of them, whatever the batches, and what training makes of them.
#include "tests/run/fields.hpp"
#include "tests/support/messages.hpp"

#include <cmath>

using namespace lathe_test;
using lathe::RowTensors;

namespace {

constexpr std::int64_t kRows = 37, kLength = 6, kVocabulary = 9;
const std::atomic<bool> never{false};

// Each token is followed by the next number; some rows end in padding, one has nothing else.
std::shared_ptr<lathe::Dataset> counting() {
  std::vector<std::int64_t> tokens, targets;
  for (std::int64_t row = 0; row < kRows; ++row) {
    const std::int64_t there = row == 5 ? 0 : kLength - row % 4;
    for (std::int64_t i = 0; i < kLength; ++i) {
      tokens.push_back(i < there ? (row + i) % kVocabulary : 0);
      targets.push_back(i + 1 < there ? (row + i + 1) % kVocabulary : -100);
    }
  }
  const Shape shape{kRows, kLength};
  const Tensor target = Tensor::of<std::int64_t>(DType::int64, shape, targets);
  const RowTensors rows{{Tensor::of<std::int64_t>(DType::int64, shape, tokens), target}};
  return lathe::dataset_of(
      "counting",
      {input("input_ids", {kLength}, DType::int64), target_field("labels", target, kVocabulary)},
      rows, rows, {});
}

Graph network() {
  Writer w(3);
  w.placeholder("input_ids", {{"shape", Value::List{kLength}}, {"dtype", "int64"}});
  w.module("embed", "embedding",
           {{"num_embeddings", kVocabulary}, {"embedding_dim", std::int64_t{8}}});
  w.linear("head", 8, static_cast<int>(kVocabulary));
  return w.finish(4);
}

lathe::Rows in_batches(std::int64_t batch) {
  lathe::Rows rows;
  rows.batch_size = batch;
  return rows;
}

// The mean over targets that count of -ln softmax, in double.
double nll_of(const Tensor& logits, const Tensor& targets) {
  const auto z = logits.values<float>();
  const auto labels = targets.values<std::int64_t>();
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    double total = 0;
    for (std::size_t c = 0; c < kVocabulary; ++c)
      total += std::exp(static_cast<double>(z[i * kVocabulary + c]));
    const std::size_t at = i * kVocabulary + static_cast<std::size_t>(labels[i]);
    sum += std::log(total) - static_cast<double>(z[at]);
    ++count;
  }
  return sum / count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tokens)

BOOST_AUTO_TEST_CASE(what_is_told_is_the_mean_over_those_that_count_whatever_the_batches) {
  const auto data = counting();
  const Graph graph = network();
  auto engine = open_executor();
  const RowTensors& rows = data->all(Split::validation);
  const double expected = nll_of(engine->outputs(graph, *data, in_batches(8)), rows.fields[1]);
  std::optional<double> first;
  for (const std::int64_t batch : {8, 1, 5, 37}) {
    engine->set_threads(batch == 5 ? 3 : 1);
    const lathe::Evaluation found = engine->evaluate(graph, *data, in_batches(batch));
    BOOST_TEST(found.number("nll") == expected, boost::test_tools::tolerance(1e-6));
    BOOST_TEST(found.number("loss") == found.number("nll"));
    BOOST_TEST(found.number("perplexity") == std::exp(found.number("nll")));
    BOOST_TEST(found.number("samples") == kRows);
    std::int64_t counted = 0;
    for (const std::int64_t label : rows.fields[1].values<std::int64_t>()) counted += label >= 0;
    BOOST_TEST(found.number("tokens") == static_cast<double>(counted));
    if (!first) first = found.number("nll");
    BOOST_TEST(same_bits(found.number("nll"), *first));
  }
}

BOOST_AUTO_TEST_CASE(training_learns_what_follows_and_says_how_well) {
  const auto data = counting();
  auto engine = open_executor();
  lathe::TrainingOptions options;
  options.max_epochs = 30;
  options.batch_size = 8;
  options.learning_rate = 0.03;
  const lathe::TrainingResult trained = engine->train(network(), *data, options, {}, never);
  BOOST_TEST(trained.epochs.back().number("train_accuracy") == 1.0);
  BOOST_TEST(trained.epochs.back().number("validation_accuracy") == 1.0);
  BOOST_TEST(trained.epochs.back().number("train_loss") < trained.epochs[0].number("train_loss"));
  const lathe::Evaluation found = engine->evaluate(trained.best, *data, in_batches(8));
  BOOST_TEST(found.number("perplexity") < 1.3);
  BOOST_TEST(found.number("accuracy") == 1.0);
}

// Of one batch the loss is the mean over its tokens, so that all rows at once give the
// evaluation's.
BOOST_AUTO_TEST_CASE(the_loss_of_a_batch_is_the_mean_over_its_tokens) {
  const auto data = counting();
  const Graph graph = network();
  auto engine = open_executor();
  double loss = 0;
  engine->gradients(graph, *data, in_batches(kRows),
                    [&](const lathe::BatchGradients& batch) { loss = batch.loss; });
  BOOST_TEST(loss == engine->evaluate(graph, *data, in_batches(8)).number("nll"),
             boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(padding_alone_has_no_mean) {
  const auto data = counting();
  const std::vector<std::uint64_t> padding{5};
  const RowTensors rows = data->read(Split::train, padding);
  const auto alone = lathe::dataset_of("padding", data->info().fields, rows, rows, {});
  auto engine = open_executor();
  const std::string text = message_of([&] { engine->evaluate(network(), *alone, in_batches(1)); });
  BOOST_TEST(contains(text, "no target 'labels' of the 1 rows evaluated"), text);
}

BOOST_AUTO_TEST_SUITE_END()
