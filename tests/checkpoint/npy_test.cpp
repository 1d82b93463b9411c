// Arrays of numpy.save as float32.
#include "core/checkpoint/npy.hpp"

#include "tests/checkpoint/expect.hpp"
#include "tests/support/npy_file.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace lathe;
using namespace lathe_test;
using boost::test_tools::per_element;

namespace {

template <typename T>
std::string bytes_of(const std::vector<T>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T)};
}

Tensor read(const std::string& contents) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "x.npy";
  write_file(path, contents);
  return read_npy(path);
}

std::string refused(const std::string& contents) {
  return message_of([&] { read(contents); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(npy_arrays)

BOOST_AUTO_TEST_CASE(each_type_of_number_is_read_as_float32) {
  const std::vector<float> expected{0, 1, 100};
  const std::pair<const char*, std::string> rows[] = {
      {"'<f4'", bytes_of<float>({0, 1, 100})},
      {"'<f8'", bytes_of<double>({0, 1, 100})},
      {"'<f2'", bytes_of<std::uint16_t>({0, 0x3c00, 0x5640})},
      {"'<i8'", bytes_of<std::int64_t>({0, 1, 100})},
      {"'<i4'", bytes_of<std::int32_t>({0, 1, 100})},
      {"'<i2'", bytes_of<std::int16_t>({0, 1, 100})},
      {"'|i1'", bytes_of<std::int8_t>({0, 1, 100})},
      {"'<u8'", bytes_of<std::uint64_t>({0, 1, 100})},
      {"'<u4'", bytes_of<std::uint32_t>({0, 1, 100})},
      {"'<u2'", bytes_of<std::uint16_t>({0, 1, 100})},
      {"'|u1'", bytes_of<std::uint8_t>({0, 1, 100})},
  };
  for (const auto& [type, bytes] : rows) {
    BOOST_TEST_CONTEXT(type) {
      const Tensor array = read(npy(type, "(3,)", bytes));
      BOOST_TEST((array.shape() == Shape{3}));
      BOOST_TEST(values_of<float>(array) == expected, per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(special_numbers_keep_what_they_are) {
  const auto values = values_of<float>(
      read(npy("'<f4'", "(2, 2)", bytes_of<float>({-0.0F, INFINITY, -INFINITY, NAN}))));
  BOOST_TEST(std::signbit(values[0]));
  BOOST_TEST(values[1] == INFINITY);
  BOOST_TEST(values[2] == -INFINITY);
  BOOST_TEST(std::isnan(values[3]));
}

BOOST_AUTO_TEST_CASE(wider_numbers_are_rounded_to_nearest) {
  // 2^24 + 1 lies between two floats, and the even one is 2^24.
  const auto whole =
      values_of<float>(read(npy("'<i4'", "(1,)", bytes_of<std::int32_t>({16777217}))));
  BOOST_TEST(whole[0] == 16777216.0F);
  const auto real = values_of<float>(read(npy("'<f8'", "(1,)", bytes_of<double>({0.1}))));
  BOOST_TEST(real[0] == 0.1F);
}

BOOST_AUTO_TEST_CASE(any_number_of_dimensions_may_be_there_and_any_may_be_empty) {
  BOOST_TEST((read(npy("'<f4'", "()", bytes_of<float>({1}))).shape() == Shape{}));
  BOOST_TEST((read(npy("'<f4'", "(2, 0, 3)", "")).shape() == Shape{2, 0, 3}));
  BOOST_TEST((read(npy("'<f4'", "(1, 2, 1)", bytes_of<float>({1, 2}))).shape() == Shape{1, 2, 1}));
  BOOST_TEST((read(npy("'<f4'", "(2,)", bytes_of<float>({1, 2}), "True")).shape() == Shape{2}));
}

BOOST_AUTO_TEST_CASE(what_is_no_such_array_is_refused_with_its_reason) {
  const std::string four = bytes_of<float>({1, 2, 3, 4});
  const std::string good = npy("'<f4'", "(2, 2)", four);
  const std::pair<std::string, const char*> rows[] = {
      {"", "no NPY file"},
      {"\x93NUMPX and more", "no NPY file"},
      {std::string("\x93NUMPY\7\0\x76\0", 10), "NPY version 7"},
      {good.substr(0, 40), "ends inside its header"},
      {good.substr(0, good.size() - 1), "truncated or damaged"},
      {good + "x", "truncated or damaged"},
      {npy("'<f4'", "(3, 2)", four), "shape (3, 2) does not fit the 16 bytes"},
      {npy("'<f4'", "(4611686018427387904, 4)", four), "does not fit"},
      {npy("'<f4'", "(-4,)", four), "no shape, but '(-4,)'"},
      {npy("'<f4'", "[4]", four), "no shape"},
      {npy("'>f4'", "(4,)", four), "big-endian"},
      {npy("'<f4'", "(2, 2)", four, "True"), "numpy.ascontiguousarray"},
      {npy("'<f4'", "(2, 2)", four, "Maybe"), "damaged"},
      {npy("'|O'", "(2,)", four), "'|O'"},
      {npy("'<c8'", "(2,)", four), "astype('float32')"},
      {npy("[('a', '<f4')]", "(4,)", four), "named columns"},
      {npy("'<f8'", "(1,)", bytes_of<double>({1e300})), "element 0 is 1e+300"},
  };
  for (const auto& [contents, reason] : rows) {
    const std::string error = refused(contents);
    BOOST_TEST(contains(error, reason), "'" << reason << "' is not in: " << error);
    BOOST_TEST(contains(error, "x.npy"), error);
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_named) {
  const std::string error = message_of([] { read_npy("/no/such.npy"); });
  BOOST_TEST(contains(error, "/no/such.npy"), error);
}

BOOST_AUTO_TEST_SUITE_END()
