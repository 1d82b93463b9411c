// Philox against Random123's known answers; streams as pure functions; initialisers.

#include "core/tensor/random.hpp"
#include "core/base/error.hpp"
#include "core/tensor/initialiser.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>

using lathe::DType;
using lathe::Initialiser;
using lathe::Shape;
using lathe::Tensor;

BOOST_AUTO_TEST_SUITE(random_numbers)

BOOST_AUTO_TEST_CASE(philox_gives_the_known_answers_of_random123) {
  using Counter = std::array<std::uint32_t, 4>;
  using Key = std::array<std::uint32_t, 2>;
  struct Vector {
    Counter counter;
    Key key;
    Counter expected;
  };
  // Random123's kat_vectors, philox4x32-10.
  const Vector vectors[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const Vector& v : vectors) {
    const Counter found = lathe::philox(v.counter, v.key);
    BOOST_TEST(found == v.expected, boost::test_tools::per_element());
  }
  BOOST_TEST_MESSAGE("philox4x32-10: " << std::size(vectors) << " known answers");
}

BOOST_AUTO_TEST_CASE(an_element_depends_on_its_place_alone) {
  for (auto fill : {lathe::uniform, lathe::normal}) {
    std::vector<double> whole(101);
    fill(7, 9, 1000, whole);
    for (std::size_t start : {0, 1, 2, 37, 100}) {
      for (std::size_t n : {std::size_t{1}, std::size_t{2}, whole.size() - start}) {
        if (start + n > whole.size()) continue;
        std::vector<double> part(n);
        fill(7, 9, 1000 + start, part);
        for (std::size_t i = 0; i < n; ++i) BOOST_TEST(part[i] == whole[start + i]);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(seed_stream_and_counter_each_change_the_numbers) {
  auto first = [](std::uint64_t seed, std::uint64_t stream, std::uint64_t counter) {
    double x = 0;
    lathe::uniform(seed, stream, counter, {&x, 1});
    return x;
  };
  const std::set<double> different{first(0, 0, 0),
                                   first(1, 0, 0),
                                   first(0, 1, 0),
                                   first(0, 0, 1),
                                   first(std::uint64_t{1} << 32, 0, 0),
                                   first(0, std::uint64_t{1} << 32, 0),
                                   first(0, 0, std::uint64_t{1} << 40)};
  BOOST_TEST(different.size() == 7u);
}

BOOST_AUTO_TEST_CASE(uniform_numbers_fill_the_unit_interval_evenly) {
  std::vector<double> x(200000);
  lathe::uniform(1, 2, 0, x);
  std::array<int, 20> bins{};
  for (double v : x) {
    BOOST_REQUIRE(v >= 0.0);
    BOOST_REQUIRE(v < 1.0);
    ++bins[static_cast<std::size_t>(v * 20)];
  }
  double chi2 = 0;
  for (int n : bins) chi2 += (n - 10000.0) * (n - 10000.0) / 10000.0;
  BOOST_TEST(chi2 < 43.8);  // 99.9 % quantile for 19 degrees of freedom
}

BOOST_AUTO_TEST_CASE(normal_numbers_have_mean_0_and_deviation_1) {
  std::vector<double> x(200000);
  lathe::normal(3, 4, 0, x);
  double sum = 0, square = 0, fourth = 0;
  for (double v : x) {
    sum += v;
    square += v * v;
    fourth += v * v * v * v;
  }
  const double n = static_cast<double>(x.size());
  BOOST_TEST(std::abs(sum / n) < 0.01);
  BOOST_TEST(std::abs(square / n - 1.0) < 0.02);
  BOOST_TEST(std::abs(fourth / n - 3.0) < 0.15);  // the normal's kurtosis
}

BOOST_AUTO_TEST_CASE(a_permutation_holds_each_number_once_and_every_order_is_as_likely) {
  std::vector<std::uint64_t> order = lathe::permutation(5, 6, 1000);
  BOOST_TEST(order == lathe::permutation(5, 6, 1000), boost::test_tools::per_element());
  std::sort(order.begin(), order.end());
  for (std::uint64_t i = 0; i < 1000; ++i) BOOST_TEST(order[i] == i);

  std::map<std::vector<std::uint64_t>, int> seen;
  for (std::uint64_t stream = 0; stream < 6000; ++stream) ++seen[lathe::permutation(1, stream, 3)];
  BOOST_TEST(seen.size() == 6u);
  double chi2 = 0;
  for (const auto& [permutation, n] : seen) chi2 += (n - 1000.0) * (n - 1000.0) / 1000.0;
  BOOST_TEST(chi2 < 20.5);  // 99.9 % quantile for 5 degrees of freedom
}

BOOST_AUTO_TEST_CASE(permutations_of_nothing_and_of_one_are_themselves) {
  BOOST_TEST(lathe::permutation(0, 0, 0).empty());
  BOOST_TEST(lathe::permutation(0, 0, 1) == std::vector<std::uint64_t>{0});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(initialisers)

BOOST_AUTO_TEST_CASE(contents_are_a_function_of_seed_and_name) {
  const Initialiser uniform{Initialiser::Kind::uniform, -0.25, 0.25};
  auto contents = [&](std::uint64_t seed, const char* name) {
    const Tensor t = lathe::initialise(uniform, DType::float32, Shape{64, 16}, seed, name);
    return std::vector<float>(t.values<float>().begin(), t.values<float>().end());
  };
  BOOST_TEST((contents(0, "fc.weight") == contents(0, "fc.weight")));
  BOOST_TEST((contents(0, "fc.weight") != contents(1, "fc.weight")));
  BOOST_TEST((contents(0, "fc.weight") != contents(0, "fc.bias")));
}

BOOST_AUTO_TEST_CASE(uniform_contents_stay_within_their_bound_and_fill_it) {
  const Tensor t = lathe::initialise({Initialiser::Kind::uniform, -0.25, 0.25}, DType::float32,
                                     Shape{100000}, 0, "w");
  double square = 0;
  for (float x : t.values<float>()) {
    BOOST_REQUIRE(x >= -0.25f);
    BOOST_REQUIRE(x < 0.25f);
    square += double{x} * double{x};
  }
  // Variance of a uniform law: width^2 / 12.
  BOOST_TEST(square / 1e5 == 0.25 / 12, boost::test_tools::tolerance(0.02));
}

BOOST_AUTO_TEST_CASE(uniform_contents_lie_between_any_two_ends) {
  const Tensor t = lathe::initialise({Initialiser::Kind::uniform, 2.0, 3.0}, DType::float32,
                                     Shape{100000}, 0, "w");
  double sum = 0, square = 0;
  for (float x : t.values<float>()) {
    BOOST_REQUIRE(x >= 2.0f);
    BOOST_REQUIRE(x < 3.0f);
    sum += double{x};
    square += (double{x} - 2.5) * (double{x} - 2.5);
  }
  BOOST_TEST(sum / 1e5 == 2.5, boost::test_tools::tolerance(0.002));
  BOOST_TEST(square / 1e5 == 1.0 / 12, boost::test_tools::tolerance(0.02));
}

BOOST_AUTO_TEST_CASE(ends_that_are_one_number_give_that_number) {
  const Tensor t =
      lathe::initialise({Initialiser::Kind::uniform, 0.1, 0.1}, DType::float32, Shape{300}, 0, "w");
  for (float x : t.values<float>()) BOOST_TEST(x == 0.1f);
}

BOOST_AUTO_TEST_CASE(normal_contents_have_their_mean_and_deviation) {
  const Tensor t = lathe::initialise({Initialiser::Kind::normal, -1.5, 0.25}, DType::float64,
                                     Shape{100000}, 3, "w");
  double sum = 0, square = 0;
  for (double x : t.values<double>()) {
    sum += x;
    square += (x + 1.5) * (x + 1.5);
  }
  // The standard error of the mean is 0.25 / sqrt(1e5) = 0.0008; that of the variance is
  // 0.0625 * sqrt(2 / 1e5) = 0.00028.
  BOOST_TEST(std::abs(sum / 1e5 + 1.5) < 0.004);
  BOOST_TEST(std::abs(square / 1e5 - 0.0625) < 0.0014);
}

BOOST_AUTO_TEST_CASE(numbers_that_give_no_contents_are_refused) {
  using Kind = Initialiser::Kind;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto refused = [](Initialiser initialiser, DType dtype) {
    try {
      lathe::check_initialiser(initialiser, dtype);
      return std::string();
    } catch (const lathe::Error& error) {
      return error.message();
    }
  };
  struct Case {
    Initialiser initialiser;
    DType dtype;
    const char* says;
  };
  const Case cases[] = {
      {{Kind::constant, std::nan("")}, DType::float32, "not finite"},
      {{Kind::uniform, -kInfinity, 0}, DType::float32, "not finite"},
      {{Kind::normal, 0, -0.5}, DType::float32, "negative standard deviation: -0.5"},
      {{Kind::uniform, 1, -1}, DType::float32, "cannot begin at 1 and end at -1"},
      {{Kind::uniform, -1e308, 1e308}, DType::float64, "cannot begin at"},
      {{Kind::constant, 1e39}, DType::float32, "too large for float32"},
      {{Kind::normal, 0, 1}, DType::int64, "cannot make contents of type int64"},
      {{Kind::constant, 0.5}, DType::int64, "of 0.5 gives no int64"},
      {{Kind::constant, 2147483648.0}, DType::int32, "gives no int32"},
  };
  for (const Case& c : cases) {
    const std::string said = refused(c.initialiser, c.dtype);
    BOOST_TEST(said.find(c.says) != std::string::npos, "'" << said << "' lacks " << c.says);
  }
  BOOST_TEST(refused({Kind::normal, 0, 0}, DType::float32) == "");
  BOOST_TEST(refused({Kind::constant, 1e39}, DType::float64) == "");
  BOOST_TEST(refused({Kind::constant, -2147483648.0}, DType::int32) == "");
}

BOOST_AUTO_TEST_CASE(constants_take_integer_types_too) {
  const Tensor t =
      lathe::initialise({Initialiser::Kind::constant, 3.0}, DType::int64, Shape{}, 0, "n");
  BOOST_TEST(t.numel() == 1);
  BOOST_TEST(t.values<std::int64_t>()[0] == 3);
}

BOOST_AUTO_TEST_CASE(a_type_without_random_numbers_is_refused_by_name) {
  BOOST_CHECK_EXCEPTION(lathe::initialise({Initialiser::Kind::uniform, -1.0, 1.0}, DType::int8,
                                          Shape{2}, 0, "fc.weight"),
                        lathe::Error, [](const lathe::Error& e) {
                          return e.message().find("fc.weight") != std::string::npos &&
                                 e.message().find("int8") != std::string::npos;
                        });
}

BOOST_AUTO_TEST_SUITE_END()
