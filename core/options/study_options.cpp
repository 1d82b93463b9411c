#include "core/options/study_options.hpp"

namespace lathe {

std::vector<CommandOption> study_options() {
  using Group = OptionGroup;
  using Row = OptionRow;
  return {
      Row(Group::sampler, kSampler,
          "Who suggests, eg: 'tpe<multivariate=true>'. Without it the study's own; of a history "
          "tpe.")
          .spelt({"--sampler"}, "SAMPLER")
          .command_line_only(),
      Row(Group::space, kSearchSpace,
          "The parameters, as JSON or a file of it: {\"width\": [2, 4, 8], \"lr\": {\"low\": 1e-4, "
          "\"high\": 0.1, \"log\": true}}; Optuna's distributions are fine too.")
          .spelt({"--search-space"}, "JSON")
          .command_line_only(),
      Row(Group::new_study, kDirections,
          "minimize or maximize, once for each objective; without it minimize.")
          .spelt({"--direction", "--directions"}, "DIRECTION")
          .one_of({"minimize", "maximize"})
          .command_line_only(),
      Row(Group::new_study, kSkipIfExists, "Leaves a study of that name as it is.")
          .spelt({"--skip-if-exists"})
          .command_line_only(),
      Row(Group::outcome, kTrialNumber, "The trial, by the number that `ask` gave.")
          .spelt({"--trial-number"}, "N")
          .within("0..")
          .command_line_only(),
      Row(Group::outcome, kObjectiveValues, "One value for each objective: --values 0.93 120.")
          .spelt({"--values"}, "VALUE")
          .command_line_only(),
      Row(Group::outcome, kState, "How it ended; with values it is complete.")
          .spelt({"--state"}, "STATE")
          .one_of({"complete", "pruned", "fail"})
          .command_line_only(),
      Row(Group::outcome, kSkipIfFinished, "Leaves a trial that was told already as it is.")
          .spelt({"--skip-if-finished"})
          .command_line_only(),
      Row(Group::fixed, kParams, "What is fixed of the trial, as JSON: {\"width\": 8}.")
          .spelt({"--params"}, "JSON")
          .command_line_only(),
      Row(Group::draws, kHistory, "The trials to go on from: space, directions, trials as JSON.")
          .path()
          .spelt({"--history"}, "FILE")
          .command_line_only(),
      Row(Group::draws, kDraws,
          "How many suggestions are drawn, each as if it were the next trial.")
          .spelt({"--n"}, "N")
          .within("1..10000000")
          .standard(1000)
          .command_line_only()};
}

}  // namespace lathe
