// Text into tokens: byte pairs joined by score, as llama2.c and SentencePiece's BPE do, from a file
// of tokens. Knows no data set.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace datasets {

class tokenizer {
 public:
  // Reads a file of JSON: {"kind": "bpe_by_score", "bos_id", "first_byte_id", "add_bos",
  // "add_leading_space", "tokens": [{"id", "text", "score"}, ...]}, the tokens in the order of
  // their ids. Throws data_loss naming the file and what is missing or wrong.
  explicit tokenizer(const std::string& path);

  std::int64_t size() const { return static_cast<std::int64_t>(texts_.size()); }

  // The token that begins a text, a space, the text's characters, or the bytes of one that is no
  // token; then, again and again, of all neighbours whose joined text is a token those whose token
  // has the highest score, the leftmost of equals, become it. REQUIRES: UTF-8.
  std::vector<std::int64_t> encode(std::string_view text) const;

 private:
  std::int64_t find(std::string_view text) const;  // -1: there is none
  std::vector<std::int64_t> characters(std::string_view text) const;

  std::vector<std::string> texts_;
  std::vector<double> scores_;
  std::unordered_map<std::string, std::int64_t> ids_;
  std::int64_t begin_ = -1;  // -1: a text begins without one
  std::int64_t first_byte_ = 0;
  bool leading_space_ = false;
};

}  // namespace datasets
