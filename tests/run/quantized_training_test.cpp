// Quantization-aware training with every number format that is built in: it learns, and a run that
// was killed ends with the same bytes. Formats that are added come in by themselves.
#include "core/checkpoint/checkpoint.hpp"
#include "core/graph/io/abi_value.hpp"
#include "tests/engine/engine.hpp"
#include "tests/plugins/workbench.hpp"

#include <memory_resource>

using namespace lathe_test;

namespace {

const std::atomic<bool> never{false};

struct Tried {
  std::string id;
  json options = json::object();
  std::string text() const { return id + options.dump(); }
};

// Each format as it is, then with options that take another way through it.
std::vector<Tried> every_format() {
  std::vector<Tried> out;
  for (const std::string& id : built_plugins().ids(lathe::Kind::format)) out.push_back({id});
  const Tried further[] = {
      {"integer", {{"width", 4}, {"frac_width", 2}}},
      {"affine", {{"width", 4}, {"scale", 0.125}}},
      {"binary", {{"stochastic", true}}},
      {"binary", {{"scale", "channel"}}},
      {"ternary", {{"granularity", "channel"}, {"scaling_factor", true}}},
      {"block_fp", {{"width", 4}, {"block_size", {1, 4}}}},
      {"lsq", {{"width", 4}}},
  };
  for (const Tried& tried : further) {
    const bool built = std::ranges::any_of(out, [&](const Tried& t) { return t.id == tried.id; });
    if (built) out.push_back(tried);
  }
  return out;
}

Graph small_convnet() {
  Writer w(5);
  const NodeId x = w.input({16});
  w.function("reshape", {{x}, {Value(Value::List{-1, 1, 4, 4})}});
  w.module("conv", "conv2d",
           {{"in_channels", 1}, {"out_channels", 4}, {"kernel_size", 3}, {"padding", 1}});
  w.module("norm", "batch_norm2d");
  w.relu("act", false);
  w.function("flatten", {{w.last()}, {Value(1)}});
  w.linear("fc", 64, 5);
  return w.finish(8);
}

// On every input and weight that takes one.
Graph with_format(Graph graph, const Tried& tried) {
  std::pmr::monotonic_buffer_resource memory;
  const Value given = to_value(tried.options);
  const lathe_value options = lathe::to_abi(given, memory);
  lathe::Transaction edit(graph);
  for (const NodeId id : graph.order()) {
    const lathe::Node& node = graph.node(id);
    const lathe::OpRow& row = *graph.ops().find(node.op);
    for (const std::string_view role : quantizable_roles(row, node)) {
      if (role == "bias") continue;
      edit.set_format(id,
                      lathe::operand_format(built_plugins(), tried.id, &options, role, node, row));
    }
  }
  edit.commit();
  return graph;
}

lathe::TrainingOptions options_in(const std::filesystem::path& folder) {
  lathe::TrainingOptions out;
  out.learning_rate = 0.02;
  out.max_epochs = 2;
  out.batch_size = 24;
  out.seed = 3;
  out.folder = folder;
  return out;
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

struct Outcome {
  std::string last, best, metrics;
  bool operator==(const Outcome&) const = default;
};

Outcome outcome_in(const std::filesystem::path& folder) {
  return {bytes_of(folder / "last.safetensors"), bytes_of(folder / "best.safetensors"),
          bytes_of(folder / "metrics.csv")};
}

// As many threads as a user has, while it lives.
class Threads {
 public:
  explicit Threads(lathe::Executor& executor, int count) : executor_(executor) {
    executor.set_threads(count);
  }
  ~Threads() { executor_.set_threads(1); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  lathe::Executor& executor_;
};

struct Killed {};

void train_until(lathe::Executor& executor, const Graph& graph,
                 const lathe::TrainingOptions& options, int batches) {
  int seen = 0;
  lathe::TrainingEvents events;
  events.progress = [&](std::uint64_t, std::uint64_t) {
    if (++seen == batches) throw Killed();
  };
  BOOST_CHECK_THROW(executor.train(graph, *jets(72, 32), options, events, never), Killed);
}

std::vector<float> list(const Tensor& tensor) {
  return {tensor.values<float>().begin(), tensor.values<float>().end()};
}

// Parameters that training changed, of those that it may.
int changed(const Graph& before, const Graph& after) {
  const auto old = lathe::parameters_of(before), now = lathe::parameters_of(after);
  int count = 0;
  for (const auto& named : before.parameters()) {
    const std::string& name = named.parameter->qualified_name;
    if (named.parameter->is_buffer) continue;
    for (const float value : now.at(name).values<float>()) BOOST_TEST(std::isfinite(value), name);
    count += list(old.at(name)) != list(now.at(name)) ? 1 : 0;
  }
  return count;
}

}  // namespace

BOOST_AUTO_TEST_CASE(networks_with_every_format_train_and_resume_to_the_same_bytes) {
  const auto executor = open_executor(built_plugins());
  const Threads several(*executor, 3);
  for (const Tried& tried : every_format()) {
    for (const Graph& plain : {jsc_tiny(8), small_convnet()}) {
      BOOST_TEST_CONTEXT(tried.text() << " in " << plain.order().size() << " nodes") {
        const Graph graph = with_format(plain, tried);
        const TemporaryFolder whole;
        const auto trained =
            executor->train(graph, *jets(72, 32), options_in(whole.path()), {}, never);
        const Outcome expected = outcome_in(whole.path());
        BOOST_REQUIRE(!expected.last.empty() && !expected.best.empty());
        BOOST_TEST(changed(graph, trained.last) > 0);
        for (const int batch : {1, 3, 5}) {
          const TemporaryFolder folder;
          auto options = options_in(folder.path());
          options.checkpoint_every_steps = 1;
          train_until(*executor, graph, options, batch);
          options.resume = true;
          executor->train(graph, *jets(72, 32), options, {}, never);
          BOOST_TEST((outcome_in(folder.path()) == expected), "killed at batch " << batch);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(what_was_trained_with_a_format_is_loaded_with_its_state) {
  const auto executor = open_executor(built_plugins());
  for (const Tried& tried : every_format()) {
    BOOST_TEST_CONTEXT(tried.text()) {
      const Graph graph = with_format(small_convnet(), tried);
      const TemporaryFolder folder;
      const auto data = jets(72, 32);
      const auto trained = executor->train(graph, *data, options_in(folder.path()), {}, never);
      const auto file = folder.path() / "last.safetensors";
      const auto loaded = lathe::load_parameters(graph, lathe::read_checkpoint(file), file);
      const auto expected = lathe::parameters_of(trained.last);
      for (const auto& [name, tensor] : lathe::parameters_of(loaded.graph)) {
        BOOST_TEST((lathe::hash_of(tensor) == lathe::hash_of(expected.at(name))), name);
      }
      BOOST_TEST(same_bits(executor->evaluate(loaded.graph, *data, {}).number("loss"),
                           executor->evaluate(trained.last, *data, {}).number("loss")));
      // Without its formats it takes the weights and says what is left over.
      const auto bare = lathe::load_parameters(small_convnet(), lathe::read_checkpoint(file), file);
      BOOST_TEST(
          list(lathe::parameters_of(bare.graph).at("fc.weight")) == list(expected.at("fc.weight")),
          boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(learned_state_is_trained_by_every_optimizer) {
  const auto executor = open_executor(built_plugins());
  for (const Tried& tried : every_format()) {
    const Graph graph = with_format(small_convnet(), tried);
    std::vector<std::string> learned;
    for (const auto& named : graph.parameters()) {
      if (named.parameter->is_state() && !named.parameter->is_buffer) {
        learned.push_back(named.parameter->qualified_name);
      }
    }
    for (const std::string optimizer : {"adam", "adamw", "sgd"}) {
      if (learned.empty()) break;
      lathe::TrainingOptions options = options_in({});
      options.optimizer = optimizer;
      const auto trained = executor->train(graph, *jets(72, 32), options, {}, never);
      const auto before = lathe::parameters_of(graph), after = lathe::parameters_of(trained.last);
      for (const std::string& name : learned) {
        const auto numbers = list(after.at(name));
        BOOST_TEST((numbers != list(before.at(name))), tried.text()
                                                           << ", " << optimizer << ": " << name);
      }
    }
  }
}

// Sums of LibTorch's may differ in their last bits; draws do not.
BOOST_AUTO_TEST_CASE(random_numbers_are_the_same_for_any_number_of_threads) {
  Writer w(5);
  w.input({32, 16, 16});
  w.relu("act", false);
  const Graph plain = w.finish(32);
  std::vector<float> values(std::size_t{32} * 32 * 16 * 16);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(i % 1001) / 500.0F - 1.0F;
  }
  const Tensor x = floats(Shape{32, 32, 16, 16}, values);
  for (const Tried& tried : every_format()) {
    const lathe::Component& component = built_plugins().find(lathe::Kind::format, tried.id);
    if (!component.has(LATHE_FLAG_STOCHASTIC)) continue;
    const Graph graph = with_format(plain, tried);
    std::vector<std::vector<float>> outputs;
    for (const int threads : {1, 2, 3}) {
      const auto executor = open_executor(built_plugins());
      const Threads allowed(*executor, threads);
      outputs.push_back(list(executor->run(graph, {x}).at(0)));
    }
    BOOST_TEST((outputs[0] == outputs[1] && outputs[0] == outputs[2]), tried.text());
  }
}
