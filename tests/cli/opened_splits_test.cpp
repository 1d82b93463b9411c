// Which splits of its data set a command opens.
#include "tests/cli/troubled_runs.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;
using boost::test_tools::per_element;

namespace {

namespace fs = std::filesystem;

// What the data set says that it was asked for, call by call.
Words asked(Words words, const fs::path& folder) {
  for (const std::string& word : {std::string("--plugin"), fixture_file("asked_splits"),
                                  std::string("--project-dir"), std::string(".")})
    words.push_back(word);
  const std::string text = good(words, folder).err;
  Words splits;
  const std::string mark = "asked for: ";
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
    at += mark.size();
    splits.push_back(text.substr(at, text.find('.', at) - at));
  }
  return splits;
}

const Words kAll{"train+validation+test"};

}  // namespace

BOOST_AUTO_TEST_SUITE(opened_splits)

BOOST_AUTO_TEST_CASE(a_test_opens_the_split_it_tests_and_a_training_opens_all) {
  const TemporaryFolder folder;
  const Words net{"mlp<hidden=[4]>", "example.asked"};
  const auto command = [&](const char* word, const Words& more) {
    Words words{word, net[0], net[1]};
    words.insert(words.end(), more.begin(), more.end());
    return asked(words, folder.path());
  };
  BOOST_TEST(command("train", {"--max-epochs", "1", "--project", "p"}) == kAll, per_element());
  const std::string weights = "p/software/training_ckpts/best.safetensors";
  BOOST_TEST(command("test", {"--load", weights}) == Words{"test"}, per_element());
  BOOST_TEST(command("test", {"--load", weights, "--split", "validation"}) == Words{"validation"},
             per_element());
  // What a pass reads is opened when it reads it.
  BOOST_TEST(command("test", {"--load", weights, "--passes", "evaluate<split=train>"}) ==
                 (Words{"test", "train"}),
             per_element());
  // Counting opens nothing, and a pass that evaluates has all that there is.
  BOOST_TEST(command("transform", {"--passes", "flops"}).empty());
  BOOST_TEST(command("transform", {"--load", weights, "--passes", "evaluate"}) == kAll,
             per_element());
}

BOOST_AUTO_TEST_CASE(a_search_opens_what_its_runners_look_at_once) {
  const TemporaryFolder folder;
  write_file(folder.path() / "search.toml",
             "model = 'mlp<hidden=[4]>'\ndataset = 'example.asked'\n"
             "[search.search_space]\nname = 'graph/quantize/mixed_precision_ptq'\n"
             "setup.by = 'type'\nseed.default.config.name = ['NA']\n"
             "[search.search_space.seed.linear.config]\nname = ['integer']\n"
             "data_in_width = [4, 8]\nweight_width = [4, 8]\n"
             "[search.strategy]\nname = 'optuna'\nsw_runner.basic_evaluation.num_samples = 8\n"
             "setup = { n_jobs = 2, n_trials = 3, sampler = 'random' }\n"
             "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n");
  BOOST_TEST(asked({"search", "--config", "search.toml"}, folder.path()) == Words{"validation"},
             per_element());
}

// The training rows are not there; the test needs none of them.
BOOST_AUTO_TEST_CASE(a_test_needs_no_file_of_another_split) {
  const TemporaryFolder folder;
  std::string rows = "x,y,class\n";
  for (int i = 0; i < 40; ++i)
    rows += std::to_string(i) + "," + std::to_string(i % 2) + (i % 2 == 0 ? ",a\n" : ",b\n");
  write_file(folder.path() / "train.csv", rows);
  write_file(folder.path() / "test.csv", rows);
  const std::string set = "csv<train=train.csv,test=test.csv,classes=[a,b]>";
  good({"train", "mlp<hidden=[4]>", set, "--max-epochs", "1", "--project-dir", ".", "--project",
        "p"},
       folder.path());
  fs::remove(folder.path() / "train.csv");
  const auto json =
      good({"test", "mlp<hidden=[4]>", set, "--load", "p/software/training_ckpts/best.safetensors",
            "--project-dir", ".", "--json"},
           folder.path())
          .json();
  BOOST_TEST(json.at("metrics").at("samples") == 40);
  BOOST_TEST(json.at("provenance").at("data").size() == 1U);
  // A split without a file says which option would name one.
  const Outcome none = run_lathe(
      {"test", "mlp<hidden=[4]>", set, "--load", "p/software/training_ckpts/best.safetensors",
       "--split", "validation", "--project-dir", "."},
      folder.path());
  BOOST_TEST(none.exit_code == 1);
  BOOST_TEST(none.last_line().find("give a file by its option 'validation'") != std::string::npos,
             none.last_line());
}

BOOST_AUTO_TEST_SUITE_END()
