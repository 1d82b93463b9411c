// What evaluations find wrong with the numbers of a network: said at once in a run, once for all in
// a search. Knows nothing about what can be wrong.
#pragma once

#include <mutex>
#include <string>
#include <vector>

namespace lathe {

// Those of one trial. Thread-safe.
class Troubles {
 public:
  void add(std::string sentence);
  std::vector<std::string> take();  // each once, in the order they came; none are left

 private:
  std::mutex mutex_;
  std::vector<std::string> sentences_;
};

// To the log, unless the same sentence was there before; in a trial to its context, which the
// search reads.
void tell_trouble(const std::string& sentence);

}  // namespace lathe
