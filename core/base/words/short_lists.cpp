#include "core/base/words/short_lists.hpp"

#include <algorithm>

namespace lathe {

namespace {

constexpr std::ptrdiff_t kMostCommas = 3;

// What stands between two brackets.
std::string shortened(std::string_view entries) {
  if (std::ranges::count(entries, ',') <= kMostCommas) return std::string(entries);
  const std::size_t second = entries.find(',', entries.find(',') + 1);
  std::string_view last = entries.substr(entries.rfind(',') + 1);
  last.remove_prefix(std::min(last.find_first_not_of(' '), last.size()));
  return std::string(entries.substr(0, second)) + ", ... " + std::string(last);
}

}  // namespace

std::string with_short_lists(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t open = text.find('[');
    const std::size_t close = open == text.npos ? text.npos : text.find_first_of("[]", open + 1);
    if (close == text.npos) return out + std::string(text);
    out += text.substr(0, open + 1);
    out += shortened(text.substr(open + 1, close - open - 1));
    text.remove_prefix(close);
    if (text.front() == '[') continue;
    out += ']';
    text.remove_prefix(1);
  }
}

}  // namespace lathe
