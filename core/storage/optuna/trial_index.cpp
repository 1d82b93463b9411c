#include "core/storage/optuna/trial_index.hpp"

#include "core/storage/optuna/cells.hpp"

#include <fmt/format.h>

#include <charconv>

namespace lathe {

TrialIndex read_trial_index(const StudyRow& study) {
  Statement rows(*study.database,
                 "SELECT trial_id, number, state FROM trials WHERE study_id = ? ORDER BY number");
  bound(rows, study.id);
  TrialIndex index;
  while (rows.next()) {
    const std::int64_t id = integer_of(rows.cell(0));
    const Owner unnumbered{study, fmt::format("the trial with the trial_id {}", id)};
    const std::int64_t number = integer_in(rows.cell(1), unnumbered, {"trials.number"});
    const auto expected = static_cast<std::int64_t>(index.ids.size());
    if (number < 0) throw unnumbered.damaged(fmt::format("has the number {}", number));
    if (number < expected) throw study.damaged(fmt::format("it has two trials {}", number));
    if (number > expected) throw study.damaged(fmt::format("it has no trial {}", expected));
    const Owner trial{study, fmt::format("trial {}", number)};
    const std::string_view word = text_in(rows.cell(2), trial, {"trials.state"});
    const auto state = state_of_word(word);
    if (!state) throw trial.damaged(fmt::format("is in no known state: {}", excerpt(word)));
    index.ids.push_back(id);
    index.states.push_back(*state);
  }
  return index;
}

void count_killed(const StudyRow& study, const TrialIndex& index) {
  Statement count(*study.database,
                  "SELECT value_json FROM trial_system_attributes "
                  "WHERE trial_id = ? AND key = ?");
  Statement forget(*study.database,
                   "DELETE FROM trial_system_attributes WHERE trial_id = ? AND key = ?");
  Statement add(*study.database,
                "INSERT INTO trial_system_attributes (trial_id, key, value_json) "
                "VALUES (?, ?, ?)");
  for (std::size_t number = 0; number < index.ids.size(); ++number) {
    if (index.states[number] != TrialState::running) continue;
    const std::int64_t id = index.ids[number];
    std::int64_t before = 0;
    if (bound(count, id, kKilled).next()) {
      const std::string_view text = text_of(count.cell(0));
      std::from_chars(text.data(), text.data() + text.size(), before);
    }
    run(forget, id, kKilled);
    run(add, id, kKilled, std::to_string(before + 1));
  }
}

}  // namespace lathe
