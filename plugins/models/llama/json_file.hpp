// A JSON object from a file, with errors that say what and where.
#pragma once

#include <lathe/lathe.hpp>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

namespace llama {

using Json = nlohmann::json;

// Throws lathe::error at the file: it is not there, no JSON (with the line), or no object.
Json read_object(const std::string& path);
Json parse_object(const std::string& path, const char* bytes, std::uint64_t size);

}  // namespace llama
