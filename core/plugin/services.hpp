// The services this host offers, said once: what a plugin's needs[] are held against before any of
// its components runs, and whose tables host/services gives. Knows nothing about how they work.
#pragma once

#include <lathe/draft/ties.h>
#include <lathe/lathe.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

namespace lathe {

template <typename Api>
struct HostService {
  using Table = Api;
  std::string_view id;
};

inline constexpr std::tuple kHostServices{
    HostService<lathe_data_api>{LATHE_SVC_DATA},
    HostService<lathe_edit_api>{LATHE_SVC_EDIT},
    HostService<lathe_exec_api>{LATHE_SVC_EXEC},
    HostService<lathe_format_api>{LATHE_SVC_FORMAT},
    HostService<lathe_graph_api>{LATHE_SVC_GRAPH},
    HostService<lathe_meta_api>{LATHE_SVC_META},
    HostService<lathe_options_api>{LATHE_SVC_OPTIONS},
    HostService<lathe_parallel_api>{LATHE_SVC_PARALLEL},
    HostService<lathe_report_api>{LATHE_SVC_REPORT},
    HostService<lathe_rng_api>{LATHE_SVC_RNG},
    HostService<lathe_space_api>{LATHE_SVC_SPACE},
    HostService<lathe_tensor_api>{LATHE_SVC_TENSOR},
    HostService<lathe_ties_api>{LATHE_SVC_TIES},
};

// Ids that begin so are the host's, of this version or another; all others are for plugins.
constexpr bool is_host_service(std::string_view id) { return id.starts_with("lathe."); }
static_assert(std::apply([](auto... known) { return (is_host_service(known.id) && ...); },
                         kHostServices));

// How long its table is; nothing for one that this host does not offer.
constexpr std::optional<std::uint64_t> host_service_size(std::string_view id) {
  std::optional<std::uint64_t> size;
  const auto look = [&]<typename Api>(const HostService<Api>& known) {
    if (known.id == id) size = sizeof(Api);
  };
  std::apply([&](const auto&... known) { (look(known), ...); }, kHostServices);
  return size;
}

}  // namespace lathe
