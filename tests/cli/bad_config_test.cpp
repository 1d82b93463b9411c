// Bad input in a config file: the file, line and column, the key, what is allowed; exit 2.
#include "tests/cli/bad_input.hpp"

#include <boost/test/unit_test.hpp>

using lathe_test::BadInput;
using lathe_test::check_bad_inputs;
using lathe_test::Words;

namespace {

// A row whose file is a.toml, run by `command --config a.toml`.
BadInput in_file(const std::string& what, const std::string& toml, const std::string& place,
                 std::vector<std::string> says, const std::string& command = "transform") {
  says.push_back("a.toml" + place);
  return {what, {{"a.toml", toml}}, {command, "--config", "a.toml"}, 2, std::move(says)};
}

const std::string kNet = "model = 'jsc-tiny'\ndataset = 'jsc-sim'\n";

// A search that is right but for what a row changes.
std::string search(const std::string& seed, const std::string& strategy) {
  return kNet +
         "[search.search_space]\n"
         "name = 'graph/quantize/mixed_precision_ptq'\n"
         "setup.by = 'type'\n"
         "seed.default.config.name = ['NA']\n" +
         seed +
         "[search.strategy]\n"
         "name = 'optuna'\n" +
         strategy;
}

const std::string kSeed = "seed.linear.config = { name = ['integer'], weight_width = [4, 8] }\n";
const std::string kStrategy =
    "sw_runner.basic_evaluation.num_samples = 64\n"
    "setup = { n_trials = 2, sampler = 'random', sum_scaled_metrics = false }\n"
    "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n";

}  // namespace

BOOST_AUTO_TEST_CASE(a_wrong_config_file_is_refused_with_its_place) {
  check_bad_inputs({
      {"no such file", {}, {"train", "--config", "none.toml"}, 2, {"none.toml"}},
      in_file("broken TOML", "model = 'jsc-tiny\n", ":1:", {}),
      in_file("a key twice", "seed = 1\nseed = 2\n", ":2:", {"seed"}),
      in_file("weights without a name", kNet + "load_name = ''\n",
              ":3:", {"option 'load_name' of a run is empty", "leave it out"}, "test"),
      in_file("a plugin without a name", kNet + "plugin = ['']\n",
              ":3:", {"option 'plugin' of a run is empty"}),
      in_file("an unknown key", kNet + "batchsize = 8\n", ":3:1",
              {"unknown key 'batchsize'", "'batch_size'"}),
      in_file("a key as PyTorch's scripts call it", kNet + "lr = 0.1\n", ":3:1",
              {"unknown key 'lr'; did you mean 'learning_rate'?"}),
      in_file("a key as transformers calls it", kNet + "num_train_epochs = 3\n", ":3:1",
              {"did you mean 'max_epochs'?"}),
      in_file("a key of MASE's", kNet + "max_token_len = 512\n", ":3:1",
              {"'max_token_len': an option of MASE's that Lathe does not have"}),
      in_file("a wrong type", kNet + "batch_size = 'big'\n", ":3:", {"batch_size", "integer"}),
      in_file("out of range", kNet + "batch_size = -1\n", ":3:", {"batch_size", "-1"}),
      in_file("no choice", kNet + "task = 'chat'\n", ":3:", {"task", "chat"}),
      in_file("integers that cannot be insisted on", kNet + "integer_kernels = 'on'\n",
              ":3:", {"integer_kernels", "got string on", "auto, off"}),
      in_file("a width for integer kernels", kNet + "integer_kernels = 8\n",
              ":3:", {"integer_kernels", "8"}),
      in_file("integer kernels as a truth value", kNet + "integer_kernels = true\n",
              ":3:", {"integer_kernels", "true"}),
      in_file("a task that Lathe lacks", kNet + "task = 'translation'\n",
              ":3:", {"translation", "classification"}),
      in_file("an option of the command line", kNet + "json = true\n", ":3:1",
              {"'json'", "--json"}),
      in_file("an unknown model", "dataset = 'jsc-sim'\nmodel = 'jsc-big'\n", ":2:", {"'jsc-big'"}),
      in_file("passes that are no table", kNet + "passes = 'flops'\n", ":3:", {"passes", "table"}),
  });
}

BOOST_AUTO_TEST_CASE(a_wrong_pass_table_is_refused_with_its_place) {
  check_bad_inputs({
      in_file("an unknown pass", kNet + "[passes.flop]\n", ":3:", {"'flop'", "'flops'"}),
      in_file("a pass of MASE's", kNet + "[passes.emit_verilog_top_transform_pass]\n", ":3:",
              {"'emit_verilog_top_transform_pass': a pass of MASE's that Lathe leaves out on "
               "purpose; Lathe "
               "makes no hardware"}),
      in_file("the dotted name of a module",
              kNet + "[passes.quantize]\nby = 'name'\n"
                     "[passes.quantize.seq_blocks.2.config]\nname = 'integer'\n",
              ":5:", {"'seq_blocks.2'", "did you mean 'seq_blocks_2'?"}),
      in_file("an unknown option", kNet + "[passes.evaluate]\nnum_sample = 8\n", ":4:1",
              {"'num_sample'", "'num_samples'"}),
      in_file("a wrong type", kNet + "[passes.evaluate]\nnum_samples = 'all'\n",
              ":4:", {"num_samples", "integer"}),
      in_file("an unknown number format",
              kNet + "[passes.quantize]\nby = 'type'\nlinear.config.name = 'integr'\n",
              ":5:", {"integr", "'integer'"}),
      in_file("an unknown option of a number format",
              kNet + "[passes.quantize]\nby = 'type'\n[passes.quantize.linear.config]\n"
                     "name = 'integer'\nweight_widht = 8\n",
              ":7:1", {"'weight_widht'", "'weight_width'"}),
      in_file("a width that is no number",
              kNet + "[passes.quantize]\nby = 'type'\n[passes.quantize.linear.config]\n"
                     "name = 'integer'\nweight_width = 'wide'\n",
              ":7:", {"weight_width", "integer"}),
      in_file("a selector that names nothing",
              kNet + "[passes.quantize]\nby = 'type'\n[passes.quantize.linaer.config]\n"
                     "name = 'integer'\n",
              ":5:", {"'linaer'", "'linear'"}),
      in_file("passes are checked also where they are not run", kNet + "[passes.flop]\n",
              ":3:", {"'flop'"}, "train"),
  });
}

BOOST_AUTO_TEST_CASE(a_wrong_search_table_is_refused_with_its_place) {
  check_bad_inputs({
      in_file("an unknown table of a search", search(kSeed, kStrategy) + "[search.strateggy]\n",
              ":13:", {"strateggy", "strategy"}, "search"),
      in_file("an unknown sampler",
              search(kSeed,
                     "sw_runner.basic_evaluation.num_samples = 64\n"
                     "setup = { n_trials = 2, sampler = 'tpee' }\n"
                     "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n"),
              ":11:", {"tpee", "tpe"}, "search"),
      in_file("a sampler of MASE's",
              search(kSeed,
                     "sw_runner.basic_evaluation.num_samples = 64\n"
                     "setup = { n_trials = 2, sampler = 'cmaes' }\n"
                     "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n"),
              ":11:", {"'cmaes'", "a sampler of MASE's that Lathe does not have"}, "search"),
      in_file(
          "a strategy of MASE's",
          kNet + "[search.search_space]\n" + kSeed + "[search.strategy]\nname = 'rl'\n" + kStrategy,
          ":6:", {"'rl'", "a strategy of MASE's", "optuna is the one"}, "search"),
      in_file("a seed of a module's dotted name",
              search("seed.seq_blocks.2.config = { name = ['integer'] }\n", kStrategy),
              ":7:", {"'seq_blocks.2'", "did you mean 'seq_blocks_2'?"}, "search"),
      in_file("an unknown key of the setup",
              search(kSeed,
                     "sw_runner.basic_evaluation.num_samples = 64\n"
                     "setup = { n_trails = 2 }\n"
                     "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n"),
              ":11:", {"n_trails", "n_trials"}, "search"),
      in_file("a metric that nobody publishes",
              search(kSeed,
                     "sw_runner.basic_evaluation.num_samples = 64\n"
                     "metrics.acuracy = { scale = 1.0, direction = 'maximize' }\n"),
              ":11:", {"acuracy", "accuracy"}, "search"),
      in_file("an unknown runner",
              search(kSeed,
                     "hw_runner.average_bitwith.compare_to = 32\n"
                     "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n"),
              ":10:", {"average_bitwith", "average_bitwidth"}, "search"),
      in_file("a direction that is none",
              search(kSeed,
                     "sw_runner.basic_evaluation.num_samples = 64\n"
                     "metrics.accuracy = { scale = 1.0, direction = 'sideways' }\n"),
              ":11:", {"sideways", "maximize"}, "search"),
      in_file("a seed that names nothing",
              search("seed.linaer.config = { name = ['integer'] }\n", kStrategy),
              ":7:", {"'linaer'", "'linear'"}, "search"),
      in_file("a seed without choices",
              search("seed.linear.config = { name = ['integer'], weight_width = [] }\n", kStrategy),
              ":7:", {"weight_width"}, "search"),
      in_file(
          "a choice out of range",
          search("seed.linear.config = { name = ['integer'], weight_width = [4, 0] }\n", kStrategy),
          ":7:", {"weight_width", "0"}, "search"),
      in_file(
          "a range whose ends are swapped",
          search("seed.linear.config = { name = ['integer'], weight_width = { low = 8, high = 4 "
                 "} }\n",
                 kStrategy),
          ":7:61", {"'weight_width'", "low end 8 above its high end 4"}, "search"),
      in_file("a range that the option does not take",
              search("seed.linear.config = { name = ['integer'], data_in_width = [4], bias_width = "
                     "[4], weight_width = { low = 0, high = 4 } }\n",
                     kStrategy),
              ":7:", {"weight_width", "integer 0"}, "search"),
      in_file(
          "a condition on a later parameter",
          kNet +
              "[search.search_space.training]\n"
              "weight_decay = { low = 0.0, high = 0.1, when = { training_optimizer = ['sgd'] } }\n"
              "training_optimizer = ['adam', 'sgd']\n"
              "[search.strategy]\nname = 'optuna'\nsw_runner.basic_train.max_epochs = 1\n"
              "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n",
          ":4:50", {"'training/training_optimizer', which comes later"}, "search"),
      in_file(
          "a condition that cannot be met",
          kNet +
              "[search.search_space.training]\ntraining_optimizer = ['adam', 'sgd']\n"
              "weight_decay = { low = 0.0, high = 0.1, when = { training_optimizer = ['sdg'] } }\n"
              "[search.strategy]\nname = 'optuna'\nsw_runner.basic_train.max_epochs = 1\n"
              "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n",
          ":5:72", {"to be sdg", "[adam, sgd]"}, "search"),
      in_file("an option that the model lacks",
              "model = 'mlp'\ndataset = 'jsc-sim'\n[search.search_space.model]\n"
              "hiden = { low = 8, high = 16 }\n"
              "[search.strategy]\nname = 'optuna'\nhw_runner.flops = {}\n"
              "metrics.total_flops = { scale = 1.0, direction = 'minimize' }\n",
              ":4:1", {"'hiden' of model 'mlp'", "'hidden'"}, "search"),
      in_file("a range without end for a sampler that visits everything",
              "model = 'mlp'\ndataset = 'jsc-sim'\n[search.search_space.model]\n"
              "dropout = { low = 0.0, high = 0.5 }\n"
              "[search.strategy]\nname = 'optuna'\nhw_runner.flops = {}\n"
              "setup = { n_trials = 2, sampler = 'brute' }\n"
              "metrics.total_flops = { scale = 1.0, direction = 'minimize' }\n",
              ":8:", {"'brute'", "continuous parameter 'model/dropout'"}, "search"),
      in_file(
          "an unknown key of a seed",
          search("seed.linear.config = { name = ['integer'], weight_widht = [4] }\n", kStrategy),
          ":7:", {"'weight_widht'", "'weight_width'"}, "search"),
      in_file("no jobs",
              search(kSeed,
                     "sw_runner.basic_evaluation.num_samples = 64\n"
                     "setup.n_jobs = 0\n"
                     "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n"),
              ":11:", {"n_jobs", "-1 for as many as there are cores"}, "search"),
      in_file("a constraint that is no comparison",
              search(kSeed, kStrategy + "constraints.average_bitwidth = 4\n"),
              ":13:", {"the constraint of 'average_bitwidth'", "\"<= 2e6\""}, "search"),
      in_file("a constraint with something beside the number",
              search(kSeed, kStrategy + "constraints.accuracy = '>= 90 %'\n"),
              ":13:", {"the constraint of 'accuracy'", ">= 90 %"}, "search"),
      in_file("a constraint of what nobody publishes",
              search(kSeed, kStrategy + "constraints.acuracy = '>= 0.9'\n"),
              ":13:", {"constrained number 'acuracy'", "'accuracy'"}, "search"),
      in_file("constraints that are no table", search(kSeed, kStrategy + "constraints = '<= 4'\n"),
              ":13:", {"[search.strategy.constraints] is a table"}, "search"),
      in_file("choices as integers, or not", search("setup.as_int = 3\n" + kSeed, kStrategy),
              ":7:", {"as_int", "true or false"}, "search"),
      in_file("repeats, or not",
              search(kSeed,
                     "sw_runner.basic_evaluation.num_samples = 64\n"
                     "setup.repeat = 'often'\n"
                     "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n"),
              ":11:", {"repeat", "true or false"}, "search"),
      in_file("no trials",
              search(kSeed,
                     "sw_runner.basic_evaluation.num_samples = 64\n"
                     "setup.n_trials = 0\n"
                     "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n"),
              ":11:", {"n_trials"}, "search"),
  });
}

BOOST_AUTO_TEST_CASE(a_wrong_training_or_pruner_of_a_search_is_refused_with_its_place) {
  const std::string metric = "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n";
  const auto training = [&](const std::string& options, const std::string& setup = "n_trials = 2") {
    return search(
        kSeed, "sw_runner.basic_train = { " + options + " }\nsetup = { " + setup + " }\n" + metric);
  };
  check_bad_inputs({
      in_file("training with eval_mode = true",
              search(kSeed, "eval_mode = true\nsw_runner.basic_train.max_epochs = 1\n" + metric),
              ":10:", {"eval_mode = true", "'basic_train'", "eval_mode = false"}, "search"),
      in_file("an unknown schedule", training("lr_scheduler = 'cosin'"),
              ":10:", {"'lr_scheduler'", "cosine"}, "search"),
      in_file("a negative warm-up", training("num_warmup_steps = -1"),
              ":10:", {"'num_warmup_steps'", "0.."}, "search"),
      in_file("no step to train for", training("max_steps = 0"),
              ":10:", {"max_steps", "would train nothing"}, "search"),
      in_file("no patience", training("early_stopping = 0"), ":10:", {"early_stopping", "1.."},
              "search"),
      in_file("no samples to train on", training("num_samples = 0"), ":10:", {"num_samples", "-1"},
              "search"),
      in_file("an unknown option of the training", training("warmup_steps = 5"),
              ":10:", {"'warmup_steps'", "'num_warmup_steps'"}, "search"),
      in_file("an unknown pruner", training("max_epochs = 1", "pruner = 'medain'"),
              ":11:", {"'medain'", "'median'"}, "search"),
      in_file("an unknown option of a pruner",
              training("max_epochs = 1", "pruner = 'median<startup_trials=2>'"),
              ":11:", {"'startup_trials'", "'n_startup_trials'"}, "search"),
      in_file("an option of a pruner out of range",
              training("max_epochs = 1", "pruner = 'successive_halving<reduction_factor=1>'"),
              ":11:", {"'reduction_factor'", "2.."}, "search"),
      in_file("a pruner that watches nothing known",
              training("max_epochs = 1", "pruner = 'median<watch=valdation_loss>'"),
              ":11:", {"'valdation_loss'", "'validation_loss'"}, "search"),
      {"a pruner where nothing trains",
       {{"a.toml", search(kSeed, kStrategy)}},
       {"search", "--config", "a.toml", "--pruner", "median"},
       2,
       {"'median'", "no runner trains", "basic_train"}},
      {"a pruner with a broken option on the command line",
       {{"a.toml", training("max_epochs = 1")}},
       {"search", "--config", "a.toml", "--pruner", "median<n_warmup_steps=x>"},
       2,
       {"--pruner", "n_warmup_steps"}},
      {"a pruner of data without validation rows",
       {{"a.toml", training("max_epochs = 1", "pruner = 'median'")},
        {"a.csv", "1,2,0\n3,4,1\n5,6,0\n7,8,1\n"}},
       {"search", "--config", "a.toml", "--model", "jsc-custom<hidden=[4]>", "--dataset",
        "csv<train=a.csv>"},
       2,
       {"'median'", "no validation split"}},
  });
}

BOOST_AUTO_TEST_CASE(a_wrong_sweep_is_refused_with_its_place) {
  check_bad_inputs({
      in_file("an unknown key", kNet + "[sweep]\nbatchsize = [8]\n",
              ":4:", {"'batchsize'", "'batch_size'"}, "train"),
      in_file("a key as PyTorch's scripts call it", kNet + "[sweep]\nlr = [0.1]\n", ":4:1",
              {"unknown key 'lr' of [sweep]", "'learning_rate'"}, "train"),
      in_file("no list", kNet + "[sweep]\nbatch_size = 8\n", ":4:", {"batch_size", "list"},
              "train"),
      in_file("an empty list", kNet + "[sweep]\nbatch_size = []\n", ":4:", {"batch_size", "list"},
              "train"),
      in_file("no step at all", kNet + "[sweep]\nmax_steps = [5, 0]\n",
              ":4:", {"max_steps", "would train nothing"}, "train"),
      in_file("no patience at all", kNet + "[sweep]\nearly_stopping = [5, 0]\n",
              ":4:", {"early_stopping", "1.."}, "train"),
      in_file("a value out of range", kNet + "[sweep]\nlearning_rate = [1e-2, 0.0]\n",
              ":4:", {"learning_rate"}, "train"),
  });
}
