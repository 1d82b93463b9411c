// Tables as CSV, as RFC 4180 has it.
#pragma once

#include "core/report/table.hpp"

namespace lathe {

// Cells with a comma, a quote or a line break are quoted.
std::string csv_text(const TextTable& table);

}  // namespace lathe
