// One study among those of a file: what it is to be, where its rows are.
#pragma once

#include "core/search/search.hpp"
#include "core/storage/sql/database.hpp"

namespace lathe {

struct StudyRow {
  std::shared_ptr<SqlDatabase> database;
  StudyDescription description;
  std::vector<std::string> distributions;  // of the parameters, as JSON
  std::int64_t id = 0;

  // "the study 'bits' in 'study.db' ...; choose another --study or --storage".
  Error refused(const std::string& why) const;
  // Rows that no search wrote: "the study 'bits' in 'study.db' is damaged: ...".
  Error damaged(const std::string& what) const;
  // Another process works on the study, so that numbers would be given twice.
  Error intruded() const;
};

}  // namespace lathe
