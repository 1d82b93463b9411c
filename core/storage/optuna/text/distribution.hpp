// Domains as the distributions that Optuna's tables hold.
#pragma once

#include "core/search/space/domain.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lathe {

std::string distribution_json(const Domain& domain);
// Of any distribution that Optuna has written since its first version.
std::optional<Domain> domain_of_json(std::string_view text);

bool same_domain(const Domain& a, const Domain& b);
// What holds the values of both; nothing where Optuna would refuse them for one parameter: ranges
// may differ, kinds, choices and scales may not.
std::optional<Domain> united(const Domain& a, const Domain& b);
// For a person: "integers 2 to 16 by 2".
std::string domain_text(const Domain& domain);

}  // namespace lathe
