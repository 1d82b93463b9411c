// Execution, tensors, threads and random numbers on behalf of plugins, over an executor that
// remembers what it was asked for.
#include "core/tensor/random.hpp"
#include "tests/host/world.hpp"

#include <boost/test/unit_test.hpp>

#include <thread>

using namespace lathe;
using namespace lathe_test;

namespace {

class Data : public Dataset {
 public:
  std::string id() const override { return "data"; }
  bool synthetic() const override { return true; }
  DatasetInfo info() const override {
    return {{{"x", LATHE_FIELD_INPUT, DType::float32, Shape{4}, true, 0, {}},
             {"y", LATHE_FIELD_TARGET, DType::int64, Shape{}, true, 3, {}}}};
  }
  void open(const OpenRequest&) override {}
  std::uint64_t count(Split) const override { return 6; }
  RowTensors read(Split, std::span<const std::uint64_t>) const override { return {}; }
  const RowTensors& all(Split) const override { return none_; }
  std::vector<std::string> files() const override { return {}; }

 private:
  RowTensors none_;
};

class Engine : public Executor {
 public:
  std::vector<Tensor> run(const Graph&, const std::vector<Tensor>& inputs) override {
    return inputs;
  }
  Evaluation evaluate(const Graph&, const Dataset&, const Rows& rows) override {
    asked = rows;
    if (fails) throw run_error(LATHE_NOT_FOUND, "there is no file 'x.h5'", {"x.h5", 0, 0});
    return {Loss::cross_entropy, std::vector<std::vector<double>>{
                                     {0.25}, {0.5}, {0.75}, {static_cast<double>(rows.samples)}}};
  }
  Tensor outputs(const Graph&, const Dataset&, const Rows&) override { return {}; }
  void observe(const Graph& graph, const Dataset&, const Rows& rows,
               const std::vector<NodeId>& nodes, const Observer& observer) override {
    asked = rows;
    const std::vector<float> values{1.5F, 2.0F};
    const Tensor tensor = Tensor::of<float>(DType::float32, Shape{2}, values);
    for (std::uint64_t batch = 0; batch < 2; ++batch) {
      for (const NodeId node : nodes) {
        for (const Operand& operand : operands_of(graph, node)) {
          observer({node, operand, tensor, batch, 3 * batch, 3 - batch});
        }
      }
    }
  }
  // As observe(), and the gradient of each tensor is the tensor itself.
  void observe_gradients(const Graph& graph, const Dataset& data, const Rows& rows,
                         const std::vector<NodeId>& nodes, const Observer& observer) override {
    observe(graph, data, rows, nodes, [&](const Observation& seen) {
      observer({seen.node, seen.operand, seen.tensor, seen.batch, seen.first_row, seen.rows,
                &seen.tensor});
    });
  }
  // Two batches: of rows 0 to 2 and of rows 3 and 4. Gradients are 0.5, values those of the graph.
  void gradients(const Graph& graph, const Dataset&, const Rows& rows,
                 const GradientObserver& observer) override {
    asked = rows;
    for (std::uint64_t batch = 0; batch < 2; ++batch) {
      std::vector<BatchGradients::Row> parameters;
      for (const Graph::Named& named : graph.parameters()) {
        const Shape& shape = named.parameter->shape;
        const std::vector<float> slopes(static_cast<std::size_t>(shape.numel()), 0.5F);
        parameters.push_back({named.node, *named.parameter, named.parameter->content->tensor(),
                              Tensor::of<float>(DType::float32, shape, slopes)});
      }
      observer({1.5, batch, 3 * batch, 3 - batch, parameters});
    }
  }
  // Every parameter becomes 1; the second of two epochs is the best.
  TrainingResult train(const Graph& graph, const Dataset&, const TrainingOptions& options,
                       const TrainingEvents&, const std::atomic<bool>& cancelled) override {
    trained = options;
    std::map<std::string, Tensor> ones;
    for (const Graph::Named& named : graph.parameters()) {
      const Shape& shape = named.parameter->shape;
      ones.emplace(
          named.parameter->qualified_name,
          Tensor::of<float>(DType::float32, shape,
                            std::vector<float>(static_cast<std::size_t>(shape.numel()), 1.0F)));
    }
    TrainingResult result;
    result.best = result.last = graph.with_parameters(ones);
    result.interrupted = cancelled;
    for (const double loss : {0.75, 0.5})
      result.epochs.push_back({0, {{"train_loss", loss}, {"validation_loss", 2 * loss}}});
    result.best_epoch = 1;
    return result;
  }
  void set_threads(int) override {}
  Value environment() const override { return {}; }
  void set_cache_limit(std::uint64_t) override {}
  void set_integer_kernels(bool) override {}

  Rows asked;
  TrainingOptions trained;
  bool fails = false;
};

struct Workshop : World {
  Registry workers{{}, {fixture("worker"), fixture("line")}};
  Engine engine;
  Data data;
  Graph net = graph();

  Workshop() {
    context.registry = &workers;
    context.executor = [this]() -> Executor& { return engine; };
    context.dataset = [this]() -> const Dataset& { return data; };
    context.batch_size = 3;
  }
  PassReport work(const std::string& mode) {
    const Component& worker = workers.find(Kind::pass, "worker");
    return PassInstance(worker, check_options(worker.options, Value(Value::Map{{"mode", mode}})),
                        context)
        .run(net, context);
  }
  double scalar(const std::string& mode, std::size_t index = 0) {
    return work(mode).scalars.at(index).second.as_float();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(work)

BOOST_AUTO_TEST_CASE(evaluation_goes_to_the_engine_with_the_rows_asked_for) {
  Workshop w;
  const PassReport report = w.work("evaluate");
  BOOST_TEST(report.scalars[0].second.as_float() == 0.25);
  BOOST_TEST(report.scalars[1].second.as_float() == 5);
  BOOST_TEST((w.engine.asked.split == Split::test));
  BOOST_TEST(w.engine.asked.batch_size == 3);
}

BOOST_AUTO_TEST_CASE(a_host_failure_keeps_its_place_and_blame_through_the_plugin) {
  Workshop w;
  w.engine.fails = true;
  try {
    w.work("evaluate");
    BOOST_TEST(false);
  } catch (const Error& error) {
    BOOST_TEST(error.position().file == "x.h5");
    BOOST_TEST(error.message() == "pass 'worker': there is no file 'x.h5'");
    BOOST_TEST(error.exit_code() == 1);
    BOOST_TEST(error.code() == LATHE_NOT_FOUND);
  }
}

BOOST_AUTO_TEST_CASE(wrong_requests_are_refused_before_the_engine_sees_them) {
  Workshop w;
  BOOST_TEST(contains(message_of([&] { w.work("bad_split"); }), "no split 'tets'"));
  BOOST_TEST(contains(message_of([&] { w.work("run_nothing"); }), "1 placeholders, but 0 inputs"));
  BOOST_TEST(contains(message_of([&] { w.work("observe_nobody"); }), "no node with id 999"));
  BOOST_TEST(contains(message_of([&] { w.work("no_weight"); }), "no parameter or buffer 'wait'"));
  BOOST_TEST(message_of([&] { w.work("bad_zeros"); }) == "");
  w.context.dataset = {};
  BOOST_TEST(contains(message_of([&] { w.work("evaluate"); }), "no data set"));
  w.context.executor = {};
  BOOST_TEST(contains(message_of([&] { w.work("evaluate"); }), "no engine"));
}

BOOST_AUTO_TEST_CASE(a_graph_runs_on_the_plugins_tensors) {
  Workshop w;
  BOOST_TEST(w.scalar("run") == 2.5);
}

BOOST_AUTO_TEST_CASE(an_observer_sees_every_tensor) {
  Workshop w;
  const PassReport report = w.work("observe");
  std::map<std::string, double> seen;
  for (const auto& [name, value] : report.scalars) seen[name] = value.as_float();
  BOOST_TEST(seen["tensors"] == 8);  // two batches of four operands
  BOOST_TEST(seen["sum"] == 3.0);
  BOOST_TEST(seen["batches"] == 2);  // of rows 0 to 2, and 3 and 4
  BOOST_TEST(seen["rows"] == 5);
  BOOST_TEST(seen["end"] == 5);
  BOOST_TEST((w.engine.asked.split == Split::validation));
}

BOOST_AUTO_TEST_CASE(an_observer_may_stop) {
  Workshop w;
  BOOST_TEST(message_of([&] { w.work("observe_stop"); }) == "pass 'worker': seen enough");
}

BOOST_AUTO_TEST_CASE(an_evaluation_is_of_the_loss_of_the_run) {
  Workshop w;
  w.work("evaluate");
  BOOST_TEST(!w.engine.asked.loss.has_value());
  w.context.loss = Loss::bce_with_logits;
  w.work("evaluate");
  BOOST_TEST((w.engine.asked.loss == Loss::bce_with_logits));
}

BOOST_AUTO_TEST_CASE(gradients_come_batch_by_batch_with_the_values_they_are_of) {
  Workshop w;
  const PassReport report = w.work("gradients");
  std::map<std::string, double> seen;
  for (const auto& [name, value] : report.scalars) seen[name] = value.as_float();
  BOOST_TEST(seen["batches"] == 2);
  BOOST_TEST(seen["loss"] == 3.0);
  BOOST_TEST(seen["rows"] == 5);
  BOOST_TEST(seen["parameters"] == 2);  // weight and bias of the linear layer
  const float first = w.net.parameters().at(0).parameter->content->tensor().values<float>()[0];
  BOOST_TEST(seen["sum"] == 2 * 0.5 * static_cast<double>(first));
  BOOST_TEST((w.engine.asked.split == Split::validation));
  BOOST_TEST(message_of([&] { w.work("gradients_stop"); }) == "pass 'worker': steep enough");
}

BOOST_AUTO_TEST_CASE(a_training_has_the_runs_options_but_for_those_given) {
  Workshop w;
  w.context.run_options = Value(Value::Map{{"max_epochs", 9}, {"learning_rate", 0.5}});
  w.context.seed = 4;
  w.context.loss = Loss::mse;
  const PassReport report = w.work("train");
  BOOST_TEST(report.scalars.at(0).second.as_float() == 2);    // epochs
  BOOST_TEST(report.scalars.at(1).second.as_float() == 0.5);  // of the best one
  BOOST_TEST(report.scalars.at(2).second.as_float() == 1.0);
  BOOST_TEST(w.engine.trained.max_epochs == 3);
  BOOST_TEST(w.engine.trained.learning_rate == 0.5);
  BOOST_TEST(w.engine.trained.batch_size == 3);
  BOOST_TEST(w.engine.trained.seed == 4U);
  BOOST_TEST(w.engine.trained.loss.value_or("") == "mse");
  BOOST_TEST(w.engine.trained.folder.empty());
  BOOST_TEST(w.scalar("weights") == 1.0);
}

BOOST_AUTO_TEST_CASE(a_training_that_cannot_be_is_refused) {
  Workshop w;
  const auto refusal = [&](const std::string& mode) { return message_of([&] { w.work(mode); }); };
  BOOST_TEST(contains(refusal("train_misspelt"), "did you mean 'max_epochs'?"));
  BOOST_TEST(contains(refusal("train_mistyped"), "max_epochs"));
  BOOST_TEST(contains(refusal("train_original"), "LATHE_FLAG_MUTATES_GRAPH"));
  BOOST_TEST(contains(refusal("train_open"), "open already"));
  w.cancelled = true;
  try {
    w.work("train_plain");
    BOOST_ERROR("it went on");
  } catch (const Error& error) {
    BOOST_TEST(error.code() == LATHE_CANCELLED);
  }
  w.cancelled = false;
  w.context.dataset = {};
  BOOST_TEST(contains(refusal("train_plain"), "no data set"));
  BOOST_TEST(contains(refusal("gradients"), "no data set"));
  BOOST_TEST(contains(message_of([&] { w.run("probe", "train", w.net); }), "LATHE_FLAG_EXECUTES"));
  BOOST_TEST(
      contains(message_of([&] { w.run("probe", "gradients", w.net); }), "LATHE_FLAG_EXECUTES"));
}

BOOST_AUTO_TEST_CASE(weights_come_into_being_when_they_are_read) {
  Workshop w;
  const double most = w.scalar("weights");
  BOOST_TEST(most > 0.0);
  BOOST_TEST(most <= 0.5);  // uniform on +-1/sqrt(4)
  w.work("set_weight");
  BOOST_TEST(w.scalar("weights") == 1.0);
}

BOOST_AUTO_TEST_CASE(loops_cover_every_index_once_and_stay_on_one_thread_in_a_trial) {
  Workshop w;
  BOOST_TEST(w.scalar("parallel") == std::max(1u, std::thread::hardware_concurrency()));
  w.context.in_trial = true;
  BOOST_TEST(w.scalar("parallel") == 1);
}

BOOST_AUTO_TEST_CASE(a_loop_whose_body_fails_says_what_the_first_one_said) {
  Workshop w;
  BOOST_TEST(message_of([&] { w.work("parallel_fails"); }) == "pass 'worker': row 5000");
  w.context.in_trial = true;
  BOOST_TEST(message_of([&] { w.work("parallel_fails"); }) == "pass 'worker': row 5000");
}

BOOST_AUTO_TEST_CASE(a_loop_ends_when_the_user_asks_to_stop) {
  Workshop w;
  const std::atomic<bool> stop{true};
  w.context.cancelled = &stop;
  BOOST_TEST(contains(message_of([&] { w.work("parallel"); }), "stopped"));
}

BOOST_AUTO_TEST_CASE(random_numbers_are_functions_of_their_counter) {
  Workshop w;
  BOOST_TEST(message_of([&] { w.work("rng"); }) == "");
}

BOOST_AUTO_TEST_CASE(progress_is_shown_now_and_then_but_never_in_a_trial) {
  Workshop w;
  int calls = 0;
  std::uint64_t last = 0;
  w.context.progress = [&](std::uint64_t done, std::uint64_t total, std::string_view unit) {
    ++calls;
    last = done;
    BOOST_TEST(total == 1000u);
    BOOST_TEST(unit == "rows");
  };
  w.work("progress");
  BOOST_TEST(last == 1000u);
  BOOST_TEST(calls < 100);
  w.context.in_trial = true;
  calls = 0;
  w.work("progress");
  BOOST_TEST(calls == 0);
}

BOOST_AUTO_TEST_SUITE_END()
