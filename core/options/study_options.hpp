// The options of `lathe study`, whose words are those of Optuna's own command line where it has
// them.
#pragma once

#include "core/options/command_option.hpp"

namespace lathe {

using OptionalText = std::optional<std::string>;
using Texts = std::vector<std::string>;

inline constexpr OptionKey<OptionalText> kSampler{"sampler"};
inline constexpr OptionKey<Texts> kDirections{"directions"};
inline constexpr OptionKey<OptionalText> kSearchSpace{"search_space"};
inline constexpr OptionKey<bool> kSkipIfExists{"skip_if_exists"};
inline constexpr OptionKey<std::optional<std::int64_t>> kTrialNumber{"trial_number"};
inline constexpr OptionKey<Texts> kObjectiveValues{"objective_values"};
inline constexpr OptionKey<OptionalText> kState{"state"};
inline constexpr OptionKey<bool> kSkipIfFinished{"skip_if_finished"};
inline constexpr OptionKey<OptionalText> kParams{"params"};
inline constexpr OptionKey<OptionalText> kHistory{"history"};
inline constexpr OptionKey<std::int64_t> kDraws{"n"};

std::vector<CommandOption> study_options();

}  // namespace lathe
