// Learning rates over a training: PyTorch's and transformers' values, and what a trainer does with
// them.
#include "core/run/training/schedule.hpp"
#include "tests/engine/engine.hpp"

using namespace lathe_test;
using lathe::run::Schedule;

namespace {

const std::atomic<bool> never{false};

lathe::TrainingOptions short_training() {
  lathe::TrainingOptions out;
  out.learning_rate = 0.05;
  out.max_epochs = 4;
  out.batch_size = 16;  // 5 batches of 80 rows
  out.seed = 3;
  return out;
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schedules)

BOOST_AUTO_TEST_CASE(rates_are_those_of_transformers_and_pytorch) {
  const json golden = golden_json("schedules.json");
  for (const json& row : golden.at("cases")) {
    const std::int64_t steps = row.at("steps"), warmup = row.at("warmup");
    const Schedule schedule(row.at("name").get<std::string>(), 0.05, 1e-6, warmup);
    for (std::int64_t step = 0; step < steps; ++step)
      BOOST_TEST(schedule.learning_rate({step, steps, 0, 1}) ==
                     row.at("rates").at(static_cast<std::size_t>(step)).get<double>(),
                 boost::test_tools::tolerance(1e-14));
  }
  const Schedule annealing("cosine_annealing", 0.05, 1e-6, 0);
  for (std::int64_t epoch = 0; epoch < 6; ++epoch)
    BOOST_TEST(annealing.learning_rate({epoch * 10, 60, epoch, 6}) ==
                   golden.at("annealing").at(static_cast<std::size_t>(epoch)).get<double>(),
               boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(annealing_rises_first_if_it_is_told_to) {
  const Schedule schedule("cosine_annealing", 0.05, 0.0, 4);
  BOOST_TEST(schedule.learning_rate({0, 40, 0, 4}) == 0.0);
  BOOST_TEST(schedule.learning_rate({1, 40, 0, 4}) == 0.0125);
  BOOST_TEST(schedule.learning_rate({4, 40, 0, 4}) == 0.05);
}

BOOST_AUTO_TEST_CASE(an_unknown_schedule_is_refused_with_the_nearest_name) {
  auto options = short_training();
  options.lr_scheduler = "linaer";
  BOOST_CHECK_EXCEPTION(open_executor()->train(jsc_tiny(8), *jets(80, 40), options, {}, never),
                        lathe::Error, [](const lathe::Error& error) {
                          return std::string(error.what()).find("did you mean 'linear'?") !=
                                 std::string::npos;
                        });
}

// 4 epochs of 5 batches, 2 batches a step and the rest of an epoch one more: 12 steps.
BOOST_AUTO_TEST_CASE(a_training_plans_its_steps_as_it_will_take_them) {
  auto engine = open_executor();
  auto options = short_training();
  options.lr_scheduler = "linear";
  options.num_warmup_steps = 2;
  options.accumulate_grad_batches = 2;
  const auto result = engine->train(jsc_toy(8), *jets(80, 40), options, {}, never);
  const double left[] = {10, 7, 4, 1};  // of the 10 steps after the warm-up, at an epoch's last
  for (std::size_t epoch = 0; epoch < 4; ++epoch)
    BOOST_TEST(result.epochs.at(epoch).number("learning_rate") == 0.05 * left[epoch] / 10,
               boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(a_bound_of_samples_ends_a_training_after_whole_batches) {
  auto engine = open_executor();
  auto options = short_training();
  options.lr_scheduler = "linear";
  options.accumulate_grad_batches = 3;
  options.max_samples = 7 * 16 - 3;  // seven batches: steps of 3, 2 and, the bound being there, 2
  const auto result = engine->train(jsc_toy(8), *jets(80, 40), options, {}, never);
  BOOST_TEST(result.step_losses.size() == 7U);
  BOOST_REQUIRE(result.epochs.size() == 2U);
  BOOST_TEST(result.epochs[0].number("learning_rate") == 0.05 * 2 / 3,
             boost::test_tools::tolerance(1e-12));
  BOOST_TEST(result.epochs[1].number("learning_rate") == 0.05 * 1 / 3,
             boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(a_run_with_warm_up_killed_at_any_batch_resumes_to_the_same_bytes) {
  struct Killed {};
  auto engine = open_executor();
  const auto train = [&](lathe::TrainingOptions options, int batches) {
    int seen = 0;
    lathe::TrainingEvents events;
    events.progress = [&](std::uint64_t, std::uint64_t) {
      if (++seen == batches) throw Killed();
    };
    try {
      engine->train(jsc_toy(8), *jets(80, 40), options, events, never);
    } catch (const Killed&) {
    }
    return bytes_of(options.folder / "last.safetensors") +
           bytes_of(options.folder / "best.safetensors") + bytes_of(options.folder / "metrics.csv");
  };
  for (const std::string name : {"linear", "cosine"}) {
    const TemporaryFolder whole;
    auto options = short_training();
    options.lr_scheduler = name;
    options.num_warmup_steps = 7;
    options.checkpoint_every_steps = 1;
    options.folder = whole.path();
    const std::string expected = train(options, 0);
    for (int batch = 1; batch < 20; batch += 3) {
      const TemporaryFolder folder;
      options.folder = folder.path();
      options.resume = false;
      train(options, batch);
      options.resume = true;
      BOOST_TEST((train(options, 0) == expected), name << ", killed at batch " << batch);
    }
    options.folder = whole.path();
    options.num_warmup_steps = 6;
    BOOST_CHECK_THROW(train(options, 0), lathe::Error);
  }
}

BOOST_AUTO_TEST_CASE(a_run_interrupted_while_it_validates_resumes_to_the_same_bytes) {
  auto engine = open_executor();
  const TemporaryFolder whole, cut;
  auto options = short_training();
  options.folder = whole.path();
  engine->train(jsc_toy(8), *jets(80, 40), options, {}, never);
  options.folder = cut.path();
  for (const std::uint64_t epoch : {0, 3}) {
    std::atomic<bool> cancelled{false};
    std::uint64_t ended = 0;
    lathe::TrainingEvents events;
    events.progress = [&](std::uint64_t done, std::uint64_t total) {
      if (done == total && ended++ == (epoch == 0 ? 0U : 2U)) cancelled = true;
    };
    const auto result = engine->train(jsc_toy(8), *jets(80, 40), options, events, cancelled);
    BOOST_TEST(result.interrupted);
    BOOST_TEST(result.epochs.size() == epoch);
    options.resume = true;
  }
  engine->train(jsc_toy(8), *jets(80, 40), options, {}, never);
  for (const char* file : {"last.safetensors", "best.safetensors", "metrics.csv"})
    BOOST_TEST((bytes_of(whole.path() / file) == bytes_of(cut.path() / file)), file);
}

BOOST_AUTO_TEST_CASE(a_training_that_is_told_to_end_keeps_the_epochs_it_has) {
  auto engine = open_executor();
  const auto options = short_training();
  lathe::TrainingEvents events;
  std::vector<bool> same;
  events.keep_going = [&](const lathe::EpochMetrics& epoch, const std::function<Graph()>& network) {
    const lathe::Evaluation now =
        engine->evaluate(network(), *jets(80, 40), {Split::validation, 0, 16});
    same.push_back(now.number("loss") == epoch.number("validation_loss") &&
                   now.number("accuracy") == epoch.number("validation_accuracy"));
    return epoch.epoch < 1;
  };
  const auto result = engine->train(jsc_toy(8), *jets(80, 40), options, events, never);
  BOOST_TEST(result.given_up);
  BOOST_TEST(!result.interrupted);
  BOOST_TEST(result.epochs.size() == 2U);
  BOOST_TEST((same == std::vector<bool>{true, true}));
  events.keep_going = [](const lathe::EpochMetrics& epoch, const auto&) { return epoch.epoch < 3; };
  BOOST_TEST(!engine->train(jsc_toy(8), *jets(80, 40), options, events, never).given_up);
}

BOOST_AUTO_TEST_CASE(an_evaluation_of_the_best_weights_is_the_validation_that_chose_them) {
  for (const std::int64_t batch : {16, 7}) {
    auto engine = open_executor();
    auto options = short_training();
    options.batch_size = batch;
    const auto data = jets(80, 40);
    const auto result = engine->train(jsc_toy(8), *data, options, {}, never);
    BOOST_REQUIRE(result.best_validation.has_value());
    const lathe::Rows rows{Split::validation, 0, batch};
    const lathe::Evaluation found = engine->evaluate(result.best, *data, rows);
    engine->set_cache_limit(0);
    const lathe::Evaluation computed = engine->evaluate(result.best, *data, rows);
    for (const lathe::Evaluation& one : {found, *result.best_validation}) {
      BOOST_TEST(one.number("loss") == computed.number("loss"));
      BOOST_TEST(one.number("accuracy") == computed.number("accuracy"));
      BOOST_TEST(one.number("accuracy_macro") == computed.number("accuracy_macro"));
      BOOST_TEST(one.number("samples") == computed.number("samples"));
    }
  }
}

BOOST_AUTO_TEST_CASE(an_evaluation_is_cut_short_when_its_run_is) {
  auto engine = open_executor();
  const std::atomic<bool> cancelled{true};
  const lathe::Rows rows{.batch_size = 16, .cancelled = &cancelled};
  const auto is_cancelled = [](const lathe::Error& error) {
    return error.code() == LATHE_CANCELLED;
  };
  BOOST_CHECK_EXCEPTION(engine->evaluate(jsc_toy(8), *jets(80, 40), rows), lathe::Error,
                        is_cancelled);
  BOOST_CHECK_EXCEPTION(engine->outputs(jsc_toy(8), *jets(80, 40), rows), lathe::Error,
                        is_cancelled);
}

BOOST_AUTO_TEST_SUITE_END()
