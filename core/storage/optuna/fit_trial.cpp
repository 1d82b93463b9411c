#include "core/storage/optuna/fit_trial.hpp"

#include "core/search/study/fixed_params.hpp"

#include <fmt/format.h>

#include <cmath>

namespace lathe {

StoredTrial fitted(StoredTrial trial, const StudyRow& study) {
  const std::vector<StoredParameter>& parameters = study.description.parameters;
  if (trial.state == TrialState::waiting)
    fix_parameters(trial.parameters, fixed_params(trial), parameters,
                   fmt::format("trial {} of the study '{}'", trial.number, study.description.name));
  if (!ended(trial.state)) return trial;
  // As the search leaves it out.
  leave_out_absent(parameters, trial.parameters);
  for (std::size_t p = 0; p < parameters.size(); ++p)
    if (trial.state == TrialState::complete && std::isnan(trial.parameters[p]) &&
        parameters[p].condition.met(trial.parameters))
      throw study.refused(fmt::format("has a trial {} without the parameter '{}' of this search",
                                      trial.number, parameters[p].name));
  return trial;
}

}  // namespace lathe
