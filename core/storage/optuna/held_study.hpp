// Studies in Optuna's tables for programs that ask and tell: each act is one transaction.
#pragma once

#include "core/search/study/held_study.hpp"
#include "core/storage/sql/database.hpp"

#include <functional>

namespace lathe {

// As Storage::hold_study().
void hold_optuna_study(const std::shared_ptr<SqlDatabase>& database, const std::string& name,
                       Hold hold, const std::function<void(HeldStudy&)>& act);

}  // namespace lathe
