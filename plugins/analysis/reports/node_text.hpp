// What reports of nodes share: torch.fx's words for opcodes, entries of metadata, and where a
// report goes.
#pragma once

#include <lathe/lathe.hpp>

#include <string>

namespace reports {

constexpr std::string_view kOpcodes[] = {"placeholder", "get_attr",    "call_function",
                                         "call_method", "call_module", "output"};

inline std::string_view opcode_name(const lathe::node& node) {
  return node.opcode() < std::size(kOpcodes) ? kOpcodes[node.opcode()] : "unknown";
}

// The text at an entry; `otherwise` if there is none, or no text.
inline std::string_view text_or(lathe::value_view map, std::string_view key,
                                std::string_view otherwise) {
  const lathe::value_view found = map.find(key);
  return found.kind() == LATHE_VALUE_STRING ? found.text() : otherwise;
}

constexpr auto kFileOption =
    lathe::string_option("file", "File for the text, in the pass's folder; NA shows it on screen.")
        .nullable()
        .by_default("NA");

// On screen, or in the file that the option `option` names.
inline void show(lathe::report& out, std::string_view name, std::string text,
                 std::string_view option, const std::string& file) {
  if (file.empty()) {
    text += '\n';
    out.text(name, text);
    return;
  }
  try {
    out.file(file, text);
  } catch (lathe::error& e) {
    throw e.at_option(option);
  }
}

}  // namespace reports
