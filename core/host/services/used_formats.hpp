// Number formats on tensors of graphs, as one call of a plugin holds them: each with a copy of its
// node, because the graph may be edited meanwhile.
#pragma once

#include "core/host/instances/format_instance.hpp"
#include "core/host/instances/state/format_arguments.hpp"

#include <lathe/svc/format.h>

#include <memory>
#include <unordered_map>

struct lathe_used_format {
  const lathe::FormatInstance* format = nullptr;
  lathe::Node node{};
  lathe::SiteTensor tensor{};
  std::uint64_t seed = 0;  // of the random stream
  std::vector<lathe::FormatState> state{};
};

namespace lathe {

class UsedFormats {
 public:
  // With the state that the node has there. The address is stable.
  const lathe_used_format* keep(const FormatInstance& format, Node node, SiteTensor tensor,
                                std::uint64_t graph_seed);
  // Throws PluginMistake if it is none of this call's.
  const lathe_used_format& find(const lathe_used_format* handle) const;

 private:
  std::unordered_map<const lathe_used_format*, std::unique_ptr<lathe_used_format>> kept_;
};

}  // namespace lathe
