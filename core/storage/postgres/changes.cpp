#include "core/storage/postgres/changes.hpp"

#include "core/storage/postgres/leases.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lathe {
namespace {

constexpr std::size_t kAtOnce = 1000;

// A trial of ours whose lease has run out is ours until somebody takes it over.
std::string select(std::string_view which) {
  return fmt::format(
      "SELECT t.trial_id, t.number, t.state, CASE WHEN t.state = 'WAITING' THEN 'nobodys' "
      "WHEN l.trial_id IS NULL THEN 'guests' WHEN l.worker = ? THEN 'ours' WHEN {} THEN 'nobodys' "
      "ELSE 'others' END FROM trials t LEFT JOIN lathe_leases l ON l.trial_id = t.trial_id "
      "WHERE {}",
      kRunOut, which);
}

Whose whose_of(std::string_view word) {
  if (word == "ours") return Whose::ours;
  if (word == "nobodys") return Whose::nobodys;
  return word == "guests" ? Whose::guests : Whose::others;
}

}  // namespace

Changes::Changes(const StudyRow& study, const std::string& worker)
    : study_(study),
      worker_(worker),
      newer_(*study.database,
             select(fmt::format("t.study_id = ? AND t.trial_id > ? ORDER BY t.trial_id LIMIT {}",
                                kAtOnce))),
      changed_(*study.database, select("t.trial_id = ANY (?::integer[]) ORDER BY t.trial_id")),
      any_(*study.database,
           "SELECT trial_id FROM trials WHERE study_id = ? AND trial_id > ? ORDER BY trial_id "
           "LIMIT 1") {}

std::string Changes::open_ids() const {
  std::vector<std::int64_t> ids;
  for (const auto& [id, known] : now_.open) ids.push_back(id);
  return fmt::format("{{{}}}", fmt::join(ids, ","));
}

Changes::Row Changes::row_of(Statement& row) const {
  Row read;
  read.id = integer_of(row.cell(0));
  const std::optional<TrialState> state = state_of_word(text_of(row.cell(2)));
  if (!state)
    throw study_.damaged(fmt::format("trial {} is in no known state: {}", integer_of(row.cell(1)),
                                     text_of(row.cell(2))));
  read.state = *state;
  read.whose = whose_of(text_of(row.cell(3)));
  read.number = static_cast<std::uint64_t>(integer_of(row.cell(1)));
  return read;
}

std::vector<Changes::Row> Changes::read() {
  std::vector<Row> rows;
  std::size_t there = 0;
  if (!now_.open.empty()) {
    bound(changed_, worker_, open_ids());
    for (; changed_.next(); ++there) {
      const Row row = row_of(changed_);
      if (now_.open.at(row.id).second != Known{row.state, row.whose}) rows.push_back(row);
    }
    if (there != now_.open.size()) throw study_.intruded();  // some were deleted
  }
  for (std::size_t read = kAtOnce; read == kAtOnce;) {
    bound(newer_, worker_, study_.id, now_.last);
    for (read = 0; newer_.next(); ++read) {
      const Row row = row_of(newer_);
      if (row.number != now_.count)
        throw study_.damaged(
            fmt::format("it has a trial {} where trial {} should be", row.number, now_.count));
      ++now_.count;
      now_.last = row.id;
      rows.push_back(row);
    }
  }
  for (const Row& row : rows) {
    if (ended(row.state))
      now_.open.erase(row.id);
    else
      now_.open[row.id] = {row.number, {row.state, row.whose}};
  }
  return rows;
}

bool Changes::there_are_new() { return bound(any_, study_.id, now_.last).next(); }

void Changes::settled(std::int64_t id, TrialState state) {
  if (ended(state))
    now_.open.erase(id);
  else if (const auto found = now_.open.find(id); found != now_.open.end())
    found->second.second = {state, Whose::nobodys};
}

void Changes::keep() { kept_ = now_; }
void Changes::forget() { now_ = kept_; }

}  // namespace lathe
