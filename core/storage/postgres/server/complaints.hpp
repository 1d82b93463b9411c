// What a PostgreSQL server, or libpq, complains of, in sentences. Its own words are shown, which
// hold no password.
#pragma once

#include "core/base/error.hpp"

#include <libpq-fe.h>

#include <string>
#include <string_view>

namespace lathe {

// LATHE_UNAVAILABLE: whoever asked may ask again.
Error server_away(const std::string& place, std::string_view why);
Error connection_refused(const std::string& place, std::string_view why);
// Of a statement. LATHE_UNAVAILABLE if the server ends, or asks for the same again.
Error complaint_of(const std::string& place, const PGresult* result);

}  // namespace lathe
