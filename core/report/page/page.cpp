#include "core/report/page/page.hpp"

#include "core/base/json.hpp"

namespace lathe {

std::string page_text(const Value& data) {
  constexpr std::string_view kPlace = "@DATA@";
  const std::size_t place = kPageTemplate.find(kPlace);
  const std::string json = json_text(data);
  std::string page;
  page.reserve(kPageTemplate.size() + json.size() + json.size() / 16);
  page += kPageTemplate.substr(0, place);
  // A browser looks for "</script" and "<!--" whatever the quotes say.
  for (const char c : json) {
    if (c == '<')
      page += "\\u003c";
    else
      page += c;
  }
  page += kPageTemplate.substr(place + kPlace.size());
  return page;
}

}  // namespace lathe
