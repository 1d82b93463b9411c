// Training on rows that a data set augments: which rows it is asked for, and that resuming is
// exact.
#include "tests/engine/engine.hpp"

#include <cmath>
#include <map>
#include <mutex>

using namespace lathe_test;

namespace {

const std::atomic<bool> never{false};

// Jets with noise on the training rows, a function of seed, epoch and row.
class Noisy : public lathe::Dataset {
 public:
  explicit Noisy(float loudness = 0.5F) : loudness_(loudness) {}

  std::string id() const override { return jets_->id(); }
  bool synthetic() const override { return true; }
  lathe::DatasetInfo info() const override {
    lathe::DatasetInfo info = jets_->info();
    info.augments = loudness_ > 0;
    return info;
  }
  void open(const lathe::OpenRequest&) override {}
  std::uint64_t count(lathe::Split split) const override { return jets_->count(split); }
  lathe::RowTensors read(lathe::Split split, std::span<const std::uint64_t> index) const override {
    return jets_->read(split, index);
  }
  const lathe::RowTensors& all(lathe::Split split) const override { return jets_->all(split); }
  std::vector<std::string> files() const override { return {}; }
  lathe::RowTensors augment(std::uint64_t seed, std::uint64_t epoch,
                            std::span<const std::uint64_t> index,
                            const lathe::RowTensors& rows) const override {
    const std::span<const float> given = rows.fields[0].values<float>();
    std::vector<float> samples(given.begin(), given.end());
    const std::size_t width = samples.size() / index.size();
    for (std::size_t i = 0; i < index.size(); ++i) {
      ++asked[{epoch, index[i]}];
      for (std::size_t k = 0; k < width; ++k)
        samples[i * width + k] +=
            loudness_ * static_cast<float>(std::sin(static_cast<double>(
                            1 + seed + 31 * epoch + 977 * index[i] + 7919 * k)));
    }
    return {{floats(rows.fields[0].shape(), samples), rows.fields[1]}};
  }

  mutable std::map<std::pair<std::uint64_t, std::uint64_t>, int> asked;

 private:
  std::shared_ptr<lathe::Dataset> jets_ = jets(80, 40);
  float loudness_;
};

// A chain of dense layers, and one that is none: the trainer has two paths.
Graph network(bool dense) {
  Writer w(7);
  w.input({16});
  w.linear("0", 16, 8);
  if (!dense) w.module("1", "dropout", {{"p", 0.25}});
  w.relu("2", false);
  w.linear("3", 8, 5);
  return w.finish(8);
}

lathe::TrainingOptions options_in(const std::filesystem::path& folder) {
  lathe::TrainingOptions out;
  out.learning_rate = 0.01;
  out.max_epochs = 3;
  out.batch_size = 24;
  out.seed = 3;
  out.folder = folder;
  return out;
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

struct Killed {};

}  // namespace

BOOST_AUTO_TEST_SUITE(augmented)

BOOST_AUTO_TEST_CASE(every_training_row_is_augmented_once_an_epoch_and_no_other) {
  auto engine = open_executor();
  for (const bool dense : {true, false}) {
    const TemporaryFolder folder;
    const Noisy data;
    lathe::TrainingOptions options = options_in("");
    engine->train(network(dense), data, options, {}, never);
    BOOST_TEST(data.asked.size() == 240U);
    for (const auto& [where, times] : data.asked) {
      BOOST_TEST(where.first < 3U);
      BOOST_TEST(times == 1);
    }
  }
}

BOOST_AUTO_TEST_CASE(augmentation_changes_what_is_learned) {
  auto engine = open_executor();
  for (const bool dense : {true, false}) {
    const auto loss = [&](float loudness) {
      const Noisy data(loudness);
      return engine->train(network(dense), data, options_in(""), {}, never).step_losses.back();
    };
    BOOST_TEST(loss(0.5F) == loss(0.5F));
    BOOST_TEST(loss(0.5F) != loss(0));
    BOOST_TEST(loss(0.5F) != loss(0.6F));
  }
}

BOOST_AUTO_TEST_CASE(a_run_on_augmented_rows_that_is_killed_resumes_to_the_same_bytes) {
  auto engine = open_executor();
  const Noisy data;
  const TemporaryFolder whole;
  engine->train(network(false), data, options_in(whole.path()), {}, never);
  for (const int batch : {2, 5, 8, 11}) {
    const TemporaryFolder folder;
    auto options = options_in(folder.path());
    options.checkpoint_every_steps = 1;
    int seen = 0;
    lathe::TrainingEvents events;
    events.progress = [&](std::uint64_t, std::uint64_t) {
      if (++seen == batch) throw Killed();
    };
    BOOST_CHECK_THROW(engine->train(network(false), data, options, events, never), Killed);
    options.resume = true;
    engine->train(network(false), data, options, {}, never);
    for (const char* file : {"last.safetensors", "best.safetensors", "metrics.csv"})
      BOOST_TEST((bytes_of(folder.path() / file) == bytes_of(whole.path() / file)),
                 file << ", killed at batch " << batch);
  }
}

BOOST_AUTO_TEST_CASE(a_run_is_not_resumed_on_rows_augmented_otherwise) {
  auto engine = open_executor();
  const TemporaryFolder folder;
  auto options = options_in(folder.path());
  options.max_epochs = 1;
  const Noisy before(0.5F), after(0.25F);
  engine->train(network(false), before, options, {}, never);
  options.resume = true;
  options.max_epochs = 2;
  BOOST_CHECK_EXCEPTION(engine->train(network(false), after, options, {}, never), lathe::Error,
                        [](const lathe::Error& error) {
                          return std::string(error.what()).find("data") != std::string::npos;
                        });
}

BOOST_AUTO_TEST_SUITE_END()
