// Which values the elements of a field may have, by its role and element type.
#pragma once

#include "core/host/dataset.hpp"

namespace lathe {

// Throws run_error unless every class is one of its field's (or kIgnoredTarget where there are
// several a row), every number finite, every truth 0 or 1 and every weight 0 or more. `index`:
// which rows of the split they are; empty: the first.
void check_rows(const RowTensors& rows, std::span<const Field> fields, std::string_view id,
                Split split, std::span<const std::uint64_t> index = {});

}  // namespace lathe
