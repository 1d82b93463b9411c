#include "sequences.hpp"

#include <lathe/lathe.hpp>

#include <algorithm>

namespace datasets {

sequences::sequences(token_file file, const cutting& how) : file_(std::move(file)), how_(how) {
  const auto tokens = static_cast<std::int64_t>(file_.tokens.size());
  if (file_.row > 0) {
    if (file_.row != how.length) {
      throw lathe::invalid_argument(
          lathe::join({"the rows have ", lathe::to_string(file_.row), " tokens, and sequences of ",
                       lathe::to_string(how.length),
                       " are asked for; rows are taken as they are, a stream [T] is cut"}))
          .at_file(file_.path);
    }
    how_.stride = file_.row;
    count_ = static_cast<std::uint64_t>(tokens / file_.row);
    return;
  }
  const std::int64_t whole = tokens < how.length ? 0 : (tokens - how.length) / how.stride + 1;
  // What is left, and one of its tokens has another behind it.
  const bool is_rest = (whole == 0 || (whole - 1) * how.stride + how.length < tokens) &&
                       whole * how.stride + 1 < tokens;
  count_ = static_cast<std::uint64_t>(whole + (how.pad >= 0 && is_rest ? 1 : 0));
  if (count_ > 0) return;
  throw lathe::data_loss(
      lathe::join({"the file is shorter than one sequence: it has ", lathe::to_string(tokens),
                   " of ", lathe::to_string(how.length),
                   " tokens; the option length makes sequences shorter, pad fills them"}))
      .at_file(file_.path);
}

void sequences::read(std::uint64_t row, std::int64_t* tokens, std::int64_t* targets) const {
  const auto begin = static_cast<std::int64_t>(row) * how_.stride;
  const std::int64_t there =
      std::min(how_.length, static_cast<std::int64_t>(file_.tokens.size()) - begin);
  std::copy_n(file_.tokens.begin() + begin, there, tokens);
  std::fill(tokens + there, tokens + how_.length, how_.pad);
  for (std::int64_t i = 0; i < how_.length; ++i) {
    const bool counts = i + 1 < how_.length && tokens[i] != how_.pad && tokens[i + 1] != how_.pad;
    targets[i] = counts ? tokens[i + 1] : kIgnored;
  }
}

}  // namespace datasets
