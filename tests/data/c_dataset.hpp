// What tests of data sets made of C functions share: fields, and a component as the registry would
// give it.
#pragma once

#include "core/plugin/registry.hpp"

#include <cstring>

namespace lathe_test {

inline lathe_str text(const char* literal) { return {literal, std::strlen(literal)}; }

inline lathe_field field(const char* name, lathe_field_role role, lathe_dtype dtype,
                         const std::int64_t* shape = nullptr, std::uint32_t rank = 0,
                         std::int64_t classes = 0) {
  return {text(name), role, dtype, {}, rank, shape, classes, nullptr, nullptr, nullptr, nullptr};
}

// Both functions and tables must outlive it.
inline lathe::Component dataset_component(const char* id, const lathe_dataset& interface) {
  lathe::Component component;
  component.kind = lathe::Kind::dataset;
  component.id = id;
  component.interface = &interface;
  component.options.owner = std::string("data set '") + id + "'";
  return component;
}

}  // namespace lathe_test
