#include "choice.hpp"

#include "../../option_values.hpp"

namespace quantize {

std::string chosen_text(lathe::value_view before, lathe::value_view after) {
  std::string text;
  for (const lathe_entry& entry : after.entries()) {
    if (option_values::same(before.find(lathe::to_view(entry.key)), &entry.value)) continue;
    text += lathe::join({text.empty() ? "" : ",", lathe::to_view(entry.key), "=",
                         option_values::text(&entry.value)});
  }
  return text;
}

std::string format_text(const Choice& choice) {
  std::vector<lathe_entry> shown;
  for (const lathe_entry& entry : choice.options) {
    const bool is_off = entry.value.kind == LATHE_VALUE_BOOL && entry.value.as.integer == 0;
    if (!is_off) shown.push_back(entry);
  }
  const lathe_value map = map_of(shown);
  return option_values::component_text(choice.format, &map);
}

}  // namespace quantize
