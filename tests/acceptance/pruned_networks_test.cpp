// Pruned and fused networks as a user runs them: MASE's tables, training that keeps the zeros, what
// is loaded again, searched sparsities, and a real network without its batch norms.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstring>
#include <map>
#include <set>
#include <sstream>

using namespace lathe_test;
using nlohmann::json;

namespace {

namespace fs = std::filesystem;

// As MASE's configs have it.
constexpr const char* kMase = R"(
model = "jsc-toy"
dataset = "jsc-sim"
max_epochs = 2
batch_size = 256
learning_rate = 1e-2

[passes.prune.weight]
sparsity = 0.5
scope = "local"
granularity = "elementwise"
method = "l1-norm"

[passes.prune.activation]
sparsity = 0.1
scope = "local"
granularity = "elementwise"
method = "l1-norm"
)";

// A tensor of a safetensors file.
std::vector<float> tensor_in(const fs::path& file, const std::string& name) {
  const std::string bytes = read_file(file);
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  const json header = json::parse(bytes.substr(8, length));
  const auto at = header.at(name).at("data_offsets").get<std::vector<std::size_t>>();
  std::vector<float> values((at[1] - at[0]) / sizeof(float));
  std::memcpy(values.data(), bytes.data() + 8 + length + at[0], at[1] - at[0]);
  return values;
}

// How many are pruned; checks that they are 0.
int pruned_in(const fs::path& file, const std::string& weight) {
  const std::vector<float> values = tensor_in(file, weight),
                           mask = tensor_in(file, weight + "_mask");
  int pruned = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (mask[i] != 0) continue;
    BOOST_TEST(values[i] == 0);
    ++pruned;
  }
  return pruned;
}

std::vector<std::vector<double>> logits_in(const fs::path& csv) {
  std::vector<std::vector<double>> out;
  std::istringstream lines(read_file(csv));
  std::string line, cell;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    std::vector<double> row;
    for (int i = 0; i < 2; ++i) std::getline(cells, cell, ',');  // the row's number, its label
    while (std::getline(cells, cell, ',')) row.push_back(std::stod(cell));
    out.push_back(std::move(row));  // the predicted class, and then the logits
  }
  return out;
}

// The loss of each sparsity that was tried.
std::map<double, double> searched(const fs::path& folder, const std::string& project,
                                  const std::string& entry) {
  write_file(folder / "search.toml", R"(
model = "jsc-tiny"
dataset = "jsc-sim"

[search.search_space]
name = "graph/quantize/mixed_precision_ptq"
setup.by = "name"

[search.search_space.seed.seq_blocks_2.config]
)" + entry + R"(
[search.strategy]
name = "optuna"
eval_mode = true
sw_runner.basic_evaluation.num_samples = 512
setup = { n_trials = 20, sampler = "brute", sum_scaled_metrics = false }
metrics.loss = { scale = 1.0, direction = "minimize" }
)");
  succeed({"search", "--config", "search.toml", "--project-dir", ".", "--project", project},
          folder);
  std::map<double, double> losses;
  for (const auto& trial :
       json::parse(read_file(folder / project / "software/search_ckpts/log.json"))) {
    BOOST_TEST(trial.at("state") == "COMPLETE");
    const json& sampled = trial.at("user_attrs_sampled_config").at("seq_blocks_2").at("config");
    losses[sampled.at("weight_sparsity").get<double>()] =
        trial.at("user_attrs_software_metrics").at("loss").get<double>();
  }
  return losses;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pruned_networks)

BOOST_AUTO_TEST_CASE(mases_tables_prune_and_training_keeps_the_zeros) {
  TemporaryFolder folder;
  write_file(folder.path() / "prune.toml", kMase);
  succeed(
      {"train", "--config", "prune.toml", "--with-passes", "--project-dir", ".", "--project", "p"},
      folder.path());
  const fs::path best = folder.path() / "p/software/training_ckpts/best.safetensors";
  BOOST_TEST(pruned_in(best, "seq_blocks.2.weight") == 64);
  BOOST_TEST(pruned_in(best, "seq_blocks.5.weight") == 32);
  BOOST_TEST(pruned_in(best, "seq_blocks.8.weight") == 20);
  // What was trained is what is tested, and what goes on.
  const auto run =
      succeed({"test", "--load", "p", "--project-dir", ".", "--project", "t", "--json"},
              folder.path())
          .json();
  BOOST_TEST(run.at("metrics").at("accuracy").get<double>() > 0.3);
  succeed({"train", "--load", "p", "--max-epochs", "1", "--project-dir", ".", "--project", "q"},
          folder.path());
  BOOST_TEST(pruned_in(folder.path() / "q/software/training_ckpts/best.safetensors",
                       "seq_blocks.2.weight") == 64);
}

BOOST_AUTO_TEST_CASE(a_pruned_checkpoint_brings_its_masks_into_a_fresh_model) {
  TemporaryFolder folder;
  succeed({"transform", "jsc-tiny", "--passes", "prune<weight={sparsity=0.5}>", "--project-dir",
           ".", "--project", "p"},
          folder.path());
  const fs::path saved = "p/software/transform/transformed_ckpt/model.safetensors";
  BOOST_TEST(pruned_in(folder.path() / saved, "seq_blocks.2.weight") == 40);
  succeed({"train", "jsc-tiny", "jsc-sim", "--load", saved.string(), "--max-epochs", "1",
           "--project-dir", ".", "--project", "t"},
          folder.path());
  BOOST_TEST(pruned_in(folder.path() / "t/software/training_ckpts/best.safetensors",
                       "seq_blocks.2.weight") == 40);
}

BOOST_AUTO_TEST_CASE(sparsities_are_searched_and_trials_do_not_touch_each_other) {
  TemporaryFolder folder;
  const auto all = searched(folder.path(), "all", "weight_sparsity = [0.9, 0.0, 0.5]\n");
  const auto one = searched(folder.path(), "one", "weight_sparsity = [0.0]\n");
  BOOST_TEST_REQUIRE(all.size() == 3U);
  BOOST_TEST(all.at(0.0) == one.at(0.0));
  BOOST_TEST(all.at(0.0) != all.at(0.9));
  BOOST_TEST(all.at(0.5) != all.at(0.9));
  // Beside a number format.
  const auto both = searched(folder.path(), "both",
                             "name = [\"integer\"]\nweight_width = [4]\nweight_frac_width = "
                             "[3]\ndata_in_width = [8]\nweight_sparsity = [0.9, 0.0]\n");
  BOOST_TEST_REQUIRE(both.size() == 2U);
  BOOST_TEST(both.at(0.0) != both.at(0.9));
  BOOST_TEST(both.at(0.0) != all.at(0.0));
}

BOOST_AUTO_TEST_CASE(resnet20_without_its_batch_norms_predicts_the_same) {
  const std::string data =
      "cifar10<test=" + (data_dir() / "cifar10/all_test_846.bin").string() + ">";
  const std::string weights = (data_dir() / "checkpoints/akamaster__resnet20-12fca82f.th").string();
  TemporaryFolder folder;
  const auto test = [&](const std::string& project, const Words& more) {
    Words words{"test", "resnet20",      data, "--load",    weights, "--batch-size",
                "64",   "--project-dir", ".",  "--project", project};
    words.insert(words.end(), more.begin(), more.end());
    succeed(words, folder.path());
    return logits_in(folder.path() / project / "software/checkpoints/predictions.csv");
  };
  const auto before = test("before", {}), after = test("after", {"--passes", "conv_bn_fusion"});
  BOOST_TEST_REQUIRE(before.size() == 846U);
  BOOST_TEST_REQUIRE(after.size() == 846U);
  double largest = 0;
  for (std::size_t row = 0; row < before.size(); ++row) {
    BOOST_TEST(before[row][0] == after[row][0]);
    for (std::size_t i = 1; i < before[row].size(); ++i)
      largest = std::max(largest, std::fabs(before[row][i] - after[row][i]));
  }
  BOOST_TEST_MESSAGE("resnet20 fused: logits within " << largest);
  BOOST_TEST(largest < 1e-4);
  const auto passes = succeed({"transform", "resnet20", "--load", weights, "--passes",
                               "conv_bn_fusion", "--project-dir", ".", "--json"},
                              folder.path())
                          .json()
                          .at("passes");
  BOOST_TEST(passes.at(0).at("scalars").at("fused") == 19);
}

BOOST_AUTO_TEST_SUITE_END()
