// Which layers of the networks that a process evaluates run on integer codes, by which kernels, and
// why others stay on floats: sets, so that they are the same for any number of workers. Knows
// nothing about how layers are computed. Thread-safe.
#pragma once

#include "core/base/value.hpp"

#include <map>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>

namespace lathe::run {

// The entry of a backend's environment() that holds them.
inline constexpr std::string_view kIntegerKernelsEntry = "integer_kernels";

class IntegerLayers {
 public:
  // A search says the same of a layer thousands of times: what is known costs two look-ups.
  void ran(std::string_view node, std::string_view kernel);
  void left(std::string_view node, std::string_view reason);

  // {"on_integers": {"conv1": ["brgconv:avx512_core_vnni"]},
  //  "on_floats": {"fc": ["codes of its weight have 16 bits"]}}, by name; none if there are none.
  // A layer is in both if it ran so in one network and otherwise in another.
  Value value() const;

 private:
  using Texts = std::set<std::string, std::less<>>;
  using ByNode = std::map<std::string, Texts, std::less<>>;
  void add(ByNode& to, std::string_view node, std::string_view text);

  mutable std::shared_mutex mutex_;
  ByNode on_integers_, on_floats_;
};

}  // namespace lathe::run
