// Cells checked for what they hold, since SQLite keeps anything in any column, and as an error
// shows them. Knows nothing about what the rows mean.
#pragma once

#include "core/storage/optuna/study_row.hpp"

namespace lathe {

// Whose cells they are, for errors: "the study ... is damaged: trial 3 has NULL in ...".
struct Owner {
  const StudyRow& study;
  std::string name;  // "trial 3"

  Error damaged(std::string_view what) const;
};

// Where a cell stands, for errors: "trial_params.param_value of 'width'".
struct Place {
  std::string_view column;
  std::string_view of = {};  // which of the owner's rows; empty: there is one

  std::string text() const;
};

// Each throws owner.damaged() for anything else.
std::int64_t integer_in(const Cell& cell, const Owner& owner, const Place& place);
double number_in(const Cell& cell, const Owner& owner, const Place& place);
// Valid until the statement moves on. Perhaps no UTF-8.
std::string_view text_in(const Cell& cell, const Owner& owner, const Place& place);

// JSON as Python writes it.
Value json_in(const Cell& cell, const Owner& owner, const Place& place);

// What a cell holds, short: NULL, 17, 'many'.
std::string excerpt(const Cell& cell);
std::string excerpt(std::string_view text);

}  // namespace lathe
