#include "core/storage/postgres/server/complaints.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {
namespace {

// On one line, without the words that only say where it comes from.
std::string one_line(std::string_view words) {
  std::string text;
  for (const char c : words) {
    const bool blank = c == '\n' || c == '\t' || c == '\r' || c == ' ';
    if (!blank) text += c;
    if (blank && !text.empty() && text.back() != ' ') text += ' ';
  }
  while (text.ends_with(' ') || text.ends_with('.')) text.pop_back();
  return text;
}

struct Complaint {
  std::string_view state;  // how its SQLSTATE begins
  lathe_code code;
  std::string_view advice;
};

// https://www.postgresql.org/docs/15/errcodes-appendix.html
constexpr Complaint kComplaints[] = {
    {"08", LATHE_UNAVAILABLE, ""},     // the connection
    {"57P", LATHE_UNAVAILABLE, ""},    // the server ends or begins
    {"40", LATHE_UNAVAILABLE, ""},     // a deadlock, or another transaction was first
    {"25P03", LATHE_UNAVAILABLE, ""},  // this process stood still within a transaction
    {"53300", LATHE_UNAVAILABLE, "; raise max_connections of the server"},
    {"53100", LATHE_RESOURCE_EXHAUSTED,
     "; make room on the server's disk, then run the same command again: what is finished is kept"},
    {"53", LATHE_RESOURCE_EXHAUSTED, "; the server lacks it"},
    {"42501", LATHE_PERMISSION_DENIED,
     "; the role needs SELECT, INSERT, UPDATE and DELETE on the tables, USAGE on their sequences, "
     "and to make them CREATE on the schema"},
    {"25006", LATHE_PERMISSION_DENIED, "; name the server that may be written, no standby"},
    {"3D", LATHE_NOT_FOUND, "; createdb makes it"},
    {"42", LATHE_FAILED_PRECONDITION,
     "; the tables there are not Optuna's of schema version 12; choose another database or schema"},
    {"XX", LATHE_DATA_LOSS, "; the server's data may be damaged; its log says more"},
};

// What libpq says where no statement has failed; the server's words are in its language.
constexpr Complaint kRefusals[] = {
    {"password authentication failed", LATHE_PERMISSION_DENIED,
     "; is the password right? It is taken from the URL, from PGPASSWORD or from ~/.pgpass"},
    {"no password supplied", LATHE_PERMISSION_DENIED,
     "; put it into ~/.pgpass or PGPASSWORD, or into the URL"},
    {"no pg_hba.conf entry", LATHE_PERMISSION_DENIED, "; the server lets nobody in from here"},
    {"role \"", LATHE_PERMISSION_DENIED, "; createuser makes a role"},
    {"database \"", LATHE_NOT_FOUND, "; createdb makes it"},
    {"authentication failed", LATHE_PERMISSION_DENIED, ""},
};

}  // namespace

Error server_away(const std::string& place, std::string_view why) {
  return run_error(LATHE_UNAVAILABLE,
                   fmt::format("the PostgreSQL server of '{}' is away: {}", place, one_line(why)));
}

Error connection_refused(const std::string& place, std::string_view why) {
  const std::string words = one_line(why);
  for (const auto& [part, code, advice] : kRefusals)
    if (words.find(part) != words.npos)
      return run_error(code, fmt::format("cannot open '{}': {}{}", place, words, advice));
  return run_error(LATHE_UNAVAILABLE,
                   fmt::format("cannot reach the PostgreSQL server of '{}': {}", place, words));
}

Error complaint_of(const std::string& place, const PGresult* result) {
  const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* primary =
      result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string words = one_line(primary == nullptr ? "it gave no answer" : primary);
  if (state == nullptr) return server_away(place, words);
  for (const auto& [begins, code, advice] : kComplaints)
    if (std::string_view(state).starts_with(begins))
      return code == LATHE_UNAVAILABLE && advice.empty()
                 ? server_away(place, words)
                 : run_error(code, fmt::format("'{}': {}{}", place, words, advice));
  return run_error(LATHE_UNKNOWN,
                   fmt::format("'{}': PostgreSQL says: {} ({})", place, words, state));
}

}  // namespace lathe
