// The plugins that were built, for tests of searches.
#pragma once

#include "core/plugin/registry.hpp"
#include "tests/support/support.hpp"

namespace lathe_test {

using namespace lathe;

inline const Registry& registry() {
  static const Registry all({{built_plugin_dir(), "built-in"}}, {});
  return all;
}

}  // namespace lathe_test
