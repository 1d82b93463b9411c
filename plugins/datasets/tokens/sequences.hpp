// Sequences of one length out of a file's tokens, each with what follows every token. Knows no
// files.
#pragma once

#include "token_file.hpp"

namespace datasets {

// What no loss and no metric counts: PyTorch's ignore_index.
constexpr std::int64_t kIgnored = -100;

// How a stream is cut: sequences of `length` tokens, one every `stride` tokens. With `pad` (not -1)
// the last one may be filled with that token; else what is left at the end is left out.
struct cutting {
  std::int64_t length = 0;
  std::int64_t stride = 0;
  std::int64_t pad = -1;
};

class sequences {
 public:
  sequences() = default;
  // Throws data_loss naming the file if it has fewer tokens than one sequence and nothing pads it,
  // invalid_argument if its rows have another length.
  sequences(token_file file, const cutting& how);

  std::uint64_t count() const { return count_; }
  const std::string& path() const { return file_.path; }
  // Of `length` numbers each: tokens, and the token after each of them; kIgnored after the last,
  // and where either is padding.
  void read(std::uint64_t row, std::int64_t* tokens, std::int64_t* targets) const;

 private:
  token_file file_;
  cutting how_;
  std::uint64_t count_ = 0;
};

}  // namespace datasets
