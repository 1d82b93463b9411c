// Reads the header alone: a checkpoint of gigabytes answers at once.
#include "core/checkpoint/metadata.hpp"

#include "core/checkpoint/safetensors.hpp"

#include <nlohmann/json.hpp>

#include <span>

namespace lathe {

namespace {

constexpr std::uint64_t kLengthSize = 8;

std::string header_of(const InputFile& file) {
  std::uint64_t length = 0;
  if (!file.holds(0, kLengthSize)) return {};
  file.read(0, std::as_writable_bytes(std::span(&length, 1)));
  if (length > kLargestSafetensorsHeader || !file.holds(kLengthSize, length)) return {};
  std::string text(length, '\0');
  file.read(kLengthSize, std::as_writable_bytes(std::span(text)));
  return text;
}

}  // namespace

std::map<std::string, std::string> metadata_of(const std::filesystem::path& path) {
  std::map<std::string, std::string> out;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return out;
  try {
    const auto header = nlohmann::json::parse(header_of(InputFile(path)), nullptr, false);
    if (!header.is_object()) return out;
    const auto found = header.find("__metadata__");
    if (found == header.end() || !found->is_object()) return out;
    for (const auto& [key, value] : found->items())
      if (value.is_string()) out.emplace(key, value.get<std::string>());
  } catch (const Error&) {
    out.clear();
  }
  return out;
}

}  // namespace lathe
