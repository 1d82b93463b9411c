#include "core/report/width.hpp"

#include "core/base/words/shown.hpp"

#include <algorithm>

namespace lathe {

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string first_letters(std::string_view text, std::size_t width) {
  std::size_t end = 0;
  for (; end < text.size() && width > 0; --width)
    end += std::max<std::size_t>(1, utf8_length(text.substr(end)));
  return std::string(text.substr(0, end));
}

}  // namespace lathe
