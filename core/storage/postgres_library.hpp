// Studies on PostgreSQL: in a library of their own, which loads libpq, opened on first use.
#pragma once

#include "core/search/search.hpp"

#include <string_view>

namespace lathe {

// `place`: the URL behind its scheme. As Store has them.
std::shared_ptr<Storage> open_on_postgres(std::string_view place, const StorageOptions& options);
void check_on_postgres(std::string_view place);

}  // namespace lathe
