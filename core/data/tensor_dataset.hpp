// Rows of splits held as tensors: checks and gathering, shared by every data set.
#pragma once

#include "core/base/error.hpp"
#include "core/host/dataset.hpp"

namespace lathe {

// The rows of a split by index. Throws run_error for a row that is not there.
SplitTensors gather(const SplitTensors& all, std::span<const std::uint64_t> index,
                    std::string_view id, Split split);

// Throws run_error unless every label is one of `classes` and every number is finite.
void check_rows(const SplitTensors& rows, std::int64_t classes, std::string_view id, Split split);

// What asking for the rows of an empty split ends with. `option` is what would name them, or empty.
Error no_rows(std::string_view id, Split split, std::string_view option);

// A data set from tensors, for tests and for plugins' own data.
std::shared_ptr<Dataset> dataset_of(std::string id, SplitTensors train, SplitTensors validation,
                                    SplitTensors test, std::int64_t classes);

}  // namespace lathe
