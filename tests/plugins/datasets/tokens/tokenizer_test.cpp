// The tokenizer against llama2.c's (golden), and files of tokens that lack something.
#include "plugins/datasets/tokens/tokenizer.hpp"

#include "tests/support/messages.hpp"
#include "tests/support/support.hpp"

#include <lathe/lathe.hpp>

#include <fmt/format.h>
#include <boost/test/unit_test.hpp>

using namespace lathe_test;
using boost::test_tools::per_element;
using datasets::tokenizer;
using nlohmann::json;

namespace {

using Ids = std::vector<std::int64_t>;

// Bytes are tokens 2 to 257; then those given, the first with the highest score.
json small(const std::vector<std::string>& texts = {" ", "a", "b", "c", "ab", "bc", "abc"}) {
  json file{{"kind", "bpe_by_score"},    {"bos_id", 1},
            {"first_byte_id", 2},        {"add_bos", true},
            {"add_leading_space", true}, {"tokens", json::array()}};
  const auto add = [&](const std::string& text, double score) {
    const std::size_t id = file["tokens"].size();
    file["tokens"].push_back({{"id", id}, {"text", text}, {"score", score}});
  };
  add("<unk>", 0);
  add("<s>", 0);
  for (int byte = 0; byte < 256; ++byte) add(fmt::format("<0x{:02X}>", byte), 0);
  for (std::size_t i = 0; i < texts.size(); ++i) add(texts[i], -static_cast<double>(i));
  return file;
}

struct Folder {
  TemporaryFolder folder;
  std::string file(const std::string& text) const {
    const std::filesystem::path path = folder.path() / "tokens.json";
    std::ofstream(path) << text;
    return path.string();
  }
  std::string failing(const std::string& text) const {
    try {
      tokenizer(file(text));
    } catch (const lathe::error& error) {
      return error.what();
    }
    return "";
  }
  std::string failing(const json& contents) const { return failing(contents.dump()); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tokenizers)

BOOST_AUTO_TEST_CASE(the_fourteen_golden_texts_have_the_golden_tokens) {
  const tokenizer words((data_dir() / "llama" / "tokens.json").string());
  BOOST_TEST(words.size() == 512);
  const json texts = golden_json("own_networks/llama.json").at("tokenizer");
  BOOST_TEST(texts.size() == 14U);
  for (const json& row : texts) {
    BOOST_TEST(words.encode(row.at("text").get<std::string>()) == row.at("ids").get<Ids>(),
               per_element());
  }
}

BOOST_AUTO_TEST_CASE(the_pair_with_the_highest_score_is_joined_first_and_of_equals_the_leftmost) {
  const Folder folder;
  const tokenizer words(folder.file(small().dump()));
  const std::int64_t space = 258, a = 259, c = 261, ab = 262, abc = 264;
  BOOST_TEST(words.encode("abc") == (Ids{1, space, abc}), per_element());  // ab, then abc
  BOOST_TEST(words.encode("abab") == (Ids{1, space, ab, ab}), per_element());
  BOOST_TEST(words.encode("aac") == (Ids{1, space, a, a, c}), per_element());
  BOOST_TEST(words.encode("") == (Ids{1}), per_element());
  BOOST_TEST(words.encode("\xc3\xa9") == (Ids{1, space, 2 + 0xc3, 2 + 0xa9}), per_element());
  json equal = small({" ", "a", "aa"});
  const tokenizer leftmost(folder.file(equal.dump()));
  BOOST_TEST(leftmost.encode("aaa") == (Ids{1, 258, 260, 259}), per_element());
}

BOOST_AUTO_TEST_CASE(a_token_that_is_missing_is_named) {
  const Folder folder;
  json gap = small();
  gap["tokens"].erase(259);
  const std::string of_gap = folder.failing(gap);
  BOOST_TEST(contains(of_gap, "the token with the id 259 is missing"), of_gap);
  json byte = small();
  byte["tokens"][2 + 0x41]["text"] = "A";
  const std::string of_byte = folder.failing(byte);
  BOOST_TEST(contains(of_byte, "the token '<0x41>', which is to have the id 67, is missing"),
             of_byte);
  const std::string of_space = folder.failing(small({"a"}));
  BOOST_TEST(contains(of_space, "the token ' '"), of_space);
  json begin = small();
  begin["bos_id"] = 900;
  BOOST_TEST(contains(folder.failing(begin), "the id 900, which begins a text (bos_id)"));
  const std::string twice = folder.failing(small({" ", "a", "a"}));
  BOOST_TEST(contains(twice, "the tokens 259 and 260 have the same text, 'a'"), twice);
}

BOOST_AUTO_TEST_CASE(a_file_of_another_form_says_what_is_wrong) {
  const Folder folder;
  BOOST_TEST(contains(folder.failing(std::string("{\n \"kind\" 1}")), "it is not JSON"));
  BOOST_TEST(contains(folder.failing(json::array()), "no JSON object"));
  BOOST_TEST(contains(folder.failing(json{{"kind", "wordpiece"}}), "\"wordpiece\""));
  BOOST_TEST(contains(folder.failing(json{{"model", 1}, {"added_tokens", 1}}), "Hugging Face"));
  for (const char* key : {"kind", "tokens", "bos_id", "first_byte_id", "add_bos"}) {
    json file = small();
    file.erase(key);
    const std::string text = folder.failing(file);
    BOOST_TEST(contains(text, fmt::format("there is no \"{}\"", key)), text);
  }
  json untyped = small();
  untyped["tokens"][3]["score"] = "high";
  BOOST_TEST(contains(folder.failing(untyped), "token 3 is not of the form"));
}

BOOST_AUTO_TEST_SUITE_END()
