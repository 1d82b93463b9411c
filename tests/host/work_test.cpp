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
  DatasetInfo info() const override { return {Shape{4}, true, 3, {}}; }
  void open() override {}
  std::uint64_t count(Split) const override { return 6; }
  SplitTensors read(Split, std::span<const std::uint64_t>) const override { return {}; }
  const SplitTensors& all(Split) const override { return none_; }
  std::vector<std::string> files() const override { return {}; }

 private:
  SplitTensors none_;
};

class Engine : public Executor {
 public:
  std::vector<Tensor> run(const Graph&, const std::vector<Tensor>& inputs) override {
    return inputs;
  }
  Evaluation evaluate(const Graph&, const Dataset&, const Rows& rows) override {
    asked = rows;
    if (fails) throw run_error(LATHE_NOT_FOUND, "there is no file 'x.h5'", {"x.h5", 0, 0});
    return Evaluation(std::vector<std::vector<double>>{
        {0.25}, {0.5}, {0.75}, {static_cast<double>(rows.samples)}});
  }
  Tensor logits(const Graph&, const Dataset&, const Rows&) override { return {}; }
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
  TrainingResult train(const Graph&, const Dataset&, const TrainingOptions&, const TrainingEvents&,
                       const std::atomic<bool>&) override {
    return {};
  }
  void set_threads(int) override {}
  Value environment() const override { return {}; }
  void set_cache_limit(std::uint64_t) override {}

  Rows asked;
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
