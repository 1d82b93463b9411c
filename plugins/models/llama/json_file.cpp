#include "json_file.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace llama {

Json parse_object(const std::string& path, const char* bytes, std::uint64_t size) {
  try {
    Json json = Json::parse(bytes, bytes + size);
    if (json.is_object()) return json;
  } catch (const Json::parse_error& error) {
    const std::uint64_t at = std::min<std::uint64_t>(error.byte, size);
    const auto line = static_cast<std::uint64_t>(std::count(bytes, bytes + at, '\n')) + 1;
    throw lathe::data_loss("this is no JSON").at_file(path, line);
  }
  throw lathe::data_loss("this is JSON, but no object").at_file(path);
}

Json read_object(const std::string& path) {
  std::error_code code;
  std::ifstream file(path, std::ios::binary);
  if (!file || !std::filesystem::is_regular_file(path, code)) {
    throw lathe::not_found("there is no such file, or it cannot be read").at_file(path);
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return parse_object(path, text.data(), text.size());
}

}  // namespace llama
