// Tokens that cannot be read: which file, where in it, and what to do.
#include "tests/cli/bad_input.hpp"
#include "tests/support/npy_file.hpp"

#include <fmt/format.h>
#include <boost/test/unit_test.hpp>

#include <cstdint>

using namespace lathe_test;

namespace {

// 0, 1, ..., 9 as one stream of bytes, and as two rows.
const std::string kNumbers{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
const std::string kStream = npy("'|u1'", "(10,)", kNumbers);
const std::string kRows = npy("'|u1'", "(2, 5)", kNumbers);

// A tokenizer of bytes and letters, without the token `missing`.
std::string tokens(int missing = -1) {
  nlohmann::json file{{"kind", "bpe_by_score"},    {"bos_id", 0},
                      {"first_byte_id", 1},        {"add_bos", true},
                      {"add_leading_space", true}, {"tokens", nlohmann::json::array()}};
  for (int id = 0; id < 260; ++id) {
    if (id == missing) continue;
    const std::string text = id == 0     ? "<s>"
                             : id < 257  ? fmt::format("<0x{:02X}>", id - 1)
                             : id == 257 ? " "
                                         : std::string(1, static_cast<char>('a' + id - 258));
    file["tokens"].push_back({{"id", id}, {"text", text}, {"score", -id}});
  }
  return file.dump();
}

BadInput row(const std::string& what, std::vector<std::pair<std::string, std::string>> files,
             const std::string& options, std::vector<std::string> says, int exit_code = 1) {
  return {what,
          std::move(files),
          {"train", "jsc-tiny", "tokens<" + options + ">"},
          exit_code,
          std::move(says)};
}

const std::string kOfText = "train=a.txt,tokenizer=t.json,length=4";

}  // namespace

BOOST_AUTO_TEST_CASE(tokens_that_cannot_be_read_are_placed) {
  check_bad_inputs({
      row("no file", {}, "length=4", {"train", "no file is named"}, 2),
      row("a file that is not there", {}, "train=none.npy,length=4", {"none.npy"}),
      row("text without a tokenizer", {{"a.txt", "a text"}}, "train=a.txt,length=4",
          {"a.txt", "option tokenizer"}),
      row("bytes that are no UTF-8", {{"a.txt", "one\ntw\xff"}, {"t.json", tokens()}}, kOfText,
          {"a.txt", "the byte 0xff at offset 6 (line 2) is no UTF-8"}),
      row("a packed text", {{"a.txt", "\x1f\x8b\x08packed"}, {"t.json", tokens()}}, kOfText,
          {"a.txt", "packed by gzip: unpack it first"}),
      row("a text shorter than one sequence", {{"a.txt", "a"}, {"t.json", tokens()}}, kOfText,
          {"a.txt", "shorter than one sequence", "3 of 4 tokens"}),
      row("a stream without a length", {{"a.npy", kStream}}, "train=a.npy", {"option length"}, 2),
      row("a stride that leaves tokens out", {{"a.npy", kStream}}, "train=a.npy,length=3,stride=4",
          {"stride", "leave tokens out"}, 2),
      row("rows of another length", {{"a.npy", kRows}}, "train=a.npy,length=4",
          {"a.npy", "the rows have 5 tokens, and sequences of 4"}),
      row("numbers that are not whole", {{"a.npy", npy("'<f4'", "(2,)", "aaaabbbb")}},
          "train=a.npy,length=2", {"a.npy", "not whole", "astype('int32')"}),
      row("a token beyond the vocabulary", {{"a.npy", kRows}}, "train=a.npy,vocabulary=8",
          {"a.npy", "row 1, position 3 has the token 8", "from 0"}),
      row("padding beyond the vocabulary", {{"a.npy", kRows}}, "train=a.npy,vocabulary=10,pad=10",
          {"pad", "the vocabulary has 10"}, 2),
  });
}

BOOST_AUTO_TEST_CASE(tokenizers_that_lack_a_token_name_it) {
  check_bad_inputs({
      row("no tokenizer", {{"a.txt", "a text"}}, kOfText, {"t.json"}),
      row("a tokenizer that is no JSON", {{"a.txt", "a text"}, {"t.json", "{\n\"kind\" 1}"}},
          kOfText, {"t.json:2", "not JSON"}),
      row("a tokenizer without a byte", {{"a.txt", "a text"}, {"t.json", tokens(66)}}, kOfText,
          {"t.json", "the token with the id 66 is missing"}),
      row("another kind of tokenizer", {{"a.txt", "a"}, {"t.json", "{\"kind\": \"unigram\"}"}},
          kOfText, {"t.json", "unigram", "bpe_by_score"}),
      row("a vocabulary smaller than the tokenizer's", {{"a.txt", "a text"}, {"t.json", tokens()}},
          kOfText + ",vocabulary=100", {"vocabulary", "the tokenizer has 260 tokens"}, 2),
  });
}
