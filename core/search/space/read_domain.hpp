// What stands behind one key of a search space becomes a domain:
//   [2, 4, 8] or 8                                    choices
//   {low = 1e-4, high = 1e-1, log = true}             a range; of integers if all of it is integer
//   {low = 1, high = 8, step = 1}                     a grid
//   {choices = [2, 4], when = {name = ["integer"]}}   either of them under a condition
// Knows nothing of what the key is for.
#pragma once

#include "core/options/option.hpp"
#include "core/search/space/domain.hpp"

namespace lathe {

// Throws usage_error with the place for what is no domain, eg: low above high.
Domain read_domain(const std::string& key, const Value& given);

// A range that was written in integers and without a step is one of integers if some option that
// takes it needs them, and continuous if all take any number. `given` is what read_domain() read.
void settle_range(Domain& domain, const Value& given, std::span<const Option> options);

// Throws usage_error unless the option takes every value of the range.
void check_range(const Domain& range, const Value& given, const Option& option,
                 std::string_view owner);

}  // namespace lathe
