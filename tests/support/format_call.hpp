// What a number format's kernel is called with, outside of any network: a site of a role and an op,
// and the tensors of its state.
#pragma once

#include "core/graph/ops/op_table.hpp"
#include "core/tensor/borrowed_tensor.hpp"

#include <lathe/kind/format.h>

#include <array>
#include <list>
#include <vector>

namespace lathe_test {

class FormatCall {
 public:
  explicit FormatCall(lathe_role role = LATHE_ROLE_DATA_IN, std::string_view op = "linear",
                      bool training = false) {
    site_.struct_size = sizeof site_;
    site_.role = role;
    site_.op = {op.data(), op.size()};
    site_.channel_axis = -1;
    const lathe::OpRow* row = lathe::builtin_ops().find(op);
    site_.is_unsigned = row != nullptr && row->is_unsigned ? 1 : 0;
    context_.struct_size = sizeof context_;
    context_.training = training ? 1 : 0;
    context_.site = &site_;
  }
  FormatCall(const FormatCall&) = delete;
  FormatCall& operator=(const FormatCall&) = delete;

  // A state, of one number or of a shape, which must outlive the call.
  void lend(float& number) { lend_all(&number, {}); }
  void lend(std::vector<float>& numbers, const lathe::Shape& shape) {
    lend_all(numbers.data(), shape.dims());
  }

  // The extents of the tensor; channels lie along its first dimension, of an activation its second.
  void of_shape(std::vector<std::int64_t> extents) {
    shape_ = std::move(extents);
    site_.shape = shape_.data();
    site_.rank = shape_.size();
    const bool is_activation =
        site_.role == LATHE_ROLE_DATA_IN || site_.role == LATHE_ROLE_DATA_OUT;
    const std::size_t axis = is_activation ? 1 : 0;
    site_.channel_axis = axis < shape_.size() ? static_cast<std::int32_t>(axis) : -1;
  }
  void random_stream(std::uint64_t seed, std::uint64_t counter) {
    context_.seed = seed;
    context_.counter = counter;
  }

  lathe_site& site() { return site_; }
  const lathe_format_context& context() const { return context_; }

 private:
  void lend_all(float* numbers, std::span<const std::int64_t> extents) {
    const lathe_tensor_flags flags = context_.training != 0 ? 0 : LATHE_TENSOR_READ_ONLY;
    tensors_.emplace_back(lathe::DType::float32, numbers, extents, flags);
    state_.push_back(&tensors_.back().view());
    context_.state = state_.data();
    context_.state_count = state_.size();
  }

  std::vector<std::int64_t> shape_;
  lathe_site site_{};
  lathe_format_context context_{};
  std::list<lathe::BorrowedTensor> tensors_;
  std::vector<lathe_tensor*> state_;
};

// A site that a weight of that shape has.
class SiteOf : public FormatCall {
 public:
  explicit SiteOf(std::vector<std::int64_t> extents) : FormatCall(LATHE_ROLE_WEIGHT) {
    of_shape(std::move(extents));
  }
};

}  // namespace lathe_test
