// What `lathe format` is asked for and given that it cannot take: exit 2.
#include "tests/cli/bad_input.hpp"
#include "tests/support/npy_file.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

// A row for a file of numbers.
BadInput file_row(const std::string& what, const std::string& contents,
                  const std::vector<std::string>& says, const std::string& name = "x.json") {
  std::vector<std::string> all{name};
  all.insert(all.end(), says.begin(), says.end());
  return {what, {{name, contents}}, {"format", "integer", "--in", name}, 2, all};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bad_formats)

BOOST_AUTO_TEST_CASE(a_format_that_cannot_be_made_is_refused) {
  check_bad_inputs({
      {"no format", {}, {"format"}, 2, {"no format is named", "lathe list format"}},
      {"an unknown format",
       {},
       {"format", "intger"},
       2,
       {"<format>:1:1", "unknown format 'intger'", "'integer'"}},
      {"an unknown option",
       {},
       {"format", "integer<widht=4>"},
       2,
       {"<format>:1:9", "'widht'", "did you mean 'width'?"}},
      {"no width", {}, {"format", "integer<width=0>"}, 2, {"'width'", "1..64", "got integer 0"}},
      {"a word too many", {}, {"format", "integer", "fixed"}, 2, {"'fixed' is one word too many"}},
      {"an unknown role",
       {},
       {"format", "integer", "--role", "wieght"},
       2,
       {"--role", "data_in, weight, bias, data_out"}},
      {"an unknown op",
       {},
       {"format", "integer", "--op", "lineer"},
       2,
       {"no op 'lineer'", "'linear'"}},
      {"an op without that role",
       {},
       {"format", "integer", "--op", "relu"},
       2,
       {"'relu' has no weight", "data_in"}},
      {"an op without formats",
       {},
       {"format", "integer", "--op", "output"},
       2,
       {"no number format can sit on 'output'"}},
      {"pages of one format",
       {},
       {"format", "integer", "--pages", "pages"},
       2,
       {"--pages", "all formats"}},
      {"a negative seed", {}, {"format", "integer", "--seed", "-1"}, 2, {"--seed"}},
  });
}

BOOST_AUTO_TEST_CASE(a_file_without_such_numbers_is_refused_with_name_and_place) {
  check_bad_inputs({
      {"no file",
       {},
       {"format", "integer", "--in", "x.json"},
       2,
       {"x.json", "there is no such file"}},
      {"no array",
       {},
       {"format", "integer", "--in", "x.npy"},
       2,
       {"x.npy", "there is no such file"}},
      {"a folder", {}, {"format", "integer", "--in", "."}, 2, {"a folder"}},
      file_row("a file of another kind", "1, 2", {".json or .npy"}, "x.csv"),
      file_row("an empty file", "", {"x.json:1:1", "no JSON"}),
      file_row("broken JSON", "{\"shape\": [1],\n \"data\": [1,]}", {"x.json:2:13", "no JSON"}),
      file_row("Python's NaN", "{\"shape\": [1], \"data\": [NaN]}", {"x.json:1:2", "\"nan\""}),
      file_row("a number beyond float32", "{\"shape\": [1], \"data\": [1e39]}",
               {"beyond float32", "1e39"}),
      file_row("no object", "[1, 2]", {"no object"}),
      file_row("no data", "{\"shape\": [1]}", {"lacks 'data'"}),
      file_row("no shape", "{\"data\": [1]}", {"lacks 'shape'"}),
      file_row("another key", "{\"shape\": [1], \"data\": [1], \"dtype\": \"f4\"}", {"'dtype'"}),
      file_row("no list of data", "{\"shape\": [1], \"data\": 1}", {"no list in 'data'"}),
      file_row("too few numbers", "{\"shape\": [2, 3], \"data\": [1, 2]}",
               {"2 numbers", "6 of shape [2, 3]"}),
      file_row("too many numbers", "{\"shape\": [], \"data\": [1, 2]}",
               {"2 numbers", "1 of shape"}),
      file_row("a shape beyond all", "{\"shape\": [4294967296, 4294967296, 2], \"data\": []}",
               {"0 numbers", "shape"}),
      file_row("a negative extent", "{\"shape\": [-1], \"data\": []}", {"-1 in 'shape'"}),
      file_row("half an extent", "{\"shape\": [1.5], \"data\": [1]}", {"1.5 in 'shape'"}),
      file_row("nested lists", "{\"shape\": [2, 1], \"data\": [[1], [2]]}",
               {"a list as element 0", "flat"}),
      file_row("a word", "{\"shape\": [2], \"data\": [1, \"one\"]}", {"\"one\" as element 1"}),
      file_row("null", "{\"shape\": [1], \"data\": [null]}", {"null as element 0"}),
      file_row("no array of numpy's", "numbers", {"no NPY file"}, "x.npy"),
      file_row("an array by columns", npy("'|u1'", "(2, 2)", "abcd", "True"),
               {"numpy.ascontiguousarray"}, "x.npy"),
      file_row("an array of objects", npy("'|O'", "(1,)", "12345678"), {"'|O'"}, "x.npy"),
  });
}

BOOST_AUTO_TEST_SUITE_END()
