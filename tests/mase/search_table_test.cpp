#include "core/mase/search_table.hpp"

#include "core/mase/run_file.hpp"
#include "core/options/text/document.hpp"
#include "tests/options/expect.hpp"
#include "tests/support/support.hpp"

using namespace lathe;
using lathe_test::expect_usage_error;

namespace {

RunConfig config_of(const std::string& toml) { return read_run_config(parse_toml(toml, "a.toml")); }

SearchConfig search_of(const std::string& toml) {
  return read_search_config(*parse_toml(toml, "a.toml").find("search"));
}

// A [search] table that is right but for what is added to it.
std::string search_with(const std::string& more) {
  return "[search.strategy.metrics]\naccuracy.direction = 'maximize'\n" + more;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(search_table)

BOOST_AUTO_TEST_CASE(the_files_of_mase_are_read_as_they_are) {
  int files = 0;
  const auto golden = lathe_test::golden_json("search_space.json");
  for (const auto& row : golden.at("cases")) {
    BOOST_TEST_CONTEXT(row.at("name").get<std::string>()) {
      const RunConfig config = config_of(row.at("toml").get<std::string>());
      BOOST_TEST(!config.options.find("model")->as_string().empty());
      const SearchConfig search = read_search_config(config.search);
      BOOST_TEST(search.warnings.empty());
      BOOST_REQUIRE(search.runners.size() == 2);
      BOOST_TEST(search.runners[0].pass == "evaluate");
      BOOST_TEST(search.runners[0].options.text() == "{num_samples=512, split=validation}");
      BOOST_TEST(!search.runners[0].hardware);
      BOOST_TEST(search.runners[1].pass == "average_bitwidth");
      BOOST_TEST(search.runners[1].options.text() == "{compare_to=32}");
      BOOST_TEST(search.runners[1].hardware);
      BOOST_REQUIRE(search.metrics.size() == 2);
      BOOST_TEST(search.metrics[0].name == "accuracy");
      BOOST_TEST((search.metrics[0].direction == LATHE_DIRECTION_MAXIMIZE));
      BOOST_TEST(search.metrics[1].name == "average_bitwidth");
      BOOST_TEST(search.metrics[1].scale == 0.2);
      BOOST_TEST((search.metrics[1].direction == LATHE_DIRECTION_MINIMIZE));
      BOOST_TEST(*search.timeout_seconds == 20000.0);
      BOOST_TEST(*search.n_jobs == 1);
      BOOST_TEST((search.sampler.name == "tpe" || search.sampler.name == "brute"));
      ++files;
    }
  }
  BOOST_TEST(files == 5);
  BOOST_TEST_MESSAGE(files << " config files of golden/search_space.json read");
}

BOOST_AUTO_TEST_CASE(a_metric_may_be_a_dotted_key_or_a_table) {
  const SearchConfig search = search_of(
      "[search.strategy.metrics]\nloss.scale = 2\nloss.direction = 'minimize'\n"
      "[search.strategy.metrics.accuracy]\nscale = 0.5\ndirection = 'maximize'");
  BOOST_REQUIRE(search.metrics.size() == 2);
  BOOST_TEST(search.metrics[0].name == "accuracy");
  BOOST_TEST(search.metrics[0].scale == 0.5);
  BOOST_TEST(search.metrics[1].scale == 2.0);
  BOOST_TEST(search.sampler.name == "additive");
}

BOOST_AUTO_TEST_CASE(summed_metrics_have_one_direction) {
  const SearchConfig search = search_of(
      "[search.strategy.metrics]\nloss.scale = 1.0\n[search.strategy.setup]\n"
      "sum_scaled_metrics = true\ndirection = 'minimize'\nsampler = 'TPE<n_startup_trials=5>'");
  BOOST_TEST(search.sum_scaled_metrics);
  BOOST_TEST((search.direction == LATHE_DIRECTION_MINIMIZE));
  BOOST_TEST(search.sampler.name == "tpe");
  BOOST_TEST(search.sampler.options.text() == "{n_startup_trials=5}");
}

BOOST_AUTO_TEST_CASE(settings_that_change_nothing_are_told) {
  const SearchConfig search =
      search_of(search_with("[search.strategy.setup]\npkl_ckpt = true\nmodel_parallel = false"));
  BOOST_REQUIRE(search.warnings.size() == 1);
  BOOST_TEST(search.warnings[0] ==
             "a.toml:4:1: pkl_ckpt changes nothing: each trial is saved as it ends");
}

BOOST_AUTO_TEST_CASE(every_mistake_of_a_search_is_placed) {
  struct Row {
    std::string toml, place;
    std::vector<std::string> says;
  };
  const std::string runner = "[search.strategy.sw_runner.basic_evaluation]\n";
  const std::vector<Row> rows{
      {"[search]\nx = 1", "a.toml:2:1", {"unknown option 'x' of [search]"}},
      {"[search.search_space]", "a.toml:1:2", {"[search] needs the option 'strategy'"}},
      {"[search]\nstrategy = 1", "a.toml:2:1", {"[search.strategy] is a table; got integer 1"}},
      {"[search.strategy]\neval_mode = true", "a.toml:1:9", {"needs the option 'metrics'"}},
      {"[search.strategy.metrics]", "a.toml:1:18", {"names no metric"}},
      {search_with("[search.strategy]\nname = 'rl'"), "a.toml:4:1", {"strategy 'rl' is not known"}},
      {search_with("[search.strategy]\nevalmode = true"),
       "a.toml:4:1",
       {"did you mean 'eval_mode'?"}},
      {search_with("accuracy.scal = 2"),
       "a.toml:3:10",
       {"unknown option 'scal' of metric 'accuracy'", "did you mean 'scale'?"}},
      {search_with("loss.direction = 'min'"), "a.toml:3:6", {"one of maximize, minimize"}},
      {search_with("loss.scale = 1.0"), "a.toml:3:1", {"metric 'loss' needs direction"}},
      {search_with("loss = 1.0"), "a.toml:3:1", {"metric 'loss' takes scale and direction; got 1"}},
      {search_with("[search.strategy.setup]\nn_trials = 0"),
       "a.toml:4:1",
       {"an integer in 1.. or NA; got integer 0"}},
      {search_with("[search.strategy.setup]\nn_jobs = 'all'"), "a.toml:4:1", {"an integer"}},
      {search_with("[search.strategy.setup]\nntrials = 3"),
       "a.toml:4:1",
       {"did you mean 'n_trials'?"}},
      {search_with("[search.strategy.setup]\nsampler = 'tpe<'"),
       "a.toml:4:1",
       {"in 'tpe<' at character 5: '>' is missing"}},
      {search_with("[search.strategy.setup]\nsum_scaled_metrics = true"),
       "a.toml:3:18",
       {"needs direction"}},
      {search_with("[search.strategy.setup]\nsum_scaled_metrics = 1"),
       "a.toml:4:1",
       {"true or false"}},
      {search_with(runner + "num_samples = 0"), "a.toml:4:1", {"in 1.."}},
      {search_with(runner + "data_loader = 'vla_dataloader'"),
       "a.toml:4:1",
       {"did you mean 'val_dataloader'?"}},
      {search_with(runner + "batch = 1"),
       "a.toml:4:1",
       {"unknown option 'batch' of runner 'basic_evaluation'"}},
      {search_with("[search.strategy.hw_runner.latency]"),
       "a.toml:3:28",
       {"runner 'latency' is about hardware"}},
      {search_with("[search.strategy.sw_runner]\nflops = 1"),
       "a.toml:4:1",
       {"runner 'flops' takes a table"}},
      {search_with("[search.strategy.sw_runner.basic_train]\nlr_scheduler = 'polynomial'"),
       "a.toml:4:1",
       {"option 'lr_scheduler' of runner 'basic_train'", "constant_with_warmup"}},
      {search_with("[search.strategy.sw_runner.basic_train]\nnum_warmup_steps = -5"),
       "a.toml:4:1",
       {"option 'num_warmup_steps' of runner 'basic_train'"}},
      {search_with("[search.strategy.sw_runner.basic_train]\nnum_samples = 0"),
       "a.toml:4:1",
       {"would train on 0 samples"}},
      {search_with("[search.strategy.sw_runner.basic_train]\nmax_epochs = 1\n"
                   "[search.strategy]\neval_mode = true"),
       "a.toml:6:1",
       {"with eval_mode = true no trial is trained, but runner 'basic_train' trains",
        "eval_mode = false"}},
      {search_with("[search.strategy.setup]\npruner = 'median<'"),
       "a.toml:4:1",
       {"in 'median<' at character 8: '>' is missing"}},
      {search_with("[search.strategy.sw_runner.basic_train]\nmax_epoch = 5"),
       "a.toml:4:1",
       {"did you mean 'max_epochs'?"}},
      {search_with("[search.strategy.sw_runner.basic_train]\nmax_epochs = 0"),
       "a.toml:4:1",
       {"option 'max_epochs' of runner 'basic_train'"}},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.toml) {
      expect_usage_error([&] { search_of(row.toml); }, row.place, row.says);
    }
  }
  BOOST_TEST_MESSAGE(rows.size() << " mistakes checked");
}

BOOST_AUTO_TEST_SUITE_END()
