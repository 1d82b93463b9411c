// Plugins that differentiate and train through lathe.exec, built outside the tree, on the real
// loops: against closed forms, and refusals.
#include "core/host/run.hpp"
#include "tests/run/fields.hpp"
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

using namespace lathe_test;
using lathe::PassReport;

namespace {

constexpr const char* kFineTune = R"(#include <lathe/lathe.hpp>

struct FineTune {
  static constexpr lathe_option options[] = {
      lathe::int_option("epochs", "How long.").by_default("2"),
      lathe::string_option("optimizer", "By name.").by_default("sgd"),
  };
  static constexpr const char* scalars = "before|after|train_loss|validation_loss|epochs|untouched";

  explicit FineTune(lathe::options o) : epochs_(o.integer("epochs")), by_(o.text("optimizer")) {}

  void run(lathe::graph g, lathe::executor executor, lathe::report out) const {
    const lathe::rows rows{"validation", 0, 0};
    const lathe::graph copy = g.copy();
    out.scalar("before", executor.evaluate(g, rows).number("loss"));
    const lathe_training t = executor.train(
        copy, lathe::value::map({{"max_epochs", epochs_}, {"training_optimizer", by_}}));
    out.scalar("after", executor.evaluate(copy, rows).number("loss"));
    out.scalar("train_loss", t.train_loss);
    out.scalar("validation_loss", t.validation_loss);
    out.scalar("epochs", t.epochs);
    out.scalar("untouched", executor.evaluate(g, rows).number("loss"));
  }
  std::int64_t epochs_;
  std::string by_;
};

struct TrainsInPlace {
  void run(lathe::graph g, lathe::edit& e, lathe::executor executor) const {
    e.commit();
    executor.train(g);
  }
};

struct TrainsWhatItMayNot {
  void run(lathe::graph g, lathe::executor executor) const { executor.train(g); }
};

struct AsksForMore {
  void run(lathe::graph g, lathe::executor executor) const {
    executor.evaluate(g, {"validation", 0, 0}).number("top5");
  }
};

LATHE_MODULE(lathe::pass<FineTune>("fine_tune", "1.0.0", "Trains a copy."),
             lathe::pass<TrainsInPlace>("trains_in_place", "1.0.0", "Trains the graph."),
             lathe::pass<TrainsWhatItMayNot>("trains_what_it_may_not", "1.0.0", "Is refused."),
             lathe::pass<AsksForMore>("asks_for_more", "1.0.0", "Is refused."))
)";

// One plugin file, built as a user builds it, and a run to use it in.
class Bench {
 public:
  explicit Bench(const std::filesystem::path& source) { build(source); }
  Bench(const std::string& name, const std::string& text) {
    write_file(folder_.path() / name, text);
    build(folder_.path() / name);
  }

  PassReport run(const std::string& pass, Graph& graph, Value::Map options = {}) {
    context.registry = registry_.get();
    context.executor = [this]() -> lathe::Executor& { return *executor; };
    context.dataset = nullptr;
    if (data != nullptr) context.dataset = [this]() -> const lathe::Dataset& { return *data; };
    const lathe::Component& component = registry_->find(lathe::Kind::pass, pass);
    lathe::PassInstance instance(
        component, lathe::check_options(component.options, Value(std::move(options))), context);
    return instance.run(graph, context);
  }

  std::shared_ptr<lathe::Executor> executor = open_executor();
  std::shared_ptr<lathe::Dataset> data = jets(80, 40);
  lathe::RunContext context;

 private:
  void build(const std::filesystem::path& source) {
    good({"plugin", "build", source.string(), "-o", "built.so"}, folder_.path());
    registry_ = std::make_unique<lathe::Registry>(
        std::vector<lathe::PluginFolder>{{built_plugin_dir(), "built-in"}},
        std::vector<std::filesystem::path>{folder_.path() / "built.so"});
  }

  TemporaryFolder folder_;
  std::unique_ptr<lathe::Registry> registry_;
};

std::map<std::string, double> scalars_of(const PassReport& report) {
  std::map<std::string, double> found;
  for (const auto& [name, value] : report.scalars) found[name] = value.as_float();
  return found;
}

Graph classifier() {
  Writer w(7);
  w.input({16});
  w.linear("fc", 16, 5);
  return w.finish(8);
}

// By parameter (weight, bias): the mean over rows of the squared slopes of one row's loss, which
// are (softmax - onehot) times the row, and times 1.
std::pair<double, double> fisher_of(const Graph& graph, const lathe::RowTensors& rows,
                                    std::size_t count) {
  const std::vector<float> weight = contents_of(graph, "fc.weight");
  const std::vector<float> bias = contents_of(graph, "fc.bias");
  const auto x = rows.fields[0].values<float>();
  const auto labels = rows.fields[1].values<std::int64_t>();
  double of_weight = 0, of_bias = 0;
  for (std::size_t r = 0; r < count; ++r) {
    double logits[5], total = 0, length = 0;
    for (std::size_t f = 0; f < 16; ++f) length += std::pow(static_cast<double>(x[r * 16 + f]), 2);
    for (std::size_t c = 0; c < 5; ++c) {
      logits[c] = static_cast<double>(bias[c]);
      for (std::size_t f = 0; f < 16; ++f)
        logits[c] += static_cast<double>(weight[c * 16 + f]) * static_cast<double>(x[r * 16 + f]);
      total += std::exp(logits[c]);
    }
    for (std::size_t c = 0; c < 5; ++c) {
      const bool own = c == static_cast<std::size_t>(labels[r]);
      const double slope = std::exp(logits[c]) / total - (own ? 1.0 : 0.0);
      of_weight += slope * slope * length / static_cast<double>(count);
      of_bias += slope * slope / static_cast<double>(count);
    }
  }
  return {of_weight, of_bias};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plugins_of_the_loops)

BOOST_AUTO_TEST_CASE(fisher_information_is_that_of_the_closed_form) {
  Bench bench(source_dir() / "examples" / "plugins" / "fisher.cpp");
  Graph graph = classifier();
  for (const int samples : {0, 7}) {
    const PassReport report = bench.run("example.fisher", graph, {{"samples", samples}});
    const auto [weight, bias] =
        fisher_of(graph, bench.data->all(Split::validation), samples == 0 ? 40 : 7);
    BOOST_TEST(scalars_of(report)["fisher"] == weight + bias, boost::test_tools::tolerance(1e-5));
    BOOST_REQUIRE_EQUAL(report.tables.at(0).rows.size(), 2U);
    const auto first = report.tables[0].rows[0], second = report.tables[0].rows[1];
    BOOST_TEST(first[0].as_string() == "fc.weight");
    BOOST_TEST(first[1].as_int() == 80);
    BOOST_TEST(first[2].as_float() == weight, boost::test_tools::tolerance(1e-5));
    BOOST_TEST(first[3].as_float() == weight / 80, boost::test_tools::tolerance(1e-5));
    BOOST_TEST(second[0].as_string() == "fc.bias");
    BOOST_TEST(second[2].as_float() == bias, boost::test_tools::tolerance(1e-5));
  }
}

BOOST_AUTO_TEST_CASE(what_has_no_gradients_is_refused_in_words) {
  Bench bench(source_dir() / "examples" / "plugins" / "fisher.cpp");
  Writer w(1);
  w.input({16});
  w.relu("0", false);
  Graph bare = w.finish(2);
  const std::string none = message_of([&] { bench.run("example.fisher", bare); });
  BOOST_TEST(contains(none, "pass 'example.fisher'"), none);
  BOOST_TEST(contains(none, "no parameters"), none);
  bench.data = nullptr;
  Graph graph = classifier();
  const std::string data = message_of([&] { bench.run("example.fisher", graph); });
  BOOST_TEST(contains(data, "no data set"), data);
}

BOOST_AUTO_TEST_CASE(a_pass_trains_a_copy_and_leaves_the_graph_alone) {
  Bench bench("fine_tune.cpp", kFineTune);
  bench.context.run_options = Value(Value::Map{{"learning_rate", 0.05}});
  bench.context.batch_size = 16;
  Graph graph = classifier();
  const std::vector<float> weight = contents_of(graph, "fc.weight");
  auto found = scalars_of(bench.run("fine_tune", graph, {{"epochs", 3}}));
  BOOST_TEST(found["epochs"] == 3);
  BOOST_TEST(found["after"] < found["before"]);
  BOOST_TEST(found["after"] == found["validation_loss"]);
  BOOST_TEST(found["untouched"] == found["before"]);
  BOOST_TEST(contents_of(graph, "fc.weight") == weight, boost::test_tools::per_element());
  // As the trainer does it by itself, with the run's learning rate.
  lathe::TrainingOptions options;
  options.optimizer = "sgd";
  options.learning_rate = 0.05;
  options.max_epochs = 3;
  options.batch_size = 16;
  const auto direct =
      bench.executor->train(graph, *bench.data, options, {}, std::atomic<bool>(false));
  const auto& best = direct.epochs.at(static_cast<std::size_t>(direct.best_epoch));
  BOOST_TEST(found["train_loss"] == best.number("train_loss"));
  BOOST_TEST(found["validation_loss"] == best.number("validation_loss"));
}

BOOST_AUTO_TEST_CASE(a_transform_trains_the_graph_itself) {
  Bench bench("fine_tune.cpp", kFineTune);
  bench.context.run_options = Value(Value::Map{{"max_epochs", 2}});
  bench.context.batch_size = 16;
  Graph graph = classifier();
  const lathe::Rows whole{Split::validation, 0, 16};
  const double before = bench.executor->evaluate(graph, *bench.data, whole).number("loss");
  bench.run("trains_in_place", graph);
  BOOST_TEST(bench.executor->evaluate(graph, *bench.data, whole).number("loss") < before);
}

BOOST_AUTO_TEST_CASE(a_training_that_is_none_of_its_business_is_refused) {
  Bench bench("fine_tune.cpp", kFineTune);
  Graph graph = classifier();
  const std::string kept = message_of([&] { bench.run("trains_what_it_may_not", graph); });
  BOOST_TEST(contains(kept, "LATHE_FLAG_MUTATES_GRAPH"), kept);
  const std::string choice =
      message_of([&] { bench.run("fine_tune", graph, {{"optimizer", "sdg"}}); });
  BOOST_TEST(contains(choice, "training_optimizer"), choice);
  const std::string statistic = message_of([&] { bench.run("asks_for_more", graph); });
  BOOST_TEST(contains(statistic, "no statistic 'top5'"), statistic);
  BOOST_TEST(contains(statistic, "accuracy_macro"), statistic);
}

BOOST_AUTO_TEST_SUITE_END()
