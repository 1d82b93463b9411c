// The Sobol sequence against points that PyTorch computed, and what scrambling must keep.
#include "plugins/search_strategies/qmc/sobol.hpp"
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <set>

namespace {

using search_strategies::Sobol;

double at(const Sobol& sobol, std::uint64_t index, std::size_t dimension) {
  return Sobol::number(sobol.bits(index, dimension));
}

Sobol scrambled(std::size_t dimensions, std::uint64_t seed) {
  Sobol sobol(dimensions);
  sobol.scramble([&](std::size_t dimension, std::uint64_t counter) {
    std::mt19937_64 random(seed + 1000003 * dimension + 7919 * counter);
    return static_cast<double>(random() >> 11) * 0x1p-53;
  });
  return sobol;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sobol)

BOOST_AUTO_TEST_CASE(unscrambled_points_are_scipys_and_torchs) {
  const nlohmann::json golden = lathe_test::golden_json("sobol.json");
  const auto dimensions = golden.at("dimensions").get<std::vector<std::size_t>>();
  const Sobol sobol(Sobol::kMostDimensions);
  const auto check = [&](std::uint64_t index, const nlohmann::json& point) {
    for (std::size_t i = 0; i < dimensions.size(); ++i)
      BOOST_CHECK_EQUAL(at(sobol, index, dimensions[i]), point[i].get<double>());
  };
  for (std::size_t index = 0; index < golden.at("first").size(); ++index)
    check(index, golden.at("first")[index]);
  for (const nlohmann::json& later : golden.at("later"))
    check(later.at("index").get<std::uint64_t>(), later.at("point"));
}

BOOST_AUTO_TEST_CASE(fewer_dimensions_are_the_first_of_many) {
  const Sobol few(3), many(30);
  for (std::uint64_t index = 0; index < 100; ++index)
    for (std::size_t d = 0; d < 3; ++d) BOOST_CHECK_EQUAL(few.bits(index, d), many.bits(index, d));
}

BOOST_AUTO_TEST_CASE(each_interval_of_each_dimension_has_as_many_points_scrambled_or_not) {
  constexpr std::uint64_t kPoints = 256;
  for (const Sobol& sobol : {Sobol(Sobol::kMostDimensions), scrambled(Sobol::kMostDimensions, 1)}) {
    for (std::size_t d = 0; d < Sobol::kMostDimensions; ++d) {
      std::set<std::uint64_t> intervals;
      for (std::uint64_t index = 0; index < kPoints; ++index)
        intervals.insert(sobol.bits(index, d) >> (Sobol::kBits - 8));
      BOOST_CHECK_EQUAL(intervals.size(), kPoints);
    }
  }
}

BOOST_AUTO_TEST_CASE(scrambling_depends_on_what_is_drawn_and_keeps_the_two_dimensional_nets) {
  const Sobol plain(2), one = scrambled(2, 1), other = scrambled(2, 2);
  std::set<std::pair<std::uint64_t, std::uint64_t>> squares;
  for (std::uint64_t index = 0; index < 256; ++index)
    squares.insert(
        {one.bits(index, 0) >> (Sobol::kBits - 4), one.bits(index, 1) >> (Sobol::kBits - 4)});
  BOOST_CHECK_EQUAL(squares.size(), 256U);  // a (0, 8, 2)-net
  BOOST_CHECK_NE(one.bits(77, 0), other.bits(77, 0));
  BOOST_CHECK_NE(one.bits(77, 0), plain.bits(77, 0));
}

BOOST_AUTO_TEST_SUITE_END()
