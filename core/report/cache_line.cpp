#include "core/report/cache_line.hpp"

#include <fmt/format.h>

namespace lathe {

std::string cache_line(const Value& environment) {
  const Value* cache = environment.find("cache");
  if (cache == nullptr) return {};
  const auto number = [&](std::string_view key) {
    const Value* found = cache->find(key);
    return found != nullptr && found->is_number() ? found->as_float() : 0.0;
  };
  constexpr double kMiB = 1048576;
  const double lookups = number("lookups");
  if (lookups == 0) return {};
  return fmt::format(
      "evaluation cache: {:.0f}% of {:.0f} look-ups found, at most {:.1f} of {:.0f} "
      "MiB held",
      100 * number("hits") / lookups, lookups, number("most_bytes") / kMiB, number("limit") / kMiB);
}

}  // namespace lathe
