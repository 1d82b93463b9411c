// What a file is where another format was expected, told by how it begins, and what to do then.
#pragma once

#include <lathe/lathe.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace datasets {

// So much of a beginning tells every format that is known here.
constexpr std::uint64_t kTellingBytes = 512;

// "it is a web page ..."; empty if the bytes tell nothing.
std::string what_it_is(std::string_view begin);

// Protocols 2 to 5.
bool is_pickle(std::string_view begin);

// `expected` ("this is no NPY file"), and what the file is instead, if that is known.
lathe::error other_format(std::string_view expected, std::string_view begin,
                          const std::string& path);

}  // namespace datasets
