#include "core/options/option.hpp"
#include "core/options/text/component_text.hpp"
#include "core/options/text/document.hpp"
#include "tests/options/expect.hpp"
#include "tests/support/support.hpp"

using namespace lathe;
using lathe_test::expect_usage_error;

namespace {

Option make(std::string key, lathe_option_type type, lathe_option_flags flags = 0) {
  Option option;
  option.key = std::move(key);
  option.type = type;
  option.flags = flags;
  return option;
}

Option betas_option() {
  Option option = make("betas", LATHE_OPTION_FLOAT_LIST);
  option.range = parse_range("0..<1");
  return option;
}

// Tables of a kind and a number of steps.
Option table_of(std::string key, lathe_option_type type) {
  Option option = make(std::move(key), type);
  Option steps = make("steps", LATHE_OPTION_INT, LATHE_OPTION_FLAG_REQUIRED);
  steps.range = parse_range("1..");
  Option kind = make("kind", LATHE_OPTION_CHOICE);
  kind.choices = {"cosine", "constant"};
  kind.default_value = "cosine";
  option.items = {kind, steps};
  return option;
}

OptionTable example() {
  OptionTable table{"pass 'example'", {}};
  Option width = make("width", LATHE_OPTION_INT, LATHE_OPTION_FLAG_REQUIRED);
  width.range = parse_range("1..64");
  Option rate = make("rate", LATHE_OPTION_FLOAT);
  rate.range = parse_range("0<..1");
  rate.default_value = 0.5;
  Option optimizer = make("optimizer", LATHE_OPTION_CHOICE);
  optimizer.choices = {"adam", "adamw", "sgd"};
  optimizer.default_value = "adam";
  Option frac = make("frac_width", LATHE_OPTION_INT, LATHE_OPTION_FLAG_NULLABLE);
  table.options = {width,
                   rate,
                   optimizer,
                   frac,
                   make("flag", LATHE_OPTION_BOOL),
                   make("file", LATHE_OPTION_PATH),
                   make("label", LATHE_OPTION_STRING),
                   make("sizes", LATHE_OPTION_INT_LIST),
                   make("names", LATHE_OPTION_STRING_LIST),
                   make("anything", LATHE_OPTION_ANY),
                   betas_option(),
                   table_of("schedule", LATHE_OPTION_TABLE),
                   table_of("stages", LATHE_OPTION_TABLE_LIST)};
  return table;
}

Value checked(const std::string& toml) {
  return check_options(example(), parse_toml(toml, "a.toml"));
}

OptionTable with_node_map() {
  return {"pass 'quantize'",
          {make("nodes", LATHE_OPTION_NODE_MAP), make("keep", LATHE_OPTION_BOOL)}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(option)

BOOST_AUTO_TEST_CASE(numbers_may_be_none_in_mases_words) {
  for (const char* word : {"NA", "none", "None"}) {
    BOOST_TEST(checked("width = 8\nfrac_width = '" + std::string(word) + "'")
                   .find("frac_width")
                   ->is_none());
  }
  expect_usage_error([] { checked("width = 8\nfrac_width = 'no'"); }, "a.toml:2:1",
                     {"'frac_width'", "an integer or NA"});
  expect_usage_error([] { checked("width = 'none'"); }, "a.toml:1:1", {"'width'"});
  BOOST_TEST(checked("width = 8\nlabel = 'none'").find("label")->as_string() == "none");
}

BOOST_AUTO_TEST_CASE(ranges_are_closed_unless_marked_open) {
  const Range closed = parse_range("1..64");
  BOOST_TEST(closed.contains(1));
  BOOST_TEST(closed.contains(64));
  BOOST_TEST(!closed.contains(64.5));
  const Range open = parse_range("0<..<1");
  BOOST_TEST(!open.contains(0));
  BOOST_TEST(open.contains(0.5));
  BOOST_TEST(!open.contains(1));
  BOOST_TEST(parse_range("0..").contains(1e300));
  BOOST_TEST(!parse_range("..<1").contains(1));
  BOOST_TEST(!closed.contains(std::nan("")));
}

BOOST_AUTO_TEST_CASE(ranges_print_as_they_are_written) {
  for (const char* text : {"1..64", "0..", "0<..1", "..<1", "-64..64", "0.5..1", ".."}) {
    BOOST_TEST(parse_range(text).text() == text);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_range_is_refused) {
  for (const char* text : {"", "1", "1-64", "a..b", "3..1", "1...4"}) {
    expect_usage_error([&] { parse_range(text); }, "", {"range"});
  }
}

BOOST_AUTO_TEST_CASE(defaults_are_filled_in_and_the_order_is_the_tables) {
  const Value options = checked("optimizer = 'sgd'\nwidth = 8");
  BOOST_TEST(options.text() == "{width=8, rate=0.5, optimizer=sgd, frac_width=NA}");
}

BOOST_AUTO_TEST_CASE(an_integer_becomes_a_float_where_one_is_asked_for) {
  const Value options = checked("width = 8\nrate = 1");
  BOOST_TEST(options.find("rate")->is_float());
  BOOST_TEST(options.find("rate")->as_float() == 1.0);
}

BOOST_AUTO_TEST_CASE(a_list_of_numbers_takes_integers_within_its_range) {
  BOOST_TEST(checked("width = 1\nbetas = [0, 0.5]").find("betas")->as_list()[0].is_float());
  expect_usage_error([] { checked("width = 1\nbetas = [0.9, 1.0]"); }, "a.toml:2:1",
                     {"a list of numbers in 0..<1"});
}

BOOST_AUTO_TEST_CASE(one_number_or_text_stands_for_a_list_of_one) {
  const Value options = checked("width = 1\nsizes = 3\nbetas = 0\nnames = 'a b'");
  BOOST_TEST(options.find("names")->as_list().size() == 1U);
  BOOST_TEST(options.find("names")->as_list()[0].as_string() == "a b");
  BOOST_TEST(options.find("sizes")->text() == "[3]");
  BOOST_TEST(options.find("sizes")->position().line == 2);
  BOOST_TEST(options.find("betas")->text() == "[0.0]");
  const Value written = parse_component("example<width=1,sizes=-1>", "text").options;
  BOOST_TEST(check_options(example(), written).find("sizes")->text() == "[-1]");
}

BOOST_AUTO_TEST_CASE(a_table_is_checked_by_its_own_options) {
  const Value all = checked("width = 1\nschedule = {steps = 3}");
  BOOST_TEST(all.find("schedule")->find("kind")->as_string() == "cosine");
  BOOST_TEST(all.find("schedule")->find("steps")->as_int() == 3);
  expect_usage_error([] { checked("width = 1\nschedule = {step = 3}"); }, "a.toml:2:13",
                     {"'steps'"});
  expect_usage_error([] { checked("width = 1\nschedule = {}"); }, "a.toml:2:1", {"'steps'"});
  expect_usage_error([] { checked("width = 1\nschedule = 3"); }, "a.toml:2:1", {"a table"});
}

BOOST_AUTO_TEST_CASE(so_is_every_table_of_a_list) {
  const Value all = checked("width = 1\nstages = [{steps = 3}, {steps = 4, kind = 'constant'}]");
  BOOST_TEST(all.find("stages")->as_list()[0].find("kind")->as_string() == "cosine");
  BOOST_TEST(all.find("stages")->as_list()[1].find("steps")->as_int() == 4);
  expect_usage_error([] { checked("width = 1\nstages = [{steps = 3}, {steps = 0}]"); },
                     "a.toml:2:25", {"an integer in 1.."});
  expect_usage_error([] { checked("width = 1\nstages = [3]"); }, "a.toml:2:1",
                     {"a list of tables"});
}

BOOST_AUTO_TEST_CASE(na_is_none_where_the_option_takes_it) {
  BOOST_TEST(checked("width = 8\nfrac_width = 'NA'").find("frac_width")->is_none());
  expect_usage_error([] { checked("width = 'NA'"); }, "a.toml:1:1",
                     {"option 'width' of pass 'example' takes an integer in 1..64; got NA"});
}

BOOST_AUTO_TEST_CASE(a_choice_may_look_like_a_number) {
  Option precision = make("precision", LATHE_OPTION_CHOICE);
  precision.choices = {"16-mixed", "32"};
  BOOST_TEST(check_value(precision, Value(32), "a run").as_string() == "32");
}

BOOST_AUTO_TEST_CASE(an_unknown_option_points_to_its_key_and_names_the_nearest) {
  expect_usage_error([] { checked("width = 8\n  optimiser = 'adam'"); }, "a.toml:2:3",
                     {"unknown option 'optimiser' of pass 'example'", "did you mean 'optimizer'?"});
}

BOOST_AUTO_TEST_CASE(every_wrong_type_is_refused_at_its_place) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"width = 'eight'", "takes an integer in 1..64; got string eight"},
      {"width = 8.0", "takes an integer in 1..64; got float 8.0"},
      {"width = true", "takes an integer in 1..64"},
      {"width = 0", "takes an integer in 1..64; got integer 0"},
      {"width = 65", "takes an integer in 1..64; got integer 65"},
      {"width = [8]", "takes an integer in 1..64; got array [8]"},
      {"width = {a = 1}", "takes an integer in 1..64; got table"},
      {"rate = 0.0", "takes a number in 0<..1; got float 0.0"},
      {"rate = nan", "takes a number in 0<..1"},
      {"rate = inf", "takes a number in 0<..1"},
      {"rate = 'fast'", "takes a number in 0<..1"},
      {"optimizer = 'adma'",
       "takes one of adam, adamw, sgd; got string adma; did you mean 'adam'?"},
      {"optimizer = []", "takes one of adam, adamw, sgd"},
      {"flag = 1", "takes true or false; got integer 1"},
      {"flag = 'true'", "takes true or false"},
      {"file = 3", "takes a path; got integer 3"},
      {"label = 3", "as a text, write \"3\""},
      {"sizes = 2.5", "takes a list of integers"},
      {"sizes = 'three'", "takes a list of integers"},
      {"betas = 1.0", "takes a list of numbers in 0..<1"},
      {"sizes = [1, 2.5]", "takes a list of integers"},
      {"names = ['a', 1]", "takes a list of texts"},
  };
  for (const auto& [line, says] : rows) {
    const std::string key = line.substr(0, line.find(' '));
    const std::string others = key == "width" ? "# first\n" : "width = 8\n";
    expect_usage_error([&, &text = line] { checked(others + text); }, "a.toml:2:1",
                       {"option '" + key + "' of pass 'example'", says});
  }
  BOOST_TEST_MESSAGE(rows.size() << " wrong values checked");
}

BOOST_AUTO_TEST_CASE(a_required_option_that_is_missing_is_named) {
  expect_usage_error([] { checked("rate = 0.5"); }, "a.toml",
                     {"pass 'example' needs the option 'width' (an integer in 1..64)"});
}

BOOST_AUTO_TEST_CASE(what_is_no_table_is_refused) {
  const Value number = parse_value("3", "--passes");
  expect_usage_error([&] { check_options(example(), number); }, "--passes:1:1",
                     {"pass 'example' takes a table of options; got integer 3"});
}

BOOST_AUTO_TEST_CASE(a_table_without_options_says_so) {
  const Value given = parse_component("flops<a=1>", "--passes").options;
  expect_usage_error([&] { check_options({"pass 'flops'", {}}, given); }, "--passes:1:7",
                     {"unknown option 'a' of pass 'flops'; it has none"});
}

BOOST_AUTO_TEST_CASE(a_path_in_a_file_is_beside_that_file) {
  const lathe_test::TemporaryFolder folder;
  const auto file = folder.path() / "run.toml";
  std::ofstream(file) << "width = 8\nfile = 'data/train.csv'\n";
  const Value options = check_options(example(), read_toml(file));
  BOOST_TEST(options.find("file")->as_string() == (folder.path() / "data/train.csv").string());
}

BOOST_AUTO_TEST_CASE(a_path_on_the_command_line_is_as_it_stands) {
  const Value given = parse_component("x<width=8,file=data/train.csv>", "--passes").options;
  BOOST_TEST(check_options(example(), given).find("file")->as_string() == "data/train.csv");
  const Value absolute = parse_toml("width = 8\nfile = '/data/a.csv'", "a.toml");
  BOOST_TEST(check_options(example(), absolute).find("file")->as_string() == "/data/a.csv");
}

BOOST_AUTO_TEST_CASE(a_tilde_in_a_path_is_the_home_folder) {
  setenv("HOME", "/home/me", 1);
  const Value given = parse_component("x<width=8,file=~/train.csv>", "--passes").options;
  BOOST_TEST(check_options(example(), given).find("file")->as_string() == "/home/me/train.csv");
  const lathe_test::TemporaryFolder folder;
  const auto file = folder.path() / "run.toml";
  std::ofstream(file) << "width = 8\nfile = '~/train.csv'\n";
  BOOST_TEST(check_options(example(), read_toml(file)).find("file")->as_string() ==
             "/home/me/train.csv");
  unsetenv("HOME");
  expect_usage_error([&] { check_options(example(), given); }, "--passes:1:11",
                     {"'~/train.csv'", "HOME is not set"});
}

BOOST_AUTO_TEST_CASE(values_keep_their_places_when_checked) {
  const Value options = checked("width = 8\nrate = 1");
  BOOST_TEST(options.find("rate")->position().text() == "a.toml:2:1");
}

BOOST_AUTO_TEST_CASE(words_of_the_command_line_need_no_quotes) {
  const OptionTable table = example();
  const auto parse = [&](const char* key, const char* text) {
    return parse_option_text(*table.find(key), text, "--x");
  };
  BOOST_TEST(parse("label", "three words, here").as_string() == "three words, here");
  BOOST_TEST(parse("label", "12").as_string() == "12");
  BOOST_TEST(parse("file", "/a b/c.csv").as_string() == "/a b/c.csv");
  BOOST_TEST(parse("width", "12").as_int() == 12);
  BOOST_TEST(parse("sizes", "[1,2]").text() == "[1, 2]");
  BOOST_TEST(parse("names", "a, b").as_string() == "a, b");
}

BOOST_AUTO_TEST_CASE(selectors_beside_the_options_are_gathered_under_the_node_map) {
  const Value given = parse_toml(
      "keep = true\nby = 'type'\nlinear.config.name = 'integer'\ndefault = {name='NA'}", "a.toml");
  const Value options = check_options(with_node_map(), given);
  BOOST_TEST(options.find("nodes")->text() ==
             "{by=type, linear={config={name=integer}}, default={name=NA}}");
  BOOST_TEST(options.find("keep")->as_bool());
  BOOST_TEST((check_options(with_node_map(), options) == options));
}

BOOST_AUTO_TEST_CASE(a_node_map_that_nobody_wrote_is_empty) {
  BOOST_TEST(check_options(with_node_map(), Value()).find("nodes")->as_map().empty());
}

BOOST_AUTO_TEST_CASE(a_scalar_is_no_selector) {
  const Value given = parse_toml("by = 'type'\nlinaer = 8", "a.toml");
  expect_usage_error([&] { check_options(with_node_map(), given); }, "a.toml:2:1",
                     {"unknown option 'linaer' of pass 'quantize'", "keep, by, default"});
}

BOOST_AUTO_TEST_CASE(checked_options_print_as_they_were_written) {
  const Value given = parse_toml("by = 'type'\nlinear.name = 'integer'\nkeep = true", "a.toml");
  const Value options = check_options(with_node_map(), given);
  BOOST_TEST((written_options(with_node_map(), options) == given));
}

BOOST_AUTO_TEST_SUITE_END()
