#include "core/options/text/component_text.hpp"

#include "tests/options/expect.hpp"

#include <random>

using namespace lathe;
using lathe_test::expect_usage_error;

namespace {

std::string column(int n) { return "--passes:1:" + std::to_string(n); }

// Random trees of every kind a value can be, texts that need quotes among them.
class RandomValues {
 public:
  explicit RandomValues(unsigned seed) : random_(seed) {}

  Value value(int depth) {
    switch (below(depth > 0 ? 8 : 6)) {
      case 0:
        return Value();
      case 1:
        return Value(below(2) == 0);
      case 2:
        return Value(static_cast<std::int64_t>(random_() << 32 | random_()));
      case 3:
        return Value(std::ldexp(static_cast<double>(random_()) - 2e9, below(200) - 120));
      case 4:
      case 5:
        return Value(word());
      case 6: {
        Value::List list;
        for (int i = below(4); i > 0; --i) list.push_back(value(depth - 1));
        return Value(std::move(list));
      }
      default:
        return map(depth - 1);
    }
  }
  Value map(int depth) {
    Value result{Value::Map{}};
    for (int i = below(4); i > 0; --i) result.set(word(), value(depth));
    return result;
  }
  std::string word() {
    static const std::vector<std::string> kWords{
        "integer", "a b",  "",    "8",   "1e3", "true", "NA_",  "x<y>",     "\"q\"",
        "it's",    "a,b",  "a=b", "[1]", "{}",  "inf",  "-nan", "C:\\dir",  "\n\t",
        "ü",       "0x10", "007", "1_0", "+5",  "-",    "#1",   "/a/b.csv", "seq_blocks_\\d+",
        "\x01",    "..",   "a.b"};
    return kWords[static_cast<std::size_t>(below(static_cast<int>(kWords.size())))];
  }
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

 private:
  std::mt19937 random_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(component_text)

BOOST_AUTO_TEST_CASE(a_name_alone_has_no_options) {
  const ComponentText text = parse_component("jsc-tiny", "<model>");
  BOOST_TEST(text.name == "jsc-tiny");
  BOOST_TEST(text.options.as_map().empty());
  BOOST_TEST(text.position.text() == "<model>:1:1");
  BOOST_TEST(parse_component("org.example.count_relu", "").name == "org.example.count_relu");
}

BOOST_AUTO_TEST_CASE(dotted_keys_become_tables) {
  const ComponentText text = parse_component(
      "quantize<by=type,linear.name=integer,linear.weight_width=8,default.name=NA>", "--passes");
  BOOST_TEST(text.options.text() ==
             "{by=type, linear={name=integer, weight_width=8}, default={name=NA}}");
}

BOOST_AUTO_TEST_CASE(every_kind_of_value_is_read) {
  const auto text = [](const char* value) { return parse_value(value, "--set"); };
  BOOST_TEST(text("8").as_int() == 8);
  BOOST_TEST(text("-8").as_int() == -8);
  BOOST_TEST(text("+8").as_int() == 8);
  BOOST_TEST(text("1_000").as_int() == 1000);
  BOOST_TEST(text("0x1F").as_int() == 31);
  BOOST_TEST(text("0b101").as_int() == 5);
  BOOST_TEST(text("-9223372036854775808").as_int() == std::numeric_limits<std::int64_t>::min());
  BOOST_TEST(text("1e-2").as_float() == 0.01);
  BOOST_TEST(text("2.5").is_float());
  BOOST_TEST(text("1e3").is_float());
  BOOST_TEST(std::isinf(text("-inf").as_float()));
  BOOST_TEST(text("true").as_bool());
  BOOST_TEST(!text("false").as_bool());
  BOOST_TEST(text("NA").is_none());
  BOOST_TEST(text("\"NA\"").is_none());
  BOOST_TEST(text("'a b'").as_string() == "a b");
  BOOST_TEST(text("\"a\\tb\\u00fc\\\"\"").as_string() == "a\tbü\"");
  BOOST_TEST(text("[4, \"NA\", [x]]").text() == "[4, NA, [x]]");
  BOOST_TEST(text("[1, 2,]").as_list().size() == 2);
  BOOST_TEST(text("[]").as_list().empty());
  BOOST_TEST(text("{a = 1, b.c = [2]}").text() == "{a=1, b={c=[2]}}");
  BOOST_TEST(text("  8  ").as_int() == 8);
}

BOOST_AUTO_TEST_CASE(plain_words_and_paths_need_no_quotes) {
  for (const char* word : {"adam", "/data/train.csv", "../a-b/c_d.h5", "~/x", "sqlite:///study.db",
                           "a@b%c*?", "007", "1.2.3", "2024-01-05", "50%"}) {
    const Value value = parse_value(word, "--set");
    BOOST_TEST(value.is_string());
    BOOST_TEST(value.as_string() == word);
  }
}

BOOST_AUTO_TEST_CASE(a_pipeline_is_components_with_commas_between) {
  const auto parts =
      parse_components(" flops , quantize<by=type> ,bitops<per_node=[a,b]>", "--passes");
  BOOST_REQUIRE(parts.size() == 3);
  BOOST_TEST(parts[1].name == "quantize");
  BOOST_TEST(parts[1].position.text() == column(10));
  BOOST_TEST(parts[2].options.find("per_node")->as_list().size() == 2);
  BOOST_TEST(parse_components("", "--passes").empty());
}

BOOST_AUTO_TEST_CASE(keys_and_list_elements_have_their_columns) {
  const ComponentText text = parse_component("q<a.width=8,l=[1, 22]>", "--passes");
  BOOST_TEST(text.options.find("a")->position().text() == column(3));
  BOOST_TEST(text.options.find("a")->find("width")->position().text() == column(5));
  BOOST_TEST(text.options.find("l")->as_list()[1].position().text() == column(19));
}

BOOST_AUTO_TEST_CASE(a_component_in_a_file_is_at_the_place_of_its_key) {
  const Value value = Value("csv<train=a.csv>").at({"run.toml", 3, 1});
  const ComponentText text = parse_component(value);
  BOOST_TEST(text.options.find("train")->position().text() == "run.toml:3:1");
  const Value broken = Value("csv<train=,>").at({"run.toml", 3, 1});
  expect_usage_error([&] { parse_component(broken); }, "run.toml:3:1",
                     {"in 'csv<train=,>' at character 11: expected a value"});
}

BOOST_AUTO_TEST_CASE(quoted_keys_may_hold_anything) {
  const ComponentText text =
      parse_component("q<by=regex_name,\"seq_blocks_\\\\d+\".name=integer>", "--passes");
  BOOST_TEST(text.options.find("seq_blocks_\\d+")->find("name")->as_string() == "integer");
}

BOOST_AUTO_TEST_CASE(every_mistake_is_placed) {
  struct Row {
    const char* text;
    int column;
    const char* says;
  };
  const std::vector<Row> rows{
      {"<a=1>", 1, "expected a name"},
      {"q<a=1", 6, "'>' is missing"},
      {"q<", 3, "'>' is missing"},
      {"q<a>", 4, "expected '=' after 'a'"},
      {"q<a=>", 5, "expected a value"},
      {"q<a=1,>", 7, "expected an option after the comma"},
      {"q<a=1 b=2>", 7, "expected ',' or '>'"},
      {"csv<train=my file.csv>", 14, "a text with a blank needs quotes: \"my file.csv\""},
      {"csv<train=[my file.csv,b]>", 15, "a text with a blank needs quotes: \"my file.csv\""},
      {"csv<a=my file.csv,b=x>", 10, "a text with a blank needs quotes: \"my file.csv\""},
      {"q<a={b=c d}>", 10, "a text with a blank needs quotes: \"c d\""},
      {"csv<train=a[1].csv>", 12, "a text with '[' needs quotes: \"a[1].csv\""},
      {"csv<train=a=b.csv>", 12, "a text with '=' needs quotes: \"a=b.csv\""},
      {"csv<train=it's.csv>", 13, "needs quotes: \"it's.csv\""},
      {"csv<train=a\"b.csv>", 12, "needs quotes: 'a\"b.csv'"},
      {"csv<train=a,b.csv>", 18,
       "if the comma belongs to the text, that needs quotes: \"a,b.csv\""},
      {"csv<train=/x/a,/x/b>", 16, "a list is [/x/a,/x/b]"},
      {"csv<train=a.csv", 16, "quote the whole: 'NAME<...>'"},
      {"q<=1>", 3, "expected the name of an option"},
      {"q<a..b=1>", 5, "expected the name of an option"},
      {"q<a=1,a=2>", 7, "'a' is given twice"},
      {"q<a=1,a.b=2>", 7, "'a' has a value already"},
      {"q<a=[1,2>", 9, "expected ',' or ']'"},
      {"q<a=[1", 7, "']' is missing"},
      {"q<a={b=1>", 9, "expected ',' or '}'"},
      {"q<a=\"x>", 5, "the closing \" is missing"},
      {"q<a=\"\\q\">", 6, "unknown escape"},
      {"q<a=\"\\ud800\">", 6, "no character"},
      {"q<a=99999999999999999999>", 5, "does not fit an integer"},
      {"q<a=1e999>", 5, "does not fit a number"},
      {"q<a=1>x", 7, "expected a comma between components"},
      {"flops,", 7, "expected a name after the last comma"},
      {"flops,,bitops", 7, "expected a name"},
      {"flops bitops", 7, "expected a comma between components"},
      {"q<a=1>>", 7, "expected a comma"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      expect_usage_error([&] { parse_components(row.text, "--passes"); }, column(row.column),
                         {row.says});
    }
  }
  BOOST_TEST_MESSAGE(rows.size() << " mistakes checked");
}

BOOST_AUTO_TEST_CASE(one_component_or_value_is_all_there_may_be) {
  expect_usage_error([] { parse_component("a,b", "<model>"); }, "<model>:1:2",
                     {"expected the end"});
  expect_usage_error([] { parse_value("my run", "--set"); }, "--set:1:4", {"needs quotes"});
  expect_usage_error([] { parse_value("", "--set"); }, "--set:1:1", {"expected a value"});
}

BOOST_AUTO_TEST_CASE(endless_nesting_is_refused) {
  expect_usage_error([] { parse_value(std::string(1 << 20, '['), "--set"); }, "--set:1:66",
                     {"nested more than 64 deep"});
  std::string tables;
  for (int i = 0; i < 100000; ++i) tables += "{a=";
  expect_usage_error([&] { parse_value(tables, "--set"); }, "--set:1:98", {"nested"});
  std::string dots = "q<a";
  for (int i = 0; i < 100000; ++i) dots += ".a";
  expect_usage_error([&] { parse_component(dots + "=1>", "--set"); }, "--set:1:131", {"nested"});
}

BOOST_AUTO_TEST_CASE(texts_are_quoted_only_where_they_must_be) {
  const auto printed = [](Value value) { return text_of(value); };
  BOOST_TEST(printed("adam") == "adam");
  BOOST_TEST(printed("/a/b.csv") == "/a/b.csv");
  BOOST_TEST(printed("8") == "\"8\"");
  BOOST_TEST(printed("true") == "\"true\"");
  BOOST_TEST(printed("a b") == "\"a b\"");
  BOOST_TEST(printed("") == "\"\"");
  BOOST_TEST(printed(1.0) == "1.0");
  BOOST_TEST(printed(0.1) == "0.1");
  BOOST_TEST(printed(Value()) == "NA");
}

BOOST_AUTO_TEST_CASE(printing_and_reading_again_changes_nothing) {
  constexpr int kCases = 20000;
  RandomValues values(7);
  for (int i = 0; i < kCases; ++i) {
    std::vector<ComponentText> before(static_cast<std::size_t>(1 + values.below(3)));
    for (ComponentText& component : before) {
      component.name = "pass-1";
      component.options = values.map(4);
    }
    const std::string text = text_of(before);
    const auto after = parse_components(text, "--passes");
    BOOST_REQUIRE_MESSAGE(after.size() == before.size(), text);
    for (std::size_t k = 0; k < before.size(); ++k) {
      BOOST_REQUIRE_MESSAGE(after[k].options == before[k].options, text);
    }
    BOOST_REQUIRE(text_of(after) == text);
  }
  BOOST_TEST_MESSAGE(kCases << " pipelines printed and read again");
}

BOOST_AUTO_TEST_CASE(random_texts_are_read_or_refused_with_a_place) {
  std::mt19937 random(11);
  constexpr std::string_view kLetters = "ab1.,<>[]{}=\"'\\ -_#\n\xff";
  for (int i = 0; i < 50000; ++i) {
    std::string text;
    for (auto n = random() % 24; n > 0; --n) text += kLetters[random() % kLetters.size()];
    try {
      const auto parsed = parse_components(text, "--passes");
      BOOST_REQUIRE((text_of(parse_components(text_of(parsed), "")) == text_of(parsed)));
    } catch (const Error& error) {
      BOOST_REQUIRE(error.position().known());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
