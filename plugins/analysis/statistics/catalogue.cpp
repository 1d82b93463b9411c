#include "catalogue.hpp"

#include "families.hpp"

namespace statistics {

namespace {

struct Row {
  std::string_view name;
  std::unique_ptr<Statistic> (*make)(const lathe::options& options);
};

constexpr Row kRows[] = {
    {"record", record},
    {"variance_online", variance_online},
    {"variance_precise", variance_precise},
    {"range_n_sigma", range_n_sigma},
    {"range_min_max", range_min_max},
    {"range_quantile", range_quantile},
    {"abs_mean", abs_mean},
};

}  // namespace

std::unique_ptr<Statistic> make_statistic(std::string_view name, const lathe::options& options) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.make(options);
  }
  throw lathe::error(LATHE_NOT_FOUND, lathe::join({"there is no statistic '", name, "'"}));
}

}  // namespace statistics
