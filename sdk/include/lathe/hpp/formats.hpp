// Number formats for passes: what a format would do on a tensor of a graph, or does where it is
// set. A pass that takes a `formats` argument has them; nothing has to be declared.
#pragma once

#include <lathe/svc/format.h>
#include <lathe/hpp/format_call.hpp>
#include <lathe/hpp/graph.hpp>

#include <optional>

#pragma GCC visibility push(hidden)

namespace lathe {

namespace detail {

// Borrowed from data and extents.
template <class T>
lathe_tensor lent(tensor<T> of) {
  lathe_tensor out = {};
  out.struct_size = sizeof out;
  out.flags = std::is_const<T>::value ? LATHE_TENSOR_READ_ONLY : 0;
  out.dl.data = const_cast<float*>(of.data());
  out.dl.device = {kDLCPU, 0};
  out.dl.ndim = static_cast<std::int32_t>(of.shape().size());
  out.dl.dtype = dl_type<T>();
  out.dl.shape = const_cast<std::int64_t*>(of.shape().data());
  return out;
}

}  // namespace detail

// A format with its options on one tensor of a node, in evaluation mode. Valid until the pass
// returns.
class used_format {
 public:
  used_format(lathe_call* call, const lathe_format_api* api, const lathe_used_format* used)
      : call_(call), api_(api), used_(used) {}

  // Dense float32 in main memory, of one shape; y may be x.
  void quantize(const lathe_tensor& x, lathe_tensor& y) const {
    detail::check(call_, api_->quantize(call_, used_, &x, &y));
  }
  void quantize(tensor<const float> x, tensor<float> y) const {
    lathe_tensor into = detail::lent(y);
    quantize(detail::lent(x), into);
  }
  // Codes of what quantize() makes of x into `codes`, as many as x has elements. Throws
  // LATHE_UNIMPLEMENTED where the format has none. What is returned borrows until the pass returns.
  lathe_integer_codes codes(const lathe_tensor& x, span<std::int64_t> codes) const {
    lathe_integer_codes out = {};
    out.struct_size = sizeof out;
    out.codes = codes.data();
    detail::check(call_, api_->codes(call_, used_, &x, &out));
    return out;
  }
  lathe_integer_codes codes(tensor<const float> x, span<std::int64_t> codes) const {
    return this->codes(detail::lent(x), codes);
  }
  // Whether options are open that fit() can choose, and the dimension along which it takes a row
  // for each index (-1: one for the tensor); none: nothing is open.
  std::optional<int> fit_axis() const {
    std::uint32_t open = 0;
    std::int32_t axis = -1;
    detail::check(call_, api_->fit_axis(call_, used_, &open, &axis));
    return open != 0 ? std::optional<int>(axis) : std::nullopt;
  }
  // All options, those that were chosen from what was seen among them; borrowed.
  options fit(span<const seen> rows) const {
    const lathe_seen_table table = {sizeof table, sizeof(lathe_seen), rows.data(), rows.size()};
    const lathe_value* chosen = nullptr;
    detail::check(call_, api_->fit(call_, used_, &table, &chosen));
    return options(value_view(chosen));
  }

 private:
  lathe_call* call_;
  const lathe_format_api* api_;
  const lathe_used_format* used_;
};

class formats {
 public:
  explicit formats(lathe_call* call)
      : call_(call),
        api_(detail::service<lathe_format_api>(call, LATHE_SVC_FORMAT,
                                               LATHE_SIZE_UP_TO(lathe_format_api, fit))) {}

  // The format that sits on a tensor of a node; none: it is float. `input` counts the node's tensor
  // inputs; 0 for parameters and outputs.
  std::optional<used_format> find(const graph& g, node_id node, lathe_role role,
                                  std::uint32_t input = 0) const {
    const lathe_operand_place place = {node.index, input, role, {}};
    const lathe_used_format* used = nullptr;
    detail::check(call_, api_->find(call_, g.raw(), &place, &used));
    if (used == nullptr) return std::nullopt;
    return used_format(call_, api_, used);
  }
  // A format as it would work on that tensor, with fresh state; `options` is a map.
  used_format make(const graph& g, node_id node, lathe_role role, std::uint32_t input,
                   std::string_view format, const lathe_value* options = nullptr) const {
    const lathe_operand_place place = {node.index, input, role, {}};
    const lathe_used_format* used = nullptr;
    detail::check(call_, api_->make(call_, g.raw(), &place, to_str(format), options, &used));
    return {call_, api_, used};
  }

 private:
  lathe_call* call_;
  const lathe_format_api* api_;
};

}  // namespace lathe

#pragma GCC visibility pop
