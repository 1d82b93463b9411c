// Data sets over tensors, what their elements may be, and the order in which rows are seen.
#include "core/data/data.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

using namespace lathe;
using namespace lathe_test;

BOOST_AUTO_TEST_SUITE(tensor_dataset)

BOOST_AUTO_TEST_CASE(tensors_make_a_data_set) {
  const std::vector<float> x{1, 2, 3, 4, 5, 6};
  const std::vector<std::int64_t> y{0, 1, 1};
  const RowTensors rows{{Tensor::of<float>(DType::float32, Shape{3, 2}, x),
                         Tensor::of<std::int64_t>(DType::int64, Shape{3}, y)}};
  const auto set = dataset_of("mine", rows, {}, rows, 2);
  set->open({});
  BOOST_TEST((set->info().input()->shape == Shape{2}));
  BOOST_TEST(set->count(Split::train) == 3U);
  BOOST_TEST(set->count(Split::validation) == 0U);
  const std::uint64_t last = 2;
  BOOST_TEST(set->read(Split::test, {&last, 1}).fields[0].values<float>()[1] == 6.0F);
  BOOST_TEST(contains(message_of([&] { set->all(Split::validation); }), "'mine' has no rows"));
  BOOST_TEST(contains(message_of([&] { dataset_of("mine", rows, {}, {}, 1); }), "has label 1"));
}

// One row of each, whose second number is wrong.
BOOST_AUTO_TEST_CASE(numbers_that_cannot_be_are_named_with_row_and_field) {
  const auto tensor = [](DType dtype, auto first, auto second) {
    const std::array values{first, second};
    return Tensor::of<decltype(first)>(dtype, Shape{2, 1}, values);
  };
  const auto f16 = [](int bits) { return static_cast<std::uint16_t>(bits); };
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  struct Case {
    Tensor tensor;
    lathe_field_role role;
    std::int64_t classes;
    const char* says;  // empty: it is right
  };
  const Case cases[] = {
      {tensor(DType::float32, 1.0F, kInfinity), LATHE_FIELD_INPUT, 0, "holds inf"},
      {tensor(DType::float64, 1.0, kNan), LATHE_FIELD_INPUT, 0, "holds nan"},
      // 65504 and infinity in half precision, 1 and NaN in bfloat16.
      {tensor(DType::float16, f16(0x7BFF), f16(0xFC00)), LATHE_FIELD_INPUT, 0, "not finite"},
      {tensor(DType::bfloat16, f16(0x3F80), f16(0x7FC0)), LATHE_FIELD_INPUT, 0, "not finite"},
      {tensor(DType::boolean, std::uint8_t{1}, std::uint8_t{2}), LATHE_FIELD_INPUT, 0, "holds 2"},
      {tensor(DType::int8, std::int8_t{2}, std::int8_t{-1}), LATHE_FIELD_TARGET, 3, "label -1"},
      {tensor(DType::uint8, std::uint8_t{2}, std::uint8_t{3}), LATHE_FIELD_TARGET, 3, "label 3"},
      {tensor(DType::int16, std::int16_t{0}, std::int16_t{9}), LATHE_FIELD_TARGET, 3, "label 9"},
      {tensor(DType::int32, 0, 3), LATHE_FIELD_TARGET, 3, "there are 3 classes, from 0"},
      {tensor(DType::float32, 1.0F, 1.5F), LATHE_FIELD_TARGET, 1, "from 0 to 1"},
      {tensor(DType::float32, 1.0F, 1.5F), LATHE_FIELD_TARGET, 0, ""},
      {tensor(DType::int32, -7, 9), LATHE_FIELD_INPUT, 0, ""},
  };
  for (const Case& c : cases) BOOST_TEST_CONTEXT(name(c.tensor.dtype()) << " " << c.says) {
      const Field part{"part", c.role, c.tensor.dtype(), {}, false, c.classes, {}};
      const std::string error =
          message_of([&] { dataset_of("mine", {part}, RowTensors{{c.tensor}}, {}, {}); });
      BOOST_TEST(error.empty() == (*c.says == '\0'), error);
      if (*c.says == '\0') continue;
      BOOST_TEST(contains(error, "row 1 of split 'train'"), error);
      BOOST_TEST(contains(error, "field 'part'"), error);
      BOOST_TEST(contains(error, c.says), error);
    }
  const std::array weights{1.0F, -0.5F};
  const Field weight{"weight", LATHE_FIELD_WEIGHT, DType::float32, {}, true, 0, {}};
  const RowTensors rows{{Tensor::of<float>(DType::float32, Shape{2}, weights)}};
  BOOST_TEST(contains(message_of([&] { dataset_of("mine", {weight}, rows, {}, {}); }),
                      "row 1 of split 'train' has the weight -0.5 in its field 'weight'"));
}

BOOST_AUTO_TEST_CASE(tensors_that_are_not_their_fields_are_refused) {
  const std::array x{1.0F, 2.0F, 3.0F, 4.0F};
  const Field part{"part", LATHE_FIELD_INPUT, DType::float32, {}, false, 0, {}};
  const auto of = [&](Shape shape) {
    return RowTensors{{Tensor::of<float>(DType::float32, std::move(shape), x)}};
  };
  BOOST_TEST(contains(message_of([&] { dataset_of("mine", {part}, of({2, 2}), of({4, 1}), {}); }),
                      "has 'part' of shape [1], not [2]"));
  BOOST_TEST(contains(message_of([&] { dataset_of("mine", {part, part}, of({4}), {}, {}); }),
                      "has 1 tensors for 2 fields"));
  Field whole = part;
  whole.dtype = DType::int32;
  BOOST_TEST(contains(message_of([&] { dataset_of("mine", {whole}, of({4}), {}, {}); }),
                      "needs 4 rows of int32 for 'part', not float32"));
}

BOOST_AUTO_TEST_CASE(an_epoch_sees_every_row_once_in_an_order_of_its_own) {
  const auto plain = epoch_order(1000, false, 7, 3);
  std::vector<std::uint64_t> counting(1000);
  std::iota(counting.begin(), counting.end(), std::uint64_t{0});
  BOOST_TEST((plain == counting));
  const auto first = epoch_order(1000, true, 7, 0);
  BOOST_TEST((first == epoch_order(1000, true, 7, 0)));
  BOOST_TEST((first != epoch_order(1000, true, 7, 1)));
  BOOST_TEST((first != epoch_order(1000, true, 8, 0)));
  auto sorted = first;
  std::sort(sorted.begin(), sorted.end());
  BOOST_TEST((sorted == counting));
}

BOOST_AUTO_TEST_SUITE_END()
