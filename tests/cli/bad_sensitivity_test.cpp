// Sensitivities that cannot be had: what is said of it, and what to do.
#include "tests/cli/bad_input.hpp"

#include <boost/test/unit_test.hpp>

using lathe_test::BadInput;
using lathe_test::check_bad_inputs;
using lathe_test::Words;

namespace {

const std::string kBy = "search.search_space.setup.by=type";
const std::string kFormats =
    "search.search_space.seed.linear.config={name=[integer],weight_width=[2,4]}";

BadInput row(const std::string& what, const std::string& pass, std::vector<std::string> settings,
             std::vector<std::string> says, int exit_code = 2) {
  Words words{"transform", "jsc-s", "jsc-sim", "--passes", pass};
  for (const std::string& setting : settings) {
    words.emplace_back("--set");
    words.push_back(setting);
  }
  return {what, {}, std::move(words), exit_code, std::move(says)};
}

}  // namespace

BOOST_AUTO_TEST_CASE(sensitivity_tells_what_it_lacks) {
  check_bad_inputs({
      row("no search space", "sensitivity", {},
          {"sensitivity", "needs a search space", "[search.search_space]"}, 1),
      row("an unknown method", "sensitivity<method=guess>", {kBy, kFormats},
          {"method", "guess", "output", "hessian"}),
      row("no probes", "sensitivity<method=hessian,probes=0>", {kBy, kFormats}, {"probes", "0"}),
      row("an unknown split", "sensitivity<split=tset>", {kBy, kFormats}, {"split", "tset"}),
      {"no data set",
       {},
       {"transform", "jsc-tiny", "--passes", "sensitivity", "--set", kBy, "--set", kFormats},
       2,
       {"data"}},
  });
}

BOOST_AUTO_TEST_CASE(sensitivity_is_of_number_formats_only) {
  check_bad_inputs({
      row("widths of layers", "sensitivity",
          {kBy,
           "search.search_space.seed.linear.config={name=[output_only],channel_multiplier=[1,2]}"},
          {"channel_multiplier", "changes the network itself"}, 1),
      row("a range without steps", "sensitivity",
          {kBy, kFormats, "search.search_space.training.learning_rate={low=0.1,high=0.2}"},
          {"training/learning_rate", "without a list of values"}, 1),
      row("an option of the training", "sensitivity",
          {kBy, kFormats, "search.search_space.training.batch_size=[16,32]"},
          {"training/batch_size", "option of the training"}, 1),
      row("a space that formats nothing", "sensitivity",
          {kBy, "search.search_space.seed.linear.config={name=[NA]}"}, {"no node a number format"},
          1),
  });
}
