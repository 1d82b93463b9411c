// Tables of a run that lie beside it as CSV: the epochs of a training, the points of a sweep.
#pragma once

#include "core/base/value.hpp"

#include <filesystem>

namespace lathe {

// {"columns": [...], "rows": [[...]]}: numbers where a cell is one, none where it is empty; nothing
// if there is no such file. Throws run_error with the line that is damaged; a last line without its
// end is of a run that still writes.
Value csv_part(const std::filesystem::path& file);

}  // namespace lathe
