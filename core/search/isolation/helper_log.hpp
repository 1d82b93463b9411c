// Lines of helpers' logs on their way into the search's own. What lathe says once, each process
// says once; so a line is written for the first process that says it, and again only if one says it
// more often than any did before. Thread-safe.
#pragma once

#include "core/search/isolation/messages.hpp"

#include <map>
#include <mutex>
#include <string>

namespace lathe {

class HelperLog {
 public:
  // Of one helper.
  class Source {
   public:
    explicit Source(HelperLog& log) : log_(log) {}
    void add(const LogLine& line);

   private:
    HelperLog& log_;
    std::map<std::string, std::size_t> said_;
  };

 private:
  std::mutex mutex_;
  std::map<std::string, std::size_t> written_;
};

}  // namespace lathe
