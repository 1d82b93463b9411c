#include "core/tensor/borrowed_tensor.hpp"

#include "tests/support/messages.hpp"

#include <lathe/draft/quantization.h>

#include <boost/test/unit_test.hpp>

#include <array>
#include <numeric>

using lathe::BorrowedTensor;
using lathe::copy_of;
using lathe::DType;
using lathe::Shape;
using lathe::Tensor;
using lathe_test::contains;
using lathe_test::message_of;

namespace {

Tensor counted(const Shape& shape) {
  std::vector<float> values(static_cast<std::size_t>(shape.numel()));
  std::iota(values.begin(), values.end(), 0.0F);
  return Tensor::of<float>(DType::float32, shape, values);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(borrowed_tensor)

BOOST_AUTO_TEST_CASE(strides_are_always_given_and_what_others_hold_is_read_only) {
  const Tensor tensor = counted(Shape{2, 3, 4});
  const BorrowedTensor lent(tensor);
  const lathe_tensor& view = lent.view();
  BOOST_TEST(view.struct_size == sizeof(lathe_tensor));
  BOOST_TEST(view.flags == LATHE_TENSOR_READ_ONLY);
  BOOST_TEST(view.stream == nullptr);
  BOOST_TEST(view.quantization == nullptr);
  BOOST_TEST_REQUIRE(view.dl.ndim == 3);
  const std::array<std::int64_t, 3> strides{12, 4, 1}, extents{2, 3, 4};
  BOOST_TEST(std::vector(view.dl.strides, view.dl.strides + 3) ==
                 std::vector(strides.begin(), strides.end()),
             boost::test_tools::per_element());
  BOOST_TEST(
      std::vector(view.dl.shape, view.dl.shape + 3) == std::vector(extents.begin(), extents.end()),
      boost::test_tools::per_element());
  BOOST_TEST(view.dl.data == static_cast<const void*>(tensor.bytes().data()));
}

BOOST_AUTO_TEST_CASE(tensors_of_many_dimensions_have_room) {
  const Tensor tensor = counted(Shape{1, 2, 1, 1, 1, 1, 1, 1, 1, 3});
  const BorrowedTensor lent(tensor);
  BOOST_TEST_REQUIRE(lent.view().dl.ndim == 10);
  BOOST_TEST(lent.view().dl.strides[0] == 6);
  BOOST_TEST(lent.view().dl.strides[1] == 3);
  BOOST_TEST(lent.view().dl.strides[9] == 1);
  BOOST_TEST(lent.view().dl.shape[9] == 3);
}

BOOST_AUTO_TEST_CASE(a_copy_honours_strides_and_takes_none_for_dense) {
  const Tensor tensor = counted(Shape{2, 3});
  BorrowedTensor lent(tensor, 0);
  lent.view().dl.strides = nullptr;
  BOOST_TEST(copy_of(lent.view()).values<float>()[5] == 5.0F);
  std::array<std::int64_t, 2> extents{3, 2}, strides{1, 3};
  lent.view().dl.shape = extents.data();
  lent.view().dl.strides = strides.data();
  const Tensor transposed = copy_of(lent.view());
  BOOST_TEST((transposed.shape() == Shape{3, 2}));
  BOOST_TEST(transposed.values<float>()[1] == 3.0F);
}

BOOST_AUTO_TEST_CASE(what_is_no_tensor_of_values_is_refused) {
  const Tensor tensor = counted(Shape{2});
  BorrowedTensor small(tensor);
  small.view().struct_size = 8;
  BOOST_TEST(contains(message_of([&] { copy_of(small.view()); }), "struct_size"));
  BorrowedTensor codes(tensor);
  const lathe_quantization scale{};
  codes.view().quantization = &scale;
  BOOST_TEST(contains(message_of([&] { copy_of(codes.view()); }), "codes"));
  BorrowedTensor elsewhere(tensor);
  elsewhere.view().dl.device = {kDLCUDA, 0};
  BOOST_TEST(contains(message_of([&] { copy_of(elsewhere.view()); }), "device type 2"));
}

BOOST_AUTO_TEST_SUITE_END()
