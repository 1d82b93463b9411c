// The door of the room: data sets over plugins and over tensors, and the order of their rows.
#pragma once

#include "core/data/epoch_order.hpp"
#include "core/data/plugin_dataset.hpp"
#include "core/data/tensor_dataset.hpp"
