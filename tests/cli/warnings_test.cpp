// What a run says where it does less than somebody may think.
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

Words with_words(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

const Words kTrain{"train", "jsc-tiny", "jsc-sim", "--batch-size", "256", "--project-dir", "."};

const std::string kSearch =
    "model = 'jsc-tiny'\ndataset = 'jsc-sim'\n"
    "[search.search_space]\nsetup.by = 'type'\n"
    "seed.linear.config = { name = ['integer'], data_in_width = [4, 8], "
    "weight_width = [2, 4, 8], bias_width = [8] }\n"
    "[search.strategy]\nname = 'optuna'\nhw_runner.average_bitwidth.compare_to = 32\n"
    "setup = { n_trials = 1, sampler = 'random' }\n"
    "metrics.average_bitwidth = { scale = 0.2, direction = 'minimize' }\n";

}  // namespace

BOOST_AUTO_TEST_CASE(resume_with_nothing_to_go_on_with_says_so) {
  const TemporaryFolder folder;
  const Words shortest = with_words(kTrain, {"--max-epochs", "1", "--resume"});
  const std::string first = good(with_words(shortest, {"--project", "first"}), folder.path()).err;
  BOOST_TEST(contains(first, "--resume: there is nothing to go on with"), first);
  BOOST_TEST(contains(first, "holds no last.safetensors; a new training begins"), first);
  const std::string again = good(with_words(shortest, {"--project", "first"}), folder.path()).err;
  BOOST_TEST(!contains(again, "nothing to go on with"), again);
  const std::string second = good(with_words(shortest, {"--project", "second"}), folder.path()).err;
  BOOST_TEST(contains(second, "--project NAME goes on with one of 'first'"), second);

  write_file(folder.path() / "sweep.toml", "[sweep]\nlearning_rate = [1e-2]\n");
  const std::string sweep =
      good(with_words(shortest, {"--project", "first", "--config", "sweep.toml", "--dry-run"}),
           folder.path())
          .err;
  BOOST_TEST(contains(sweep, "holds no sweep; a new sweep begins"), sweep);
  write_file(folder.path() / "search.toml", kSearch);
  const std::string search = good({"search", "--config", "search.toml", "--resume", "--project-dir",
                                   ".", "--project", "s", "--n-trials", "1"},
                                  folder.path())
                                 .err;
  BOOST_TEST(contains(search, "holds no study.db; a new search begins"), search);
}

BOOST_AUTO_TEST_CASE(a_transform_that_changes_nothing_says_so) {
  const TemporaryFolder folder;
  const auto said = [&](const std::string& passes) {
    return good({"transform", "jsc-tiny", "--passes", passes, "--project-dir", "."}, folder.path())
        .err;
  };
  const std::string empty = "'quantize' changed nothing: it has no entries that choose nodes";
  BOOST_TEST(contains(said("quantize,average_bitwidth"), empty));
  BOOST_TEST(contains(said("channel_multiplier"), "'channel_multiplier' changed nothing"));
  const std::string none = "changed nothing: none of its entries says anything new";
  BOOST_TEST(contains(said("quantize<by=type,default.name=NA>"), none));
  BOOST_TEST(contains(said("quantize<by=type,linear={name=integer,bypass=true}>"), none));
  BOOST_TEST(!contains(said("quantize<by=type,linear.name=integer>"), "changed nothing"));
  BOOST_TEST(!contains(said("flops"), "changed nothing"));
}

BOOST_AUTO_TEST_CASE(a_search_without_a_choice_says_so) {
  const TemporaryFolder folder;
  std::string one = kSearch;
  for (const auto& [many, single] :
       std::vector<std::pair<std::string, std::string>>{{"[4, 8]", "[4]"}, {"[2, 4, 8]", "[2]"}})
    one.replace(one.find(many), many.size(), single);
  write_file(folder.path() / "a.toml", one);
  const std::string err =
      good({"search", "--config", "a.toml", "--project-dir", ".", "--n-trials", "1"}, folder.path())
          .err;
  BOOST_TEST(contains(err, "the search space holds one network only"), err);
}
