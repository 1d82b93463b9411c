// What a user sees when all is well: help, settings, counts, dry runs, folders, reports.
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <unistd.h>
#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

const std::string kQuantizeLinear =
    "quantize<by=type,default.name=NA,linear.name=integer,linear.data_in_width=8,"
    "linear.data_in_frac_width=4,linear.weight_width=8,linear.weight_frac_width=4,"
    "linear.bias_width=8,linear.bias_frac_width=4>";

}  // namespace

BOOST_AUTO_TEST_CASE(help_names_every_command) {
  const TemporaryFolder folder;
  for (const Words& words : {Words{"--help"}, Words{"-h"}, Words{"help"}}) {
    const std::string text = good(words, folder.path()).out;
    for (const char* command :
         {"train", "test", "transform", "search", "export", "data", "plugin", "list", "format"})
      BOOST_TEST(contains(text, command));
  }
}

BOOST_AUTO_TEST_CASE(each_command_has_help_of_its_own) {
  const TemporaryFolder folder;
  const std::vector<std::pair<std::string, std::string>> own{{"train", "--max-epochs"},
                                                             {"test", "--split"},
                                                             {"transform", "--passes"},
                                                             {"search", "--n-trials"},
                                                             {"format", "--values"}};
  for (const auto& [command, flag] : own)
    for (const char* help : {"--help", "-h"})
      BOOST_TEST(contains(good({command, help}, folder.path()).out, flag));
  BOOST_TEST(!contains(good({"test", "-h"}, folder.path()).out, "--n-trials"));
}

BOOST_AUTO_TEST_CASE(help_takes_the_command_before_or_behind_it) {
  const TemporaryFolder folder;
  const std::string train = good({"train", "--help"}, folder.path()).out;
  BOOST_TEST(contains(train, "--learning-rate"));
  for (const char* help : {"help", "--help", "-h"})
    BOOST_TEST(good({help, "train"}, folder.path()).out == train, help);
}

BOOST_AUTO_TEST_CASE(help_says_what_people_ask) {
  const TemporaryFolder folder;
  std::string train = good({"train", "--help"}, folder.path()).out;
  train.erase(std::unique(train.begin(), train.end(),
                          [](char a, char b) { return std::isspace(a) && std::isspace(b); }),
              train.end());
  std::ranges::replace(train, '\n', ' ');
  for (const char* part :
       {"may be repeated", "expressions of Python's kind that match a whole name",
        "auto takes the GPU if there is one", "Keys every random stream"})
    BOOST_TEST(contains(train, part), part);
}

BOOST_AUTO_TEST_CASE(a_command_of_a_command_has_help_of_its_own) {
  const TemporaryFolder folder;
  const std::string fetch = good({"data", "fetch", "--help"}, folder.path()).out;
  BOOST_TEST(contains(fetch, "usage: lathe data fetch NAME"));
  BOOST_TEST(contains(fetch, "--from"));
  BOOST_TEST(!contains(good({"data", "list", "--help"}, folder.path()).out, "--from"));
  const std::string group = good({"plugin", "--help"}, folder.path()).out;
  for (const char* word : {"list", "show", "build", "new"}) BOOST_TEST(contains(group, word));
  BOOST_TEST(good({"help", "data", "fetch"}, folder.path()).out == fetch);
}

BOOST_AUTO_TEST_CASE(help_says_once_what_is_accepted_without_effect) {
  const TemporaryFolder folder;
  const std::string text = good({"train", "--help"}, folder.path()).out;
  const std::size_t line = text.find("Accepted for MASE's sake");
  BOOST_REQUIRE(line != std::string::npos);
  for (const char* flag : {"--report-to", "--strategy", "--pretrained", "--quant-config"})
    BOOST_TEST(text.find(flag) > line, flag);
}

BOOST_AUTO_TEST_CASE(a_word_that_is_an_option_says_the_same_twice) {
  const TemporaryFolder folder;
  const Words words{"transform", "jsc-tiny", "--model", "jsc-tiny", "--passes", "flops"};
  good(words, folder.path());
}

BOOST_AUTO_TEST_CASE(the_sdk_says_where_its_parts_are) {
  const TemporaryFolder folder;
  const auto parts = good({"sdk", "--json"}, folder.path()).json();
  BOOST_TEST(std::filesystem::exists(parts.at("include").get<std::string>() + "/lathe/lathe.h"));
  BOOST_TEST(std::filesystem::exists(parts.at("templates").get<std::string>() + "/pass.cpp"));
  BOOST_TEST(std::filesystem::exists(parts.at("python").get<std::string>() + "/lathe.py"));
  BOOST_TEST(good({"sdk", "--python"}, folder.path()).out ==
             parts.at("python").get<std::string>() + "\n");
}

BOOST_AUTO_TEST_CASE(version_and_info_answer) {
  const TemporaryFolder folder;
  BOOST_TEST(good({"--version"}, folder.path()).out == good({"-V"}, folder.path()).out);
  BOOST_TEST(good({"--version"}, folder.path()).out.starts_with("lathe "));
  const std::string models = good({"--info", "model"}, folder.path()).out;
  BOOST_TEST(contains(models, "jsc-tiny"));
  BOOST_TEST(!contains(models, "jsc-sim"));
  const std::string all = good({"--info"}, folder.path()).out;
  BOOST_TEST(contains(all, "jsc-tiny"));
  BOOST_TEST(contains(all, "jsc-sim"));
  BOOST_TEST(contains(good({"transform", "--list-passes"}, folder.path()).out, "flops"));
}

BOOST_AUTO_TEST_CASE(counting_gives_the_golden_totals) {
  const TemporaryFolder folder;
  const auto json = good({"transform", "jsc-tiny", "jsc-sim", "--batch-size", "8", "--json",
                          "--passes", "flops," + kQuantizeLinear + ",flops,bitops"},
                         folder.path())
                        .json();
  BOOST_TEST(json.at("command") == "transform");
  BOOST_TEST(json.at("model") == "jsc-tiny");
  BOOST_TEST(json.at("dataset") == "jsc-sim");
  BOOST_TEST(json.at("synthetic_data") == true);
  const auto& passes = json.at("passes");
  BOOST_TEST(passes.size() == 4U);
  BOOST_TEST(passes.at(0).at("scalars").at("total_flops") == 1320);
  BOOST_TEST(passes.at(2).at("scalars").at("total_flops") == 680);
  BOOST_TEST(passes.at(3).at("scalars").at("total_bitops") == 575744);
  BOOST_TEST(json.at("metrics").at("total_flops") == 680);
  BOOST_TEST(json.at("metrics").at("parameters") == 117);
}

BOOST_AUTO_TEST_CASE(every_report_says_when_data_are_synthetic) {
  const TemporaryFolder folder;
  const Outcome synthetic =
      good({"transform", "jsc-tiny", "jsc-sim", "--passes", "flops"}, folder.path());
  BOOST_TEST(contains(synthetic.out, "synthetic"));
  const Outcome real = good({"transform", "jsc-tiny", "jsc", "--passes", "flops"}, folder.path());
  BOOST_TEST(!contains(real.out, "synthetic"));
}

BOOST_AUTO_TEST_CASE(given_means_given_even_if_equal_to_the_default) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml",
             "model = 'jsc-tiny'\ndataset = 'jsc-sim'\nbatch_size = 8\nseed = 7\n");
  const Words base{"transform", "--config", "a.toml", "--passes", "flops", "--json", "--dry-run"};
  const auto settings = [&](Words more) {
    more.insert(more.begin(), base.begin(), base.end());
    return good(more, folder.path()).json().at("settings");
  };
  BOOST_TEST(settings({}).at("batch_size") == 8);
  BOOST_TEST(settings({}).at("seed") == 7);
  BOOST_TEST(settings({"--batch-size", "128"}).at("batch_size") == 128);
  BOOST_TEST(settings({"--set", "batch_size=32"}).at("batch_size") == 32);
  BOOST_TEST(settings({"jsc-toy"}).at("model") == "jsc-toy");
}

BOOST_AUTO_TEST_CASE(the_table_of_settings_shows_where_values_come_from) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml", "batch_size = 8\nseed = 7\n");
  const Outcome run = good({"transform", "jsc-tiny", "jsc-sim", "--config", "a.toml", "--passes",
                            "flops", "--batch-size", "16"},
                           folder.path());
  for (const char* heading : {"name", "default", "config file", "command line", "effective"})
    BOOST_TEST(contains(run.err, heading));
  std::istringstream lines(run.err);
  std::vector<std::string> row;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("batch_size")) {
      std::istringstream words(line);
      for (std::string word; words >> word;) row.push_back(word);
    }
  BOOST_TEST(row == (std::vector<std::string>{"batch_size", "128", "8", "16", "16"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_pipeline_reads_back_in_either_form) {
  const TemporaryFolder folder;
  const std::string pipeline = "flops," + kQuantizeLinear + ",bitops";
  const Words text_form{"transform", "jsc-tiny",         "jsc-sim", "--passes",
                        pipeline,    "--print-pipeline", "text"};
  Words toml_form = text_form;
  toml_form.back() = "toml";
  const std::string text = good(text_form, folder.path()).out;
  write_file(folder.path() / "a.toml", good(toml_form, folder.path()).out);
  const std::string again =
      good({"transform", "jsc-tiny", "jsc-sim", "--config", "a.toml", "--print-pipeline", "text"},
           folder.path())
          .out;
  BOOST_TEST(again == text);
}

BOOST_AUTO_TEST_CASE(a_dry_run_opens_no_data_and_leaves_nothing) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml",
             golden_json("search_space.json").at("cases").at(2).at("toml").get<std::string>());
  // jsc's files are nowhere, and the table is none.
  write_file(folder.path() / "none.csv", "no table");
  for (const std::string data : {"jsc", "csv<train=none.csv>"}) {
    const auto json =
        good({"search", "--config", "a.toml", "--dataset", data, "--dry-run", "--json"},
             folder.path())
            .json();
    BOOST_TEST(json.at("dataset") == data);
    BOOST_TEST(json.at("space").at("size") == 18);
    BOOST_TEST(json.at("space").at("parameters").at("seq_blocks_2/config/weight_width") ==
               nlohmann::json({2, 4, 8}));
    BOOST_TEST(json.at("cost").at("parameters") == 117);
    BOOST_TEST(json.at("cost").at("trials") == 20);
  }
  BOOST_TEST(!std::filesystem::exists(folder.path() / "lathe_output"));
}

BOOST_AUTO_TEST_CASE(a_run_lands_in_its_folder_with_its_provenance) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml", "seed = 3\n");
  good({"transform", "jsc-tiny", "jsc-sim", "--config", "a.toml", "--passes",
        kQuantizeLinear + ",flops", "--project-dir", "runs", "--project", "p"},
       folder.path());
  const auto results = folder.path() / "runs" / "p" / "software" / "transform";
  for (const char* file : {"graph.json", "graph.txt", "model.safetensors"})
    BOOST_TEST(std::filesystem::exists(results / "transformed_ckpt" / file));
  const auto report = nlohmann::json::parse(read_file(results / "report.json"));
  const auto& provenance = report.at("provenance");
  BOOST_TEST(provenance.at("seed") == 3);
  BOOST_TEST(provenance.at("config").at("file") == "a.toml");
  BOOST_TEST(provenance.at("config").at("sha256").get<std::string>().size() == 64U);
  BOOST_TEST(provenance.at("plugins").size() >= 4U);
  for (const auto& plugin : provenance.at("plugins"))
    BOOST_TEST(plugin.at("sha256").get<std::string>().size() == 64U);
}

BOOST_AUTO_TEST_CASE(a_report_holds_the_warnings_of_the_run) {
  const TemporaryFolder folder;
  const Words words{"transform", "jsc-tiny", "--passes", "quantize,flops", "--json"};
  const Outcome outcome = good(words, folder.path());
  const auto warnings = outcome.json().at("warnings").get<std::vector<std::string>>();
  BOOST_TEST_REQUIRE(!warnings.empty());
  for (const std::string& text : warnings)
    BOOST_TEST(contains(outcome.err, "warning: " + text), outcome.err);
  Words plain{"transform", "jsc-tiny", "jsc-sim", "--passes", "flops", "--json"};
  BOOST_TEST(good(plain, folder.path()).json().at("warnings").empty());
  plain = words;
  plain.emplace_back("--no-warnings");
  BOOST_TEST(good(plain, folder.path()).json().at("warnings").empty());
}

BOOST_AUTO_TEST_CASE(a_config_from_a_pipe_is_read_once_and_hashed) {
  const TemporaryFolder folder;
  const std::string text = "model = 'jsc-tiny'\n[passes.flops]\n";
  for (const Words& words : {Words{"--config", "/dev/stdin"}, Words{"--config", "-"}}) {
    Words all{"transform", "--json"};
    all.insert(all.end(), words.begin(), words.end());
    const Outcome outcome = run_lathe(all, folder.path(), {}, [&] {
      int ends[2];
      if (pipe(ends) != 0) _exit(126);
      if (write(ends[1], text.data(), text.size()) < 0) _exit(126);
      close(ends[1]);
      dup2(ends[0], STDIN_FILENO);
    });
    BOOST_REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
    const auto config = outcome.json().at("provenance").at("config");
    BOOST_TEST(config.at("file") == "/dev/stdin");
    // printf "model = 'jsc-tiny'\n[passes.flops]\n" | sha256sum
    BOOST_TEST(config.at("sha256") ==
               "11dd18da760876a895661da62b0b6e003907630740acbebd80cf0eb58a981018");
  }
}

BOOST_AUTO_TEST_CASE(a_count_writes_nothing_unless_it_is_asked_to) {
  const TemporaryFolder folder;
  const auto entries = [&] {
    return std::distance(std::filesystem::directory_iterator(folder.path()), {});
  };
  const Words count{"transform", "jsc-tiny", "--passes", "flops,bitops", "--json"};
  const auto with = [&](Words more) {
    more.insert(more.begin(), count.begin(), count.end());
    return good(more, folder.path()).json();
  };
  BOOST_TEST(!with({}).contains("folder"));
  BOOST_TEST(entries() == 0);
  const std::string asked = with({"--project-dir", "asked", "--project", "p"}).at("folder");
  BOOST_TEST(std::filesystem::exists(folder.path() / asked / "report.json"));
  // A pass that writes a file, and one that changes the graph.
  for (const std::string passes : {"report_graph<file_name=graph.txt>", "quantize"}) {
    const auto json =
        good({"transform", "jsc-tiny", "--passes", passes, "--json"}, folder.path()).json();
    const std::string place = json.at("folder");
    BOOST_TEST(place.starts_with("lathe_output/"));
    BOOST_TEST(std::filesystem::exists(folder.path() / place / "report.json"), passes);
    std::filesystem::remove_all(folder.path() / "lathe_output");
  }
}

BOOST_AUTO_TEST_CASE(default_folders_name_model_data_and_day) {
  const TemporaryFolder folder;
  const auto json = good({"transform", "jsc-custom<hidden=[16,16]>", "jsc-sim", "--passes",
                          kQuantizeLinear, "--json"},
                         folder.path())
                        .json();
  const std::string place = json.at("folder");
  BOOST_TEST(place.starts_with("lathe_output/jsc-custom-"));
  BOOST_TEST(contains(place, "_classification_jsc-sim_20"));
  BOOST_TEST(place.find_first_of("<>[],=") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(warnings_can_be_left_out) {
  const TemporaryFolder folder;
  const Words words{"transform", "jsc-tiny", "jsc-sim", "--passes", "flops", "--nodes", "2"};
  BOOST_TEST(contains(good(words, folder.path()).err, "warning: "));
  Words quiet = words;
  quiet.push_back("--no-warnings");
  BOOST_TEST(!contains(good(quiet, folder.path()).err, "warning: "));
}

BOOST_AUTO_TEST_CASE(a_full_disk_under_standard_output_is_an_error) {
  const TemporaryFolder folder;
  const auto err = folder.path() / "err";
  const int code = wait_for(start_lathe({"--help"}, folder.path(), "/dev/full", err));
  BOOST_TEST(code == 1);
  BOOST_TEST(contains(read_file(err), "error: "));
}

BOOST_AUTO_TEST_CASE(a_dry_run_of_a_sweep_lists_its_points) {
  const TemporaryFolder folder;
  const std::filesystem::path examples = lathe_test::source_dir() / "examples";
  const auto json =
      good({"train", "--config", (examples / "sweep.toml").string(), "--dry-run", "--json"},
           folder.path())
          .json();
  const auto& points = json.at("sweep");
  BOOST_TEST(points.size() == 12U);
  BOOST_TEST(points.at(0) ==
             nlohmann::json({{"batch_size", 64}, {"max_epochs", 5}, {"learning_rate", 0.1}}));
  BOOST_TEST(points.at(1).at("learning_rate") == 0.01);
  BOOST_TEST(points.at(11).at("batch_size") == 256);
  BOOST_TEST(json.at("cost").at("epochs") == 2 * 3 * (5 + 10));
}

BOOST_AUTO_TEST_CASE(the_example_of_a_search_is_mases_file) {
  const std::filesystem::path examples = lathe_test::source_dir() / "examples";
  const std::string text = read_file(examples / "jsc_toy_by_type.toml");
  const nlohmann::json golden = golden_json("search_space.json");
  bool found = false;
  for (const auto& row : golden.at("cases")) found = found || row.at("toml") == text;
  BOOST_TEST(found);
}

BOOST_AUTO_TEST_CASE(the_example_of_a_quantization_runs) {
  const TemporaryFolder folder;
  const std::filesystem::path examples = lathe_test::source_dir() / "examples";
  const auto json = good({"transform", "--config", (examples / "quantize.toml").string(), "--json"},
                         folder.path())
                        .json();
  BOOST_TEST(json.at("metrics").at("average_bitwidth") == 8);
  BOOST_TEST(json.at("metrics").at("samples") == 512);
}

BOOST_AUTO_TEST_CASE(long_values_are_cut_unless_all_is_asked_for) {
  const TemporaryFolder folder;
  const Words words{"transform", "jsc-tiny", "jsc-sim", "--passes", kQuantizeLinear};
  BOOST_TEST(!contains(good(words, folder.path()).err, kQuantizeLinear));
  Words debug = words;
  debug.push_back("--debug");
  const std::string all = good(debug, folder.path()).err;
  BOOST_TEST(contains(all, kQuantizeLinear));
  BOOST_TEST(!contains(all, "weight_decay"));  // of training, not of transform
  BOOST_TEST(contains(all, "project_dir"));
}

BOOST_AUTO_TEST_CASE(what_was_out_of_reach_is_an_option) {
  const TemporaryFolder folder;
  const std::string train = good({"train", "--help"}, folder.path()).out;
  BOOST_TEST(contains(train, "--checkpoint-every"));
  BOOST_TEST(contains(train, "--cache-limit"));
  BOOST_TEST(contains(good({"search", "--help"}, folder.path()).out, "--lock-wait"));
  good({"train", "jsc-tiny", "jsc-sim", "--max-epochs", "1", "--batch-size", "1024",
        "--checkpoint-every", "0.01", "--cache-limit", "0", "--project-dir", "."},
       folder.path());
  for (const Words& wrong : {Words{"train", "jsc-tiny", "jsc-sim", "--checkpoint-every", "-1"},
                             Words{"train", "jsc-tiny", "jsc-sim", "--cache-limit", "x"},
                             Words{"search", "jsc-tiny", "jsc-sim", "--lock-wait", "-1"}}) {
    const Outcome outcome = run_lathe(wrong, folder.path());
    BOOST_TEST(outcome.exit_code == 2, outcome.err);
    BOOST_TEST(contains(outcome.last_line(), wrong[3]), outcome.last_line());
  }
}
