// Statistics that cannot be gathered: what is said of them, and where.
#include "tests/cli/bad_input.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

using lathe_test::BadInput;
using lathe_test::check_bad_inputs;
using lathe_test::Words;

namespace {

BadInput profile(const std::string& what, const std::string& options, std::vector<std::string> says,
                 int exit_code = 2) {
  return {what,
          {},
          {"transform", "jsc-tiny", "jsc-sim", "--passes", "profile_statistics<" + options + ">"},
          exit_code,
          std::move(says)};
}

}  // namespace

BOOST_AUTO_TEST_CASE(statistics_that_are_none_are_refused_with_the_nearest) {
  check_bad_inputs({
      profile("a misspelt statistic", "weight_statistics={variance_precis={}}",
              {"--passes:1:39", "variance_precis", "weight_statistics", "'variance_precise'"}),
      profile("no statistic of any name", "activation_statistics={histogram={}}",
              {"histogram", "activation_statistics", "range_quantile"}),
      profile("a list of names", "weight_statistics=[variance_precise]",
              {"weight_statistics", "takes a table"}),
      profile("a statistic that is no table", "weight_statistics={abs_mean=true}",
              {"abs_mean", "takes a table"}),
      profile("a misspelt option of a statistic",
              "activation_statistics={range_quantile={dim=all}}",
              {"dim", "range_quantile", "'dims'"}),
      profile("an option of another statistic", "weight_statistics={abs_mean={quantile=0.9}}",
              {"quantile", "abs_mean"}),
  });
}

BOOST_AUTO_TEST_CASE(options_of_statistics_out_of_range_are_refused_with_what_is_allowed) {
  check_bad_inputs({
      profile("a quantile that is no number",
              "activation_statistics={range_quantile={quantile=nan}}", {"quantile", "nan"}),
      profile("a quantile above one", "activation_statistics={range_quantile={quantile=1.5}}",
              {"--passes:1:59", "quantile", "0.5..1", "1.5"}),
      profile("a range that is turned round",
              "activation_statistics={range_quantile={quantile=0.25}}", {"quantile", "0.5..1"}),
      profile("deviations below zero", "weight_statistics={range_n_sigma={num_sigma=-1}}",
              {"num_sigma", "0..", "-1"}),
      profile("infinitely many deviations", "weight_statistics={range_n_sigma={num_sigma=inf}}",
              {"num_sigma", "0..1000000", "inf"}),
      profile("a variance of no name", "weight_statistics={range_n_sigma={var_mode=exact}}",
              {"var_mode", "online, precise", "exact"}),
      profile("dimensions that are a word", "weight_statistics={range_min_max={dims=al}}",
              {"weight_statistics", "'dims' of range_min_max", "\"all\", NA or a list", "'al'"}),
      profile("dimensions that are words", "weight_statistics={range_min_max={dims=[rows]}}",
              {"weight_statistics", "'dims' of range_min_max", "integer"}),
      profile("dimensions that no weight has", "weight_statistics={range_min_max={dims=[2]}}",
              {"weight_statistics", "range_min_max", "all tensors lack", "'seq_blocks_0' has 1"}),
      profile("dimensions that no activation has", "activation_statistics={abs_mean={dims=[-3]}}",
              {"activation_statistics", "abs_mean", "all tensors lack", "node 'x' has 2"}),
      profile("rows below zero", "num_samples=-1", {"num_samples", "0..", "-1"}),
      profile("more rows at once than fit", "batch_size=4294967296", {"batch_size", "2147483647"}),
      profile("a split of no name", "split=valid",
              {"split", "valid", "one of train, validation, test"}),
      profile("MASE's code object", "input_generator=train", {"input_generator", "split"}),
  });
}

BOOST_AUTO_TEST_CASE(targets_of_statistics_that_there_are_not_are_refused_with_the_nearest) {
  check_bad_inputs({
      profile("a misspelt op", "target_weight_nodes=[linaer]",
              {"--passes:1:20", "target_weight_nodes", "'linaer' is no op", "'linear'"}),
      profile("an op that the network lacks", "target_activation_nodes=[conv2d]",
              {"target_activation_nodes", "'conv2d'", "batch_norm1d, relu, linear"}),
      profile("a node where ops are meant", "target_weight_nodes=[seq_blocks_2]",
              {"'seq_blocks_2'", "it is a node", "by = \"name\""}),
      profile("an op where nodes are meant", "by=name,target_weight_nodes=[linear]",
              {"'linear'", "it is an op", "by = \"type\""}),
      profile("a misspelt node", "by=name,target_weight_nodes=[seq_block_2]",
              {"'seq_block_2' is no node", "'seq_blocks_2'"}),
      profile("no text", "target_weight_nodes=3", {"target_weight_nodes", "list of texts"}),
  });
}

BOOST_AUTO_TEST_CASE(activations_without_data_are_refused) {
  check_bad_inputs({
      {"no data set",
       {},
       {"transform", "jsc-tiny", "--passes", "profile_statistics"},
       2,
       {"profile_statistics", "no data set", "--dataset"}},
      {"no data set for sparsity",
       {},
       {"transform", "jsc-tiny", "--passes", "natural_sparsity<activations=true>"},
       2,
       {"natural_sparsity", "no data set", "--dataset"}},
  });
}

BOOST_AUTO_TEST_CASE(values_that_are_not_finite_are_a_warning_that_names_the_first_node) {
  const lathe_test::TemporaryFolder folder;
  const std::string weights =
      (lathe_test::source_dir() / "tests/cases/files/nan_weights.pt").string();
  const auto said = [&](const std::string& passes) {
    return lathe_test::good({"transform", "jsc-tiny", "jsc-sim", "--load", weights, "--passes",
                             passes, "--project-dir", "."},
                            folder.path())
        .err;
  };
  const std::string profile = said("profile_statistics<num_samples=50>");
  for (const char* part : {"80 of 'weight' of node 'seq_blocks_2'",
                           "250 of 'data_in_0' of node 'seq_blocks_3', and some of 1 more"}) {
    BOOST_TEST(lathe_test::contains(profile, part), profile);
  }
  const std::string sparsity = said("natural_sparsity");
  BOOST_TEST(lathe_test::contains(sparsity, "80 values of 'weight' of node 'seq_blocks_2'"),
             sparsity);
}

BOOST_AUTO_TEST_CASE(profiles_that_see_less_than_was_asked_for_say_so) {
  const lathe_test::TemporaryFolder folder;
  const auto said = [&](const std::string& options) {
    return lathe_test::good({"transform", "jsc-tiny", "jsc-sim<train=60>", "--passes",
                             "profile_statistics<" + options + ">", "--project-dir", "."},
                            folder.path())
        .err;
  };
  const std::string few = said("num_samples=100");
  BOOST_TEST(lathe_test::contains(few, "num_samples is 100, but the split 'train' has 60"), few);
  const std::string op = said("target_weight_nodes=[linear, conv2d]");
  BOOST_TEST(lathe_test::contains(op, "'conv2d' in 'target_weight_nodes' fits no node"), op);
  const std::string device = said("weight_statistics={abs_mean={device=cuda}}");
  BOOST_TEST(lathe_test::contains(device, "computed on the CPU"), device);
  const std::string dims = said("weight_statistics={abs_mean={dims=[1]}}");
  BOOST_TEST(lathe_test::contains(dims, "'weight' of node 'seq_blocks_0' has 1; they get NA"),
             dims);
}
