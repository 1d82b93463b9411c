// Plugin components as C++ objects: each call crosses the ABI once, checks the code that comes
// back and turns it into an Error with plugin, node and option. Nothing here knows what a
// particular plugin does.
#pragma once

#include "core/host/instances/build_model.hpp"
#include "core/host/instances/format_choice.hpp"
#include "core/host/instances/format_instance.hpp"
#include "core/host/instances/node_rules.hpp"
#include "core/host/instances/op_instance.hpp"
#include "core/host/instances/pass_instance.hpp"
#include "core/host/instances/plugin_ops.hpp"
#include "core/host/instances/sampler_instance.hpp"
