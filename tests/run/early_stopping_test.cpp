// A training that ends because its validation no longer improves: when, what is kept of it, and
// that an interrupted one decides the same.
#include "tests/engine/engine.hpp"
#include "tests/support/messages.hpp"

using namespace lathe_test;

namespace {

const std::atomic<bool> never{false};

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Learning the train split unlearns a validation split whose labels are others, but for the first
// few epochs, in which outputs of any size come down.
std::shared_ptr<lathe::Dataset> worsening() {
  lathe::RowTensors other = learnable(40, 16, 5, 2);
  std::vector<std::int64_t> labels;
  for (const std::int64_t label : other.fields[1].values<std::int64_t>())
    labels.push_back((label + 1) % 5);
  return lathe::dataset_of("worsening", learnable(80, 16, 5, 1),
                           {{other.fields[0], integers(labels)}}, {}, 5);
}

lathe::TrainingOptions options_in(const std::filesystem::path& folder, std::int64_t patience) {
  lathe::TrainingOptions out;
  out.learning_rate = 0.01;
  out.max_epochs = 12;
  out.batch_size = 16;  // 5 batches
  out.folder = folder;
  out.early_stopping = patience;
  return out;
}

// Epochs that a training with these losses takes: as the option says it, in its own words.
std::size_t epochs_of(const std::vector<double>& losses, std::size_t patience) {
  double lowest = losses.at(0);
  std::size_t without = 0;
  for (std::size_t e = 1; e < losses.size(); ++e) {
    without = losses[e] < lowest ? 0 : without + 1;
    lowest = std::min(lowest, losses[e]);
    if (without == patience) return e + 1;
  }
  return losses.size();
}

std::vector<double> column(const lathe::TrainingResult& result, const std::string& name) {
  std::vector<double> out;
  for (const lathe::EpochMetrics& epoch : result.epochs) out.push_back(epoch.number(name));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(early_stopping)

BOOST_AUTO_TEST_CASE(it_ends_a_training_that_has_not_improved_for_so_many_epochs) {
  auto engine = open_executor();
  const auto data = worsening();
  auto options = options_in({}, 1);
  options.early_stopping.reset();
  const auto whole = engine->train(jsc_toy(8), *data, options, {}, never);
  BOOST_TEST(whole.epochs.size() == 12U);
  BOOST_TEST(!whole.stopped_early);
  const std::vector<double> losses = column(whole, "validation_loss");
  for (const std::size_t patience : {1U, 2U, 4U}) {
    options.early_stopping = static_cast<std::int64_t>(patience);
    const auto result = engine->train(jsc_toy(8), *data, options, {}, never);
    const std::size_t expected = epochs_of(losses, patience);
    BOOST_TEST(expected < 12U);
    BOOST_TEST(result.epochs.size() == expected, "patience " << patience);
    BOOST_TEST(result.stopped_early);
    BOOST_TEST(!result.interrupted);
    BOOST_TEST(!result.given_up);
    const auto best =
        std::min_element(losses.begin(), losses.begin() + static_cast<std::ptrdiff_t>(expected));
    BOOST_TEST(result.best_epoch == best - losses.begin());
    // Until then it is the same training.
    for (std::size_t e = 0; e < expected; ++e)
      BOOST_TEST(same_bits(result.epochs[e].number("validation_loss"), losses[e]));
  }
}

BOOST_AUTO_TEST_CASE(improving_to_the_end_is_no_early_stop) {
  auto engine = open_executor();
  auto options = options_in({}, 3);
  options.max_epochs = 4;
  const auto result = engine->train(jsc_toy(8), *jets(80, 40), options, {}, never);
  BOOST_TEST(result.epochs.size() == 4U);
  BOOST_TEST(!result.stopped_early);
}

BOOST_AUTO_TEST_CASE(a_patience_that_ends_with_the_last_epoch_is_no_early_stop) {
  auto engine = open_executor();
  const auto data = worsening();
  auto options = options_in({}, 2);
  options.lr_scheduler = "constant";
  const std::size_t epochs = engine->train(jsc_toy(8), *data, options, {}, never).epochs.size();
  BOOST_TEST(epochs < 12U);
  options.max_epochs = static_cast<std::int64_t>(epochs);
  const auto result = engine->train(jsc_toy(8), *data, options, {}, never);
  BOOST_TEST(result.epochs.size() == epochs);
  BOOST_TEST(!result.stopped_early);
}

BOOST_AUTO_TEST_CASE(without_validation_rows_the_training_loss_decides) {
  auto engine = open_executor();
  const auto data = lathe::dataset_of("no validation", learnable(80, 16, 5, 1), {}, {}, 5);
  Writer w;
  w.input({16});
  w.linear("fc", 16, 5);
  auto options = options_in({}, 2);
  options.learning_rate = 0;  // nothing changes: the first epoch is the best
  options.lr_scheduler = "constant";
  options.shuffle = false;
  const auto result = engine->train(w.finish(8), *data, options, {}, never);
  BOOST_TEST(result.epochs.size() == 3U);
  BOOST_TEST(result.best_epoch == 0);
  BOOST_TEST(result.stopped_early);
}

BOOST_AUTO_TEST_CASE(a_killed_run_stops_where_an_uninterrupted_one_does) {
  struct Killed {};
  auto engine = open_executor();
  const auto data = worsening();
  const TemporaryFolder whole;
  const auto expected = engine->train(jsc_toy(8), *data, options_in(whole.path(), 2), {}, never);
  BOOST_TEST(expected.stopped_early);
  const int batches = static_cast<int>(5 * expected.epochs.size());
  for (int batch = 3; batch <= batches; batch += 4) {
    const TemporaryFolder folder;
    auto options = options_in(folder.path(), 2);
    int seen = 0;
    lathe::TrainingEvents events;
    events.progress = [&](std::uint64_t, std::uint64_t) {
      if (++seen == batch) throw Killed();
    };
    BOOST_CHECK_THROW(engine->train(jsc_toy(8), *data, options, events, never), Killed);
    options.resume = true;
    const auto result = engine->train(jsc_toy(8), *data, options, {}, never);
    BOOST_TEST(result.stopped_early);
    for (const char* file : {"last.safetensors", "best.safetensors", "metrics.csv"})
      BOOST_TEST((bytes_of(folder.path() / file) == bytes_of(whole.path() / file)),
                 file << ", killed at batch " << batch);
    // It has ended: resuming once more trains nothing, with more patience it goes on.
    BOOST_TEST(engine->train(jsc_toy(8), *data, options, {}, never).step_losses.empty());
    options.early_stopping = 3;
    BOOST_TEST(engine->train(jsc_toy(8), *data, options, {}, never).epochs.size() ==
               expected.epochs.size() + 1);
  }
}

BOOST_AUTO_TEST_CASE(no_patience_at_all_is_refused) {
  auto engine = open_executor();
  const std::string text =
      message_of([&] { engine->train(jsc_toy(8), *jets(80, 40), options_in({}, 0), {}, never); });
  BOOST_TEST(contains(text, "early_stopping is 0; it must be 1 or more"), text);
}

BOOST_AUTO_TEST_SUITE_END()
