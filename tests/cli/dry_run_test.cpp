// --dry-run refuses what the run would, in the same words, and makes nothing.
#include "tests/cli/bad_input.hpp"
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

struct Refused {
  const char* what;
  std::vector<std::pair<std::string, std::string>> files;
  Words words;
  std::string says;
};

std::string search_of(const std::string& node) {
  return "model = 'jsc-tiny'\ndataset = 'jsc-sim'\n[search.search_space]\n"
         "name = 'graph/quantize/mixed_precision_ptq'\nsetup.by = 'name'\n"
         "seed.default.config.name = ['NA']\nseed." +
         node +
         ".config.name = ['integer']\n"
         "[search.strategy]\nname = 'optuna'\neval_mode = true\n"
         "sw_runner.basic_evaluation.num_samples = 64\n"
         "setup = { n_trials = 2, sampler = 'random' }\n"
         "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n";
}

const Refused kRefused[] = {
    {"a node that is not there",
     {},
     {"transform", "jsc-tiny", "jsc-sim", "--passes", "quantize<by=name,nosuch.name=integer>"},
     "'nosuch' in pass 'quantize' is neither an op nor a node of the graph"},
    {"a node that is not there, without data",
     {},
     {"transform", "jsc-tiny", "--passes", "flops,quantize<by=name,nosuch.name=integer>"},
     "'nosuch' in pass 'quantize' is neither an op nor a node of the graph"},
    {"a node of a training's pass",
     {},
     {"train", "jsc-tiny", "jsc-sim", "--passes", "channel_multiplier<by=name,nosuch.width=2>"},
     "'nosuch' in pass 'channel_multiplier'"},
    {"a pattern that is none",
     {},
     {"transform", "jsc-tiny", "--passes", "quantize<by=regex_name,\"(\"={name=integer}>"},
     "'('"},
    {"weights that are not there",
     {},
     {"test", "jsc-tiny", "jsc-sim", "--load", "none.pt"},
     "none.pt"},
    {"weights that are none",
     {{"w.pt", "a text"}},
     {"train", "jsc-tiny", "jsc-sim", "--load", "w.pt"},
     "w.pt"},
    {"a table that is not there", {}, {"train", "mlp", "csv<train=none.csv>"}, "none.csv"},
    {"a project that is a path",
     {},
     {"test", "jsc-tiny", "jsc-sim", "--load", "w.pt", "--project", "a/b"},
     "project 'a/b' is no name of a folder"},
    {"a folder that is a file",
     {{"taken", "x"}},
     {"train", "jsc-tiny", "jsc-sim", "--project-dir", "taken"},
     "cannot make the folder 'taken': something else has that name"},
    {"a pass that is not in the pipeline",
     {},
     {"transform", "jsc-tiny", "--passes", "flops", "--print-after", "bitops"},
     "--print-after=bitops: the pipeline has no such pass"},
    {"a storage that nobody serves",
     {{"a.toml", search_of("seq_blocks_2")}},
     {"search", "--config", "a.toml", "--storage", "mysql://a/b"},
     "cannot store a study at 'mysql://a/b'"},
    {"a study in a folder that is not there",
     {{"a.toml", search_of("seq_blocks_2")}},
     {"search", "--config", "a.toml", "--storage", "sqlite:///none/s.db"},
     "there is no folder 'none' for the study 'none/s.db'"},
    {"a node of a search space",
     {{"a.toml", search_of("nosuch")}},
     {"search", "--config", "a.toml"},
     "'nosuch'"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(dry_run)

BOOST_AUTO_TEST_CASE(what_a_run_refuses_before_its_data_a_dry_run_refuses) {
  for (const Refused& row : kRefused) {
    const TemporaryFolder folder;
    for (const auto& [name, contents] : row.files) write_file(folder.path() / name, contents);
    Words dry = row.words;
    dry.emplace_back("--dry-run");
    const Outcome tried = run_lathe(dry, folder.path());
    BOOST_TEST_CONTEXT(row.what << "\nstderr:\n" << tried.err) {
      BOOST_TEST(!std::filesystem::exists(folder.path() / "lathe_output"));
      const Outcome done = run_lathe(row.words, folder.path());
      BOOST_TEST(tried.exit_code == done.exit_code);
      BOOST_TEST(tried.exit_code != 0);
      BOOST_TEST(tried.last_line().find(row.says) != std::string::npos);
      BOOST_TEST(done.last_line().find(row.says) != std::string::npos, done.err);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_project_that_holds_a_training_is_refused) {
  const TemporaryFolder folder;
  const Words words{"train", "jsc-tiny", "jsc-sim", "--max-epochs", "1", "--project", "p"};
  good(words, folder.path());
  Words again = words;
  again.emplace_back("--dry-run");
  const Outcome outcome = run_lathe(again, folder.path());
  BOOST_TEST(outcome.exit_code == 2);
  BOOST_TEST(outcome.last_line().find("--resume goes on with it") != std::string::npos);
}

// A checkpoint of another shape is no fault where the shape stands in the data alone.
BOOST_AUTO_TEST_CASE(weights_are_not_held_against_a_shape_that_is_not_known) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.csv", "x1,x2,x3,class\n1,2,3,a\n2,3,4,b\n3,4,5,c\n");
  good({"train", "mlp", "csv<train=a.csv>", "--max-epochs", "1", "--project", "p"}, folder.path());
  const Words test{"test",
                   "mlp",
                   "csv<test=a.csv>",
                   "--load",
                   "lathe_output/p/software/training_ckpts/best.safetensors",
                   "--dry-run"};
  good(test, folder.path());
}

BOOST_AUTO_TEST_CASE(a_transform_that_comes_first_is_seen_by_the_next) {
  const TemporaryFolder folder;
  const std::string passes =
      "channel_multiplier<by=name,seq_blocks_2.width=2>,quantize<by=name,seq_blocks_2.name="
      "integer>";
  good({"transform", "jsc-toy", "jsc-sim", "--passes", passes, "--dry-run"}, folder.path());
  BOOST_TEST(std::filesystem::is_empty(folder.path()));
}

BOOST_AUTO_TEST_CASE(a_space_beyond_counting_is_told_as_a_power) {
  const TemporaryFolder folder;
  std::string hidden = "8";
  for (int layer = 1; layer < 49; ++layer) hidden += ",8";
  write_file(folder.path() / "a.toml",
             "model = 'jsc-custom<hidden=[" + hidden +
                 "]>'\ndataset = 'jsc-sim'\n[search.search_space]\nsetup.by = 'type'\n"
                 "[search.search_space.seed.linear.config]\nname = ['integer']\n"
                 "data_in_width = [2, 4, 6, 8]\nweight_width = [2, 4, 6, 8]\n"
                 "[search.strategy]\nhw_runner.average_bitwidth = {}\n"
                 "setup = { n_trials = 2, sampler = 'random' }\n"
                 "metrics.average_bitwidth = { scale = 1.0, direction = 'minimize' }\n");
  const Words words{"search", "--config", "a.toml", "--dry-run", "--time-budget", "3600"};
  const Outcome shown = good(words, folder.path());
  BOOST_TEST(shown.out.find("space of 4^100 = 1.6e60 points\n") != std::string::npos, shown.out);
  Words machine = words;
  machine.emplace_back("--json");
  const auto json = good(machine, folder.path()).json();
  BOOST_TEST(json.at("space").at("size") == 0x1p200);
  const auto& cost = json.at("cost");
  BOOST_TEST(cost.at("seconds_per_trial_at_most").get<double>() > 0);
  BOOST_TEST(cost.at("trials_in_time_budget").get<double>() > 100);
}

// By what `transform` counts of the models at both ends.
BOOST_AUTO_TEST_CASE(the_smallest_and_the_largest_network_are_counted) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml",
             "model = 'mlp'\ndataset = 'jsc-sim'\n[search.search_space.model]\n"
             "hidden = { low = 16, high = 64, step = 16 }\nactivation = ['relu', 'tanh']\n"
             "[search.strategy]\nhw_runner.flops = {}\n"
             "setup = { n_trials = 2, sampler = 'random' }\n"
             "metrics.total_flops = { scale = 1.0, direction = 'minimize' }\n");
  const auto parameters = [&](const std::string& model) {
    return good({"transform", model, "jsc-sim", "--passes", "flops", "--json"}, folder.path())
        .json()
        .at("metrics")
        .at("parameters");
  };
  const auto cost = good({"search", "--config", "a.toml", "--dry-run", "--json"}, folder.path())
                        .json()
                        .at("cost");
  BOOST_TEST(cost.at("smallest_parameters") == parameters("mlp<hidden=[16]>"));
  BOOST_TEST(cost.at("largest_parameters") == parameters("mlp<hidden=[64]>"));
  BOOST_TEST(cost.at("memory_bytes_at_most").get<double>() > 0);
}

BOOST_AUTO_TEST_SUITE_END()
