#include "core/host/services/used_formats.hpp"

#include "core/host/services/plugin_mistake.hpp"

namespace lathe {

const lathe_used_format* UsedFormats::keep(const FormatInstance& format, Node node,
                                           SiteTensor tensor, std::uint64_t graph_seed) {
  auto used = std::make_unique<lathe_used_format>();
  used->format = &format;
  used->node = std::move(node);
  used->tensor = std::move(tensor);
  used->seed = graph_seed ^ random_stream(used->node, used->tensor);
  used->state = format_states(used->node, used->tensor.site);
  const lathe_used_format* handle = used.get();
  kept_.emplace(handle, std::move(used));
  return handle;
}

const lathe_used_format& UsedFormats::find(const lathe_used_format* handle) const {
  const auto found = kept_.find(handle);
  if (found == kept_.end()) throw PluginMistake("that is no number format of this call");
  return *found->second;
}

}  // namespace lathe
