// A data set as the weights of a run know it.
#pragma once

#include "core/host/dataset.hpp"

#include <memory>

namespace lathe {

// The same data set, until it is opened with what weights were trained on: then its rows have the
// classes and features of these, in their order.
std::shared_ptr<Dataset> fitted(std::shared_ptr<Dataset> set);

}  // namespace lathe
