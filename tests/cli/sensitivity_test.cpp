// The pass from the command line: the file it leaves, beside what a search of the same config logs.
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace lathe_test;

namespace {

namespace fs = std::filesystem;

const std::string kConfig =
    "model = 'jsc-tiny'\ndataset = 'jsc-sim'\nbatch_size = 64\n"
    "[search.search_space]\nsetup.by = 'type'\n"
    "[search.search_space.seed.linear.config]\nname = ['integer', 'NA']\n"
    "data_in_width = { low = 4, high = 8, step = 2 }\nweight_width = [2, 4, 8]\n"
    "[search.strategy]\nsw_runner.basic_evaluation.num_samples = 64\n"
    "setup = { n_trials = 1, sampler = 'brute' }\n"
    "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n";

fs::path found(const fs::path& folder, const std::string& name) {
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().filename() == name) return entry.path();
  BOOST_FAIL("no " << name << " under " << folder);
  return {};
}

nlohmann::json parsed(const fs::path& file) { return nlohmann::json::parse(read_file(file)); }

// {"a": {"b": 1}} has the name "a/b".
void add_names(const nlohmann::json& table, const std::string& path, std::set<std::string>& names) {
  for (const auto& [key, value] : table.items()) {
    const std::string name = path.empty() ? key : path + "/" + key;
    if (value.is_object())
      add_names(value, name, names);
    else
      names.insert(name);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_file_of_sensitivities_has_the_parameters_that_a_search_logs) {
  const TemporaryFolder folder;
  write_file(folder.path() / "space.toml", kConfig);
  good({"transform", "--config", "space.toml", "--passes",
        "sensitivity<method=output,num_samples=64>", "--project-dir", ".", "--project", "t"},
       folder.path());
  good({"search", "--config", "space.toml", "--project-dir", ".", "--project", "s"}, folder.path());
  const auto file = parsed(found(folder.path() / "t", "sensitivity.json"));
  const auto log = parsed(found(folder.path() / "s", "log.json"));
  std::set<std::string> logged;
  const auto& trial = log.is_array() ? log.at(0) : log.begin().value();
  nlohmann::json config = trial.at("user_attrs_sampled_config");
  config.erase("by");
  config.erase("default");
  add_names(config, "", logged);
  BOOST_TEST(!logged.empty());
  std::set<std::string> told;
  for (const auto& [name, values] : file.at("output_error").items())
    if (!name.empty()) told.insert(name);
  BOOST_TEST(told == logged, boost::test_tools::per_element());
  const auto& error = file.at("output_error");
  BOOST_TEST(error.at("seq_blocks_2/config/name").size() == 2U);
  BOOST_TEST(error.at("seq_blocks_2/config/data_in_width").size() == 3U);
  BOOST_TEST(error.at("seq_blocks_2/config/weight_width").size() == 3U);
}

BOOST_AUTO_TEST_CASE(the_pass_prints_its_layers_and_its_numbers) {
  const TemporaryFolder folder;
  const Outcome run =
      good({"transform", "jsc-tiny", "jsc-sim", "--set", "search.search_space.setup.by=type",
            "--set", "search.search_space.seed.linear.config={name=[integer],weight_width=[2,4,8]}",
            "--passes", "sensitivity"},
           folder.path());
  for (const char* text : {"seq_blocks_2", "weight", "integer<width=2", "base_loss", "evaluations"})
    BOOST_TEST(run.out.find(text) != std::string::npos, text << " in\n" << run.out);
  found(folder.path(), "sensitivity.json");
}
