// The data set tokens: arrays and text cut into sequences, and files that cannot be.
#include "tests/plugins/datasets/dataset_bench.hpp"
#include "tests/support/npy_file.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;
using boost::test_tools::per_element;

namespace {

using Ids = std::vector<std::int64_t>;

template <typename T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

struct Folder {
  TemporaryFolder folder;
  std::string file(const std::string& name, const std::string& contents) const {
    return written(folder.path() / name, contents).string();
  }
  // 0, 1, ..., 9 as one stream of uint16.
  std::string stream() const {
    return file("stream.npy",
                npy("'<u2'", "(10,)", bytes_of<std::uint16_t>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9})));
  }
  // [[5, 6, 7], [8, 0, 0]] of int32.
  std::string rows() const {
    return file("rows.npy", npy("'<i4'", "(2, 3)", bytes_of<std::int32_t>({5, 6, 7, 8, 0, 0})));
  }
};

Ids inputs_of(const Dataset& set, Split split) {
  const auto values = set.all(split).fields[0].values<std::int64_t>();
  return {values.begin(), values.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dataset_tokens)

BOOST_AUTO_TEST_CASE(rows_are_taken_as_they_are) {
  const Folder folder;
  const auto closed = make_set("tokens<train=" + folder.rows() + ">");
  BOOST_TEST((closed->info().input()->shape == Shape{3}));  // by the header
  const auto set = open_set("tokens<train=" + folder.rows() + ">");
  BOOST_TEST(set->info().classes() == 9);  // one more than the largest
  BOOST_TEST((set->info().input()->dtype == DType::int64));
  BOOST_TEST(set->info().fields[0].name == "input_ids");
  BOOST_TEST(inputs_of(*set, Split::train) == (Ids{5, 6, 7, 8, 0, 0}), per_element());
  BOOST_TEST(labels_of(*set, Split::train) == (Ids{6, 7, -100, 0, 0, -100}), per_element());
  BOOST_TEST(set->count(Split::validation) == 0U);
}

BOOST_AUTO_TEST_CASE(padding_never_counts) {
  const Folder folder;
  const auto set = open_set("tokens<train=" + folder.rows() + ",pad=0,vocabulary=40>");
  BOOST_TEST(set->info().classes() == 40);
  BOOST_TEST(labels_of(*set, Split::train) == (Ids{6, 7, -100, -100, -100, -100}), per_element());
}

BOOST_AUTO_TEST_CASE(a_stream_is_cut_into_sequences) {
  const Folder folder;
  const std::string begin = "tokens<validation=" + folder.stream() + ",length=4";
  const auto whole = open_set(begin + ">");
  BOOST_TEST(inputs_of(*whole, Split::validation) == (Ids{0, 1, 2, 3, 4, 5, 6, 7}), per_element());
  BOOST_TEST(labels_of(*whole, Split::validation) == (Ids{1, 2, 3, -100, 5, 6, 7, -100}),
             per_element());
  // Every token but the first is a target once.
  const auto each = open_set(begin + ",stride=3>");
  BOOST_TEST(inputs_of(*each, Split::validation) == (Ids{0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9}),
             per_element());
  const auto padded = open_set(begin + ",pad=9>");
  BOOST_TEST(inputs_of(*padded, Split::validation) == (Ids{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9}),
             per_element());
  const Ids last = labels_of(*padded, Split::validation);
  BOOST_TEST(last.back() == -100);
  BOOST_TEST(last[8] == -100);  // what it predicts is the token that pads
}

BOOST_AUTO_TEST_CASE(text_becomes_the_tokens_of_its_tokenizer) {
  const Folder folder;
  const std::string words = (data_dir() / "llama" / "tokens.json").string();
  const std::string text = folder.file("a.txt", "I dreamed of a river of light.");
  const auto set = open_set("tokens<test=" + text + ",tokenizer=" + words + ",length=8,stride=8>");
  BOOST_TEST(set->info().classes() == 512);
  BOOST_TEST(inputs_of(*set, Split::test) == (Ids{1, 303, 281, 269, 435, 447, 328, 275, 262, 429,
                                                  322, 350, 275, 308, 305, 434}),
             per_element());
  BOOST_TEST(set->files().size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_golden_texts_are_twelve_rows_of_a_hundred) {
  const auto set = open_set("tokens<test=" + golden("own_networks/llama_texts.npy").string() + ">");
  BOOST_TEST(set->count(Split::test) == 12U);
  BOOST_TEST((set->info().input()->shape == Shape{100}));
}

BOOST_AUTO_TEST_CASE(a_text_shorter_than_one_sequence_says_so) {
  const Folder folder;
  const std::string text = opening_fails("tokens<train=" + folder.stream() + ",length=12>");
  BOOST_TEST(contains(text, "stream.npy"), text);
  BOOST_TEST(contains(text, "shorter than one sequence: it has 10 of 12 tokens"), text);
  const auto padded = open_set("tokens<train=" + folder.stream() + ",length=12,pad=0>");
  BOOST_TEST(padded->count(Split::train) == 1U);
}

BOOST_AUTO_TEST_CASE(tokens_beyond_the_vocabulary_are_placed) {
  const Folder folder;
  const std::string of_rows = opening_fails("tokens<train=" + folder.rows() + ",vocabulary=8>");
  BOOST_TEST(contains(of_rows, "rows.npy"), of_rows);
  BOOST_TEST(contains(of_rows, "row 1, position 0 has the token 8, and the vocabulary has 8"),
             of_rows);
  const std::string of_stream =
      opening_fails("tokens<train=" + folder.stream() + ",length=2,vocabulary=7>");
  BOOST_TEST(contains(of_stream, "position 7 has the token 7"), of_stream);
  const std::string negative = folder.file("n.npy", npy("'|i1'", "(1, 2)", "\x01\xff"));
  BOOST_TEST(contains(opening_fails("tokens<train=" + negative + ">"), "has the token -1"));
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_text_are_placed) {
  const Folder folder;
  const std::string words = (data_dir() / "llama" / "tokens.json").string();
  const std::string bad = folder.file("bad.txt", "one\ntwo \xe9 three");
  const std::string text =
      opening_fails("tokens<train=" + bad + ",tokenizer=" + words + ",length=2>");
  BOOST_TEST(contains(text, "the byte 0xe9 at offset 8 (line 2) is no UTF-8"), text);
}

BOOST_AUTO_TEST_CASE(files_of_another_kind_say_what_is_needed) {
  const Folder folder;
  const std::string text = folder.file("a.txt", "some text");
  BOOST_TEST(contains(opening_fails("tokens<train=" + text + ",length=4>"), "option tokenizer"));
  const std::string floats =
      folder.file("f.npy", npy("'<f4'", "(2,)", bytes_of<float>({1.0F, 2.0F})));
  BOOST_TEST(contains(opening_fails("tokens<train=" + floats + ",length=2>"), "not whole"));
  const std::string deep = folder.file("d.npy", npy("'|u1'", "(1, 1, 2)", "ab"));
  BOOST_TEST(contains(opening_fails("tokens<train=" + deep + ",length=2>"), "3 dimensions"));
  BOOST_TEST(contains(opening_fails("tokens<train=" + folder.stream() + ">"), "option length"));
  BOOST_TEST(contains(opening_fails("tokens<train=" + folder.rows() + ",length=2>"),
                      "the rows have 3 tokens, and sequences of 2 are asked for"));
  BOOST_TEST(contains(opening_fails("tokens<length=4>"), "no file is named"));
  BOOST_TEST(contains(opening_fails("tokens<train=" + folder.stream() + ",length=2,stride=3>"),
                      "stride is more than length"));
  BOOST_TEST(contains(opening_fails("tokens<train=" + folder.rows() + ",pad=9,vocabulary=9>"),
                      "pad is the token 9"));
  BOOST_TEST(contains(opening_fails("tokens<train=absent.npy,length=2>"), "absent.npy"));
}

BOOST_AUTO_TEST_SUITE_END()
