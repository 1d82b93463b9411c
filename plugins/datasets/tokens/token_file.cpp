#include "token_file.hpp"

#include "../file_bytes.hpp"
#include "../foreign_format.hpp"
#include "../tables/npz.hpp"
#include "../text_file.hpp"

#include <lathe/lathe.hpp>

#include <algorithm>
#include <cstdio>

namespace datasets {

namespace {

std::string number(std::uint64_t n) { return lathe::to_string(static_cast<std::int64_t>(n)); }

bool holds_array(const std::string& path) { return is_npy(file_bytes(path, kTellingBytes)); }

void check_dimensions(const npy_header& header, const std::string& path) {
  if (header.shape.size() <= 2) return;
  throw lathe::data_loss(
      lathe::join({"the NPY array has ", number(header.shape.size()),
                   " dimensions; tokens come as rows, [N, length], or as one stream, [T]"}))
      .at_file(path);
}

token_file from_array(const std::string& path) {
  const stored_array array = array_of_npy(path, false);
  check_dimensions(array.header, path);
  if (array.header.type.integers == nullptr) {
    throw lathe::data_loss(
        "the NPY array holds numbers that are not whole; tokens are: save array.astype('int32')")
        .at_file(path);
  }
  token_file file{path, std::vector<std::int64_t>(array.header.count), 0};
  if (array.header.shape.size() == 2) file.row = static_cast<std::int64_t>(array.header.shape[1]);
  array.header.type.integers(array.bytes.data() + array.header.data_offset, array.header.count,
                             file.tokens.data());
  return file;
}

void check_text(const std::string& text, const std::string& path) {
  for (std::size_t at = 0, length = 0; at < text.size(); at += length) {
    length = utf8_length(text, at);
    if (length > 0) continue;
    char byte[8];
    std::snprintf(byte, sizeof byte, "0x%02x", static_cast<unsigned char>(text[at]));
    const std::string_view before = std::string_view(text).substr(0, at);
    const auto lines = static_cast<std::uint64_t>(std::count(before.begin(), before.end(), '\n'));
    throw other_format(
        lathe::join({"the byte ", byte, " at offset ", number(at), " (line ", number(lines + 1),
                     ") is no UTF-8, in which texts are read; save it as UTF-8"}),
        text, path);
  }
}

token_file from_text(const std::string& path, const tokenizer& words) {
  const std::string text = file_bytes(path);
  check_text(text, path);
  std::string_view read = text;
  if (read.substr(0, 3) == "\xef\xbb\xbf") read.remove_prefix(3);
  return {path, words.encode(read), 0};
}

}  // namespace

std::string token_file::place_of(std::size_t token) const {
  if (row == 0) return lathe::join({"position ", number(token)});
  const auto length = static_cast<std::size_t>(row);
  return lathe::join({"row ", number(token / length), ", position ", number(token % length)});
}

std::int64_t row_length(const std::string& path) {
  if (!holds_array(path)) return 0;
  const npy_header header = array_of_npy(path, true).header;
  check_dimensions(header, path);
  return header.shape.size() == 2 ? static_cast<std::int64_t>(header.shape[1]) : 0;
}

token_file read_tokens(const std::string& path, const std::optional<tokenizer>& words) {
  const bool is_array = holds_array(path);
  if (!is_array && !words) {
    throw other_format(
        "this is no NPY file, and of text the option tokenizer names the file of its tokens",
        file_bytes(path, kTellingBytes), path);
  }
  token_file file = is_array ? from_array(path) : from_text(path, *words);
  if (file.tokens.empty()) throw lathe::data_loss("there are no tokens").at_file(path);
  return file;
}

void check_vocabulary(const token_file& file, std::int64_t vocabulary) {
  const auto beyond = std::find_if(file.tokens.begin(), file.tokens.end(), [&](std::int64_t token) {
    return token < 0 || token >= vocabulary;
  });
  if (beyond == file.tokens.end()) return;
  const auto at = static_cast<std::size_t>(beyond - file.tokens.begin());
  throw lathe::error(LATHE_OUT_OF_RANGE,
                     lathe::join({file.place_of(at), " has the token ", lathe::to_string(*beyond),
                                  ", and the vocabulary has ", lathe::to_string(vocabulary),
                                  ", from 0; another tokenizer wrote this file, or the option "
                                  "vocabulary is too small"}))
      .at_file(file.path);
}

}  // namespace datasets
