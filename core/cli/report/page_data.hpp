// All that the page of a run carries, of its files and its study.
#pragma once

#include "core/cli/report/run_files.hpp"

namespace lathe {

// As page_text() takes it. Throws run_error for what is damaged, or holds nothing.
Value page_data(const RunFiles& files);

}  // namespace lathe
