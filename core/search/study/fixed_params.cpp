#include "core/search/study/fixed_params.hpp"

#include "core/base/log.hpp"

#include <fmt/format.h>

#include <unordered_map>

namespace lathe {

Value fixed_params(const StoredTrial& trial) {
  const Value* fixed = trial.system_attributes.find(kFixedParams);
  return fixed != nullptr && fixed->is_map() ? *fixed : Value(Value::Map{});
}

void fix_parameters(std::vector<double>& point, const Value& fixed,
                    std::span<const StoredParameter> parameters, std::string_view whose) {
  std::unordered_map<std::string_view, std::size_t> index;
  for (std::size_t p = 0; p < parameters.size(); ++p) index.emplace(parameters[p].name, p);
  for (const auto& [name, wanted] : fixed.as_map()) {
    const auto found = index.find(name);
    const StoredParameter* parameter = found == index.end() ? nullptr : &parameters[found->second];
    const auto number = parameter == nullptr ? std::nullopt : parameter->number_of(wanted);
    if (number) {
      point[found->second] = *number;
      continue;
    }
    log_warning("{} waits for '{}' to be {}, {}; the sampler chooses", whose, name,
                wanted.is_none() ? "NA" : wanted.text(),
                parameter == nullptr ? std::string("which this search space lacks")
                                     : fmt::format("which takes {}", parameter->text()));
  }
}

}  // namespace lathe
