#include "core/host/services/warn_once.hpp"

#include "core/base/log.hpp"

#include <mutex>
#include <unordered_set>

namespace lathe {

void warn_once(const std::string& message) {
  static std::mutex mutex;
  static std::unordered_set<std::string> seen;
  {
    const std::lock_guard lock(mutex);
    if (!seen.insert(message).second) return;
  }
  log_warning("{}", message);
}

}  // namespace lathe
