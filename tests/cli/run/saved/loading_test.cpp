// --load of what a training leaves: which network it is, from which folder, and what is said where
// that cannot be known.
#include "tests/cli/run/saved/trainings.hpp"

using namespace lathe_test;

BOOST_AUTO_TEST_CASE(a_training_of_a_changed_network_is_tested_by_its_folder_alone) {
  Trainings at;
  const auto trained = at.widened("p").json().at("metrics");
  const std::string results = at.results("p").string();
  for (const std::string& load : {std::string("p"), std::string("p/software"), results,
                                  results + "/best.safetensors", results + "/graph.json"}) {
    BOOST_TEST_CONTEXT(load) check_same(at.metrics({"test", "--load", load}), trained);
  }
  // A data set by name, a model by name, both, and in the other order of words.
  for (const Words& words : {Words{"jsc-sim"}, Words{"jsc-toy"}, Words{"jsc-toy", "jsc-sim"},
                             Words{"--dataset", "jsc-sim"}}) {
    BOOST_TEST_CONTEXT(words.back())
    check_same(at.metrics(with(with({"test"}, words), {"--load", "p"})), trained);
  }
  const auto graph = nlohmann::json::parse(read_file(at.results("p") / "graph.json"));
  const auto& origin = graph.at("origin");
  BOOST_TEST(origin.at("model") == "jsc-toy");
  BOOST_TEST(origin.at("dataset") == "jsc-sim");
  BOOST_TEST(origin.at("passes") == at.printed(kWiden + "," + kQuantize));
  BOOST_TEST(origin.at("loss") == "cross_entropy");
  BOOST_TEST(origin.at("fields").at(1).at("classes") == 5);
  BOOST_TEST(fs::exists(at.results("p") / "graph.txt"));
}

BOOST_AUTO_TEST_CASE(what_formats_learned_is_loaded_with_the_run_and_under_the_same_passes) {
  for (const std::string format : {"lsq", "binary_residual"}) {
    BOOST_TEST_CONTEXT(format) {
      Trainings at;
      const std::string passes = "quantize<by=type,linear={name=" + format +
                                 "},batch_norm1d={data_in={name=" + format + "}}>";
      const auto trained = at.train("p", {"--passes", passes}).json().at("metrics");
      check_same(at.metrics({"test", "--load", "p"}), trained);
      // The weights alone, the formats set anew: their state is found by its name.
      fs::copy_file(at.results("p") / "best.safetensors", at.path() / "alone.safetensors");
      const Words alone{"test", "jsc-toy", "jsc-sim", "--load", "alone.safetensors"};
      check_same(at.metrics(with(alone, {"--passes", passes})), trained);
      const Outcome bare = at.run(alone);
      BOOST_TEST(bare.exit_code == 0, bare.err);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_run_that_was_moved_is_the_same_run) {
  Trainings at;
  const auto trained = at.widened("p").json().at("metrics");
  fs::create_directories(at.path() / "elsewhere");
  fs::rename(at.path() / "p", at.path() / "elsewhere" / "q");
  check_same(at.metrics({"test", "--load", "elsewhere/q"}), trained);
}

BOOST_AUTO_TEST_CASE(the_last_weights_score_as_their_row_of_metrics_csv_does) {
  Trainings at;
  at.widened("p");
  const std::string csv = read_file(at.results("p") / "metrics.csv");
  const std::string row = csv.substr(csv.rfind("\n1,") + 1);
  const auto columns = [](const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream in(line.substr(0, line.find('\n')));
    for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
    return cells;
  };
  const auto names = columns(csv);
  const auto place = std::find(names.begin(), names.end(), "validation_accuracy") - names.begin();
  const Outcome tested =
      good({"test", "--load", (at.results("p") / "last.safetensors").string(), "--split",
            "validation", "--project-dir", ".", "--project", "t", "--json"},
           at.path());
  BOOST_TEST(tested.json().at("metrics").at("accuracy").get<double>() ==
             std::stod(columns(row).at(static_cast<std::size_t>(place))));
  BOOST_TEST(contains(tested.err, "written at the end of epoch 2 (row 1 of metrics.csv)"),
             tested.err);
  BOOST_TEST(!contains(tested.err, "lathe.optimizer"));
}

BOOST_AUTO_TEST_CASE(passes_on_top_of_a_saved_network_change_it_once_more_and_that_is_said) {
  Trainings at;
  const auto trained = at.widened("p").json().at("metrics");
  const Outcome again = at.run({"test", "--load", "p", "--json", "--passes", kWiden});
  BOOST_TEST(again.exit_code == 0);
  BOOST_TEST(contains(again.err,
                      "has been through '" + at.printed(kWiden + "," + kQuantize) + "' already"),
             again.err);
  // 32 wide now, and the same function: net2wider keeps it but for rounding.
  BOOST_TEST(contains(at.run({"transform", "--load", "p", "--passes", kWiden + ",flops"}).out,
                      "the transformed graph is in"));
  const Outcome other = at.run({"test", "--load", "p", "--json", "--passes", "flops"});
  BOOST_TEST(!contains(other.err, "already"), other.err);
  check_same(other.json().at("metrics"), trained);
}

BOOST_AUTO_TEST_CASE(a_chain_of_commands_keeps_what_the_network_is) {
  Trainings at;
  at.train("p");
  good({"transform", "--load", "p", "--passes", kQuantize, "--project-dir", ".", "--project", "q"},
       at.path());
  const auto graph = nlohmann::json::parse(
      read_file(at.path() / "q/software/transform/transformed_ckpt/graph.json"));
  BOOST_TEST(graph.at("origin").at("model") == "jsc-toy");
  BOOST_TEST(graph.at("origin").at("dataset") == "jsc-sim");
  BOOST_TEST(graph.at("origin").at("passes") == at.printed(kQuantize));
  const auto fields =
      nlohmann::json::parse(read_file(at.results("p") / "graph.json")).at("origin").at("fields");
  BOOST_TEST(graph.at("origin").at("fields") == fields);
  check_same(at.metrics({"test", "--load", "q"}),
             at.metrics({"test", "--load", "p", "--passes", kQuantize}));
  check_same(at.metrics({"test", "--load", "q/software/transform"}),
             at.metrics({"test", "--load", "q"}));
  // Trained further, it is still that network.
  good({"train", "--load", "q", "--max-epochs", "1", "--project-dir", ".", "--project", "r"},
       at.path());
  const auto further = nlohmann::json::parse(read_file(at.results("r") / "graph.json"));
  BOOST_TEST(further.at("nodes") == graph.at("nodes"));
  BOOST_TEST(further.at("origin").at("passes") == at.printed(kQuantize));
}

BOOST_AUTO_TEST_CASE(a_dry_run_says_what_would_be_loaded) {
  Trainings at;
  at.widened("p");
  const Outcome dry = at.run({"test", "--load", "p", "--dry-run", "--json"});
  BOOST_REQUIRE(dry.exit_code == 0);
  const std::string load = dry.json().at("load");
  for (const char* text : {"'jsc-toy' after 'channel_multiplier", "graph.json",
                           "'best.safetensors'", "the best, of epoch"})
    BOOST_TEST(contains(load, text), load);
}

BOOST_AUTO_TEST_CASE(weights_that_were_copied_alone_need_a_model_and_fit_or_say_why_not) {
  Trainings at;
  const auto plain = at.train("p").json().at("metrics");
  fs::copy_file(at.results("p") / "best.safetensors", at.path() / "plain.safetensors");
  check_same(at.metrics({"test", "jsc-toy", "jsc-sim", "--load", "plain.safetensors"}), plain);
  check_refused(at.run({"test", "jsc-sim", "--load", "plain.safetensors"}), 2,
                {"plain.safetensors", "trained as 'jsc-toy'", "graph.json", "MODEL"});

  at.widened("w");
  fs::copy_file(at.results("w") / "best.safetensors", at.path() / "wide.safetensors");
  check_refused(at.run({"test", "jsc-toy", "jsc-sim", "--load", "wide.safetensors"}), 1,
                {"wide.safetensors", "[8, 16]", "[16, 16]", "'channel_multiplier", "graph.json"});
  // Of quantized weights alone nothing is missing but the formats.
  at.train("q", {"--passes", kQuantize});
  fs::copy_file(at.results("q") / "best.safetensors", at.path() / "quantized.safetensors");
  const Outcome bare = at.run({"test", "jsc-toy", "jsc-sim", "--load", "quantized.safetensors"});
  BOOST_TEST(bare.exit_code == 0);
  BOOST_TEST(contains(bare.err, "was trained after 'quantize"), bare.err);
}

BOOST_AUTO_TEST_CASE(a_model_of_another_network_is_refused_with_both_names) {
  Trainings at;
  at.train("p");
  const std::vector<std::string> both{"MODEL is 'jsc-s'", "network of 'jsc-toy'"};
  check_refused(at.run({"test", "jsc-s", "jsc-sim", "--load", "p"}), 2, both);
  check_refused(
      at.run({"test", "jsc-s", "--load", (at.results("p") / "last.safetensors").string()}), 2,
      both);
  check_refused(at.run({"transform", "jsc-s", "--load", "p", "--passes", "flops"}), 2, both);

  good({"train", "mlp<hidden=[8]>", "jsc-sim", "--max-epochs", "1", "--project-dir", ".",
        "--project", "m"},
       at.path());
  check_refused(at.run({"test", "mlp<hidden=[9]>", "--load", "m"}), 2,
                {"'mlp<hidden=[9]>'", "'mlp<hidden=[8]>'"});
  for (const char* same : {"mlp", "mlp<hidden=[8]>"})
    BOOST_TEST(at.run({"test", same, "--load", "m"}).exit_code == 0, same);
}

BOOST_AUTO_TEST_CASE(a_folder_that_says_too_little_or_too_much_is_told) {
  Trainings at;
  at.train("p");
  good({"transform", "--load", "p", "--passes", kQuantize, "--project-dir", ".", "--project", "p"},
       at.path());
  check_refused(at.run({"test", "--load", "p"}), 1,
                {"holds 2 networks", "training_ckpts'", "transformed_ckpt'"});
  BOOST_TEST(at.run({"test", "--load", "p/software/training_ckpts"}).exit_code == 0);

  fs::create_directories(at.path() / "empty");
  check_refused(at.run({"test", "--load", "empty"}), 1,
                {"'empty' holds neither a training nor a saved graph"});
  check_refused(at.run({"test", "--load", "none"}), 1, {"none"});

  write_file(at.path() / "s.toml",
             "model = 'jsc-tiny'\ndataset = 'jsc-sim'\n[sweep]\nbatch_size = [128, 256]\n");
  good({"train", "--config", "s.toml", "--max-epochs", "1", "--project-dir", ".", "--project", "s"},
       at.path());
  check_refused(at.run({"test", "--load", "s"}), 1, {"holds a sweep", "sweep/000'", "sweep/001'"});
  BOOST_TEST(at.run({"test", "--load", "s/software/training_ckpts/sweep/001"}).exit_code == 0);

  // As a training before graphs were saved left it.
  fs::remove(at.results("p") / "graph.json");
  good({"export", (at.results("p") / "best.safetensors").string(), "plain.pt"}, at.path());
  good({"export", "plain.pt", (at.results("p") / "best.safetensors").string(), "--overwrite"},
       at.path());
  check_refused(at.run({"test", "--load", "p/software/training_ckpts"}), 2,
                {"best.safetensors", "weights alone", "name MODEL"});
  BOOST_TEST(
      at.run({"test", "jsc-toy", "jsc-sim", "--load", "p/software/training_ckpts"}).exit_code == 0);
  // Killed before its first checkpoint.
  fs::remove(at.results("s") / "sweep/000/best.safetensors");
  fs::remove(at.results("s") / "sweep/000/last.safetensors");
  check_refused(at.run({"test", "--load", "s/software/training_ckpts/sweep/000"}), 1,
                {"no weights beside 's/software/training_ckpts/sweep/000/graph.json'"});
}

BOOST_AUTO_TEST_CASE(a_search_keeps_no_weights_and_a_run_starts_one) {
  Trainings at;
  at.train("p");
  write_file(at.path() / "a.toml",
             "[search.search_space]\nname = 'graph/quantize/mixed_precision_ptq'\n"
             "setup.by = 'type'\nseed.default.config.name = ['NA']\n"
             "[search.search_space.seed.linear.config]\nname = ['integer']\nweight_width = [2, 8]\n"
             "[search.strategy]\nname = 'optuna'\nsw_runner.basic_evaluation.num_samples = 64\n"
             "setup = { n_jobs = 1, n_trials = 2, sampler = 'brute' }\n"
             "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n");
  const auto found = good({"search", "--load", "p", "--config", "a.toml", "--project-dir", ".",
                           "--project", "s", "--json"},
                          at.path())
                         .json();
  BOOST_TEST(found.at("model") == "jsc-toy");
  BOOST_TEST(found.at("trials") == 2);
  check_refused(at.run({"test", "--load", "s"}), 1, {"holds a search", "keeps no weights"});
}

BOOST_AUTO_TEST_CASE(a_run_and_its_folder_are_exported) {
  Trainings at;
  at.train("p");
  const auto of = [&](const std::string& input) {
    return good({"export", input, "--json"}, at.path()).json().at("tensors");
  };
  BOOST_TEST(of("p") == of((at.results("p") / "best.safetensors").string()));
  BOOST_TEST(of("p/software") == of(at.results("p").string()));
}

BOOST_AUTO_TEST_CASE(files_of_the_data_set_are_found_from_another_folder) {
  Trainings at;
  std::string rows = "a,b,label\n";
  for (int row = 0; row < 40; ++row)
    rows += std::to_string(row % 4) + "," + std::to_string(row % 3) + "," + "xy"[row % 2] + "\n";
  write_file(at.path() / "t.csv", rows);
  const auto trained =
      good({"train", "mlp<hidden=[4]>", "csv<train=t.csv,validation=t.csv,test=t.csv>",
            "--max-epochs", "1", "--project-dir", ".", "--project", "p", "--json"},
           at.path())
          .json()
          .at("metrics");
  const fs::path other = at.path() / "other";
  fs::create_directories(other / "data");
  const auto tested = [&](const Words& more) {
    return run_lathe(with({"test", "--load", "../p", "--json"}, more), other);
  };
  // Where it was.
  check_same(tested({}).json().at("metrics"), trained);
  // Under --data-dir, where the first place has lost it.
  fs::rename(at.path() / "t.csv", other / "data" / "t.csv");
  check_same(tested({"--data-dir", "data"}).json().at("metrics"), trained);
  check_refused(tested({}), 1, {"t.csv"});
  // In the current folder.
  fs::rename(other / "data" / "t.csv", other / "t.csv");
  check_same(tested({}).json().at("metrics"), trained);
}

namespace {

// Forty rows of two columns and a label: a is 0 to 3 in turn, the label x or y.
std::string table(const std::string& header, const std::string& labels) {
  std::string rows = header + "\n";
  for (std::size_t row = 0; row < 40; ++row) {
    rows += std::to_string(row % 4) + "," + std::to_string(row % 3) + ",";
    rows += std::string(1, labels[row % labels.size()]) + "\n";
  }
  return rows;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_the_network_was_trained_on_is_kept_and_other_data_are_held_against_it) {
  Trainings at;
  write_file(at.path() / "t.csv", table("a,b,label", "xy"));
  const auto trained =
      good({"train", "mlp<hidden=[4]>",
            "csv<train=t.csv,validation=t.csv,test=t.csv,standardize=train>", "--max-epochs", "3",
            "--learning-rate", "1e-2", "--project-dir", ".", "--project", "p", "--json"},
           at.path())
          .json()
          .at("metrics");
  const auto fields =
      nlohmann::json::parse(read_file(at.results("p") / "graph.json")).at("origin").at("fields");
  using Names = std::vector<std::string>;
  BOOST_TEST((fields.at(0).at("feature_names").get<Names>() == Names{"a", "b"}));
  BOOST_TEST((fields.at(1).at("class_names").get<Names>() == Names{"x", "y"}));
  // 0, 1, 2 and 3 ten times each: the square root of 1.25.
  BOOST_TEST(fields.at(0).at("mean").at(0).get<double>() == 1.5);
  BOOST_TEST(fields.at(0).at("deviation").at(0).get<double>() == 1.118033988749895,
             boost::test_tools::tolerance(1e-12));

  // Classes in another order, and columns, are met by name.
  check_same(at.metrics({"test", "csv<test=t.csv,classes=[y,x]>", "--load", "p"}), trained);
  write_file(at.path() / "x.csv", table("a,b,label", "x"));
  BOOST_TEST(at.metrics({"test", "csv<test=x.csv>", "--load", "p"}).at("samples") == 40);
  write_file(at.path() / "z.csv", table("a,b,label", "xz"));
  check_refused(at.run({"test", "csv<test=z.csv>", "--load", "p"}), 1, {"'z'"});
  write_file(at.path() / "c.csv", table("a,c,label", "xy"));
  check_refused(at.run({"test", "csv<test=c.csv>", "--load", "p"}), 1, {"'b'"});
}
