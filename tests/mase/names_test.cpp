#include "core/mase/names.hpp"

#include <boost/test/unit_test.hpp>

using lathe::about_mase_name;

BOOST_AUTO_TEST_SUITE(mase_names)

BOOST_AUTO_TEST_CASE(a_name_that_only_mase_has_is_called_that) {
  BOOST_TEST(about_mase_name("format", "lutnet") ==
             ": a format of MASE's that Lathe does not have");
  BOOST_TEST(about_mase_name("sampler", "CMAES") ==
             ": a sampler of MASE's that Lathe does not have");
  BOOST_TEST(about_mase_name("model", "resnet34") ==
             ": a model of MASE's that Lathe does not have");
  BOOST_TEST(about_mase_name("dataset", "cifar100") ==
             ": a data set of MASE's that Lathe does not have");
}

BOOST_AUTO_TEST_CASE(what_takes_its_place_is_said) {
  BOOST_TEST(about_mase_name("action", "eval") ==
             ": an action of MASE's that Lathe does not have; 'lathe test' evaluates weights");
  BOOST_TEST(about_mase_name("pass", "run_cosim_analysis_pass") ==
             ": a pass of MASE's that Lathe leaves out on purpose; Lathe makes no hardware");
  BOOST_TEST(about_mase_name("model", "facebook/opt-125m") ==
             ": a model of MASE's that Lathe does not have; it is a language model, and Lathe does "
             "classification of tables and images");
  BOOST_TEST(about_mase_name("option", "--max-token-len") ==
             ": an option of MASE's that Lathe does not have; Lathe reads no texts");
}

// The rest of its PASSES table, and the passes that other modules of it export.
BOOST_AUTO_TEST_CASE(every_pass_that_is_left_out_says_why) {
  for (const char* name : {"add_pruning_metadata",
                           "add_pruning_metadata_analysis_pass",
                           "hook_inspection_analysis_pass",
                           "prune_detach_hook",
                           "add_movement_metadata",
                           "metadata_value_type_cast_transform_pass",
                           "patch_metadata",
                           "total_bits_mg_analysis_pass",
                           "logicnets_fusion",
                           "emit_verilog_top",
                           "emit_verilog_top_transform_pass",
                           "emit_internal_rtl_transform_pass",
                           "emit_bram_transform_pass",
                           "emit_cocotb_transform_pass",
                           "get_synthesis_results",
                           "partition_to_multi_device_transform_pass",
                           "autosharding_analysis_pass",
                           "resharding_transform_pass",
                           "onnx_annotate_transform_pass",
                           "onnxruntime",
                           "onnx_runtime_interface_pass",
                           "runtime_analysis_pass",
                           "tensorrt_engine_interface_pass",
                           "tensorrt_calibrate_transform_pass",
                           "tensorrt_fake_quantize_transform_pass",
                           "attention_swap_transform_pass",
                           "gptq",
                           "rotation_transform_pass",
                           "insert_lora_adapter_transform_pass",
                           "fuse_lora_weights_transform_pass",
                           "quantize_module_transform_pass",
                           "plot_graph",
                           "training_base_pass",
                           "remove_assert",
                           "raise_granularity_transform_pass"}) {
    const std::string told = about_mase_name("pass", name);
    BOOST_TEST(told.starts_with(": a pass of MASE's that Lathe leaves out on purpose; "),
               name << told);
  }
}

// Those that exist are no concern of this table.
BOOST_AUTO_TEST_CASE(passes_that_lathe_has_are_not_called_missing) {
  for (const char* name :
       {"init_metadata", "add_common_metadata_analysis_pass", "verify_metadata", "report_node_type",
        "profile_statistics_analysis_pass", "prune", "conv_bn_fusion", "remove_dropout",
        "extract_subgraph", "save_mase_graph", "load_node_meta_param", "add_natural_sparsity"})
    BOOST_TEST(about_mase_name("pass", name).empty(), name);
}

BOOST_AUTO_TEST_CASE(a_name_of_another_kind_or_of_nobody_is_passed_over) {
  BOOST_TEST(about_mase_name("model", "run_cosim").empty());
  BOOST_TEST(about_mase_name("pass", "prun").empty());
  BOOST_TEST(about_mase_name("pass", "").empty());
}

BOOST_AUTO_TEST_SUITE_END()
