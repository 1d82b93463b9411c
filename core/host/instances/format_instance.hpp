// A number-format plugin as a C++ object.
#pragma once

#include "core/graph/node.hpp"
#include "core/plugin/registry.hpp"
#include "core/tensor/tensor.hpp"

namespace lathe {

// REQUIRES: `options` are checked (check_options) against component.options.
// Thread-safe: a format's kernel may be called from several threads.
class FormatInstance {
 public:
  FormatInstance(const Component& component, const Value& options);
  ~FormatInstance();
  FormatInstance(const FormatInstance&) = delete;
  const Component& component() const { return *component_; }
  void quantize(const lathe_format_context& context, const lathe_tensor& x, lathe_tensor& y) const;
  bool has_backward() const;
  void backward(const lathe_format_context& context, const lathe_tensor& x,
                lathe_format_gradients& gradients) const;
  // What is to be kept for a site; checked.
  std::vector<StateSpec> state(const lathe_site& site) const;
  double storage_bits(const Shape& shape) const;
  Value precision() const;  // a list

 private:
  Error broken(const std::string& what) const;

  const Component* component_;
  void* self_ = nullptr;
};
// One instance per (format, options), kept for the life of the process. Thread-safe.
const FormatInstance& format_instance(const Registry& registry, std::string_view id,
                                      const Value& options);

}  // namespace lathe
