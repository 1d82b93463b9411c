// The table of functions that every plugin call carries (lathe/host.h), and the services found
// through it. One table for the process; nothing in it throws.
#pragma once

#include <lathe/lathe.h>

#include <string_view>

namespace lathe {

const lathe_host& host_table();

// Null for an id this host does not serve.
const void* find_service(std::string_view id);

const lathe_graph_api& graph_service();
const lathe_edit_api& edit_service();
const lathe_tensor_api& tensor_service();
const lathe_exec_api& exec_service();
const lathe_options_api& options_service();
const lathe_report_api& report_service();
const lathe_rng_api& rng_service();
const lathe_data_api& data_service();
const lathe_meta_api& meta_service();
const lathe_parallel_api& parallel_service();

}  // namespace lathe
