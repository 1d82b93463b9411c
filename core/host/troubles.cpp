#include "core/host/troubles.hpp"

#include "core/host/run.hpp"
#include "core/host/services/warn_once.hpp"

#include <algorithm>
#include <utility>

namespace lathe {

void Troubles::add(std::string sentence) {
  const std::lock_guard lock(mutex_);
  if (std::ranges::count(sentences_, sentence) == 0) sentences_.push_back(std::move(sentence));
}

std::vector<std::string> Troubles::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(sentences_, {});
}

void tell_trouble(const std::string& sentence) {
  const RunContext* run = RunOfThread::get();
  if (run != nullptr && run->troubles != nullptr) {
    run->troubles->add(sentence);
  } else {
    warn_once(sentence);
  }
}

}  // namespace lathe
