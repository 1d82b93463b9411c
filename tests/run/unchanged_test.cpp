// Every analysis that comes with the program, as it is by default, on a convolutional network with
// batch norm and number formats, with data and the engine: the graph, what its parameters and
// buffers hold and its formats are the same afterwards, bit for bit. New ones are found by
// themselves.
#include "core/pipeline/unchanged.hpp"
#include "core/graph/io/text.hpp"
#include "core/host/run.hpp"
#include "core/options/text/document.hpp"
#include "core/search/loop/trial_space.hpp"
#include "tests/run/fields.hpp"
#include "tests/support/messages.hpp"

#include <cstring>

using namespace lathe_test;
using lathe::Component;
using lathe::Kind;

namespace {

// Options of passes that by default do a part of what they can, as TOML, each a run of its own; all
// others run as they are.
std::vector<std::string> options_of(const std::string& id) {
  static const std::map<std::string, std::vector<std::string>> known{
      {"evaluate", {"", "by_class = true"}},
      {"natural_sparsity", {"activations = true"}},
      {"profile_statistics",
       {"by = 'type'\ntarget_weight_nodes = ['conv2d', 'linear', 'batch_norm2d']\n"
        "target_activation_nodes = ['conv2d', 'batch_norm2d', 'relu']\n"
        "[weight_statistics]\nvariance_precise = {}\n[activation_statistics]\n"
        "range_quantile = {}\nrange_min_max = {}\nrecord = {}\n"}},
      {"sensitivity",
       {"method = 'output'", "method = 'accuracy'", "method = 'kl'", "method = 'gradient'",
        "method = 'hessian'"}}};
  const auto found = known.find(id);
  return found == known.end() ? std::vector<std::string>{""} : found->second;
}

// What passes that ask for the config's search space see.
const Value& search_space() {
  static const Value space = lathe::parse_toml(
      "name = 'graph/quantize/mixed_precision_ptq'\nsetup.by = 'type'\n"
      "seed.default.config.name = ['NA']\n"
      "seed.linear.config = { name = ['integer'], weight_width = [4, 8] }\n"
      "seed.conv2d.config = { name = ['integer'], weight_width = [4, 8] }\n",
      "space.toml");
  return space;
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
    context.trial_space = [](const Graph& graph, lathe::RunContext& of) {
      return lathe::open_trial_space(search_space(), graph, registry(), nullptr, of);
    };
    context.save_graph = [](const Graph&, const Value&, const std::filesystem::path&,
                            const std::filesystem::path&) {
      return std::vector<std::filesystem::path>{};
    };
  }

  void run(const Component& component, Graph& graph, const std::string& options) {
    const Value given =
        options.empty() ? Value(Value::Map{}) : lathe::parse_toml(options, "options.toml");
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
      for (const std::string& options : options_of(component->id))
        BOOST_TEST(message_of([&] { bench.run(*component, graph, options); }) == "", options);
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
    for (const std::string& options : options_of(component->id))
      bench.run(*component, graph, options);
    // A fresh engine: nothing of it was remembered.
    const double after = open_executor()->evaluate(graph, *bench.data, rows).number("loss");
    BOOST_TEST(same_bits(before, after), component->id << ": " << before << ", " << after);
  }
}

BOOST_AUTO_TEST_SUITE_END()
