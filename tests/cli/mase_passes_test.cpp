// A config file with the passes of MASE under its names, with its options, on jsc-tiny: the table
// of chop/passes at 36ab7cdd, in an order that its own transform action can have.
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

constexpr const char* kHead =
    "model = 'jsc-tiny'\ndataset = 'jsc-sim'\ntask = 'cls'\nbatch_size = 8\n";

// Tables of passes; each is run on its own too.
const std::vector<std::pair<std::string, std::string>>& mase_passes() {
  static const std::vector<std::pair<std::string, std::string>> passes{
      {"init_metadata", ""},
      {"add_common_metadata", ""},
      {"add_software_metadata", ""},
      {"add_hardware_metadata", ""},
      {"verify_common_metadata", ""},
      {"verify_software_metadata", ""},
      {"verify_hardware_metadata", ""},
      {"verify_metadata", ""},
      {"report_graph", "file_name = 'report_graph.txt'\n"},
      {"report_node_type", ""},
      {"report_node_shape", ""},
      {"report_node_hardware_type", ""},
      {"report_node_meta_param", "which = ['common', 'software']\nsave_path = 'report.txt'\n"},
      {"profile_statistics",
       "by = 'type'\ntarget_weight_nodes = ['linear']\ntarget_activation_nodes = ['relu', "
       "'linear']\nnum_samples = 32\n"
       "[passes.profile_statistics.weight_statistics.variance_precise]\ndevice = 'cpu'\ndims = "
       "'all'\n"
       "[passes.profile_statistics.activation_statistics.range_quantile]\ndevice = 'cpu'\ndims = "
       "'all'\nquantile = 0.97\n"},
      {"calculate_avg_bits", ""},
      {"quantize",
       "by = 'type'\n[passes.quantize.default.config]\nname = 'NA'\n"
       "[passes.quantize.linear.config]\nname = 'integer'\ndata_in_width = 8\n"
       "data_in_frac_width = 4\nweight_width = 8\nweight_frac_width = 4\nbias_width = 8\n"
       "bias_frac_width = 4\n"},
      {"summarize_quantization", "save_dir = 'quantize_summary'\n"},
      {"prune",
       "[passes.prune.weight]\nscope = 'local'\ngranularity = 'elementwise'\nmethod = 'l1-norm'\n"
       "sparsity = 0.5\n"},
      {"add_natural_sparsity", ""},
      {"conv_bn_fusion", ""},
      {"save_mase_graph", "save_dir = 'saved_mase_graph'\n"},
      {"load_mase_graph", "load_dir = 'saved_mase_graph'\n"},
      {"save_node_meta_param", "save_path = 'meta/param.toml'\n"},
      {"load_node_meta_param", "load_path = 'meta/param.toml'\n"}};
  return passes;
}

std::string ending_of(const std::string& name) {
  if (name.find("mase_graph") != std::string::npos || name.find("meta_param") != std::string::npos)
    return name.starts_with("report") ? "_analysis_pass" : "_interface_pass";
  for (const char* transform : {"quantize", "prune", "conv_bn_fusion"})
    if (name == transform) return "_transform_pass";
  return "_analysis_pass";
}

std::string renamed(std::string text, const std::string& name, const std::string& to) {
  const std::string from = "passes." + name + ".";
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos;)
    text.replace(at, from.size(), "passes." + to + ".");
  return text;
}

Outcome transform(const std::string& tables, const TemporaryFolder& folder) {
  write_file(folder.path() / "a.toml", kHead + tables);
  return run_lathe({"transform", "--config", "a.toml", "--project-dir", ".", "--project", "t"},
                   folder.path());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(passes_of_mase)

BOOST_AUTO_TEST_CASE(a_file_with_all_of_mase_s_passes_runs_end_to_end) {
  std::string tables;
  for (const auto& [name, options] : mase_passes()) tables += "[passes." + name + "]\n" + options;
  const TemporaryFolder folder;
  const Outcome outcome = transform(tables, folder);
  BOOST_TEST(outcome.exit_code == 0, outcome.err);
  const auto results = folder.path() / "t/software/transform";
  BOOST_TEST(std::filesystem::exists(results / "report_graph/report_graph.txt"));
  BOOST_TEST(std::filesystem::exists(results / "summarize_quantization/quantize_summary"));
  BOOST_TEST(std::filesystem::exists(results / "transformed_ckpt/graph.json"));
  BOOST_TEST(std::filesystem::exists(folder.path() / "saved_mase_graph/node_meta_param.toml"));
  BOOST_TEST(std::filesystem::exists(folder.path() / "meta/param.toml"));
}

BOOST_AUTO_TEST_CASE(the_same_passes_run_under_the_names_of_their_functions) {
  std::string tables;
  for (const auto& [name, options] : mase_passes()) {
    const std::string full = name + ending_of(name);
    tables += "[passes." + full + "]\n" + renamed(options, name, full);
  }
  const TemporaryFolder folder;
  const Outcome outcome = transform(tables, folder);
  BOOST_TEST(outcome.exit_code == 0, outcome.err);
}

BOOST_AUTO_TEST_CASE(a_pass_s_own_options_are_named_as_mase_names_them_wherever_it_is_refused) {
  const TemporaryFolder folder;
  const Outcome both =
      transform("[passes.load_mase_graph]\nload_path = 'a'\nload_dir = 'b'\n", folder);
  BOOST_TEST(both.exit_code == 2);
  BOOST_TEST(contains(both.last_line(), "load_path"), both.err);
  const Outcome none = transform("[passes.load_mase_graph]\nload_path = 'nowhere'\n", folder);
  BOOST_TEST(none.exit_code == 2);
  BOOST_TEST(contains(none.last_line(), "nowhere"), none.err);
  BOOST_TEST(contains(none.last_line(), "a.toml:6"), none.err);
}

BOOST_AUTO_TEST_SUITE_END()
