#include "core/mase/mase.hpp"

#include "core/options/document.hpp"
#include "tests/options/expect.hpp"
#include "tests/support/support.hpp"

#include <set>

using namespace lathe;
using lathe_test::expect_usage_error;

namespace {

RunConfig config_of(const std::string& toml) { return read_run_config(parse_toml(toml, "a.toml")); }

Value effective(const std::string& toml, const Value& command_line = Value(Value::Map{}),
                RunCommand command = kTrain) {
  return value_map(effective_options(command, config_of(toml).options, command_line));
}

std::vector<std::string> warnings_of(const std::string& toml) {
  return option_warnings(effective_options(kTrain, config_of(toml).options, Value(Value::Map{})));
}

SearchConfig search_of(const std::string& toml) {
  return read_search_config(*parse_toml(toml, "a.toml").find("search"));
}

// A [search] table that is right but for what is added to it.
std::string search_with(const std::string& more) {
  return "[search.strategy.metrics]\naccuracy.direction = 'maximize'\n" + more;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mase)

BOOST_AUTO_TEST_CASE(every_row_of_the_table_is_complete_and_no_spelling_is_used_twice) {
  std::set<std::string> keys, flags;
  for (const RunOption& row : run_options()) {
    BOOST_TEST_CONTEXT(row.option.key) {
      BOOST_TEST(keys.insert(row.option.key).second);
      for (const std::string& other : row.other_keys) BOOST_TEST(keys.insert(other).second);
      BOOST_TEST(!row.flags.empty());
      for (const std::string& flag : row.flags) {
        BOOST_TEST(flag.front() == '-');
        BOOST_TEST(flags.insert(flag).second);
        BOOST_TEST((run_option_of_flag(flag) == &row));
      }
      BOOST_TEST(!row.option.doc.empty());
      BOOST_TEST(row.option.doc.back() == '.');
      BOOST_TEST(!row.group.empty());
      BOOST_TEST(row.metavar.empty() == (row.spelling == Spelling::flag));
      if (row.option.default_value) {
        BOOST_TEST(
            (check_value(row.option, *row.option.default_value, "x") == *row.option.default_value));
      } else {
        BOOST_TEST(row.option.nullable());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(mases_options_are_all_there_but_those_of_hardware_and_language_models) {
  for (const char* flag : {"--config",
                           "--task",
                           "--load",
                           "--load-type",
                           "--batch-size",
                           "--debug",
                           "--log-level",
                           "--report-to",
                           "--seed",
                           "--quant-config",
                           "--training-optimizer",
                           "--trainer-precision",
                           "--learning-rate",
                           "--weight-decay",
                           "--max-epochs",
                           "--max-steps",
                           "--accumulate-grad-batches",
                           "--log-every-n-steps",
                           "--cpu",
                           "--num-workers",
                           "--gpu",
                           "--num-devices",
                           "--nodes",
                           "--accelerator",
                           "--strategy",
                           "--auto-requeue",
                           "--github-ci",
                           "--disable-dataset-cache",
                           "--no-warnings",
                           "--pretrained",
                           "--project-dir",
                           "--project"}) {
    BOOST_TEST((run_option_of_flag(flag) != nullptr), flag);
  }
  BOOST_TEST(find_run_option("to_debug")->option.key == "debug");
  BOOST_TEST((run_option_of_flag("--load") == find_run_option("load_name")));
  BOOST_TEST((run_option_of_flag("--cpu") == find_run_option("num_workers")));
}

BOOST_AUTO_TEST_CASE(a_command_knows_its_own_flags) {
  const auto train = flags_of(kTrain), test = flags_of(kTest);
  BOOST_TEST(std::count(train.begin(), train.end(), "--max-epochs") == 1);
  BOOST_TEST(std::count(train.begin(), train.end(), "--n-trials") == 0);
  BOOST_TEST(std::count(test.begin(), test.end(), "--split") == 1);
  BOOST_TEST((run_command("train") == kTrain));
  BOOST_TEST(!run_command("emit").has_value());
}

BOOST_AUTO_TEST_CASE(default_then_file_then_command_line) {
  const Value given{Value::Map{{"batch_size", 64}}};
  const Value values = effective("batch_size = 512\nmax_epochs = 5", given);
  BOOST_TEST(values.find("batch_size")->as_int() == 64);
  BOOST_TEST(values.find("max_epochs")->as_int() == 5);
  BOOST_TEST(values.find("seed")->as_int() == 0);
  BOOST_TEST(values.find("load_name")->is_none());
}

BOOST_AUTO_TEST_CASE(given_means_given_even_if_equal_to_the_default) {
  const Value given{Value::Map{{"batch_size", 128}}};
  const auto rows = effective_options(kTrain, config_of("batch_size = 512").options, given);
  for (const EffectiveOption& row : rows) {
    if (row.option->option.key != "batch_size") continue;
    BOOST_TEST(row.effective.as_int() == 128);
    BOOST_TEST(row.from_file->as_int() == 512);
    BOOST_TEST(row.from_command_line->as_int() == 128);
  }
}

BOOST_AUTO_TEST_CASE(a_file_may_hold_keys_of_other_commands) {
  const Value values = effective("max_epochs = 5\nn_trials = 7", Value(Value::Map{}), kTest);
  BOOST_TEST((values.find("n_trials") == nullptr));
}

BOOST_AUTO_TEST_CASE(tasks_are_told_in_one_word_and_others_are_refused) {
  BOOST_TEST(effective("task = 'cls'").find("task")->as_string() == "classification");
  expect_usage_error([] { effective("\ntask = 'lm'"); }, "a.toml:2:1",
                     {"Lathe does classification (cls) only"});
  expect_usage_error([] { effective("task = 'clas'"); }, "a.toml:1:1", {"did you mean 'cls'?"});
}

BOOST_AUTO_TEST_CASE(every_wrong_key_of_a_file_is_placed) {
  expect_usage_error([] { config_of("model = 'x'\nbatchsize = 3"); }, "a.toml:2:1",
                     {"unknown key 'batchsize'", "did you mean 'batch_size'?"});
  expect_usage_error([] { config_of("[pases.quantize]\nby = 'type'"); }, "a.toml:1:2",
                     {"did you mean 'passes'?"});
  expect_usage_error([] { config_of("passes = 3"); }, "a.toml:1:1", {"[passes] is a table"});
  expect_usage_error([] { config_of("search = 'x'"); }, "a.toml:1:1", {"[search] is a table"});
  expect_usage_error([] { config_of("json = true"); }, "a.toml:1:1",
                     {"'json' belongs on the command line (--json)"});
  expect_usage_error([] { config_of("cpu = 2\nnum_workers = 3"); }, "a.toml:2:1",
                     {"the same option as 'num_workers'"});
  expect_usage_error(
      [] { config_of("batch_size = 0"); }, "a.toml:1:1",
      {"option 'batch_size' of a run takes an integer in 1..1048576; got integer 0"});
  expect_usage_error([] { config_of("learning_rate = -1"); }, "a.toml:1:1", {"a number in 0<.."});
  expect_usage_error([] { config_of("accelerator = 'tpu'"); }, "a.toml:1:1",
                     {"one of auto, cpu, gpu, cuda, mps"});
}

BOOST_AUTO_TEST_CASE(what_cannot_be_honoured_is_refused) {
  expect_usage_error([] { effective("trainer_precision = 64"); }, "a.toml:1:1", {"32 bits wide"});
  expect_usage_error([] { effective("pretrained = true"); }, "a.toml:1:1", {"--load takes a file"});
  expect_usage_error([] { effective("quant_config = 'q.toml'"); }, "a.toml:1:1",
                     {"[passes.quantize]"});
}

BOOST_AUTO_TEST_CASE(what_changes_nothing_is_a_warning) {
  BOOST_TEST(warnings_of("batch_size = 2\nnum_devices = 1\nnodes = 1\nstrategy = 'auto'").empty());
  const auto warnings = warnings_of("report_to = 'wandb'\ngpu = 2\ntrainer_precision = '16-mixed'");
  BOOST_REQUIRE(warnings.size() == 3);
  BOOST_TEST(warnings[0] ==
             "a.toml:3:1: trainer_precision = \"16-mixed\" changes nothing: arithmetic is 32 bits "
             "wide");
  BOOST_TEST(warnings[2].starts_with("a.toml:2:1: num_devices = 2 changes nothing"));
}

BOOST_AUTO_TEST_CASE(plugins_of_a_file_are_beside_it) {
  const lathe_test::TemporaryFolder folder;
  const auto path = folder.path() / "run.toml";
  std::ofstream(path) << "plugin = ['mine.so', '/abs/other.so']\n";
  const Value plugins = *read_run_config(read_toml(path)).options.find("plugin");
  BOOST_TEST(plugins.as_list()[0].as_string() == (folder.path() / "mine.so").string());
  BOOST_TEST(plugins.as_list()[1].as_string() == "/abs/other.so");
  BOOST_TEST(config_of("plugin = 'one.so'").options.find("plugin")->as_list().size() == 1);
}

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
      BOOST_TEST((search.metrics[0].direction == LATHE_MAXIMIZE));
      BOOST_TEST(search.metrics[1].name == "average_bitwidth");
      BOOST_TEST(search.metrics[1].scale == 0.2);
      BOOST_TEST((search.metrics[1].direction == LATHE_MINIMIZE));
      BOOST_TEST(*search.timeout_seconds == 20000.0);
      BOOST_TEST(*search.n_jobs == 1);
      BOOST_TEST((search.sampler.name == "tpe" || search.sampler.name == "brute"));
      ++files;
    }
  }
  BOOST_TEST(files == 5);
  BOOST_TEST_MESSAGE(files << " config files of golden/search_space.json read");
}

BOOST_AUTO_TEST_CASE(runners_of_other_names_are_analysis_passes) {
  const SearchConfig search =
      search_of(search_with("[search.strategy.sw_runner.count_relu]\nx = 1"));
  BOOST_REQUIRE(search.runners.size() == 1);
  BOOST_TEST(search.runners[0].pass == "count_relu");
  BOOST_TEST(search.runners[0].options.text() == "{x=1}");
}

BOOST_AUTO_TEST_CASE(basic_train_becomes_training_and_evaluation) {
  const SearchConfig search = search_of(
      search_with("[search.strategy.sw_runner.basic_train]\nnum_samples = 512\nmax_epochs = 2\n"
                  "optimizer = 'adamw'\nlearning_rate = 1e-3\nweight_decay = 0\n"
                  "gradient_accumulation_steps = 2\nlr_scheduler = 'linear'\nnum_warmup_steps = 5\n"
                  "data_loader = 'train_dataloader'"));
  const SearchRunner& runner = search.runners.at(0);
  BOOST_TEST(runner.trains);
  BOOST_TEST(runner.pass == "evaluate");
  BOOST_TEST(runner.options.text() == "{split=train}");
  BOOST_TEST(
      runner.training.text() ==
      "{max_epochs=2, training_optimizer=adamw, learning_rate=0.001, weight_decay=0.0, "
      "lr_scheduler=linear, num_warmup_steps=5, accumulate_grad_batches=2, max_samples=512}");
}

BOOST_AUTO_TEST_CASE(a_metric_may_be_a_dotted_key_or_a_table) {
  const SearchConfig search = search_of(
      "[search.strategy.metrics]\nloss.scale = 2\nloss.direction = 'minimize'\n"
      "[search.strategy.metrics.accuracy]\nscale = 0.5\ndirection = 'maximize'");
  BOOST_REQUIRE(search.metrics.size() == 2);
  BOOST_TEST(search.metrics[0].name == "accuracy");
  BOOST_TEST(search.metrics[0].scale == 0.5);
  BOOST_TEST(search.metrics[1].scale == 2.0);
}

BOOST_AUTO_TEST_CASE(summed_metrics_have_one_direction) {
  const SearchConfig search = search_of(
      "[search.strategy.metrics]\nloss.scale = 1.0\n[search.strategy.setup]\n"
      "sum_scaled_metrics = true\ndirection = 'minimize'\nsampler = 'TPE<n_startup_trials=5>'");
  BOOST_TEST(search.sum_scaled_metrics);
  BOOST_TEST((search.direction == LATHE_MINIMIZE));
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

BOOST_AUTO_TEST_CASE(words_are_translated) {
  BOOST_TEST(*task_word("cls") == "classification");
  BOOST_TEST(!task_word("vision").has_value());
  BOOST_TEST(*split_word("val_dataloader") == "validation");
  BOOST_TEST(!split_word("dataloader").has_value());
  BOOST_TEST(pass_word("quantize_transform_pass") == "quantize");
  BOOST_TEST(pass_word("flops") == "flops");
  BOOST_TEST(format_word("msfp") == "block_fp");
}

BOOST_AUTO_TEST_SUITE_END()
