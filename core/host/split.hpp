// The splits of a data set.
#pragma once

#include <optional>
#include <string_view>

namespace lathe {

enum class Split { train = 0, validation = 1, test = 2 };
std::string_view name(Split split);                           // "validation"
std::optional<Split> split_from_name(std::string_view name);  // also MASE's "val_dataloader" etc.
Split known_split(std::string_view name);  // throws usage_error for any other word

}  // namespace lathe
