// A backend's identity keeps apart what is remembered: what integer kernels left is never taken for
// what floats left. The backends here compute nothing.
#include "core/run/activations.hpp"
#include "core/run/codes/integer_layers.hpp"
#include "core/run/evaluator.hpp"
#include "tests/engine/engine.hpp"

using namespace lathe_test;
namespace run = lathe::run;

namespace {

// What the backends were asked for, and whose activations they found.
struct Seen {
  int programs = 0;
  std::vector<bool> found;        // left by integers
  std::vector<bool> on_integers;  // each program
};

// Logits that differ from row to row, and are twice as large on integers.
class Stub : public run::Program {
 public:
  Stub(const Graph& graph, bool integers, const run::Activations* activations, Seen& seen)
      : between_(graph.find("seq_blocks_1")), integers_(integers) {
    ++seen.programs;
    seen.on_integers.push_back(integers);
    const run::Stored left = activations == nullptr ? nullptr : activations->find(between_);
    if (left != nullptr) seen.found.push_back(*static_cast<const bool*>(left.get()));
  }
  void run(const run::Portion& portion) override {
    std::vector<float> values;
    for (std::int64_t i = 5 * portion.first; i < 5 * (portion.first + portion.rows); ++i)
      values.push_back(static_cast<float>(i * i % 7) * (integers_ ? 0.5F : 0.25F));
    logits_ = lathe_test::floats(Shape{portion.rows, 5}, values);
  }
  Tensor result(NodeId) const override { return logits_; }
  Tensor floats(NodeId) const override { return logits_; }
  void leave(run::Activations& activations) override {
    BOOST_TEST(activations.keeps(between_));
    activations.keep(between_, std::make_shared<bool>(integers_), sizeof(bool));
  }

 private:
  NodeId between_;
  bool integers_;
  Tensor logits_;
};

// Learns nothing.
class StubTraining : public run::TrainingProgram {
 public:
  Tensor forward(const run::TrainingBatch& batch) override {
    const auto rows = static_cast<std::int64_t>(batch.rows.size());
    return lathe_test::floats(Shape{rows, 5},
                              std::vector<float>(static_cast<std::size_t>(5 * rows), 0.0F));
  }
  void backward(std::span<const float>) override {}
};

// Runs every layer as its name says. The one called "small" takes jsc_tiny alone.
class StubBackend : public run::Backend {
 public:
  StubBackend(std::string name, Seen& seen) : name_(std::move(name)), seen_(seen) {}

  std::string_view name() const override { return name_; }
  bool takes(const Graph& graph, run::Mode) const override {
    return name_ != "small" || graph.find("seq_blocks_4") == NodeId::none;
  }
  void add_identity(lathe::Hasher& hasher) const override {
    hasher.add(name()).add(std::int64_t{integers_});
  }
  std::unique_ptr<run::Program> program(const Graph& graph, const std::vector<NodeId>&,
                                        run::Activations* activations) override {
    layers_.ran("seq_blocks_2", name_);
    layers_.left("only_" + name_, "reason");
    return std::make_unique<Stub>(graph, integers_, activations, seen_);
  }
  std::unique_ptr<run::TrainingProgram> training_program(const Graph&, run::TrainedParameters&,
                                                         run::Mode,
                                                         const std::vector<NodeId>&) override {
    return std::make_unique<StubTraining>();
  }
  std::shared_ptr<void> threads_for(const Graph&, std::int64_t) override { return nullptr; }
  void set_threads(int) override {}
  void set_integer_kernels(bool allowed) override { integers_ = allowed; }
  Value environment() const override {
    return Value(Value::Map{{std::string(run::kIntegerKernelsEntry), layers_.value()}});
  }

 private:
  std::string name_;
  Seen& seen_;
  bool integers_ = true;
  run::IntegerLayers layers_;
};

std::shared_ptr<lathe::Executor> executor_of(const std::vector<std::string>& names, Seen& seen) {
  std::vector<run::OpenBackend> open;
  for (const std::string& name : names) {
    open.emplace_back([name, &seen](const lathe::Registry&, run::Cache&) {
      return std::make_shared<StubBackend>(name, seen);
    });
  }
  return run::make_executor(registry(), std::move(open));
}

const lathe::Rows kWhole{Split::validation, 0, 64};

}  // namespace

BOOST_AUTO_TEST_SUITE(identity)

BOOST_AUTO_TEST_CASE(results_on_integers_and_on_floats_are_remembered_apart) {
  Seen seen;
  const auto executor = executor_of({"stub"}, seen);
  const auto data = jets(64, 200);
  const Graph graph = jsc_tiny(8);
  const auto loss = [&](bool integers) {
    executor->set_integer_kernels(integers);
    return executor->evaluate(graph, *data, kWhole).number("loss");
  };
  const double on_integers = loss(true), on_floats = loss(false);
  BOOST_TEST(on_integers != on_floats);
  BOOST_TEST(seen.programs == 2);
  BOOST_TEST(same_bits(loss(true), on_integers));
  BOOST_TEST(same_bits(loss(false), on_floats));
  BOOST_TEST(seen.programs == 2);  // both were remembered
}

BOOST_AUTO_TEST_CASE(activations_on_integers_and_on_floats_are_remembered_apart) {
  Seen seen;
  const auto executor = executor_of({"stub"}, seen);
  const auto data = jets(64, 200);
  const auto both = [&](const auto& run) {
    for (const bool integers : {true, false}) {
      executor->set_integer_kernels(integers);
      run();
    }
  };
  const auto outputs = [&] { executor->outputs(jsc_tiny(8), *data, kWhole); };
  both(outputs);
  both(outputs);
  BOOST_TEST(seen.programs == 2);  // they were remembered themselves
  both([&] { executor->evaluate(jsc_tiny(8), *data, kWhole); });
  BOOST_TEST(seen.found == (std::vector<bool>{true, false}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_training_validates_on_floats_and_leaves_evaluations_on_integers) {
  Seen seen;
  const auto executor = executor_of({"stub"}, seen);
  const auto data = jets(64, 200);
  lathe::TrainingOptions options;
  options.max_epochs = 2;
  const std::atomic<bool> never{false};
  executor->train(jsc_tiny(8), *data, options, {}, never);
  BOOST_TEST(!seen.on_integers.empty());
  BOOST_TEST(std::ranges::none_of(seen.on_integers, [](bool integers) { return integers; }));
  executor->evaluate(jsc_tiny(8), *data, kWhole);
  BOOST_TEST(seen.on_integers.back());
}

BOOST_AUTO_TEST_CASE(a_backend_that_is_opened_later_is_told) {
  Seen seen;
  const auto data = jets(64, 200);
  const auto first = executor_of({"stub"}, seen), later = executor_of({"stub"}, seen);
  first->evaluate(jsc_tiny(8), *data, kWhole);
  first->set_integer_kernels(false);
  later->set_integer_kernels(false);
  BOOST_TEST(same_bits(first->evaluate(jsc_tiny(8), *data, kWhole).number("loss"),
                       later->evaluate(jsc_tiny(8), *data, kWhole).number("loss")));
}

BOOST_AUTO_TEST_CASE(the_environment_joins_what_backends_say_of_layers) {
  Seen seen;
  const auto executor = executor_of({"small", "any"}, seen);
  const auto data = jets(64, 200);
  const std::string entry(run::kIntegerKernelsEntry);
  executor->set_integer_kernels(false);
  executor->evaluate(jsc_tiny(8), *data, kWhole);
  BOOST_TEST(executor->environment().find(entry)->text() ==
             "{on_integers={seq_blocks_2=[small]}, on_floats={only_small=[reason]}, mode=off}");
  executor->evaluate(jsc_toy(8), *data, kWhole);
  BOOST_TEST(executor->environment().find(entry)->text() ==
             "{on_integers={seq_blocks_2=[small, any]}, "
             "on_floats={only_small=[reason], only_any=[reason]}, mode=off}");
}

BOOST_AUTO_TEST_SUITE_END()
