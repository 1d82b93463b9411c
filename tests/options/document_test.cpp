#include "core/options/text/document.hpp"

#include "tests/options/expect.hpp"
#include "tests/support/support.hpp"

#include <unistd.h>

#include <random>

using namespace lathe;
using lathe_test::expect_usage_error;

namespace {

// "line:column" of the value at a dotted path (keys of the test hold no dots).
std::string place(const Value& document, const std::string& path) {
  const Value* value = &document;
  std::string rest = path;
  while (!rest.empty()) {
    const std::size_t dot = rest.find('.');
    value = value->find(rest.substr(0, dot));
    BOOST_REQUIRE_MESSAGE(value != nullptr, path);
    rest = dot == std::string::npos ? "" : rest.substr(dot + 1);
  }
  return std::to_string(value->position().line) + ":" + std::to_string(value->position().column);
}

std::string keys(const Value& table) {
  std::string text;
  for (const auto& [key, value] : table.as_map()) text += (text.empty() ? "" : " ") + key;
  return text;
}

constexpr const char* kExample = R"(# a comment with [brackets] and = signs
model = "x"
 "quoted key" = [1, "NA",
  2.5, {z = 1}]
[passes.quantize]
by = 'type'
linear = { a = 1, b.c = 2 }
[ search . "strategy".metrics]
loss.scale = 1.0
loss.direction = "m"
"a\"b" . 'c d' . e = -1_000
a.b.c = 1
a.d.e.f = 2
a.d.e.g = """
[not.a.table]
"""
[search.strategy.metrics.acc]
x=1
[[arr]]
y=197
[[arr]]
y=2
[search.strategy]
q=1
[passes]
[passes.flops]
)";

}  // namespace

BOOST_AUTO_TEST_SUITE(document)

BOOST_AUTO_TEST_CASE(every_key_has_its_place) {
  const Value document = parse_toml(kExample, "a.toml");
  const std::vector<std::pair<const char*, const char*>> rows{
      {"model", "2:1"},
      {"quoted key", "3:2"},
      {"passes.quantize", "5:9"},
      {"passes.quantize.by", "6:1"},
      {"passes.quantize.linear", "7:1"},
      {"passes.quantize.linear.a", "7:12"},
      {"passes.quantize.linear.b", "7:19"},
      {"passes.quantize.linear.b.c", "7:21"},
      {"passes.flops", "26:9"},
      {"search", "8:3"},
      {"search.strategy", "23:9"},
      {"search.strategy.q", "24:1"},
      {"search.strategy.metrics", "8:23"},
      {"search.strategy.metrics.loss", "9:1"},
      {"search.strategy.metrics.loss.scale", "9:6"},
      {"search.strategy.metrics.loss.direction", "10:6"},
      {"search.strategy.metrics.a\"b", "11:1"},
      {"search.strategy.metrics.a\"b.c d", "11:10"},
      {"search.strategy.metrics.a\"b.c d.e", "11:18"},
      {"search.strategy.metrics.a.b.c", "12:5"},
      {"search.strategy.metrics.a.d", "13:3"},
      {"search.strategy.metrics.a.d.e", "13:5"},
      {"search.strategy.metrics.a.d.e.f", "13:7"},
      {"search.strategy.metrics.a.d.e.g", "14:7"},
      {"search.strategy.metrics.acc", "17:26"},
      {"arr", "19:3"},
  };
  for (const auto& [path, where] : rows) {
    BOOST_TEST(place(document, path) == where, path << " is at " << place(document, path));
  }
  BOOST_TEST(document.find("model")->position().file == "a.toml");
  BOOST_TEST_MESSAGE(rows.size() << " places checked");
}

BOOST_AUTO_TEST_CASE(elements_of_lists_have_places_of_their_own) {
  const Value document = parse_toml(kExample, "a.toml");
  const Value::List& list = document.find("quoted key")->as_list();
  BOOST_TEST(list[0].position().text() == "a.toml:3:18");
  BOOST_TEST(list[1].position().text() == "a.toml:3:21");
  BOOST_TEST(list[2].position().text() == "a.toml:4:3");
  BOOST_TEST(list[3].find("z")->position().text() == "a.toml:4:9");
}

BOOST_AUTO_TEST_CASE(values_are_what_they_say) {
  const Value document = parse_toml(kExample, "a.toml");
  BOOST_TEST(document.find("model")->as_string() == "x");
  const Value::List& list = document.find("quoted key")->as_list();
  BOOST_TEST(list[0].as_int() == 1);
  BOOST_TEST(list[1].is_none());
  BOOST_TEST(list[2].as_float() == 2.5);
  BOOST_TEST(document.find("arr")->as_list()[1].find("y")->as_int() == 2);
}

BOOST_AUTO_TEST_CASE(keys_keep_the_order_of_the_file) {
  const Value document = parse_toml("z = 1\na = 2\n[m]\ny.q = 1\nb = 2\ny.a = 3\n[k]\n", "a.toml");
  BOOST_TEST(keys(document) == "z a m k");
  BOOST_TEST(keys(*document.find("m")) == "y b");
  BOOST_TEST(keys(*document.find("m")->find("y")) == "q a");
}

BOOST_AUTO_TEST_CASE(tables_are_ordered_by_their_first_mention) {
  const Value document = parse_toml("[passes.b]\n[search]\n[passes.a]\n[passes]\n", "a.toml");
  BOOST_TEST(keys(document) == "passes search");
  BOOST_TEST(keys(*document.find("passes")) == "b a");
}

BOOST_AUTO_TEST_CASE(na_is_none_wherever_it_stands) {
  const Value document = parse_toml("a = 'NA'\nb = [1, \"NA\"]\nc = {d = 'NA'}\ne = 'NAN'", "x");
  BOOST_TEST(document.text() == "{a=NA, b=[1, NA], c={d=NA}, e=NAN}");
}

BOOST_AUTO_TEST_CASE(windows_line_ends_and_byte_order_marks_do_not_matter) {
  const Value document = parse_toml("\xef\xbb\xbf# x\r\nmodel = 'a'\r\n[b]\r\nc = 1\r\n", "a.toml");
  BOOST_TEST(document.text() == "{model=a, b={c=1}}");
  BOOST_TEST(place(document, "b.c") == "4:1");
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_an_empty_table) {
  BOOST_TEST(parse_toml("", "a.toml").as_map().empty());
  BOOST_TEST(parse_toml("\n# only a comment", "a.toml").as_map().empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_toml_is_refused_in_one_sentence_at_its_line) {
  const std::vector<std::pair<std::string, int>> rows{
      {"a = ", 1},    {"a = 1\na = 2", 2}, {"[x", 1},           {"\na = [1, 2\nb=3", 3},
      {"a=07", 1},    {"a b = 1", 1},      {"[a]\n[a]", 2},     {"x = \"abc\ny=1", 1},
      {"=1", 1},      {"a.b=1\na=2", 2},   {"ok = 1\n\xff", 2}, {"a = 1 b = 2", 1},
      {"a = tru", 1}, {"a = 0x_1", 1},
  };
  for (const auto& [text, line] : rows) {
    BOOST_TEST_CONTEXT(text) {
      try {
        parse_toml(text, "a.toml");
        BOOST_ERROR("nothing was refused");
      } catch (const Error& error) {
        BOOST_TEST(error.exit_code() == 2);
        BOOST_TEST(error.position().file == "a.toml");
        BOOST_TEST(error.position().line == line);
        BOOST_TEST(error.position().column >= 1);
        BOOST_TEST(error.message().find('\n') == std::string::npos);
        BOOST_TEST(error.message().find("toml::") == std::string::npos);
        BOOST_TEST(error.message().starts_with("this is no TOML: "));
        BOOST_TEST(error.message().size() > 22);
      }
    }
  }
  BOOST_TEST_MESSAGE(rows.size() << " broken files checked");
}

BOOST_AUTO_TEST_CASE(the_column_of_a_syntax_error_is_where_it_is) {
  expect_usage_error([] { parse_toml("a = 1 b = 2", "a.toml"); }, "a.toml:1:7", {});
  expect_usage_error([] { parse_toml("\na = [1, 2\nb=3", "a.toml"); }, "a.toml:3:1", {});
}

BOOST_AUTO_TEST_CASE(numbers_that_do_not_fit_are_refused) {
  BOOST_CHECK_THROW(parse_toml("a = 99999999999999999999", "a.toml"), Error);
  BOOST_CHECK_THROW(parse_toml("a = 1e999", "a.toml"), Error);
}

BOOST_AUTO_TEST_CASE(dates_are_refused_with_the_way_out) {
  expect_usage_error([] { parse_toml("a = 1\nproject = 2024-01-05", "a.toml"); }, "a.toml:2:11",
                     {"in quotes"});
}

BOOST_AUTO_TEST_CASE(nesting_that_no_stack_survives_is_refused) {
  expect_usage_error([] { parse_toml("a=" + std::string(1 << 20, '['), "a.toml"); }, "a.toml:1:103",
                     {"nested more than 100 deep"});
  std::string dots = "a";
  for (int i = 0; i < 200000; ++i) dots += ".a";
  expect_usage_error([&] { parse_toml(dots + " = 1", "a.toml"); }, "a.toml:1:202", {"nested"});
  const std::string harmless = "a = \"" + std::string(500, '[') + "\" # " + std::string(500, '{');
  BOOST_TEST(parse_toml(harmless, "a.toml").find("a")->as_string().size() == 500);
}

BOOST_AUTO_TEST_CASE(a_zero_byte_is_refused_at_its_place) {
  expect_usage_error([] { parse_toml(std::string("a = 1\nb\0 = 2", 12), "a.toml"); }, "a.toml:2:2",
                     {"zero byte"});
}

BOOST_AUTO_TEST_CASE(what_is_not_utf8_is_refused_at_its_place) {
  for (const char* bad : {"\xff", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\x80", "\xe2\x82"}) {
    expect_usage_error([&] { parse_toml(std::string("a = 1\nb = '") + bad + "'", "a.toml"); },
                       "a.toml:2:6", {"not UTF-8"});
  }
  BOOST_TEST(parse_toml("a = 'ü€😀'", "a.toml").find("a")->as_string() == "ü€😀");
}

BOOST_AUTO_TEST_CASE(a_missing_file_a_folder_and_an_endless_file_are_named) {
  expect_usage_error([] { read_toml("/nowhere/a.toml"); }, "",
                     {"there is no file '/nowhere/a.toml'"});
  const lathe_test::TemporaryFolder folder;
  expect_usage_error([&] { read_toml(folder.path()); }, "",
                     {folder.path().string(), "is a folder"});
  expect_usage_error([] { read_toml("/dev/zero"); }, "", {"larger than 16 MiB"});
  std::filesystem::create_symlink("loop.toml", folder.path() / "loop.toml");
  expect_usage_error([&] { read_toml(folder.path() / "loop.toml"); }, "",
                     {"loop.toml", "the links in its path lead in a circle"});
  expect_usage_error([] { read_toml("/" + std::string(300, 'n')); }, "",
                     {"nnn", "the name is too long"});
}

BOOST_AUTO_TEST_CASE(a_pipe_is_read_once) {
  int ends[2];
  BOOST_REQUIRE_EQUAL(pipe(ends), 0);
  BOOST_REQUIRE_EQUAL(write(ends[1], "a = 1\n", 6), 6);
  close(ends[1]);
  BOOST_TEST(read_config("/dev/fd/" + std::to_string(ends[0])) == "a = 1\n");
  close(ends[0]);
}

BOOST_AUTO_TEST_CASE(places_name_the_file_as_the_user_did) {
  const lathe_test::TemporaryFolder folder;
  const auto path = folder.path() / "run.toml";
  std::ofstream(path) << "a = 1\n";
  BOOST_TEST(read_toml(path).find("a")->position().text() == path.string() + ":1:1");
}

BOOST_AUTO_TEST_CASE(damaged_files_are_refused_and_nothing_else_happens) {
  std::mt19937 random(3);
  const std::string whole = kExample;
  int refused = 0;
  for (int i = 0; i < 4000; ++i) {
    std::string text = whole;
    for (auto n = 1 + random() % 4; n > 0; --n) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text.erase(at, 1 + random() % 8);
          break;
        case 1:
          text[at] = static_cast<char>(random() % 256);
          break;
        default:
          text.insert(at, 1, "[]{}=\"'.\n#,"[random() % 11]);
      }
      if (text.empty()) break;
    }
    try {
      parse_toml(text, "a.toml");
    } catch (const Error& error) {
      BOOST_REQUIRE(error.exit_code() == 2);
      BOOST_REQUIRE(error.position().known());
      ++refused;
    }
  }
  BOOST_TEST(refused > 1000);
  BOOST_TEST_MESSAGE(refused << " of 4000 damaged files were refused");
}

BOOST_AUTO_TEST_SUITE_END()
