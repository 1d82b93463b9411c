// Stands where a command may do without a data set and none was given: it says nothing of samples,
// so that models take their published sizes, and refuses to open. Knows no command.
#pragma once

#include "core/host/dataset.hpp"

namespace lathe {

std::shared_ptr<Dataset> no_dataset();

}  // namespace lathe
