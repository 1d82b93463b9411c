#include "core/storage/sqlite/study_row.hpp"

#include <fmt/format.h>

namespace lathe {

Error StudyRow::refused(const std::string& why) const {
  return usage_error(fmt::format("the study '{}' in '{}' {}; choose another --study or --storage",
                                 description.name, database->getFilename(), why));
}

Error StudyRow::intruded() const {
  return run_error(LATHE_ABORTED,
                   fmt::format("another process has added trials to the study '{}' in '{}' while "
                               "this search ran; run the same command again to go on from there",
                               description.name, database->getFilename()));
}

}  // namespace lathe
