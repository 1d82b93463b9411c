#include "core/storage/optuna/study_row.hpp"

#include <fmt/format.h>

namespace lathe {

Error StudyRow::refused(const std::string& why) const {
  return usage_error(fmt::format("the study '{}' in '{}' {}; choose another --study or --storage",
                                 description.name, database->place(), why));
}

Error StudyRow::damaged(const std::string& what) const {
  return run_error(LATHE_DATA_LOSS,
                   fmt::format("the study '{}' in '{}' is damaged: {}; restore it from a "
                               "copy, or choose another --study or --storage",
                               description.name, database->place(), what));
}

Error StudyRow::intruded() const {
  return run_error(LATHE_ABORTED,
                   fmt::format("another process has added or changed trials of the study '{}' in "
                               "'{}' while this search ran; run the same command again to go on "
                               "from there",
                               description.name, database->place()));
}

}  // namespace lathe
