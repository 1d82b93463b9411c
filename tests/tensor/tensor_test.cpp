// Shapes, tensors and their DLPack views.

#include "core/tensor/tensor.hpp"
#include "core/base/error.hpp"

#include <boost/test/unit_test.hpp>

#include <numeric>

using lathe::DType;
using lathe::Error;
using lathe::Shape;
using lathe::Tensor;

namespace {

Tensor counting(Shape shape) {
  std::vector<float> values(static_cast<std::size_t>(shape.numel()));
  std::iota(values.begin(), values.end(), 0.0f);
  return Tensor::of<float>(DType::float32, std::move(shape), values);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tensor)

BOOST_AUTO_TEST_CASE(a_shape_counts_its_elements_and_refuses_to_overflow) {
  BOOST_TEST((Shape{8, 16}.numel()) == 128);
  BOOST_TEST(Shape{}.numel() == 1);
  BOOST_TEST((Shape{8, 0, std::int64_t{1} << 62}.numel()) == 0);
  BOOST_TEST((Shape{8, 16}.text()) == "[8, 16]");
  const std::int64_t big = std::int64_t{1} << 40;
  BOOST_CHECK_THROW((Shape{big, big}.numel()), Error);
  BOOST_CHECK_THROW((Shape{-1, 2}.numel()), Error);
}

BOOST_AUTO_TEST_CASE(memory_is_zeroed_and_aligned) {
  const Tensor t = Tensor::make(DType::float32, Shape{1000});
  for (float x : t.values<float>()) BOOST_TEST(x == 0.0f);
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(t.bytes().data()) % 64 == 0u);
}

BOOST_AUTO_TEST_CASE(copies_share_their_contents) {
  const Tensor t = counting({4});
  const Tensor copy = t;
  BOOST_TEST(copy.bytes().data() == t.bytes().data());
}

BOOST_AUTO_TEST_CASE(a_tensor_nobody_made_is_not_defined_and_an_empty_one_is) {
  BOOST_TEST(!Tensor().defined());
  BOOST_TEST(Tensor::make(DType::float32, Shape{0, 3}).defined());
  BOOST_TEST(Tensor::make(DType::float32, Shape{0, 3}).bytes().empty());
}

BOOST_AUTO_TEST_CASE(adopted_memory_lives_as_long_as_the_tensor) {
  auto memory = std::make_shared<std::vector<float>>(std::vector<float>{1, 2});
  const std::weak_ptr<std::vector<float>> watch = memory;
  const auto* data = reinterpret_cast<const std::byte*>(memory->data());
  Tensor t = Tensor::adopt(DType::float32, Shape{2}, std::move(memory), data);
  BOOST_TEST(t.values<float>()[1] == 2.0f);
  t = Tensor();
  BOOST_TEST(watch.expired());
}

BOOST_AUTO_TEST_CASE(every_type_survives_dlpack) {
  for (int i = 1; i <= 10; ++i) {
    const DType dtype{static_cast<std::uint8_t>(i)};
    BOOST_TEST((lathe::from_dlpack(lathe::to_dlpack(dtype)) == dtype));
    BOOST_TEST((lathe::dtype_from_name(lathe::name(dtype)) == dtype));
    BOOST_TEST(lathe::to_dlpack(dtype).bits == 8 * lathe::element_size(dtype));
  }
  BOOST_TEST(!lathe::dtype_from_name("float8"));
  BOOST_CHECK_THROW(lathe::from_dlpack(DLDataType{kDLFloat, 32, 4}), Error);
  BOOST_CHECK_THROW(lathe::from_dlpack(DLDataType{kDLComplex, 64, 1}), Error);
}

BOOST_AUTO_TEST_CASE(a_view_shows_the_tensor_itself) {
  const Tensor t = counting({2, 3});
  const DLTensor view = t.dlpack();
  BOOST_TEST(view.ndim == 2);
  BOOST_TEST(view.shape[1] == 3);
  BOOST_TEST(view.data == t.bytes().data());
}

BOOST_AUTO_TEST_CASE(a_strided_view_is_copied_element_by_element) {
  const Tensor t = counting({2, 3});
  DLTensor view = t.dlpack();
  std::int64_t shape[] = {3, 2}, strides[] = {1, 3};  // transposed
  view.shape = shape;
  view.strides = strides;
  const Tensor copy = Tensor::copy_of(view);
  const std::vector<float> expected{0, 3, 1, 4, 2, 5};
  BOOST_TEST(copy.values<float>() == expected, boost::test_tools::per_element());

  std::int64_t backwards[] = {3}, minus[] = {-2};
  view.ndim = 1;
  view.shape = backwards;
  view.strides = minus;
  view.byte_offset = 4 * sizeof(float);
  const std::vector<float> reversed{4, 2, 0};
  BOOST_TEST(Tensor::copy_of(view).values<float>() == reversed, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_scalar_and_an_empty_view_are_copied_too) {
  const Tensor scalar = counting({});
  BOOST_TEST(Tensor::copy_of(scalar.dlpack()).numel() == 1);
  DLTensor empty = scalar.dlpack();
  std::int64_t shape[] = {0, 5}, strides[] = {5, 1};
  empty.ndim = 2;
  empty.shape = shape;
  empty.strides = strides;
  empty.data = nullptr;
  BOOST_TEST(Tensor::copy_of(empty).numel() == 0);
}

BOOST_AUTO_TEST_CASE(views_that_cannot_be_read_are_refused) {
  const Tensor t = counting({2});
  DLTensor view = t.dlpack();
  view.device.device_type = kDLCUDA;
  BOOST_CHECK_THROW(Tensor::copy_of(view), Error);
  view = t.dlpack();
  view.data = nullptr;
  BOOST_CHECK_THROW(Tensor::copy_of(view), Error);
  view = t.dlpack();
  view.ndim = -1;
  BOOST_CHECK_THROW(Tensor::copy_of(view), Error);
  std::int64_t negative[] = {-2};
  view = t.dlpack();
  view.shape = negative;
  BOOST_CHECK_THROW(Tensor::copy_of(view), Error);
}

BOOST_AUTO_TEST_CASE(a_tensor_too_large_for_any_memory_is_an_error_and_not_a_crash) {
  BOOST_CHECK_THROW(Tensor::make(DType::float64, Shape{std::int64_t{1} << 61}), Error);
  BOOST_CHECK_THROW(Tensor::make(DType::float32, Shape{std::int64_t{1} << 55}), Error);
}

BOOST_AUTO_TEST_SUITE_END()
