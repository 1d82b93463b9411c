// Reports of every command say which quantized layers were evaluated on integers, and why others
// were not. Chains of dense layers never are: here the report is looked at, not the arithmetic.
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

using Json = nlohmann::json;

const std::string kQuantize =
    "quantize<by=type,default.name=NA,linear.name=integer,linear.data_in_width=8,"
    "linear.weight_width=8>";

const std::string kSearch =
    "model = 'jsc-tiny'\ndataset = 'jsc-sim'\n[search.search_space]\nsetup.by = 'type'\n"
    "seed.default.config.name = ['NA']\n"
    "seed.linear.config = { name = ['integer'], weight_width = [4, 8] }\n"
    "[search.strategy]\nsw_runner.basic_evaluation.num_samples = 64\n"
    "setup = { n_trials = 4, sampler = 'brute', sum_scaled_metrics = false }\n"
    "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n";

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  words.insert(words.end(), {"--json", "--project-dir", "."});
  return words;
}

Json part_of(const Outcome& outcome) {
  const Json provenance = outcome.json().at("provenance");
  return provenance.value("integer_kernels", Json());
}

const Words kTransform{"transform", "jsc-tiny", "jsc-sim", "--passes",
                       kQuantize + ",evaluate<num_samples=64>"};

}  // namespace

BOOST_AUTO_TEST_CASE(a_report_says_which_quantized_layers_stayed_on_floats_and_why) {
  const TemporaryFolder folder;
  const Outcome outcome = good(with(kTransform, {"--project", "p"}), folder.path());
  const Json part = part_of(outcome);
  BOOST_TEST(part.at("mode") == "auto");
  BOOST_TEST(part.at("on_integers").empty());
  BOOST_TEST(part.at("on_floats").at("seq_blocks_2").dump() ==
             R"(["it is of a chain of small dense layers"])");
  BOOST_TEST(!contains(outcome.err, "on integers"));
  const auto file = folder.path() / "p" / "software" / "transform" / "report.json";
  BOOST_TEST(Json::parse(read_file(file)).at("provenance").at("integer_kernels") == part);
}

BOOST_AUTO_TEST_CASE(the_option_is_one_of_the_command_line_and_of_files) {
  const TemporaryFolder folder;
  BOOST_TEST(
      part_of(good(with(kTransform, {"--integer-kernels", "off"}), folder.path())).at("mode") ==
      "off");
  BOOST_TEST(
      part_of(good(with(kTransform, {"--set", "integer_kernels=off"}), folder.path())).at("mode") ==
      "off");
  write_file(folder.path() / "a.toml",
             "integer_kernels = 'off'\nmodel = 'jsc-tiny'\ndataset = 'jsc-sim'\n");
  BOOST_TEST(part_of(good(with({"transform", "--config", "a.toml"}, {"--passes", kTransform[4]}),
                          folder.path()))
                 .at("mode") == "off");
}

BOOST_AUTO_TEST_CASE(a_network_without_formats_has_nothing_to_say) {
  const TemporaryFolder folder;
  for (const Words& words :
       {Words{"transform", "jsc-tiny", "jsc-sim", "--passes", "evaluate<num_samples=64>"},
        Words{"transform", "jsc-tiny", "jsc-sim", "--passes", kQuantize}})
    BOOST_TEST(part_of(good(with(words, {}), folder.path())).is_null());
}

BOOST_AUTO_TEST_CASE(trainings_tests_and_searches_say_it_too) {
  const TemporaryFolder folder;
  const Json trained = part_of(good(
      with({"train", "jsc-tiny", "jsc-sim"},
           {"--passes", kQuantize, "--max-epochs", "1", "--batch-size", "1024", "--project", "p"}),
      folder.path()));
  BOOST_TEST(trained.at("on_floats").contains("seq_blocks_2"));
  BOOST_TEST(part_of(good(with({"test", "--load", "p"}, {}), folder.path())) == trained);

  write_file(folder.path() / "a.toml", kSearch);
  const auto searched = [&](const std::string& jobs) {
    return part_of(
        good(with({"search", "--config", "a.toml"}, {"--project", "s" + jobs, "--jobs", jobs}),
             folder.path()));
  };
  const Json alone = searched("1");
  BOOST_TEST(alone.at("on_floats").contains("seq_blocks_2"));
  BOOST_TEST(searched("2") == alone);
}
