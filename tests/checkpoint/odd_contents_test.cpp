// Contents that a network can take and that are odd all the same: said, and by which tensor.
#include "core/checkpoint/odd_contents.hpp"
#include "expect.hpp"
#include "tests/graph/models.hpp"
#include "tests/support/messages.hpp"
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace lathe;
using namespace lathe_test;

namespace {

template <typename T>
Tensor tensor(DType dtype, Shape shape, const std::vector<T>& values) {
  return Tensor::of<T>(dtype, std::move(shape), std::span(values));
}

Tensor floats(Shape shape, const std::vector<float>& values) {
  return tensor<float>(DType::float32, std::move(shape), values);
}

// batch norm of 3 features, then linear 3 -> 2
Graph net() {
  Writer writer(1);
  writer.input({3});
  writer.batch_norm("norm", 3);
  writer.linear("fc", 3, 2);
  return writer.finish(4);
}

// A file that fits and has nothing odd, but for one tensor.
Checkpoint with(const std::string& name, Tensor odd, const std::string& prefix = "") {
  Checkpoint file;
  file.type = "state_dict";
  for (const char* of_three : {"norm.weight", "norm.bias", "norm.running_mean", "norm.running_var"})
    file.tensors[prefix + of_three] = floats(Shape{3}, {1, 2, 3});
  file.tensors[prefix + "norm.num_batches_tracked"] = tensor<std::int64_t>(DType::int64, {}, {7});
  file.tensors[prefix + "fc.weight"] = floats(Shape{2, 3}, {1, 2, 3, 4, 5, 6});
  file.tensors[prefix + "fc.bias"] = floats(Shape{2}, {-1, -2});
  file.tensors[prefix + name] = std::move(odd);
  return file;
}

std::vector<std::string> said(const Checkpoint& file) {
  const Loaded loaded = load_parameters(net(), file, "some.ckpt");
  return odd_contents(loaded.graph, file, loaded.report);
}

std::string one(const Checkpoint& file) {
  const auto found = said(file);
  BOOST_REQUIRE_EQUAL(found.size(), 1U);
  return found.front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(odd_contents_of_files)

BOOST_AUTO_TEST_CASE(a_file_of_floats_has_nothing_odd) {
  BOOST_TEST(said(with("fc.bias", floats(Shape{2}, {0, 3.4e38F}))).empty());
  BOOST_TEST(said(with("fc.bias", tensor<double>(DType::float64, Shape{2}, {0.1, 1e38}))).empty());
  // Half floats: 1 and -2, exactly.
  BOOST_TEST(
      said(with("fc.bias", tensor<std::uint16_t>(DType::float16, Shape{2}, {0x3C00, 0xC000})))
          .empty());
  BOOST_TEST(
      said(with("fc.bias", tensor<std::uint16_t>(DType::bfloat16, Shape{2}, {0x3F80, 0xC000})))
          .empty());
}

BOOST_AUTO_TEST_CASE(numbers_that_are_not_finite_are_counted_by_tensor) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const std::string text =
      one(with("fc.weight", floats(Shape{2, 3}, {nan, 1, infinity, -infinity, 2, 3}), "model."));
  BOOST_TEST(contains(text, "not finite: 'model.fc.weight' (1 NaN and 2 infinite of 6)"), text);
  BOOST_TEST(contains(one(with("norm.running_var", floats(Shape{3}, {1, nan, nan}))),
                      "'norm.running_var' (2 NaN of 3)"));
  // Infinity as a half float, and NaN as a double.
  BOOST_TEST(contains(
      one(with("fc.bias", tensor<std::uint16_t>(DType::float16, Shape{2}, {0x7C00, 0x3C00}))),
      "'fc.bias' (1 infinite of 2)"));
  BOOST_TEST(
      contains(one(with("fc.bias", tensor<double>(DType::float64, Shape{2},
                                                  {std::numeric_limits<double>::quiet_NaN(), 1}))),
               "'fc.bias' (1 NaN of 2)"));
}

BOOST_AUTO_TEST_CASE(whole_numbers_for_floats_are_named_with_their_type) {
  const std::pair<Tensor, std::string> cases[] = {
      {tensor<std::int64_t>(DType::int64, Shape{2}, {3, -4}), "'fc.bias' (int64)"},
      {tensor<std::int8_t>(DType::int8, Shape{2}, {3, -4}), "'fc.bias' (int8)"},
      {tensor<std::uint8_t>(DType::uint8, Shape{2}, {3, 4}), "'fc.bias' (uint8)"},
      {tensor<std::uint8_t>(DType::boolean, Shape{2}, {0, 1}), "'fc.bias' (bool"},
  };
  for (const auto& [odd, says] : cases) {
    const std::string text = one(with("fc.bias", odd));
    BOOST_TEST(contains(text, says), text);
    BOOST_TEST(contains(text, "codes of a quantized network have lost their scale"), text);
  }
}

BOOST_AUTO_TEST_CASE(doubles_that_floats_cannot_hold_become_infinite_with_a_word) {
  const std::string text =
      one(with("fc.bias", tensor<double>(DType::float64, Shape{2}, {1e300, 1})));
  BOOST_TEST(contains(text, "too large for float32"), text);
  BOOST_TEST(contains(text, "'fc.bias' (1 of 2)"), text);
}

BOOST_AUTO_TEST_CASE(a_count_that_is_a_fraction_is_cut_off_with_a_word) {
  BOOST_TEST(said(with("norm.num_batches_tracked", floats({}, {7}))).empty());
  BOOST_TEST(contains(one(with("norm.num_batches_tracked", floats({}, {7.5F}))),
                      "'norm.num_batches_tracked' (1 of 1)"));
}

BOOST_AUTO_TEST_CASE(many_tensors_are_named_up_to_six) {
  Checkpoint file = with("fc.bias", tensor<std::int8_t>(DType::int8, Shape{2}, {3, -4}));
  for (auto& [name, contents] : file.tensors)
    if (name != "norm.num_batches_tracked")
      contents = tensor<std::int8_t>(
          DType::int8, contents.shape(),
          std::vector<std::int8_t>(static_cast<std::size_t>(contents.numel()), 1));
  BOOST_TEST(!contains(one(file), "more"));
  Writer writer(1);
  writer.input({3});
  for (int i = 0; i < 8; ++i) writer.linear("fc" + std::to_string(i), 3, 3);
  Checkpoint codes;
  codes.type = "state_dict";
  for (int i = 0; i < 8; ++i) {
    const std::string name = "fc" + std::to_string(i);
    codes.tensors[name + ".weight"] =
        tensor<std::int8_t>(DType::int8, Shape{3, 3}, std::vector<std::int8_t>(9, 1));
    codes.tensors[name + ".bias"] = floats(Shape{3}, {1, 2, 3});
  }
  const Loaded loaded = load_parameters(writer.finish(4), codes, "codes.pt");
  const auto found = odd_contents(loaded.graph, codes, loaded.report);
  BOOST_REQUIRE_EQUAL(found.size(), 1U);
  BOOST_TEST(contains(found[0], "'fc5.weight' (int8) and 2 more"), found[0]);
}

BOOST_AUTO_TEST_SUITE_END()
