// The tokens of one file: an NPY array of whole numbers, or text through a tokenizer. Knows no
// splits.
#pragma once

#include "tokenizer.hpp"

#include <optional>

namespace datasets {

// Tokens one after another.
struct token_file {
  std::string path;
  std::vector<std::int64_t> tokens;
  std::int64_t row = 0;  // of an array of rows: their length; 0: one stream

  // "row 3, position 5" or "position 26"
  std::string place_of(std::size_t token) const;
};

// The length of the rows of an NPY file, 0 of any other file and of a stream, from its beginning.
std::int64_t row_length(const std::string& path);

// `words`: needed for text. Throws data_loss naming file and place for an array of other elements
// or dimensions, for a byte that is no UTF-8, and for a file without tokens.
token_file read_tokens(const std::string& path, const std::optional<tokenizer>& words);

// Throws out_of_range naming file and place of the first token that is none of 0, 1, ...,
// `vocabulary` - 1.
void check_vocabulary(const token_file& file, std::int64_t vocabulary);

}  // namespace datasets
