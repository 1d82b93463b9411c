// Pruning against MASE's: every mask of golden/pruning.json, and a network with pruned weights and
// activations.
#include "pruning.hpp"

#include <numeric>

using namespace lathe_test;

namespace {

// A layer whose weight has these elements in their order.
Graph layer_with(const json& tensor_of_case) {
  const Tensor values = tensor(tensor_of_case);
  const std::int64_t rows = values.shape().rank() > 1 ? values.shape()[0] : 1;
  const std::int64_t columns = values.numel() / rows;
  Writer w;
  w.input({static_cast<int>(columns)});
  w.module("fc", "linear", {{"in_features", columns}, {"out_features", rows}, {"bias", false}});
  const Graph graph = w.finish(2);
  const auto numbers = values.values<float>();
  return graph.with_parameters(
      {{"fc.weight", floats(Shape{rows, columns}, {numbers.begin(), numbers.end()})}});
}

json golden_cases() { return golden_json("pruning.json").at("cases"); }

std::vector<int> mask_of(const Graph& graph, const std::string& node) {
  const auto size = contents_of(graph, node, "weight").size();
  std::vector<int> out(size, 1);
  if (!has_parameter(graph, node, "weight_mask")) return out;
  const auto mask = contents_of(graph, node, "weight_mask");
  for (std::size_t i = 0; i < size; ++i) out[i] = mask[i] == 0 ? 0 : 1;
  return out;
}

json weight_options(const json& golden, const char* scope, bool compatible) {
  return {{"weight", {{"sparsity", golden.at("sparsity")}, {"scope", scope}}},
          {"mase_compat", compatible}};
}

// Graph, weights and input of the whole-pass run.
struct Whole {
  json golden = golden_json("pruning.json").at("prune_pass");
  Graph graph = with_state(Workbench(8).model("jsc-toy"), golden.at("state_dict"));
};

}  // namespace

BOOST_AUTO_TEST_CASE(masks_are_mases_bit_by_bit) {
  int checked = 0;
  for (const json& golden : golden_cases()) {
    if (!golden.contains("tensor")) continue;
    Graph graph = layer_with(golden.at("tensor"));
    run_pass("prune", graph, weight_options(golden, "local", true));
    BOOST_TEST(mask_of(graph, "fc") == golden.at("mask").get<std::vector<int>>(),
               boost::test_tools::per_element());
    ++checked;
  }
  BOOST_TEST_MESSAGE("pruning.json: " << checked << " masks");
  BOOST_TEST(checked > 0);
}

BOOST_AUTO_TEST_CASE(masks_over_all_layers_together_are_mases) {
  int checked = 0;
  for (const json& golden : golden_cases()) {
    if (!golden.contains("tensors")) continue;
    Writer w;
    const NodeId x = w.input({1});
    std::map<std::string, Tensor> contents;
    for (const auto& [name, values] : golden.at("tensors").items()) {
      const auto flat = numbers(values.at("data"));
      const auto count = static_cast<std::int64_t>(flat.size());
      NodeSpec spec;
      spec.op = "linear";
      spec.target = name;
      spec.args = {Argument{x}};
      spec.attributes =
          Value::Map{{"in_features", 1}, {"out_features", count}, {"bias", Value(false)}};
      w.edit().add(std::move(spec));
      contents.emplace(name + ".weight", floats(Shape{count, 1}, flat));
    }
    Graph graph = w.finish(2).with_parameters(contents);
    run_pass("prune", graph, weight_options(golden, "global", true));
    BOOST_TEST(mask_of(graph, golden.at("prune")) == golden.at("mask").get<std::vector<int>>(),
               boost::test_tools::per_element());
    ++checked;
  }
  BOOST_TEST(checked == 4);
}

// MASE's threshold takes the lowest at sparsity 0, and all that are as low as it [D].
BOOST_AUTO_TEST_CASE(without_mases_defect_exactly_the_part_that_was_asked_for_goes) {
  for (const json& golden : golden_cases()) {
    if (!golden.contains("tensor")) continue;
    Graph graph = layer_with(golden.at("tensor"));
    const double sparsity = golden.at("sparsity");
    const lathe::PassReport report =
        run_pass("prune", graph, weight_options(golden, "local", false));
    const std::vector<int> mask = mask_of(graph, "fc");
    const auto kept = std::accumulate(mask.begin(), mask.end(), std::int64_t{0});
    const auto count = static_cast<std::int64_t>(mask.size());
    const auto pruned =
        static_cast<std::int64_t>(std::round(sparsity * static_cast<double>(count)));
    BOOST_TEST(count - kept == pruned);
    BOOST_TEST(scalar(report, "pruned_parameters") == pruned);
    // None that went is above one that stayed; of equal ones the first went.
    const Tensor values = tensor(golden.at("tensor"));
    const auto x = values.values<float>();
    for (std::size_t i = 0; i < mask.size(); ++i) {
      for (std::size_t j = 0; j < mask.size(); ++j) {
        if (mask[i] != 0 || mask[j] == 0) continue;
        const float gone = std::abs(x[i]), stays = std::abs(x[j]);
        BOOST_TEST((gone < stays || (gone == stays && i < j)));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_network_with_pruned_weights_and_activations_computes_what_mases_does) {
  Whole whole;
  json options = whole.golden.at("config");
  options["mase_compat"] = true;
  Workbench bench(8);
  const lathe::PassReport report = bench.run("prune", whole.graph, options);
  const Tensor x = tensor(whole.golden.at("x"));
  const auto engine = open_engine();
  const Tensor y = engine->run(whole.graph, {x}).at(0);
  check_close(y.values<float>(), numbers(whole.golden.at("y_pruned_eval").at("data")), 1e-5, 1e-6,
              "y_pruned_eval");
  for (const auto& [target, golden] : whole.golden.at("add_pruning_metadata").items()) {
    std::string name = target;
    std::replace(name.begin(), name.end(), '.', '_');
    const double sparsity = golden.at("weight_sparsity");
    BOOST_TEST(cell(table(report, "nodes"), name, "sparsity").as_float() == sparsity);
    const lathe::NodeId id = whole.graph.find(name);
    const Value* note = bench.context.notes.find(id, "software/args/weight/sparsity");
    BOOST_REQUIRE(note != nullptr);
    BOOST_TEST(note->as_float() == sparsity);
  }
}

// The sparsity of activations that MASE reports is that of the last call's mask.
BOOST_AUTO_TEST_CASE(activations_are_pruned_as_far_as_mases_are) {
  Whole whole;
  json options = whole.golden.at("config");
  options["mase_compat"] = true;
  run_pass("prune", whole.graph, options);
  const auto engine = open_engine();
  for (const auto& [target, golden] : whole.golden.at("add_pruning_metadata").items()) {
    std::string name = target;
    std::replace(name.begin(), name.end(), '.', '_');
    // The network up to the node that prunes this layer's input.
    Graph part = whole.graph;
    const NodeId pruner = part.node(part.find(name)).inputs()[0];
    BOOST_TEST(part.node(pruner).op == "prune_activation");
    run_pass("extract_subgraph", part, {{"to", part.node(pruner).name}});
    const Tensor seen = engine->run(part, {tensor(whole.golden.at("x"))}).at(0);
    const auto values = seen.values<float>();
    const double sparsity = static_cast<double>(std::count(values.begin(), values.end(), 0.0F)) /
                            static_cast<double>(values.size());
    BOOST_TEST(sparsity == golden.at("activation_sparsity").get<double>(), name);
  }
}
