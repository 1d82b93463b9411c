// What is remembered of layers on integers: sets, the same whoever tells them and how often.
#include "core/run/codes/integer_layers.hpp"

#include <boost/test/unit_test.hpp>

#include <thread>
#include <vector>

using lathe::Value;
using lathe::run::IntegerLayers;

namespace {

// A trial of a search: layers of widths that follow from its number.
void tell(IntegerLayers& layers, int trial) {
  for (int layer = 0; layer < 20; ++layer) {
    const std::string node = "conv" + std::to_string(layer);
    const int bits = 4 << ((trial + layer) % 3);
    if (bits <= 8)
      layers.ran(node, bits == 4 ? "brgconv" : "jit");
    else
      layers.left(node, "codes of its weight have " + std::to_string(bits) + " bits");
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(integer_layers)

BOOST_AUTO_TEST_CASE(of_networks_without_formats_there_is_nothing) {
  BOOST_TEST(IntegerLayers().value().is_none());
}

BOOST_AUTO_TEST_CASE(each_layer_has_its_kernels_and_reasons_once_and_by_name) {
  IntegerLayers layers;
  layers.left("fc", "codes of its weight have 16 bits");
  layers.ran("conv2", "jit");
  layers.ran("conv1", "jit");
  layers.ran("conv1", "brgconv");
  layers.ran("conv1", "jit");
  BOOST_TEST(layers.value().text() ==
             "{on_integers={conv1=[brgconv, jit], conv2=[jit]}, "
             "on_floats={fc=[\"codes of its weight have 16 bits\"]}}");
}

BOOST_AUTO_TEST_CASE(a_layer_may_run_on_integers_in_one_network_and_on_floats_in_another) {
  IntegerLayers layers;
  layers.ran("fc", "jit");
  layers.left("fc", "codes of its weight have 16 bits");
  const Value value = layers.value();
  BOOST_TEST(value.find("on_integers")->find("fc") != nullptr);
  BOOST_TEST(value.find("on_floats")->find("fc") != nullptr);
}

BOOST_AUTO_TEST_CASE(any_number_of_threads_leaves_the_same) {
  constexpr int kTrials = 300;
  IntegerLayers alone;
  for (int trial = 0; trial < kTrials; ++trial) tell(alone, trial);
  for (const int workers : {2, 5}) {
    IntegerLayers layers;
    std::vector<std::thread> threads;
    for (int worker = 0; worker < workers; ++worker) {
      threads.emplace_back([&layers, worker, workers] {
        for (int trial = kTrials - 1 - worker; trial >= 0; trial -= workers) tell(layers, trial);
      });
    }
    for (std::thread& thread : threads) thread.join();
    BOOST_TEST(layers.value().text() == alone.value().text());
  }
}

BOOST_AUTO_TEST_SUITE_END()
