#include "core/mase/words.hpp"

#include "tests/options/expect.hpp"
#include "tests/support/support.hpp"

using namespace lathe;

BOOST_AUTO_TEST_SUITE(words)

BOOST_AUTO_TEST_CASE(words_are_translated) {
  BOOST_TEST(*task_word("cls") == "classification");
  BOOST_TEST(!task_word("vision").has_value());
  BOOST_TEST(*split_word("val_dataloader") == "validation");
  BOOST_TEST(!split_word("dataloader").has_value());
  BOOST_TEST(format_word("msfp") == "block_fp");
  BOOST_TEST(option_word("to_debug") == "debug");
  BOOST_TEST(option_word("batch_size") == "batch_size");
  BOOST_TEST(runner_key("training_optimizer") == "optimizer");
  BOOST_TEST(runner_key("max_epochs") == "max_epochs");
}

// The names of its PASSES table (chop/passes/graph/__init__.py at 36ab7cdd and later), with what
// there is of them here.
BOOST_AUTO_TEST_CASE(a_pass_of_mase_s_is_known_by_all_of_its_names) {
  const std::vector<std::pair<const char*, const char*>> passes{
      {"init_metadata", "init_metadata"},
      {"init_metadata_analysis_pass", "init_metadata"},
      {"add_common_metadata_analysis_pass", "add_common_metadata"},
      {"add_hardware_metadata_analysis_pass", "add_hardware_metadata"},
      {"add_software_metadata_analysis_pass", "add_software_metadata"},
      {"profile_statistics_analysis_pass", "profile_statistics"},
      {"report_graph_analysis_pass", "report_graph"},
      {"report_node_hardware_type_analysis_pass", "report_node_hardware_type"},
      {"report_node_meta_param_analysis_pass", "report_node_meta_param"},
      {"report_node_shape_analysis_pass", "report_node_shape"},
      {"report_node_type_analysis_pass", "report_node_type"},
      {"report_trainable_parameters_analysis_pass", "report_trainable_parameters"},
      {"calculate_avg_bits", "average_bitwidth"},
      {"calculate_avg_bits_mg_analysis_pass", "average_bitwidth"},
      {"calculate_avg_bits_module_analysis_pass", "average_bitwidth"},
      {"add_natural_sparsity", "natural_sparsity"},
      {"add_natural_sparsity_metadata_analysis_pass", "natural_sparsity"},
      {"verify", "verify_metadata"},
      {"verify_common_metadata", "verify_metadata"},
      {"verify_common_metadata_analysis_pass", "verify_metadata"},
      {"verify_software_metadata_analysis_pass", "verify_metadata"},
      {"verify_hardware_metadata_analysis_pass", "verify_metadata"},
      {"verify_metadata_analysis_pass", "verify_metadata"},
      {"quantize_transform_pass", "quantize"},
      {"summarize_quantization_analysis_pass", "summarize_quantization"},
      {"prune_transform_pass", "prune"},
      {"conv_bn_fusion_transform_pass", "conv_bn_fusion"},
      {"remove_dropout_transform_pass", "remove_dropout"},
      {"extract_subgraph_transform_pass", "extract_subgraph"},
      {"save_mase_graph", "save_graph"},
      {"save_mase_graph_interface_pass", "save_graph"},
      {"save_node_meta_param_interface_pass", "save_graph"},
      {"load_mase_graph_interface_pass", "load_graph"},
      {"load_node_meta_param", "load_graph"},
      {"flops", "flops"},
      {"_transform_pass", "_transform_pass"}};
  for (const auto& [theirs, ours] : passes) BOOST_TEST(pass_word(theirs) == ours, theirs);
  BOOST_TEST(words_of_pass("load_graph").size() == 2U);
  BOOST_TEST(words_of_pass("flops").empty());
}

BOOST_AUTO_TEST_CASE(options_of_mase_s_passes_are_translated_where_they_differ) {
  BOOST_TEST(pass_option_word("load_graph", "load_path") == "load_dir");
  BOOST_TEST(pass_option_word("load_graph", "load_dir") == "load_dir");
  BOOST_TEST(pass_option_word("save_graph", "load_path") == "load_path");
}

BOOST_AUTO_TEST_SUITE_END()
