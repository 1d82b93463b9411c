// One number format on one tensor of a node, as programs call it: on contiguous float32 on the CPU,
// whole batch by whole batch, with the state that it keeps there. Knows nothing about graphs beyond
// the node it belongs to.
#pragma once

#include "core/host/instances/instances.hpp"
#include "core/host/instances/state/format_arguments.hpp"
#include "core/run/random_place.hpp"
#include "core/run/training/parameters.hpp"

namespace lathe::run {

class Quantizer {
 public:
  Quantizer() = default;
  // The node, and so its graph, must outlive the quantizer.
  Quantizer(const Registry& registry, const Graph& graph, NodeId node, const OperandFormat& format,
            std::uint32_t input_index);

  explicit operator bool() const { return format_ != nullptr; }
  const std::string& format_id() const { return format_->component().id; }
  bool stochastic() const { return stochastic_; }
  bool has_backward() const { return format_->has_backward(); }
  bool has_state() const { return !state_.empty(); }
  bool learns() const;  // some of its state is trained
  // Whether it makes the same of each element, or of each row of an activation, whichever others a
  // call hands it: in parts, or elements in another order. Never where it draws or keeps state.
  bool elements_apart() const { return is_apart(LATHE_FLAG_ELEMENTS_APART); }
  bool rows_apart() const { return is_activation() && is_apart(LATHE_FLAG_ROWS_APART); }

  // What makes two quantizers give the same tensor for the same contents.
  ContentHash identity() const;

  // Takes the state of a network in training instead of the graph's: it is written to, and
  // backward() adds to its gradients. `parameters` must outlive the quantizer.
  void train_on(TrainedParameters& parameters);

  // The nearest representable values of x in y, between contiguous memory of one shape.
  void quantize(const float* x, float* y, std::span<const std::int64_t> shape, bool training,
                RandomPlace place) const;
  // The same by so many rows at a time, because a format may look at the whole tensor; 0: all.
  void quantize_rows(const float* x, float* y, std::span<const std::int64_t> shape,
                     RandomPlace place, std::int64_t rows) const;
  bool has_codes() const { return format_->has_codes(); }
  // REQUIRES: has_codes(). Of what quantize() makes of x, outside of training.
  IntegerCodes codes(const float* x, std::span<const std::int64_t> shape, RandomPlace place) const;
  // REQUIRES: has_backward(). The gradient of x from that of y.
  void backward(const float* x, const float* dy, float* dx, std::span<const std::int64_t> shape,
                bool training, RandomPlace place) const;

 private:
  bool is_activation() const {
    return tensor_.site.role == LATHE_ROLE_DATA_IN || tensor_.site.role == LATHE_ROLE_DATA_OUT;
  }
  bool is_apart(lathe_component_flags flag) const {
    return !stochastic_ && state_.empty() && format_->has(flag);
  }

  const FormatInstance* format_ = nullptr;
  const Node* node_ = nullptr;
  SiteTensor tensor_;
  std::vector<FormatState> state_;
  std::uint64_t stream_ = 0;
  bool stochastic_ = false;
};

// That of a tensor of a node, with the state that the graph has: of a role ("data_in", "weight",
// ...), and of the tensor inputs the one with that number. None if no format sits there.
Quantizer quantizer_of(const Registry& registry, const Graph& graph, NodeId node,
                       std::string_view role, std::uint32_t input_index = 0);

}  // namespace lathe::run
