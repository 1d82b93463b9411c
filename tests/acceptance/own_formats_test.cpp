// A number format of one's own at work by its name, and formats of several kinds in one network.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <set>

using namespace lathe_test;

namespace {

const std::filesystem::path kExamples = lathe_test::source_dir() / "examples";

std::ptrdiff_t lines_of(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

// jsc-tiny's only linear layer with weights of powers of two.
Words powers_of_two(const Words& command, int width) {
  Words words = command;
  words.insert(words.end(), {"--plugin", "./power_of_two.so", "--passes",
                             "quantize<by=type,linear.weight={name=power_of_two,width=" +
                                 std::to_string(width) + ",top=0}>,evaluate",
                             "--project-dir", ".", "--json"});
  return words;
}

struct Built {
  TemporaryFolder folder;
  Built() {
    succeed({"plugin", "build", (kExamples / "plugins/power_of_two.cpp").string()}, folder.path());
  }
  std::filesystem::path path() const { return folder.path(); }
};

// {node: {role: format}} of a saved graph.
std::map<std::string, std::map<std::string, std::string>> formats_of(
    const std::filesystem::path& graph_json) {
  std::map<std::string, std::map<std::string, std::string>> out;
  const auto graph = nlohmann::json::parse(read_file(graph_json));
  for (const auto& node : graph.at("nodes")) {
    if (!node.contains("formats")) continue;
    for (const auto& format : node.at("formats"))
      out[node.at("name")][format.at("role")] = format.at("format");
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(own_formats)

BOOST_AUTO_TEST_CASE(a_format_is_one_file_of_under_40_lines_that_the_docs_show) {
  const std::string source = read_file(kExamples / "plugins/power_of_two.cpp");
  BOOST_TEST(lines_of(source) < 40);
  const std::string docs = read_file(lathe_test::source_dir() / "docs/writing-plugins.md");
  BOOST_TEST((docs.find(source) != std::string::npos));
}

BOOST_AUTO_TEST_CASE(it_quantizes_by_its_name) {
  const Built built;
  std::set<double> losses;
  for (const int width : {2, 4, 8}) {
    const auto run = succeed(powers_of_two({"transform", "jsc-tiny", "jsc-sim", "--project",
                                            "w" + std::to_string(width)},
                                           width),
                             built.path())
                         .json();
    losses.insert(run.at("passes").at(1).at("scalars").at("loss").get<double>());
  }
  BOOST_TEST(losses.size() == 3U);
  const auto formats =
      formats_of(built.path() / "w4/software/transform/transformed_ckpt/graph.json");
  BOOST_TEST(formats.size() == 1U);
  BOOST_TEST(formats.at("seq_blocks_2").at("weight") == "power_of_two");
  const Outcome wrong =
      run_lathe(powers_of_two({"transform", "jsc-tiny", "jsc-sim"}, 9), built.path());
  BOOST_TEST(wrong.exit_code == 2);
  BOOST_TEST(wrong.last_line().find("width") != std::string::npos, wrong.err);
}

BOOST_AUTO_TEST_CASE(it_trains) {
  const Built built;
  const auto run = succeed(powers_of_two({"train", "jsc-tiny", "jsc-sim", "--max-epochs", "3",
                                          "--learning-rate", "1e-2", "--project", "t"},
                                         4),
                           built.path())
                       .json();
  BOOST_TEST(run.at("metrics").at("accuracy").get<double>() > 0.4);  // five classes
  BOOST_TEST(formats_of(built.path() / "t/software/training_ckpts/graph.json").size() == 1U);
}

BOOST_AUTO_TEST_CASE(it_is_searched) {
  const Built built;
  write_file(built.path() / "search.toml", R"(
model = "jsc-tiny"
dataset = "jsc-sim"
plugin = ["power_of_two.so"]
search.search_space.setup.by = "type"
search.search_space.seed.linear.config.weight = { name = ["power_of_two"], width = [2, 4, 8] }
search.strategy.sw_runner.basic_evaluation.num_samples = 512
search.strategy.setup = { n_trials = 3, sampler = "brute" }
search.strategy.metrics.accuracy = { scale = 1.0, direction = "maximize" }
)");
  succeed({"search", "--config", "search.toml", "--project-dir", ".", "--project", "s"},
          built.path());
  const auto log =
      nlohmann::json::parse(read_file(built.path() / "s/software/search_ckpts/log.json"));
  BOOST_TEST(log.size() == 3U);
  std::set<double> losses;
  for (const auto& trial : log) {
    BOOST_TEST(trial.at("state") == "COMPLETE");
    losses.insert(trial.at("user_attrs_software_metrics").at("loss").get<double>());
  }
  BOOST_TEST(losses.size() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(mixed_formats)

const std::filesystem::path kMixed = kExamples / "mixed.toml";

BOOST_AUTO_TEST_CASE(ten_lines_train_ternary_weights_beside_integer_activations) {
  BOOST_TEST(lines_of(read_file(kMixed)) == 10);
  TemporaryFolder folder;
  const auto run =
      succeed({"train", "--config", kMixed.string(), "--with-passes", "--max-epochs", "2",
               "--learning-rate", "1e-2", "--project-dir", ".", "--project", "t", "--json"},
              folder.path())
          .json();
  BOOST_TEST_MESSAGE("accuracy " << run.at("metrics").at("accuracy"));
  BOOST_TEST(run.at("metrics").at("accuracy").get<double>() > 0.6);  // 0.70 in float
  // The first and the last layer, module_list_2 and module_list_11, are left alone.
  const std::map<std::string, std::string> middle{{"weight", "ternary"}, {"data_in", "integer"}};
  const auto formats = formats_of(folder.path() / "t/software/training_ckpts/graph.json");
  BOOST_TEST((formats == decltype(formats){{"module_list_5", middle},
                                           {"module_list_7", middle},
                                           {"module_list_9", middle}}));
}

BOOST_AUTO_TEST_CASE(the_same_ten_lines_search_and_train_each_trial) {
  TemporaryFolder folder;
  const auto run = succeed({"search", "--config", kMixed.string(), "--project-dir", ".",
                            "--project", "s", "--json"},
                           folder.path())
                       .json();
  BOOST_TEST(run.at("space").at("networks") == 8);  // 4 or 8 bits into each of three layers
  const auto log =
      nlohmann::json::parse(read_file(folder.path() / "s/software/search_ckpts/log.json"));
  BOOST_TEST(log.size() == 8U);
  double best = 0;
  for (const auto& trial : log) {
    BOOST_TEST(trial.at("state") == "COMPLETE");
    best = std::max(best, trial.at("user_attrs_software_metrics").at("accuracy").get<double>());
  }
  BOOST_TEST_MESSAGE("best accuracy " << best);
  BOOST_TEST(best > 0.6);
}

BOOST_AUTO_TEST_SUITE_END()
