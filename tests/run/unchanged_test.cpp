// Every analysis that comes with the program, as it is by default, on a convolutional network with
// batch norm and number formats, with data and the engine: the graph, what its parameters and
// buffers hold and its formats are the same afterwards, bit for bit. New ones are found by
// themselves.
#include "core/pipeline/unchanged.hpp"
#include "core/graph/io/text.hpp"
#include "core/host/run.hpp"
#include "tests/run/fields.hpp"
#include "tests/support/messages.hpp"

#include <cstring>

using namespace lathe_test;
using lathe::Component;
using lathe::Kind;

namespace {

// Of passes that cannot run without.
const std::map<std::string, Value::Map>& needed_options() {
  static const std::map<std::string, Value::Map> needed{};
  return needed;
}

constexpr int kChannels = 3, kSide = 8, kClasses = 4, kBatch = 6;

Graph small_net() {
  Writer w(3);
  const NodeId x = w.input({kChannels, kSide, kSide});
  conv(w, "conv", "conv2d", kChannels, 8);
  w.module("norm", "batch_norm2d", {{"num_features", 8}});
  w.relu("act", true);
  w.module("pool", "max_pool2d", {{"kernel_size", 2}});
  const NodeId pooled = w.last();
  const NodeId size = w.method("size", {{x}, {Value(0)}});
  w.method("view", {{pooled}, {size}, {Value(-1)}});
  w.linear("fc", 8 * (kSide / 2) * (kSide / 2), kClasses);
  Graph graph = w.finish(kBatch);
  lathe::Transaction edit(graph);
  edit.set_format(graph.find("conv"), format_of("weight", "integer", integer_options(6, 4)));
  edit.set_format(graph.find("fc"), format_of("data_in", "integer", integer_options(8, 4)));
  edit.commit();
  return graph;
}

lathe::RowTensors images(std::int64_t rows, std::uint64_t salt) {
  lathe::RowTensors flat = learnable(rows, kChannels * kSide * kSide, kClasses, salt);
  const auto values = flat.fields[0].values<float>();
  flat.fields[0] = floats(Shape{rows, kChannels, kSide, kSide},
                          std::vector<float>(values.begin(), values.end()));
  return flat;
}

// Bytes of every parameter and buffer, by name.
std::map<std::string, std::string> contents_of_all(const Graph& graph) {
  std::map<std::string, std::string> all;
  for (const auto& named : graph.parameters()) {
    const Tensor& tensor = named.parameter->content->tensor();
    const std::span<const std::byte> bytes = tensor.bytes();
    all[named.parameter->qualified_name] =
        std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  return all;
}

struct Bench {
  TemporaryFolder folder;
  std::shared_ptr<lathe::Executor> executor = open_executor();
  std::shared_ptr<lathe::Dataset> data =
      lathe::dataset_of("test images", images(24, 1), images(12, 2), images(12, 3), kClasses);
  lathe::RunContext context;

  Bench() {
    context.registry = &registry();
    context.executor = [this]() -> lathe::Executor& { return *executor; };
    context.dataset = [this]() -> const lathe::Dataset& { return *data; };
    context.batch_size = kBatch;
    context.folder = folder.path();
    context.save_graph = [](const Graph&, const Value&, const std::filesystem::path&,
                            const std::filesystem::path&) {
      return std::vector<std::filesystem::path>{};
    };
  }

  void run(const Component& component, Graph& graph) {
    const auto needed = needed_options().find(component.id);
    const Value given(needed == needed_options().end() ? Value::Map{} : needed->second);
    lathe::PassInstance pass(component, lathe::check_options(component.options, given), context);
    pass.run(graph, context);
  }
};

std::vector<const Component*> analyses() {
  std::vector<const Component*> found;
  for (const lathe::Listed& listed : registry().listed()) {
    if (listed.kind != Kind::pass) continue;
    const Component& component = registry().find(Kind::pass, listed.id);
    if (!component.has(LATHE_FLAG_MUTATES_GRAPH)) found.push_back(&component);
  }
  return found;
}

// In the folder, so that what names files of its own leaves them there.
class WorkingFolder {
 public:
  explicit WorkingFolder(const std::filesystem::path& folder)
      : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(folder);
  }
  ~WorkingFolder() { std::filesystem::current_path(before_); }
  WorkingFolder(const WorkingFolder&) = delete;
  WorkingFolder& operator=(const WorkingFolder&) = delete;

 private:
  std::filesystem::path before_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(unchanged)

BOOST_AUTO_TEST_CASE(no_analysis_changes_the_graph_its_buffers_or_its_formats) {
  BOOST_TEST(analyses().size() >= 6U);
  for (const Component* component : analyses()) {
    BOOST_TEST_CONTEXT(component->id) {
      Bench bench;
      const WorkingFolder here(bench.folder.path());
      Graph graph = small_net();
      const Graph before = graph;
      const auto contents = contents_of_all(graph);
      const std::string text = lathe::fx_text(graph);
      const std::string told = message_of([&] { bench.run(*component, graph); });
      BOOST_TEST(told == "");
      BOOST_TEST(graph.epoch() == before.epoch());
      BOOST_TEST((graph.hash(graph.output()) == before.hash(before.output())));
      BOOST_TEST(lathe::same_nodes(before, graph));
      BOOST_TEST(lathe::fx_text(graph) == text);
      BOOST_TEST((contents_of_all(graph) == contents));
      // Nor those of the graph that somebody else holds.
      BOOST_TEST((contents_of_all(before) == contents));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_the_network_computes_is_the_same_after_every_analysis) {
  Bench bench;
  const WorkingFolder here(bench.folder.path());
  Graph graph = small_net();
  const lathe::Rows rows{Split::validation, 0, kBatch};
  const double before = bench.executor->evaluate(graph, *bench.data, rows).number("loss");
  for (const Component* component : analyses()) {
    message_of([&] { bench.run(*component, graph); });
    // A fresh engine: nothing of it was remembered.
    const double after = open_executor()->evaluate(graph, *bench.data, rows).number("loss");
    BOOST_TEST(same_bits(before, after), component->id << ": " << before << ", " << after);
  }
}

BOOST_AUTO_TEST_SUITE_END()
