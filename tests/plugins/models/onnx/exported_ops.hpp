// The cases of golden/torch_ops.json as files.
#pragma once

#include "exported.hpp"

#include "tests/engine/torch_ops.hpp"

#include <optional>

namespace lathe_test {

template <class Work>
void check_refused(Work work, const std::string& words) {
  BOOST_CHECK_EXCEPTION(work(), lathe::Error, [&](const lathe::Error& error) {
    return std::string(error.what()).find(words) != std::string::npos;
  });
}

// Nothing: ONNX has no such thing, which the pass says in the words that are expected here.
inline std::optional<std::filesystem::path> exported_op(const json& one,
                                                        const std::filesystem::path& folder) {
  const std::string name = one.at("name");
  const std::map<std::string, std::string> without = {
      {"interpolate {'size': 2, 'mode': 'area'}", "its mode is 'area'"},
      {"with keys of its own", "its add_bias_kv adds keys of its own"},
  };
  const auto refused = without.find(name);
  if (refused == without.end()) return exported(saved_graph(one), folder);
  check_refused([&] { exported(saved_graph(one), folder); }, refused->second);
  return std::nullopt;
}

}  // namespace lathe_test
