#include "core/host/dataset.hpp"

#include <algorithm>

namespace lathe {

const Field* DatasetInfo::first(lathe_field_role role) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [role](const Field& field) { return field.role == role; });
  return found == fields.end() ? nullptr : &*found;
}

}  // namespace lathe
