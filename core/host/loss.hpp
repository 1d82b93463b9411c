// Losses by name, and which of them a run has. How they are computed is core/run/loss's affair.
#pragma once

#include "core/host/dataset.hpp"

namespace lathe {

// PyTorch's, each the mean over what it compares.
enum class Loss : std::uint8_t { cross_entropy, mse, bce_with_logits };
std::string_view name(Loss loss);
Loss loss_from_name(std::string_view name);  // throws usage_error

// That of an option `loss`; nothing if it was not given.
std::optional<Loss> asked_loss(const std::optional<std::string>& option);

// The loss that was asked for, else the one for the data set's first target: cross_entropy for
// integers that are classes, bce_with_logits for truth values and for floats that are classes, mse
// for other floats. Throws usage_error for a target that has no loss. `data` names the set.
Loss chosen_loss(std::optional<Loss> asked, const DatasetInfo& info, std::string_view data);

}  // namespace lathe
