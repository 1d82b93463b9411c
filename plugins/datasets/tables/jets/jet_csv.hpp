// Jets in CSV text: columns by name, or 16 features and then a label. Knows no other format.
#pragma once

#include "jets.hpp"

namespace datasets {

jets jets_from_csv(const std::string& path, const label_order& order,
                   std::vector<std::string>& warnings);

}  // namespace datasets
