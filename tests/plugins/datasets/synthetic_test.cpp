// Invented data: toy_tiny equals MASE's rows, jsc-sim is seeded jets of its own.
#include "tests/plugins/datasets/dataset_bench.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <numeric>

using namespace lathe;
using namespace lathe_test;
using boost::test_tools::per_element;

BOOST_AUTO_TEST_SUITE(dataset_synthetic)

BOOST_AUTO_TEST_CASE(toy_tiny_has_the_rows_of_mase) {
  const auto golden = golden_json("dataset_toy_tiny.json");
  const auto set = open_set("toy_tiny");
  BOOST_TEST(set->synthetic());
  std::size_t cases = 0;
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    const auto& expected = golden["splits"][std::string(name(split))];
    BOOST_TEST_CONTEXT(name(split)) {
      BOOST_TEST((set->all(split).fields[0].shape() == Shape{10240, 1, 2, 2}));
      const auto samples = samples_of(*set, split);
      const auto labels = labels_of(*set, split);
      const auto& data = expected["data"];
      for (std::size_t i = 0; i < data.size(); ++i)
        BOOST_TEST(samples[i] == static_cast<float>(data[i].get<double>()));
      for (std::size_t i = 0; i < expected["labels"].size(); ++i)
        BOOST_TEST(labels[i] == expected["labels"][i].get<std::int64_t>());
      BOOST_TEST(std::accumulate(labels.begin(), labels.end(), std::int64_t{0}) ==
                 expected["label_ones_total"].get<std::int64_t>());
      const double sum = std::accumulate(samples.begin(), samples.end(), 0.0);
      BOOST_TEST(std::fabs(sum - expected["float64_sum_all"].get<double>()) < 1e-3);
      cases += data.size() + expected["labels"].size() + 2;
    }
  }
  BOOST_TEST_MESSAGE("dataset_toy_tiny.json: " << cases << " values");
}

BOOST_AUTO_TEST_CASE(jets_are_a_pure_function_of_seed_split_and_row) {
  const auto set = open_set("jsc-sim<train=3000,validation=100,test=100>");
  const auto longer = open_set("jsc-sim<train=5000,validation=100,test=100>");
  const auto other = open_set("jsc-sim<train=3000,validation=100,test=100,seed=1>");
  const std::vector<std::uint64_t> index{7, 2999, 7, 0};
  const auto read = [&](const Dataset& from, Split split) {
    const auto rows = from.read(split, std::span(index).first(split == Split::train ? 4 : 1));
    const auto values = rows.fields[0].values<float>();
    return std::vector<float>(values.begin(), values.end());
  };
  BOOST_TEST(read(*set, Split::train) == read(*longer, Split::train), per_element());
  BOOST_TEST((read(*set, Split::train) != read(*other, Split::train)));
  BOOST_TEST((read(*set, Split::test) != read(*set, Split::validation)));
  // By index, before and after the whole split is held.
  const auto direct = read(*set, Split::train);
  set->all(Split::train);
  BOOST_TEST(direct == read(*set, Split::train), per_element());
}

BOOST_AUTO_TEST_CASE(jets_are_standardised_balanced_and_said_to_be_synthetic) {
  const auto set = make_set("jsc-sim");
  BOOST_TEST(set->synthetic());
  BOOST_TEST((set->info().input()->shape == Shape{16}));
  BOOST_TEST(
      set->info().target()->class_names == (std::vector<std::string>{"g", "q", "w", "z", "t"}),
      per_element());
  set->open({});
  const auto samples = samples_of(*set, Split::train);
  const auto labels = labels_of(*set, Split::train);
  std::vector<double> sums(16), squares(16), counts(5);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    sums[i % 16] += samples[i];
    squares[i % 16] += samples[i] * samples[i];
  }
  for (const auto label : labels) counts[static_cast<std::size_t>(label)] += 1;
  const auto rows = static_cast<double>(labels.size());
  for (std::size_t i = 0; i < 16; ++i) {
    BOOST_TEST(std::fabs(sums[i] / rows) < 0.05);
    BOOST_TEST(std::fabs(squares[i] / rows - 1) < 0.1);
  }
  for (const double count : counts) BOOST_TEST(std::fabs(count / rows - 0.2) < 0.01);
}

BOOST_AUTO_TEST_CASE(sizes_out_of_range_are_refused) {
  BOOST_TEST(contains(opening_fails("jsc-sim<train=0>"), "train"));
  BOOST_TEST(contains(opening_fails("jsc-sim<seed=-1>"), "seed"));
  BOOST_TEST(contains(opening_fails("toy_tiny<rows=3>"), "rows"));
}

BOOST_AUTO_TEST_SUITE_END()
