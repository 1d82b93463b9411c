// What the methods of a format are given and give back: the tensor it sits on, tensors kept for it,
// how a kernel is called, gradients, integer codes, what was seen of a tensor.
#pragma once

#include <lathe/kind/format.h>
#include <lathe/hpp/context.hpp>

#include <algorithm>

#pragma GCC visibility push(hidden)

namespace lathe {

// The tensor of a node that a format sits on.
class site {
 public:
  explicit site(const lathe_site& s) : s_(&s) {}
  lathe_role role() const { return s_->role; }
  bool is_activation() const {
    return s_->role == LATHE_ROLE_DATA_IN || s_->role == LATHE_ROLE_DATA_OUT;
  }
  std::string_view op() const { return to_view(s_->op); }  // "linear", "relu"
  std::uint32_t input_index() const { return s_->input_index; }
  // Fixed point of this operand has no sign, whatever the options say: the input of a ReLU.
  bool is_unsigned() const { return s_->is_unsigned != 0; }
  // The dimension that channels lie along; -1: none.
  std::int32_t channel_axis() const { return s_->channel_axis; }
  // Of the graph, batch included; empty in state().
  lathe::shape shape() const { return {s_->shape, s_->rank}; }
  // For messages.
  std::string_view node() const { return to_view(s_->node); }
  std::string_view parameter() const { return to_view(s_->parameter); }  // empty: an activation

 private:
  const lathe_site* s_;
};

// A tensor that the host keeps for each tensor that the format sits on: learned("step", 1.0),
// buffer("seen"), learned("step", 1.0).per_channel(), buffer("range").of({2}).
class state_spec {
 public:
  state_spec(std::string_view name, bool learnable, double initial) : row_{} {
    row_.name = to_str(name);
    row_.learnable = learnable ? 1 : 0;
    row_.initial = initial;
  }
  // One number per channel, or a single one where there are no channels.
  state_spec per_channel() const {
    state_spec changed = *this;
    changed.row_.per_channel = 1;
    return changed;
  }
  state_spec of(std::vector<std::int64_t> extents) const {
    state_spec changed = *this;
    changed.shape_ = std::move(extents);
    return changed;
  }
  // Borrowed from this.
  lathe_state_spec row() const {
    lathe_state_spec row = row_;
    row.shape = shape_.data();
    row.rank = shape_.size();
    return row;
  }

 private:
  lathe_state_spec row_;
  std::vector<std::int64_t> shape_;
};
// The name must outlive the format, eg: a literal.
inline state_spec learned(std::string_view name, double initial = 0) {
  return {name, true, initial};
}
inline state_spec buffer(std::string_view name, double initial = 0) {
  return {name, false, initial};
}

// How a kernel is called.
class format_context {
 public:
  format_context(lathe_call* call, const lathe_format_context& c) : call_(call), c_(c) {}
  lathe::site site() const { return lathe::site(*c_.site); }
  lathe_role role() const { return site().role(); }
  bool is_activation() const { return site().is_activation(); }
  std::string_view op() const { return site().op(); }
  bool is_unsigned() const { return site().is_unsigned(); }
  std::uint32_t input_index() const { return site().input_index(); }
  bool training() const { return c_.training != 0; }
  // The tensors that state() asked for, in its order. To write to in quantize() while training.
  std::uint64_t state_count() const { return c_.state_count; }
  tensor<const float> state(std::uint64_t i) const { return tensor<const float>(raw_state(i)); }
  tensor<float> state_to_write(std::uint64_t i) const { return tensor<float>(raw_state(i)); }
  // Of the random stream, for formats with LATHE_FLAG_STOCHASTIC.
  std::uint64_t seed() const { return c_.seed; }
  std::uint64_t counter() const { return c_.counter; }
  context host() const { return context(call_); }

 private:
  const lathe_tensor& raw_state(std::uint64_t i) const {
    if (i >= c_.state_count) throw error(LATHE_OUT_OF_RANGE, "the site has no such state");
    return *c_.state[i];
  }
  lathe_call* call_;
  const lathe_format_context& c_;
};

// What backward() is given and fills in.
class format_gradients {
 public:
  explicit format_gradients(const lathe_format_gradients& g) : g_(g) {}
  tensor<const float> dy() const { return tensor<const float>(*g_.dy); }
  tensor<float> dx() const { return tensor<float>(*g_.dx); }
  // Of a learned state; zero until it is filled in.
  tensor<float> state(std::uint64_t i) const {
    if (i >= g_.d_state_count || g_.d_state[i] == nullptr) {
      throw error(LATHE_OUT_OF_RANGE, "the site has no such learned state");
    }
    return tensor<float>(*g_.d_state[i]);
  }

 private:
  const lathe_format_gradients& g_;
};

// How codes become values, beside the codes themselves: see lathe_integer_codes.
struct integer_codes {
  std::uint32_t width = 8;  // bits of a code, 1..64
  bool is_signed = true;
  std::vector<std::int64_t> block_shape = {};  // empty: one block
  std::vector<double> scale = {1.0};           // one per block, in row-major order of blocks
  std::vector<std::int64_t> zero_point = {};   // one per block; empty: all 0
  std::vector<double> levels = {};             // of code 0, 1, ...; empty: the code itself
};

// What was seen of a tensor, or of one index along its axis; low > high: nothing finite.
using seen = lathe_seen;

}  // namespace lathe

#pragma GCC visibility pop
