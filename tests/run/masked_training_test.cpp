// Training of pruned networks: masked elements stay 0, bit by bit, in every backend, with every
// optimizer, and a run that was killed ends with the same bytes.
#include "core/checkpoint/checkpoint.hpp"
#include "core/checkpoint/load.hpp"
#include "tests/engine/engine.hpp"

#include <cstring>

using namespace lathe_test;
using lathe::Graph;

namespace {

const std::atomic<bool> never{false};

// Every third element of each weight and the first of each bias.
Graph pruned(Graph graph) {
  lathe::Transaction edit(graph);
  for (const auto& [id, parameter] : graph.parameters()) {
    if (graph.node(id).op != "linear" && graph.node(id).op != "conv2d") continue;
    std::vector<float> mask(static_cast<std::size_t>(parameter->shape.numel()), 1.0F);
    const std::size_t every = parameter->name == "bias" ? mask.size() : 3;
    for (std::size_t i = 0; i < mask.size(); i += every) mask[i] = 0;
    edit.set_mask(id, parameter->name, floats(parameter->shape, mask));
  }
  edit.commit();
  return graph;
}

Graph convnet() {
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

// One module, called twice.
Graph shared() {
  Writer w(5);
  w.input({16});
  w.linear("fc", 16, 16);
  w.relu("act", false);
  w.linear("fc", 16, 16);
  w.linear("head", 16, 5);
  return w.finish(8);
}

lathe::TrainingOptions options_with(const std::string& optimizer) {
  lathe::TrainingOptions out;
  out.optimizer = optimizer;
  out.learning_rate = 0.02;
  out.weight_decay = 0.01;
  out.max_epochs = 2;
  out.batch_size = 24;
  out.seed = 3;
  return out;
}

// Elements that are not +0 where the mask is 0, and those that moved where it is 1.
struct Seen {
  int not_zero = 0, moved = 0, masked = 0;
};

Seen compare(const Graph& before, const Graph& after) {
  Seen seen;
  const auto old = lathe::parameters_of(before), now = lathe::parameters_of(after);
  for (const auto& [name, tensor] : now) {
    const auto mask = now.find(name + "_mask");
    if (mask == now.end()) continue;
    BOOST_TEST((hash_of(mask->second) == hash_of(old.at(name + "_mask"))), name);
    const auto values = tensor.values<float>(), kept = mask->second.values<float>();
    const auto first = old.at(name).values<float>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float zero = 0.0F;
      seen.masked += kept[i] == 0 ? 1 : 0;
      if (kept[i] == 0) seen.not_zero += std::memcmp(&values[i], &zero, sizeof zero) != 0 ? 1 : 0;
      if (kept[i] == 1) seen.moved += values[i] != first[i] ? 1 : 0;
    }
  }
  return seen;
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

struct Killed {};

}  // namespace

BOOST_AUTO_TEST_CASE(masked_elements_stay_zero_with_every_optimizer_in_both_backends) {
  for (const auto& executor : {open_executor(), open_engine()}) {
    for (const Graph& plain : {jsc_tiny(8), jsc_toy(8), convnet(), shared()}) {
      const Graph graph = pruned(plain);
      for (const std::string optimizer : {"adam", "adamw", "sgd"}) {
        const auto trained =
            executor->train(graph, *jets(72, 32), options_with(optimizer), {}, never);
        const Seen seen = compare(graph, trained.last);
        BOOST_TEST(seen.masked > 0);
        BOOST_TEST(seen.not_zero == 0, optimizer);
        BOOST_TEST(seen.moved > 0, optimizer);
        BOOST_TEST(compare(graph, trained.best).not_zero == 0, optimizer);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(both_backends_train_a_pruned_network_alike) {
  const Graph graph = pruned(jsc_toy(8));
  const auto a = open_executor()->train(graph, *jets(72, 32), options_with("adam"), {}, never);
  const auto b = open_engine()->train(graph, *jets(72, 32), options_with("adam"), {}, never);
  BOOST_REQUIRE_EQUAL(a.step_losses.size(), b.step_losses.size());
  for (std::size_t i = 0; i < a.step_losses.size(); ++i)
    BOOST_TEST(std::abs(a.step_losses[i] - b.step_losses[i]) < 1e-4 * (1 + a.step_losses[i]));
}

BOOST_AUTO_TEST_CASE(quantization_aware_training_keeps_the_zeros) {
  const Graph plain = jsc_tiny(8);
  const json config{{"data_in_width", 8},     {"data_in_frac_width", 4}, {"weight_width", 4},
                    {"weight_frac_width", 3}, {"bias_width", 8},         {"bias_frac_width", 5}};
  const Graph graph = pruned(quantized(plain, nodes_of(plain, "linear"), config));
  for (const auto& executor : {open_executor(), open_engine()}) {
    const auto trained = executor->train(graph, *jets(72, 32), options_with("adam"), {}, never);
    const Seen seen = compare(graph, trained.last);
    BOOST_TEST(seen.not_zero == 0);
    BOOST_TEST(seen.moved > 0);
  }
}

BOOST_AUTO_TEST_CASE(a_pruned_run_that_was_killed_ends_with_the_same_bytes) {
  const auto executor = open_executor();
  const Graph graph = pruned(jsc_toy(8));
  for (const std::string optimizer : {"adam", "sgd"}) {
    const TemporaryFolder whole, folder;
    auto options = options_with(optimizer);
    options.folder = whole.path();
    executor->train(graph, *jets(72, 32), options, {}, never);
    options.folder = folder.path();
    options.checkpoint_every_steps = 1;
    int batches = 0;
    lathe::TrainingEvents events;
    events.progress = [&](std::uint64_t, std::uint64_t) {
      if (++batches == 4) throw Killed();
    };
    BOOST_CHECK_THROW(executor->train(graph, *jets(72, 32), options, events, never), Killed);
    options.resume = true;
    executor->train(graph, *jets(72, 32), options, {}, never);
    for (const char* file : {"last.safetensors", "best.safetensors", "metrics.csv"})
      BOOST_TEST((bytes_of(folder.path() / file) == bytes_of(whole.path() / file)), file);
    const auto file = whole.path() / "last.safetensors";
    const auto loaded = lathe::load_parameters(jsc_toy(8), lathe::read_checkpoint(file), file);
    BOOST_TEST(compare(graph, loaded.graph).not_zero == 0);
    BOOST_TEST(compare(graph, loaded.graph).masked > 0);
  }
}

BOOST_AUTO_TEST_CASE(a_run_is_not_resumed_with_other_masks) {
  const auto executor = open_executor();
  const TemporaryFolder folder;
  auto options = options_with("adam");
  options.folder = folder.path();
  executor->train(pruned(jsc_tiny(8)), *jets(72, 32), options, {}, never);
  options.resume = true;
  BOOST_CHECK_THROW(executor->train(jsc_tiny(8), *jets(72, 32), options, {}, never), lathe::Error);
}
