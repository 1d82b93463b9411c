#include "core/search/isolation/helper_log.hpp"

namespace lathe {
namespace {

// Of different texts; beyond, every line is written.
constexpr std::size_t kMostRemembered = 1000;

}  // namespace

void HelperLog::Source::add(const LogLine& line) {
  {
    const std::lock_guard lock(log_.mutex_);
    if (log_.written_.size() < kMostRemembered || log_.written_.contains(line.text)) {
      std::size_t& written = log_.written_[line.text];
      if (++said_[line.text] <= written) return;
      ++written;
    }
  }
  log(line.level, line.text);
}

}  // namespace lathe
