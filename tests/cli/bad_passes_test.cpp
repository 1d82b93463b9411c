// Passes that cannot do what is asked: what is said, and where. Rows of one pass alone stand in the
// tests of that pass.
#include "tests/cli/bad_input.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

// A file that quantizes by patterns; `entries` stand from its fifth line.
std::string by_pattern(const std::string& entries) {
  return "model = 'jsc-tiny'\ndataset = 'jsc-sim'\n[passes.quantize]\nby = 'regex_name'\n" +
         entries;
}

BadInput pattern(const std::string& what, const std::string& text, std::vector<std::string> says) {
  says.insert(says.begin(), {"a.toml:5:1", "is no regular expression"});
  return {what,
          {{"a.toml", by_pattern("'" + text + "' = {name='integer'}\n")}},
          {"transform", "--config", "a.toml"},
          2,
          std::move(says)};
}

// The warnings of a run that quantizes by those entries.
std::string warnings_of(const std::string& entries) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml", by_pattern(entries));
  return good({"transform", "--config", "a.toml", "--project-dir", "."}, folder.path()).err;
}

}  // namespace

BOOST_AUTO_TEST_CASE(patterns_that_are_none_are_refused_with_their_place) {
  check_bad_inputs({
      pattern("an open group", "seq_(blocks", {"missing closing parenthesis, at its end"}),
      pattern("a closed one too many", "seq)_2", {"unmatched closing parenthesis", "'seq'"}),
      pattern("an open class", "seq_[25", {"missing terminating ]", "at its end"}),
      pattern("a repeat of nothing", "*_2", {"quantifier", "at its start"}),
      pattern("a wildcard of the shell", "*", {"quantifier", "at its start"}),
      pattern("bounds the wrong way round", "a{2,1}", {"numbers out of order"}),
      pattern("Python's open bound", "a{,2}", {"write {0,2}"}),
      pattern("look-behind of any length", ".*(?<=_[0-9]+)", {"lookbehind", "not fixed length"}),
      {"an empty one",
       {{"a.toml", by_pattern("'' = {name='integer'}\n")}},
       {"transform", "--config", "a.toml"},
       2,
       {"a.toml:5:1", "'' in pass 'quantize' is neither an op nor a node of the graph"}},
      {"one that never ends",
       {{"a.toml", by_pattern("'((.+)+)+[xyz]' = {name='integer'}\n")}},
       {"transform", "--config", "a.toml"},
       2,
       {"a.toml:5:1", "takes more than 1000000 steps", "'seq_blocks_0'", "repeats of repeats"}},
      {"in a search space",
       {{"a.toml",
         "model = 'jsc-tiny'\ndataset = 'jsc-sim'\nsearch.search_space.setup.by = 'regex_name'\n"
         "[search.search_space.seed.'seq_(']\nconfig = {name=['integer'], weight_width=[4, 8]}\n"
         "[search.strategy]\nhw_runner.average_bitwidth = {}\nsetup.n_trials = 1\n"
         "metrics.average_bitwidth = {scale=1.0, direction='minimize'}\n"}},
       {"search", "--config", "a.toml"},
       2,
       {"a.toml:4:2", "'seq_(' is no regular expression", "missing closing parenthesis"}},
  });
}

BOOST_AUTO_TEST_CASE(statistics_of_data_that_are_none_are_refused_at_their_file) {
  const std::string head = "a,b,label\n";
  const auto profile = [&](const std::string& what, const std::string& rows,
                           std::vector<std::string> says) {
    return BadInput{what,
                    {{"train.csv", head + "1,2,x\n3,5,y\n"}, {"seen.csv", head + rows}},
                    {"transform", "mlp<hidden=[2]>", "csv<train=train.csv,validation=seen.csv>",
                     "--passes", "profile_statistics<split=validation>"},
                    1,
                    std::move(says)};
  };
  check_bad_inputs({
      profile("no rows", "", {"seen.csv", "a header and no rows"}),
      profile("an infinite number", "1,2,x\n3,inf,y\n", {"seen.csv:3", "column 2 ('b')", "'inf'"}),
      profile("no number", "1,nan,x\n", {"seen.csv:2", "column 2 ('b')", "'nan'"}),
  });
}

BOOST_AUTO_TEST_CASE(statistics_of_one_row_have_no_variance_over_rows) {
  const TemporaryFolder folder;
  write_file(folder.path() / "train.csv", "a,b,label\n1,2,x\n3,5,y\n");
  write_file(folder.path() / "one.csv", "a,b,label\n1,2,x\n");
  const auto row =
      good({"transform", "mlp<hidden=[2]>", "csv<train=train.csv,validation=one.csv>", "--passes",
            "profile_statistics<split=validation,"
            "activation_statistics={variance_precise={dims=NA}}>",
            "--project-dir", ".", "--json"},
           folder.path())
          .json()
          .at("passes")
          .at(0)
          .at("tables")
          .at("activations")
          .at(0);
  BOOST_TEST(row.at("count") == 1);
  BOOST_TEST(row.at("variance").is_null());
}

BOOST_AUTO_TEST_CASE(patterns_that_select_nothing_say_why) {
  const std::string none = warnings_of("'features_.*' = {name='integer'}\n");
  BOOST_TEST(contains(none,
                      "a.toml:5:1: 'features_.*' in pass 'quantize' is not used: no node "
                      "matches it; it was tried on 'seq_blocks_0'"),
             none);
  const std::string shadowed = warnings_of(
      "'seq_.*' = {name='integer'}\n'.*_2' = {name='log'}\nseq_blocks_3 = {name='log'}\n");
  BOOST_TEST(contains(shadowed, "a.toml:6:1: '.*_2' in pass 'quantize' is shadowed by 'seq_.*'"),
             shadowed);
  BOOST_TEST(contains(shadowed, "a.toml:7:1: 'seq_blocks_3' in pass 'quantize' is shadowed by"),
             shadowed);
}
