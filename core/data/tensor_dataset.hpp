// Rows of splits held as tensors: checks and gathering, shared by every data set.
#pragma once

#include "core/base/error.hpp"
#include "core/host/dataset.hpp"

namespace lathe {

// The rows of a split by index. Throws run_error for a row that is not there.
RowTensors gather(const RowTensors& all, std::span<const std::uint64_t> index, std::string_view id,
                  Split split);

// What asking for the rows of an empty split ends with. `option` is what would name them, or empty.
Error no_rows(std::string_view id, Split split, std::string_view option);

// Data sets from tensors, for tests and for plugins' own data: of any fields, one tensor for each,
// whose shapes the tensors may tell; and of float32 samples with one int64 label each.
std::shared_ptr<Dataset> dataset_of(std::string id, std::vector<Field> fields, RowTensors train,
                                    RowTensors validation, RowTensors test);
std::shared_ptr<Dataset> dataset_of(std::string id, RowTensors train, RowTensors validation,
                                    RowTensors test, std::int64_t classes);

}  // namespace lathe
