// The table of functions that every plugin call carries (lathe/host.h), and the services found
// through it. One table for the process; nothing in it throws.
#pragma once

#include "core/plugin/services.hpp"

#include <lathe/lathe.h>

#include <string_view>

namespace lathe {

const lathe_host& host_table();

// The table of a service of the host's; null for an id that it does not serve.
const void* find_service(std::string_view id);

const lathe_data_api& service_table(HostService<lathe_data_api>);
const lathe_edit_api& service_table(HostService<lathe_edit_api>);
const lathe_exec_api& service_table(HostService<lathe_exec_api>);
const lathe_format_api& service_table(HostService<lathe_format_api>);
const lathe_graph_api& service_table(HostService<lathe_graph_api>);
const lathe_meta_api& service_table(HostService<lathe_meta_api>);
const lathe_options_api& service_table(HostService<lathe_options_api>);
const lathe_parallel_api& service_table(HostService<lathe_parallel_api>);
const lathe_report_api& service_table(HostService<lathe_report_api>);
const lathe_rng_api& service_table(HostService<lathe_rng_api>);
const lathe_space_api& service_table(HostService<lathe_space_api>);
const lathe_tensor_api& service_table(HostService<lathe_tensor_api>);
const lathe_ties_api& service_table(HostService<lathe_ties_api>);

}  // namespace lathe
