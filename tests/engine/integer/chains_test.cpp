// Networks on integers: the same bits whatever is observed, kept, cut into portions or shared by
// threads; beside floats, within a rounding.
#include "core/graph/ops/op_table.hpp"
#include "core/run/needed.hpp"
#include "tests/engine/integer/networks.hpp"
#include "tests/engine/integer/runs.hpp"

#include <limits>

using namespace lathe_test;

namespace {

std::vector<SmallNetwork> known_networks() { return small_networks(instructions_are_exact()); }
std::vector<SmallNetwork> all_networks() {
  std::vector<SmallNetwork> out = known_networks();
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    out.push_back(random_network(seed, instructions_are_exact()));
  }
  return out;
}

// Every node that makes a tensor.
std::vector<NodeId> all_nodes(const Graph& graph) {
  std::vector<NodeId> out;
  for (NodeId id : graph.order()) {
    const lathe::Node& node = graph.node(id);
    if (node.opcode != Opcode::output && node.result.is_tensor()) out.push_back(id);
  }
  return out;
}

std::map<NodeId, Tensor> every_result(const SmallNetwork& network, bool on_integers) {
  const std::vector<NodeId> wanted = all_nodes(network.graph);
  const Ran ran =
      run_graph(network.graph, {network.x}, {.on_integers = on_integers, .wanted = wanted});
  std::map<NodeId, Tensor> out;
  for (std::size_t i = 0; i < wanted.size(); ++i) out.emplace(wanted[i], ran.results[i]);
  return out;
}

Tensor output_of(const SmallNetwork& network, const How& how = {}) {
  return run_graph(network.graph, {network.x}, how).results.at(0);
}

// The same network with another format on the weight of its last layer: its beginning is known.
SmallNetwork with_other_end(SmallNetwork network) {
  lathe::Transaction edit(network.graph);
  const NodeId last = network.graph.find(network.layers.back());
  edit.set_format(last, format_of("weight", "integer", integer_options(4, 4)));
  edit.commit();
  return network;
}

Tensor row_of(const Tensor& x, std::int64_t row) {
  const std::int64_t size = x.numel() / x.shape()[0];
  const auto values = x.values<float>().subspan(static_cast<std::size_t>(row * size),
                                                static_cast<std::size_t>(size));
  return floats({size}, {values.begin(), values.end()});
}

std::string outcome(const Graph& graph, const Tensor& x, bool on_integers) {
  try {
    return run_graph(graph, {x}, {.on_integers = on_integers}).results.at(0).shape().text();
  } catch (const lathe::Error& error) {
    return error.what();
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(integer_chains)

BOOST_AUTO_TEST_CASE(every_layer_of_the_networks_runs_on_integers) {
  for (const SmallNetwork& network : known_networks()) {
    const Ran ran = run_graph(network.graph, {network.x}, {});
    for (const std::string& layer : network.layers) {
      const auto why = ran.on_floats.find(layer);
      BOOST_TEST(ran.on_integers.contains(layer),
                 network.name << ", " << layer << ": "
                              << (why == ran.on_floats.end() ? "nothing is said" : why->second));
    }
    const Ran off = run_graph(network.graph, {network.x}, {.on_integers = false});
    BOOST_TEST(off.on_integers.empty());
  }
}

// So that what follows is not about floats.
BOOST_AUTO_TEST_CASE(most_layers_of_random_networks_run_on_integers) {
  std::size_t on_integers = 0, on_floats = 0;
  for (const SmallNetwork& network : all_networks()) {
    const Ran ran = run_graph(network.graph, {network.x}, {});
    on_integers += ran.on_integers.size();
    on_floats += ran.on_floats.size();
  }
  BOOST_TEST_MESSAGE(on_integers << " layers on integers, " << on_floats << " on floats");
  BOOST_TEST(on_integers > 4 * on_floats);
}

BOOST_AUTO_TEST_CASE(what_is_observed_changes_no_bit) {
  for (const SmallNetwork& network : all_networks()) {
    const auto all = every_result(network, true);
    const NodeId last = network.graph.node(network.graph.output()).inputs().at(0);
    BOOST_TEST(same_bytes(output_of(network), all.at(last)), network.name);
    for (const auto& [node, result] : all) {
      const Tensor single = output_of(network, {.wanted = {node}});
      BOOST_TEST(same_bytes(single, result),
                 network.name << ", " << network.graph.node(node).name << " alone");
    }
  }
}

// Layers on floats are LibTorch's affair: it takes other kernels for other numbers of rows.
BOOST_AUTO_TEST_CASE(portions_and_threads_change_no_bit) {
  for (const SmallNetwork& network : all_networks()) {
    const Ran whole = run_graph(network.graph, {network.x}, {});
    if (!whole.on_floats.empty()) continue;
    for (const std::int64_t portion : {0, 1, 2, 3, 4}) {
      if (portion > 0 && !network.rows_apart) continue;
      for (const int threads : {1, 2}) {
        const Tensor found = output_of(network, {.portion = portion, .threads = threads});
        BOOST_TEST(same_bytes(found, whole.results.at(0)),
                   network.name << ", portions of " << portion << ", " << threads << " threads");
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_cache_changes_no_bit) {
  for (const std::uint64_t limit :
       {std::uint64_t{1} << 30, std::uint64_t{200000}, std::uint64_t{20000}, std::uint64_t{0}}) {
    for (const SmallNetwork& network : all_networks()) {
      lathe::run::Cache cache;
      cache.set_limit(limit);
      const SmallNetwork other = with_other_end(network);
      for (const std::int64_t portion : {std::int64_t{0}, std::int64_t{2}}) {
        const Tensor expected = output_of(network, {.portion = portion});
        const Tensor of_other = output_of(other, {.portion = portion});
        const How how{.portion = portion, .cache = &cache};
        for (int again = 0; again < 2; ++again) {
          BOOST_TEST(same_bytes(output_of(network, how), expected),
                     network.name << " with a cache of " << limit << ", time " << again);
          BOOST_TEST(
              same_bytes(output_of(other, how), of_other),
              network.name << " with another end, a cache of " << limit << ", time " << again);
        }
      }
    }
  }
}

// Node by node, from what the nodes before it made on integers: no rounding of theirs counts.
BOOST_AUTO_TEST_CASE(each_node_is_what_it_is_on_floats_within_a_rounding) {
  for (const SmallNetwork& network : all_networks()) {
    const auto all = every_result(network, true);
    for (const auto& [node, result] : all) {
      const lathe::Node& of = network.graph.node(node);
      // A rounding to a format may go the other way.
      if (of.opcode == Opcode::placeholder || of.format("data_out") != nullptr) continue;
      std::vector<Tensor> inputs;
      for (NodeId id : lathe::run::tensor_inputs(network.graph, node)) inputs.push_back(all.at(id));
      const Ran on_floats = run_graph(alone(network.graph, node), inputs, {.on_integers = false});
      const auto expected = list(on_floats.results.at(0));
      float largest = 0;
      for (const float x : expected) largest = std::max(largest, std::abs(x));
      BOOST_TEST_CONTEXT(network.name << ", " << of.name) {
        check_close(result.values<float>(), expected, 0, 1e-5 * static_cast<double>(largest), "y");
      }
    }
  }
}

// A NaN has no code: the rows that run with it run on floats.
BOOST_AUTO_TEST_CASE(a_row_with_nan_is_as_on_floats_and_spoils_no_other) {
  for (const SmallNetwork& network : known_networks()) {
    const Tensor clean = output_of(network);
    SmallNetwork spoilt = network;
    spoilt.x = with_row_spoilt(network.x, 2, std::numeric_limits<float>::quiet_NaN());
    BOOST_TEST(same_bytes(output_of(spoilt), output_of(spoilt, {.on_integers = false})),
               network.name);
    const Tensor one_by_one = output_of(spoilt, {.portion = 1});
    const Tensor on_floats = output_of(spoilt, {.on_integers = false, .portion = 1});
    for (std::int64_t row = 0; row < clean.shape()[0]; ++row) {
      const Tensor& expected = row == 2 ? on_floats : clean;
      BOOST_TEST(same_bytes(row_of(one_by_one, row), row_of(expected, row)),
                 network.name << ", row " << row);
    }
  }
}

BOOST_AUTO_TEST_CASE(infinities_are_the_ends_of_formats) {
  for (const float infinity :
       {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
    for (const SmallNetwork& network : known_networks()) {
      SmallNetwork infinite = network, large = network;
      infinite.x = with_row_spoilt(network.x, 1, infinity);
      large.x = with_row_spoilt(network.x, 1, infinity > 0 ? 1e6F : -1e6F);
      BOOST_TEST(same_bytes(output_of(infinite), output_of(large)), network.name);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_empty_batch_is_as_on_floats) {
  for (const SmallNetwork& network : all_networks()) {
    Shape shape = network.x.shape();
    shape[0] = 0;
    const Tensor none = floats(shape, {});
    BOOST_TEST(outcome(network.graph, none, true) == outcome(network.graph, none, false));
  }
}

BOOST_AUTO_TEST_SUITE_END()
