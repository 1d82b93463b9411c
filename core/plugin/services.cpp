#include "core/plugin/services.hpp"

#include <lathe/lathe.h>

#include <array>

namespace lathe {

std::span<const KnownService> known_services() {
  static constexpr std::array<KnownService, 10> kServices{{
      {LATHE_SVC_DATA, sizeof(lathe_data_api)},
      {LATHE_SVC_EDIT, sizeof(lathe_edit_api)},
      {LATHE_SVC_EXEC, sizeof(lathe_exec_api)},
      {LATHE_SVC_GRAPH, sizeof(lathe_graph_api)},
      {LATHE_SVC_META, sizeof(lathe_meta_api)},
      {LATHE_SVC_OPTIONS, sizeof(lathe_options_api)},
      {LATHE_SVC_PARALLEL, sizeof(lathe_parallel_api)},
      {LATHE_SVC_REPORT, sizeof(lathe_report_api)},
      {LATHE_SVC_RNG, sizeof(lathe_rng_api)},
      {LATHE_SVC_TENSOR, sizeof(lathe_tensor_api)},
  }};
  return kServices;
}

}  // namespace lathe
