// Training that is interrupted, killed or goes wrong: what is left on disk, and that a resumed run
// ends with the same bytes.
#include "core/checkpoint/checkpoint.hpp"
#include "tests/engine/engine.hpp"
#include "tests/support/messages.hpp"

#include <sys/wait.h>
#include <unistd.h>

using namespace lathe_test;

namespace {

const std::atomic<bool> never{false};

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// A network with every kind of state: batch norm, dropout and quantized layers.
Graph network() {
  Writer w(7);
  w.input({16});
  w.batch_norm("0", 16);
  w.linear("1", 16, 8);
  w.relu("2", false);
  w.module("3", "dropout", {{"p", 0.25}});
  w.linear("4", 8, 5);
  const Graph graph = w.finish(8);
  return quantized(graph, {graph.find("_4")},
                   json{{"data_in_width", 8},
                        {"data_in_frac_width", 4},
                        {"weight_width", 8},
                        {"weight_frac_width", 5},
                        {"bias_width", 8},
                        {"bias_frac_width", 5}});
}

lathe::TrainingOptions options_in(const std::filesystem::path& folder) {
  lathe::TrainingOptions out;
  out.learning_rate = 0.01;
  out.max_epochs = 3;
  out.batch_size = 24;  // leaves a batch of 8 of 80 rows: 4 batches an epoch
  out.seed = 3;
  out.folder = folder;
  return out;
}

constexpr int kBatches = 12;

struct Outcome {
  std::string last, best, metrics;
  bool operator==(const Outcome&) const = default;
};

Outcome outcome_in(const std::filesystem::path& folder) {
  return {bytes_of(folder / "last.safetensors"), bytes_of(folder / "best.safetensors"),
          bytes_of(folder / "metrics.csv")};
}

// Stops a run in its tracks at a batch, as a signal would: nothing is saved any more.
struct Killed {};

void train_until(lathe::Executor& engine, const lathe::TrainingOptions& options, int batches) {
  const auto data = jets(80, 40);
  int seen = 0;
  lathe::TrainingEvents events;
  events.progress = [&](std::uint64_t, std::uint64_t) {
    if (++seen == batches) throw Killed();
  };
  BOOST_CHECK_THROW(engine.train(network(), *data, options, events, never), Killed);
}

lathe::TrainingResult train(lathe::Executor& engine, const lathe::TrainingOptions& options) {
  return engine.train(network(), *jets(80, 40), options, {}, never);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_run_killed_at_any_batch_resumes_to_the_same_bytes) {
  auto engine = open_executor();
  for (const std::string optimizer : {"adam", "adamw", "sgd"}) {
    for (const std::int64_t accumulate : {1, 3}) {
      const TemporaryFolder whole;
      auto options = options_in(whole.path());
      options.optimizer = optimizer;
      options.accumulate_grad_batches = accumulate;
      train(*engine, options);
      const Outcome expected = outcome_in(whole.path());
      BOOST_REQUIRE(!expected.last.empty() && !expected.best.empty());
      for (int batch = 1; batch <= kBatches; ++batch) {
        const TemporaryFolder folder;
        options.folder = folder.path();
        options.resume = false;
        train_until(*engine, options, batch);
        options.resume = true;
        train(*engine, options);
        BOOST_TEST((outcome_in(folder.path()) == expected),
                   optimizer << ", " << accumulate << " batches a step, killed at batch " << batch);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_run_killed_again_and_again_with_checkpoints_within_epochs_ends_the_same) {
  auto engine = open_executor();
  const TemporaryFolder whole, folder;
  train(*engine, options_in(whole.path()));
  auto options = options_in(folder.path());
  options.checkpoint_every_steps = 1;
  // The checkpoint of a batch is written after its progress: each run gets one batch further.
  for (int run = 0; run < kBatches - 1; ++run) {
    train_until(*engine, options, 2);
    options.resume = true;
  }
  train(*engine, options);
  BOOST_TEST((outcome_in(folder.path()) == outcome_in(whole.path())));
}

BOOST_AUTO_TEST_CASE(a_process_killed_with_signal_9_resumes_to_the_same_bytes) {
  const TemporaryFolder whole, folder;
  auto options = options_in(folder.path());
  // First of all: LibTorch refuses to train in the child of a process that has trained.
  const pid_t child = fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    auto engine = open_executor();
    int seen = 0;
    lathe::TrainingEvents events;
    events.progress = [&](std::uint64_t, std::uint64_t) {
      if (++seen == 7) kill(getpid(), SIGKILL);
    };
    engine->train(network(), *jets(80, 40), options, events, never);
    _exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  BOOST_REQUIRE(WIFSIGNALED(status));
  auto engine = open_executor();
  train(*engine, options_in(whole.path()));
  options.resume = true;
  train(*engine, options);
  BOOST_TEST((outcome_in(folder.path()) == outcome_in(whole.path())));
}

BOOST_AUTO_TEST_CASE(a_cancelled_run_saves_its_place_and_goes_on_from_there) {
  auto engine = open_executor();
  const TemporaryFolder whole;
  train(*engine, options_in(whole.path()));
  for (const std::int64_t accumulate : {1, 3, 8}) {  // an epoch has four
    const TemporaryFolder other;
    auto reference = options_in(other.path());
    reference.accumulate_grad_batches = accumulate;
    train(*engine, reference);
    for (int batch = 1; batch < kBatches; ++batch) {
      const TemporaryFolder folder;
      auto options = options_in(folder.path());
      options.accumulate_grad_batches = accumulate;
      std::atomic<bool> cancelled{false};
      int seen = 0;
      lathe::TrainingEvents events;
      events.progress = [&](std::uint64_t, std::uint64_t) { cancelled = ++seen == batch; };
      const auto data = jets(80, 40);
      const auto stopped = engine->train(network(), *data, options, events, cancelled);
      BOOST_TEST(stopped.interrupted);
      BOOST_TEST(stopped.step_losses.size() == static_cast<std::size_t>(batch));
      options.resume = true;
      const auto resumed = train(*engine, options);
      BOOST_TEST(!resumed.interrupted);
      BOOST_TEST(resumed.step_losses.size() == static_cast<std::size_t>(kBatches - batch));
      BOOST_TEST((outcome_in(folder.path()) == outcome_in(other.path())));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_finished_run_resumed_does_nothing_and_gives_its_results) {
  auto engine = open_executor();
  const TemporaryFolder folder;
  auto options = options_in(folder.path());
  const auto first = train(*engine, options);
  const Outcome before = outcome_in(folder.path());
  options.resume = true;
  const auto again = train(*engine, options);
  BOOST_TEST((outcome_in(folder.path()) == before));
  BOOST_TEST(again.step_losses.empty());
  BOOST_REQUIRE_EQUAL(again.epochs.size(), first.epochs.size());
  for (std::size_t i = 0; i < first.epochs.size(); ++i) {
    BOOST_TEST(
        same_bits(again.epochs[i].number("train_loss"), first.epochs[i].number("train_loss")));
    BOOST_TEST(same_bits(again.epochs[i].number("validation_loss"),
                         first.epochs[i].number("validation_loss")));
  }
  BOOST_TEST((again.best.hash(again.best.output()) == first.best.hash(first.best.output())));
  BOOST_TEST((again.last.hash(again.last.output()) == first.last.hash(first.last.output())));
}

BOOST_AUTO_TEST_CASE(best_and_last_are_plain_checkpoints_of_what_was_trained) {
  auto engine = open_executor();
  const TemporaryFolder folder;
  const auto data = jets(80, 40);
  const auto result = train(*engine, options_in(folder.path()));
  lathe::Rows rows;
  rows.batch_size = 24;
  std::size_t best = 0;
  for (std::size_t i = 1; i < result.epochs.size(); ++i) {
    if (result.epochs[i].number("validation_loss") < result.epochs[best].number("validation_loss"))
      best = i;
  }
  for (const auto& [name, epoch] : {std::pair{"best.safetensors", best},
                                    std::pair{"last.safetensors", result.epochs.size() - 1}}) {
    const auto file = folder.path() / name;
    const auto loaded = lathe::load_parameters(network(), lathe::read_checkpoint(file), file);
    for (const std::string& tensor : loaded.report.unused) BOOST_TEST(tensor.starts_with("lathe."));
    BOOST_TEST(same_bits(engine->evaluate(loaded.graph, *data, rows).number("loss"),
                         result.epochs[epoch].number("validation_loss")));
  }
}

BOOST_AUTO_TEST_CASE(metrics_are_a_table_of_one_row_per_epoch) {
  auto engine = open_executor();
  const TemporaryFolder folder;
  const auto result = train(*engine, options_in(folder.path()));
  std::istringstream lines(bytes_of(folder.path() / "metrics.csv"));
  std::string line;
  std::getline(lines, line);
  BOOST_TEST(line ==
             "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,learning_rate");
  std::size_t rows = 0;
  while (std::getline(lines, line)) {
    BOOST_TEST(std::stoul(line) == rows);
    BOOST_TEST(std::count(line.begin(), line.end(), ',') == 5);
    ++rows;
  }
  BOOST_TEST(rows == result.epochs.size());
  BOOST_TEST(rows == 3U);
}

BOOST_AUTO_TEST_CASE(another_runs_checkpoint_is_not_resumed_from) {
  auto engine = open_executor();
  const TemporaryFolder folder;
  train(*engine, options_in(folder.path()));
  const Outcome before = outcome_in(folder.path());
  auto options = options_in(folder.path());
  options.resume = true;
  options.max_epochs = 5;
  options.batch_size = 16;
  std::string text = message_of([&] { train(*engine, options); });
  BOOST_TEST(contains(text, "batch_size = 24"), text);
  options.batch_size = 24;
  options.optimizer = "sgd";
  text = message_of([&] { train(*engine, options); });
  BOOST_TEST(contains(text, "optimizer = adam"), text);
  options.optimizer = "adam";
  text = message_of([&] { engine->train(network(), *jets(72, 40), options, {}, never); });
  BOOST_TEST(contains(text, "data = "), text);
  text = message_of([&] { engine->train(jsc_tiny(8), *jets(80, 40), options, {}, never); });
  BOOST_TEST(contains(text, "network = "), text);
  BOOST_TEST((outcome_in(folder.path()) == before));
}

BOOST_AUTO_TEST_CASE(what_the_weights_are_of_is_written_before_any_and_is_in_all) {
  auto engine = open_executor();
  const TemporaryFolder folder;
  auto options = options_in(folder.path());
  options.origin = {{{"graph.json", "one"}}, {{"lathe.graph", "1"}}};
  std::vector<std::string> before_weights;
  lathe::TrainingEvents events;
  events.progress = [&](std::uint64_t, std::uint64_t) {
    if (!std::filesystem::exists(folder.path() / "last.safetensors"))
      before_weights.push_back(bytes_of(folder.path() / "graph.json"));
  };
  engine->train(network(), *jets(80, 40), options, events, never);
  BOOST_TEST(before_weights == std::vector<std::string>(4, "one"),
             boost::test_tools::per_element());
  const auto graph_of = [&](const char* file) {
    return lathe::read_checkpoint(folder.path() / file).metadata.at("lathe.graph");
  };
  BOOST_TEST(graph_of("last.safetensors") == "1");
  BOOST_TEST(graph_of("best.safetensors") == "1");
  // 4 batches an epoch; the third has just ended.
  const auto said = lathe::read_checkpoint(folder.path() / "last.safetensors").metadata;
  BOOST_TEST(said.at("lathe.epoch") == "3");
  BOOST_TEST(said.at("lathe.batch") == "0");
  BOOST_TEST(said.at("lathe.batches_per_epoch") == "4");

  // A run that goes on stays what it was, also if it is told in other words.
  options.resume = true;
  options.max_epochs = 4;
  options.origin = {{{"graph.json", "two"}}, {{"lathe.graph", "2"}}};
  train(*engine, options);
  BOOST_TEST(bytes_of(folder.path() / "graph.json") == "one");
  BOOST_TEST(graph_of("last.safetensors") == "1");
  // Unless nothing says what it was.
  std::filesystem::remove(folder.path() / "graph.json");
  options.max_epochs = 5;
  train(*engine, options);
  BOOST_TEST(bytes_of(folder.path() / "graph.json") == "two");
  BOOST_TEST(graph_of("last.safetensors") == "2");
  BOOST_TEST(graph_of("best.safetensors") == "2");
  // A new run leaves no weights of the old one beside its graph.
  options.resume = false;
  options.origin = {{{"graph.json", "three"}}, {{"lathe.graph", "3"}}};
  train_until(*engine, options, 1);
  BOOST_TEST(bytes_of(folder.path() / "graph.json") == "three");
  for (const char* file : {"last.safetensors", "best.safetensors", "metrics.csv"})
    BOOST_TEST(!std::filesystem::exists(folder.path() / file));
}

BOOST_AUTO_TEST_CASE(a_branch_that_no_output_needs_is_saved_and_resumed_from) {
  auto engine = open_executor();
  const TemporaryFolder folder;
  Writer w(5);
  const NodeId x = w.input({16});
  w.linear("unused", 16, 100);
  NodeSpec head;
  head.op = "linear";
  head.target = "head";
  head.args = {Argument{x}};
  head.attributes = Value(Value::Map{{"in_features", 16}, {"out_features", 5}});
  const NodeId out = w.edit().add(std::move(head));
  w.call(Opcode::output, "output", {Argument{out}});
  w.edit().commit();
  const Graph graph = w.graph().with_batch(8);

  auto options = options_in(folder.path());
  options.lr_scheduler = "constant";  // the same rates for any number of epochs
  const auto first = engine->train(graph, *jets(80, 40), options, {}, never);
  const auto initial = lathe::parameters_of(graph);
  for (const char* file : {"last.safetensors", "best.safetensors"}) {
    const auto tensors = lathe::read_checkpoint(folder.path() / file).tensors;
    BOOST_REQUIRE(tensors.contains("unused.weight"));
    const auto saved = tensors.at("unused.weight").values<float>();
    const auto fresh = initial.at("unused.weight").values<float>();
    BOOST_TEST(std::ranges::equal(saved, fresh));  // nothing trains it
    BOOST_TEST(tensors.at("unused.bias").numel() == 100);
  }
  options.resume = true;
  options.max_epochs = 5;
  const auto further = engine->train(graph, *jets(80, 40), options, {}, never);
  BOOST_TEST(further.epochs.size() == 5U);
  const TemporaryFolder whole;
  options.resume = false;
  options.folder = whole.path();
  engine->train(graph, *jets(80, 40), options, {}, never);
  BOOST_TEST((outcome_in(folder.path()) == outcome_in(whole.path())));
}

BOOST_AUTO_TEST_CASE(a_state_of_an_earlier_form_is_told_apart) {
  auto engine = open_executor();
  const TemporaryFolder folder;
  auto options = options_in(folder.path());
  train(*engine, options);
  const std::filesystem::path last = folder.path() / "last.safetensors";
  lathe::Checkpoint checkpoint = lathe::read_checkpoint(last);
  checkpoint.metadata["lathe.training"] = "2";
  lathe::write_safetensors(last, checkpoint.tensors, checkpoint.metadata);
  options.resume = true;
  const std::string text = message_of([&] { train(*engine, options); });
  BOOST_TEST(contains(text, "another version of Lathe (training state 2"), text);
  BOOST_TEST(contains(text, "start anew"), text);
}

BOOST_AUTO_TEST_CASE(a_damaged_or_missing_checkpoint_is_named) {
  auto engine = open_executor();
  const TemporaryFolder folder;
  auto options = options_in(folder.path());
  train(*engine, options);
  options.resume = true;
  std::filesystem::remove(folder.path() / "best.safetensors");
  std::string text = message_of([&] { train(*engine, options); });
  BOOST_TEST(contains(text, "best.safetensors"), text);
  std::filesystem::resize_file(folder.path() / "last.safetensors", 100);
  text = message_of([&] { train(*engine, options); });
  BOOST_TEST(contains(text, "last.safetensors"), text);
  lathe::write_safetensors(folder.path() / "last.safetensors", lathe::parameters_of(network()));
  text = message_of([&] { train(*engine, options); });
  BOOST_TEST(contains(text, "no training run"), text);
}

BOOST_AUTO_TEST_CASE(a_loss_that_is_nan_stops_training_and_keeps_the_last_good_checkpoint) {
  auto engine = open_executor();
  const TemporaryFolder folder;
  // One row, seen in the second batch, is too large for this network: infinity less infinity.
  Writer w;
  w.input({16});
  w.linear("fc", 16, 5);
  const Graph fragile = w.finish(8).with_parameters(
      {{"fc.weight", floats(Shape{5, 16}, std::vector<float>(80, 2.0F))}});
  const auto good = learnable(80, 16, 5, 1);
  std::vector<float> samples(good.fields[0].values<float>().begin(),
                             good.fields[0].values<float>().end());
  samples[30 * 16] = std::numeric_limits<float>::max();
  const lathe::RowTensors bad{{floats(Shape{80, 16}, samples), good.fields[1]}};
  const auto data = lathe::dataset_of("spoiled", bad, learnable(40, 16, 5, 2), {}, 5);
  auto options = options_in(folder.path());
  options.shuffle = false;
  const std::string text = message_of([&] { engine->train(fragile, *data, options, {}, never); });
  BOOST_TEST(contains(text, "NaN"), text);
  BOOST_TEST(contains(text, "epoch 0, batch 1"), text);
  BOOST_TEST(contains(text, "whose output is not finite is 'fc' (linear)"), text);
  BOOST_TEST(contains(text, "it arises there"), text);
  BOOST_TEST(!std::filesystem::exists(folder.path() / "last.safetensors"));

  // A learning rate that blows up later: what was saved stays.
  options.learning_rate = 1e30;
  options.optimizer = "sgd";
  options.max_epochs = 50;
  options.checkpoint_every_steps = 1;
  const std::string later =
      message_of([&] { engine->train(network(), *jets(80, 40), options, {}, never); });
  BOOST_TEST((contains(later, "NaN") || contains(later, "infinite")), later);
  BOOST_TEST(contains(later, "epoch 0"), later);
  const auto saved = lathe::read_checkpoint(folder.path() / "last.safetensors");
  for (const auto& [name, tensor] : saved.tensors) {
    if (tensor.dtype() != DType::float32 || name.starts_with("lathe.")) continue;
    for (float value : tensor.values<float>()) BOOST_TEST(std::isfinite(value), name);
  }
}

// A linear layer that a step of that size breaks.
Graph plain() {
  Writer w;
  w.input({16});
  w.linear("fc", 16, 5);
  return w.finish(8);
}

BOOST_AUTO_TEST_CASE(weights_that_a_step_breaks_are_saved_neither_as_best_nor_as_last) {
  auto engine = open_executor();
  const auto unseen = lathe::dataset_of("no validation", learnable(80, 16, 5, 1), {}, {}, 5);
  for (const std::int64_t batch : {80, 40}) {
    const TemporaryFolder folder;
    auto options = options_in(folder.path());
    options.batch_size = batch;
    options.optimizer = "sgd";
    options.learning_rate = 1e300;
    options.checkpoint_every_steps = 1;
    const std::string text =
        message_of([&] { engine->train(plain(), *unseen, options, {}, never); });
    // One batch: nothing but the weights shows it. Two: the loss of the second does.
    BOOST_TEST(contains(text, batch == 80 ? "at the end of epoch 0" : "epoch 0, batch 1"), text);
    BOOST_TEST(contains(text, "'fc.weight' has "), text);
    BOOST_TEST(contains(text, "of 80 values"), text);
    BOOST_TEST(contains(text, "a lower learning rate may help"), text);
    BOOST_TEST(!std::filesystem::exists(folder.path() / "best.safetensors"));
    BOOST_TEST(!std::filesystem::exists(folder.path() / "last.safetensors"));
  }
}

BOOST_AUTO_TEST_CASE(a_learning_rate_is_not_blamed_for_what_was_there_before_a_step) {
  auto engine = open_executor();
  const TemporaryFolder folder;
  std::vector<float> weight(80, 0.1F);
  weight[3] = std::numeric_limits<float>::quiet_NaN();
  const Graph broken = plain().with_parameters({{"fc.weight", floats(Shape{5, 16}, weight)}});
  const std::string text = message_of(
      [&] { engine->train(broken, *jets(80, 40), options_in(folder.path()), {}, never); });
  BOOST_TEST(contains(text, "epoch 0, batch 0"), text);
  BOOST_TEST(contains(text, "its 'fc.weight' has 1 NaN of 80 values"), text);
  BOOST_TEST(!contains(text, "learning rate"), text);
}
