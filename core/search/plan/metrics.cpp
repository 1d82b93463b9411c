#include "core/search/plan/metrics.hpp"

#include "core/base/words/suggest.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/host/statistics.hpp"

#include <fmt/format.h>

namespace lathe {

std::optional<std::vector<std::string>> promised_scalars(const Component& pass) {
  const lathe_pass& table = pass.as<lathe_pass>();
  if (!LATHE_HAS(lathe_pass, &table, scalars)) return std::nullopt;
  return split_bars(table.scalars);
}

bool publishes(const Component& pass, std::string_view scalar, Loss loss) {
  const Statistic* statistic = find_statistic(scalar);
  return pass.id != kScoringPass || statistic == nullptr || (statistic->fits & only(loss)) != 0;
}

Error unpublished(const ReadScalar& scalar, const std::vector<std::string>& known) {
  return usage_error(fmt::format("no runner publishes the {} '{}'{}", scalar.role, scalar.name,
                                 suggestion(scalar.name, known)),
                     scalar.position);
}

}  // namespace lathe
