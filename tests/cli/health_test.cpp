// What a user is told of a network whose numbers are wrong, command by command.
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <limits>

using namespace lathe_test;
using nlohmann::json;

namespace {

namespace fs = std::filesystem;

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

// A safetensors file, taken apart and put together again.
struct Weights {
  explicit Weights(const fs::path& path) {
    const std::string bytes = read_file(path);
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    header = json::parse(bytes.substr(8, length));
    body = bytes.substr(8 + length);
  }
  void write(const fs::path& path) const {
    const std::string text = header.dump();
    const std::uint64_t length = text.size();
    std::string file(sizeof length, '\0');
    std::memcpy(file.data(), &length, sizeof length);
    write_file(path, file + text + body);
  }
  char* at(const std::string& tensor) {
    return body.data() + header.at(tensor).at("data_offsets").at(0).get<std::size_t>();
  }
  json header;
  std::string body;
};

// jsc-tiny, trained for an epoch.
struct Trained {
  Trained() {
    good({"train", "jsc-tiny", "jsc-sim", "--max-epochs", "1", "--project-dir", ".", "--project",
          "base"},
         folder.path());
  }
  fs::path best() const {
    return folder.path() / "base" / "software" / "training_ckpts" / "best.safetensors";
  }
  Outcome tested(const fs::path& weights, const Words& more = {}) const {
    return good(with({"test", "jsc-tiny", "jsc-sim", "--load", weights.string(), "--project-dir",
                      ".", "--project", "t", "--json"},
                     more),
                folder.path());
  }
  TemporaryFolder folder;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(health)

BOOST_AUTO_TEST_CASE(a_checkpoint_with_a_nan_is_named_when_it_is_read_and_when_it_is_used) {
  const Trained at;
  Weights weights(at.best());
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(weights.at("seq_blocks.2.weight"), &nan, sizeof nan);
  const fs::path file = at.folder.path() / "nan.safetensors";
  weights.write(file);
  const Outcome run = at.tested(file);
  BOOST_TEST(contains(run.err,
                      "nan.safetensors': weights are not finite: 'seq_blocks.2.weight' (1 "
                      "NaN of 80)"),
             run.err);
  BOOST_TEST(contains(run.err,
                      "the first node whose output is not finite is 'seq_blocks_2' "
                      "(linear)"),
             run.err);
  BOOST_TEST(contains(run.err, "its 'seq_blocks.2.weight' has 1 NaN of 80 values"), run.err);
  // Every row has a NaN among its logits: none is right, whatever its label.
  const json result = run.json();
  BOOST_TEST(result.at("metrics").at("accuracy") == 0.0);
  BOOST_TEST(result.at("metrics").at("loss").is_null());
  for (const json& row : result.at("tables").at("classes")) BOOST_TEST(row.at("correct") == 0);
  const std::string csv =
      read_file(at.folder.path() / "t" / "software" / "checkpoints" / "predictions.csv");
  const std::size_t second = csv.find('\n') + 1;
  const std::string row = csv.substr(second, csv.find('\n', second) - second);
  // row, label, no prediction, logits with a NaN
  BOOST_TEST(contains(row, ",,"), row);
  BOOST_TEST(contains(row, "nan"), row);
  // The weights as they were have nothing of it.
  const Outcome healthy = at.tested(at.best());
  BOOST_TEST(!contains(healthy.err, "finite"), healthy.err);
  BOOST_TEST(!contains(healthy.err, "trained"), healthy.err);
}

BOOST_AUTO_TEST_CASE(integers_for_a_float_parameter_are_taken_with_a_word) {
  const Trained at;
  Weights weights(at.best());
  // The same bytes, read as 32-bit integers.
  weights.header.at("seq_blocks.2.bias").at("dtype") = "I32";
  const fs::path file = at.folder.path() / "codes.safetensors";
  weights.write(file);
  const Outcome run = at.tested(file);
  BOOST_TEST(contains(run.err,
                      "whole numbers stand where the network computes with fractions: "
                      "'seq_blocks.2.bias' (int32)"),
             run.err);
}

BOOST_AUTO_TEST_CASE(weights_that_nobody_trained_are_evaluated_with_a_word) {
  const TemporaryFolder folder;
  const Outcome run = good({"transform", "jsc-tiny", "jsc-sim", "--passes",
                            "evaluate,evaluate<split=test>", "--project-dir", ".", "--json"},
                           folder.path());
  const std::string said = "evaluates layers that nothing has trained";
  BOOST_TEST(count_of(run.err, said) == 1U, run.err);
  BOOST_TEST(contains(run.err, "'seq_blocks_2'"), run.err);
  BOOST_TEST(contains(run.err, "--load"), run.err);
  // A saved graph knows that its weights are fresh, until they are trained.
  const std::string quantize = "quantize<by=type,default.name=NA,linear.name=integer>";
  const Words saved{"--project-dir", ".", "--project", "q"};
  good(with({"transform", "jsc-tiny", "jsc-sim", "--passes", quantize}, saved), folder.path());
  const std::string graph = "q/software/transform/transformed_ckpt";
  const std::string tested =
      good(with({"test", "jsc-sim", "--load", graph}, saved), folder.path()).err;
  BOOST_TEST(contains(tested, said + ": 'seq_blocks_0', 'seq_blocks_2'"), tested);
  const std::string trained =
      good(with({"train", "jsc-sim", "--load", graph, "--max-epochs", "1"}, saved), folder.path())
          .err;
  BOOST_TEST(!contains(trained, said), trained);
  const std::string again =
      good(with({"test", "--load", "q/software/training_ckpts"}, saved), folder.path()).err;
  BOOST_TEST(!contains(again, said), again);
  // Counting asks for no weights.
  BOOST_TEST(!contains(good({"transform", "jsc-tiny", "jsc-sim", "--passes", "flops",
                             "--project-dir", ".", "--json"},
                            folder.path())
                           .err,
                       said));
}

BOOST_AUTO_TEST_CASE(weights_that_all_round_to_zero_are_named_wherever_a_format_is_set) {
  const Trained at;
  const std::string passes =
      "quantize<by=type,default.name=NA,linear={name=integer,weight_width=3,weight_frac_width=-2}>";
  const Words net{"jsc-tiny", "jsc-sim", "--passes", passes, "--project-dir", "."};
  for (const Words& words :
       {with({"transform"}, net), with({"train", "--max-epochs", "1", "--project", "q"}, net),
        with({"test", "--load", at.best().string(), "--project", "q"}, net)}) {
    const Outcome run = good(words, at.folder.path());
    BOOST_TEST(contains(run.err,
                        "the 80 values of 'seq_blocks.2.weight' (node 'seq_blocks_2', "
                        "weight) all round to 0 in integer<width=3,frac_width=-2"),
               run.err);
    BOOST_TEST(contains(run.err, "calibration=range"), run.err);
  }
  // And an output that is the same for every row, where there is one.
  const Outcome tested = at.tested(at.best(), {"--passes", passes});
  BOOST_TEST(contains(tested.err, "the network's output is the same for all"), tested.err);
}

BOOST_AUTO_TEST_CASE(a_sweep_goes_on_after_a_point_that_diverges) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml",
             "model = 'mlp<hidden=[4]>'\ndataset = 'jsc-sim'\ntraining_optimizer = 'sgd'\n"
             "max_epochs = 1\n[sweep]\nlearning_rate = [1e-2, 1e30, 1e-3]\n");
  const Words words{"train", "--config",  "a.toml", "--project-dir",
                    ".",     "--project", "s",      "--json"};
  const Outcome run = good(words, folder.path());
  const json rows = run.json().at("tables").at("sweep");
  BOOST_REQUIRE(rows.size() == 3U);
  BOOST_TEST(rows.at(0).at("best_validation_loss").is_number());
  BOOST_TEST(rows.at(1).at("best_validation_loss").is_null());
  BOOST_TEST(rows.at(1).at("loss").is_null());
  BOOST_TEST(rows.at(2).at("best_validation_loss").is_number());
  BOOST_TEST(contains(run.err, "given up: the loss is "), run.err);
  BOOST_TEST(contains(run.err, "a lower learning rate may help"), run.err);
  write_file(folder.path() / "a.toml",
             "model = 'mlp<hidden=[4]>'\ndataset = 'jsc-sim'\ntraining_optimizer = 'sgd'\n"
             "max_epochs = 1\n[sweep]\nlearning_rate = [1e30, 1e31]\n");
  const Outcome none = run_lathe(with(words, {"--overwrite"}), folder.path());
  BOOST_TEST(none.exit_code == 1);
  BOOST_TEST(contains(none.last_line(), "all 2 runs were given up"), none.err);
}

BOOST_AUTO_TEST_CASE(trials_that_fail_alike_are_told_twice_and_counted) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.toml",
             "model = 'mlp<hidden=[4]>'\ndataset = 'jsc-sim'\n"
             "[search.search_space]\nsetup.by = 'type'\n"
             "[search.search_space.training]\nlearning_rate = [1e-2, 1e28, 1e29, 1e30, 1e31]\n"
             "[search.strategy]\neval_mode = false\n"
             "sw_runner.basic_train = { max_epochs = 1, num_samples = 1024, optimizer = 'sgd' }\n"
             "setup = { n_trials = 5, sampler = 'brute' }\n"
             "metrics.loss = { scale = 1.0, direction = 'minimize' }\n");
  const Outcome run =
      good({"search", "--config", "a.toml", "--project-dir", ".", "--json"}, folder.path());
  const json result = run.json();
  BOOST_TEST(result.at("failed_trials") == 4);
  BOOST_TEST(count_of(run.err, "failed: ") == result.at("failures").size(), run.err);
  BOOST_TEST(count_of(run.err, "failed likewise") >= 1U, run.err);
  std::size_t counted = 0;
  for (const json& failure : result.at("failures")) {
    counted += failure.at("trials").get<std::size_t>();
    BOOST_TEST(contains(failure.at("text").get<std::string>(), "the loss is "));
  }
  BOOST_TEST(counted == 4U);
  BOOST_TEST(result.at("best").at(0).at("number") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
