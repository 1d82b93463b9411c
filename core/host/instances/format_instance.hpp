// A number-format plugin as a C++ object.
#pragma once

#include "core/graph/formats/storage.hpp"
#include "core/graph/node.hpp"
#include "core/host/instances/integer_codes.hpp"
#include "core/plugin/registry.hpp"
#include "core/tensor/tensor.hpp"

#include <optional>
#include <shared_mutex>
#include <unordered_map>

namespace lathe {

// REQUIRES: `options` are checked (check_options) against component.options.
// Thread-safe: a format's kernel may be called from several threads.
class FormatInstance final : public FormatStorage {
 public:
  FormatInstance(const Component& component, const Value& options);
  ~FormatInstance() override;
  FormatInstance(const FormatInstance&) = delete;
  FormatInstance& operator=(const FormatInstance&) = delete;
  const Component& component() const { return *component_; }
  const Value& options() const { return options_; }
  // Of LATHE_FLAG_STOCHASTIC, _ROWS_APART and _ELEMENTS_APART: whether it holds with these options.
  bool has(lathe_component_flags flag) const { return (active_flags_ & flag) == flag; }
  void quantize(const lathe_format_context& context, const lathe_tensor& x, lathe_tensor& y) const;
  bool has_backward() const;
  void backward(const lathe_format_context& context, const lathe_tensor& x,
                lathe_format_gradients& gradients) const;
  // What is to be kept for a site; checked.
  std::vector<StateSpec> state(const lathe_site& site) const;
  // Of the whole tensor of that site.
  double storage_bits(const lathe_site& site) const;
  double bits_per_element(const lathe_site& site) const override;
  bool has_codes() const;
  // REQUIRES: has_codes(). Of what quantize() makes of x; throws what the format refuses: a NaN, or
  // options that it has no codes with.
  IntegerCodes codes(const lathe_format_context& context, const lathe_tensor& x) const;
  // Whether fit() chooses options there, and the dimension it takes a row for each index of (-1:
  // one for the tensor); none: nothing is open.
  std::optional<std::int32_t> fit_axis(const lathe_site& site) const;
  // All options, those that follow from what was seen among them, checked. REQUIRES: fit_axis()
  // gave something, and `seen` has as many rows as it says.
  Value fit(const lathe_site& site, std::span<const lathe_seen> seen) const;
  Value precision() const;  // a list

 private:
  Error broken(const std::string& what) const;

  const Component* component_;
  Value options_;
  void* self_ = nullptr;
  mutable std::shared_mutex bits_mutex_;
  mutable std::unordered_map<std::string, double> bits_;  // per element, by what they follow from
  lathe_component_flags active_flags_ = 0;
};
// One instance per (format, options), kept for the life of the process. Thread-safe.
const FormatInstance& format_instance(const Registry& registry, std::string_view id,
                                      const Value& options);

}  // namespace lathe
