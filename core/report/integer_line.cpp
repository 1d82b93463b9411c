// A layer that ran on integers in any network of the run counts as one that did.
#include "core/report/integer_line.hpp"

#include <fmt/format.h>

namespace lathe {

namespace {

// "; not fc: codes of its weight have 16 bits, nor 2 more"
std::string others_text(const Json& on_floats, const Json& on_integers) {
  std::string text;
  std::size_t more = 0;
  for (const auto& [layer, reasons] : on_floats.items()) {
    if (on_integers.contains(layer)) continue;
    if (text.empty())
      text = fmt::format("; not {}: {}", layer, reasons.at(0).get<std::string>());
    else
      ++more;
  }
  return more == 0 ? text : fmt::format("{}, nor {} more", text, more);
}

}  // namespace

std::string integer_line(const Json& part) {
  if (part.contains("reason"))
    return fmt::format("quantized layers were evaluated on floats: {}",
                       part.at("reason").get<std::string>());
  if (!part.contains("instructions")) return {};
  const Json on_integers = part.value("on_integers", Json::object());
  const Json on_floats = part.value("on_floats", Json::object());
  std::size_t layers = on_integers.size();
  for (const auto& [layer, reasons] : on_floats.items())
    if (!on_integers.contains(layer)) ++layers;
  if (layers == 0) return {};
  return fmt::format("{} of {} quantized layers were evaluated on integers ({}){}",
                     on_integers.size(), layers, part.at("instructions").get<std::string>(),
                     others_text(on_floats, on_integers));
}

}  // namespace lathe
