// What the tests of --load share: small trainings in projects of one folder, and what must be the
// same or be refused.
#pragma once

#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

namespace lathe_test {

namespace fs = std::filesystem;

// Of jsc-toy: seq_blocks_2 is 8 wide.
const inline std::string kWiden =
    "channel_multiplier<by=name,seq_blocks_2.width=2,weights=net2wider>";
const inline std::string kQuantize =
    "quantize<by=type,linear.name=integer,linear.weight_width=4,linear.data_in_width=6>";

inline Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// Trainings in one folder, each in a project of its own.
class Trainings {
 public:
  // jsc-toy, 16 wide inside where it was 8 (seq_blocks_2), with formats on its linear layers.
  Outcome widened(const std::string& project) {
    return train(project, {"--passes", kWiden + "," + kQuantize});
  }
  Outcome train(const std::string& project, const Words& more = {}) {
    return good(
        with({"train", "jsc-toy", "jsc-sim", "--batch-size", "256", "--learning-rate", "1e-2",
              "--max-epochs", "2", "--project-dir", ".", "--project", project, "--json"},
             more),
        path());
  }
  Outcome run(const Words& words) {
    return run_lathe(with(words, {"--project-dir", ".", "--project", "t"}), path());
  }
  nlohmann::json metrics(const Words& words) {
    return good(with(words, {"--project-dir", ".", "--project", "t", "--json"}), path())
        .json()
        .at("metrics");
  }
  // Passes as Lathe writes them.
  std::string printed(const std::string& passes) {
    const std::string text =
        good({"transform", "jsc-toy", "--passes", passes, "--print-pipeline", "text"}, path()).out;
    return text.substr(0, text.find('\n'));
  }
  const fs::path& path() const { return folder_.path(); }
  fs::path results(const std::string& project) const {
    return path() / project / "software" / "training_ckpts";
  }

 private:
  TemporaryFolder folder_;
};

inline void check_same(const nlohmann::json& found, const nlohmann::json& expected) {
  for (const char* metric : {"loss", "accuracy", "samples"})
    BOOST_TEST(found.at(metric) == expected.at(metric));
}

inline void check_refused(const Outcome& outcome, int code, const std::vector<std::string>& says) {
  BOOST_TEST_CONTEXT(outcome.err) {
    BOOST_TEST(outcome.exit_code == code);
    BOOST_TEST(outcome.last_line().starts_with("error: "));
    for (const std::string& text : says) BOOST_TEST(contains(outcome.last_line(), text), text);
  }
}

}  // namespace lathe_test
