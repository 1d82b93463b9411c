#include "core/search/plan/metrics.hpp"

#include "core/base/suggest.hpp"

#include <fmt/format.h>

namespace lathe {

std::optional<std::vector<std::string>> promised_scalars(const Component& pass) {
  const lathe_pass& table = pass.as<lathe_pass>();
  if (!LATHE_HAS(lathe_pass, &table, scalars)) return std::nullopt;
  std::vector<std::string> names;
  std::string_view rest = table.scalars;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('|'), rest.size());
    if (end > 0) names.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return names;
}

Error unknown_metric(const Metric& metric, const std::vector<std::string>& known) {
  return usage_error(fmt::format("no runner publishes the metric '{}'{}", metric.name,
                                 suggestion(metric.name, known)),
                     metric.position);
}

}  // namespace lathe
