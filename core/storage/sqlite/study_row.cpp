#include "core/storage/sqlite/study_row.hpp"

#include <fmt/format.h>

namespace lathe {

Error StudyRow::refused(const std::string& why) const {
  return usage_error(fmt::format("the study '{}' in '{}' {}; choose another --study or --storage",
                                 description.name, database->getFilename(), why));
}

}  // namespace lathe
