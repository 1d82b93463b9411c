// The table is the whole of it. MASE at 36ab7cdd (machop) and at its later head.
#include "core/mase/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace lathe {
namespace {

// Names of a kind, separated by blanks. One that ends in '*' stands for all that begin so.
struct Row {
  std::string_view kind;  // "dataset", as component kinds are called
  std::string_view called;
  std::string_view names;
  std::string_view instead = {};
};

constexpr std::array kRows{
    Row{"pass", "a pass",
        "init_metadata add_common_metadata add_software_metadata add_hardware_metadata "
        "init_metadata_analysis_pass add_common_metadata_analysis_pass "
        "add_software_metadata_analysis_pass add_hardware_metadata_analysis_pass",
        "metadata are always there"},
    Row{"pass", "a pass",
        "verify verify_common_metadata verify_software_metadata verify_metadata "
        "verify_common_metadata_analysis_pass",
        "--verify-each checks the graph after each pass"},
    Row{"pass", "a pass",
        "save_mase_graph load_mase_graph save_node_meta_param load_node_meta_param "
        "save_mase_graph_interface_pass load_mase_graph_interface_pass",
        "'lathe transform' leaves the graph in transformed_ckpt, and --load reads it"},
    Row{"pass", "a pass",
        "report_node_type report_node_meta_param report_node_shape report_node_hardware_type "
        "report_node_type_analysis_pass report_node_meta_param_analysis_pass "
        "report_node_shape_analysis_pass report_node_hardware_type_analysis_pass",
        "report_graph and summarize_quantization report nodes"},
    Row{"pass", "a pass",
        "prune prune_transform_pass prune_detach_hook prune_detach_hook_transform_pass "
        "add_pruning_metadata add_natural_sparsity add_movement_metadata hook_inspection "
        "profile_statistics profile_statistics_analysis_pass conv_bn_fusion "
        "conv_bn_fusion_transform_pass logicnets_fusion logicnets_fusion_transform_pass "
        "onnx_annotate onnx_annotate_transform_pass partition_to_multi_device "
        "partition_to_multi_device_transform_pass metadata_value_type_cast "
        "metadata_value_type_cast_transform_pass remove_dropout remove_assert "
        "remove_nonsynthesizable_nodes extract_subgraph emit_verilog_top emit_internal_rtl "
        "emit_bram emit_verilog_tb emit_mlir_hls emit_logicnets run_cosim get_synthesis_results "
        "test_verilog_synthesis quantize_module quantize_module_transform_pass attention_swap "
        "attention_swap_transform_pass gptq gptq_transform_pass rotation rotation_transform_pass "
        "autosharding autosharding_analysis_pass resharding resharding_transform_pass "
        "report_parallelization insert_lora_adapter fuse_lora_weights "
        "insert_lora_adapter_transform_pass fuse_lora_weights_transform_pass training_base "
        "training_base_pass raise_granularity raise_granularity_transform_pass patch_metadata "
        "report_trainable_parameters report_trainable_parameters_analysis_pass plot_graph "
        "tensorrt_engine_interface_pass runtime_analysis_pass"},
    Row{"model", "a model",
        "resnet34 resnet101 wide_resnet50_2 vgg_cifar efficientnet_b0 efficientnet_b1 "
        "efficientnet_b2 efficientnet_b3 efficientnet_v2_s efficientnet_v2_m efficientnet_v2_l "
        "mobilenetv2 mobilenetv3_small mobilenetv3_large mobilenet_v3_small mobilenet_v3_large "
        "deit_* pvt_* cswin_* toy_custom_fn toy_testmodel toy_emit toy-fn lfc cnv cnv-toy "
        "vit nerf attention_nas"},
    Row{"model", "a model",
        "bert bert-* bert_* prajjwal1/bert-* opt opt-* opt_* facebook/opt-* cheng98/opt-* llama "
        "llama-* llama_* huggyllama/llama-* cheng98/llama* meta-llama/llama* gpt gpt2 gpt2-* "
        "gpt-* roberta roberta-* t5 t5-* lora mistral mistral-*",
        "it is a language model, and Lathe does classification of tables and images"},
    Row{"dataset", "a data set",
        "cifar100 imagenet toy-tiny toytiny nerf nerf-synthetic pred-transformer"},
    Row{"dataset", "a data set",
        "wikitext2 wikitext103 wikitext sst2 sst-2 mnli qnli boolq qqp mrpc rte cola stsb "
        "iwslt2017_de_en iwslt2017_en_de iwslt2017_en_fr iwslt2017_en_ch wmt19_de_en wmt19_zh_en "
        "opus_en_fr multi30k mt language_modeling_dataset scitldr xsum",
        "it is a set of texts"},
    Row{"format", "a format", "lutnet logicnets quantile fixed_floor"},
    Row{"sampler", "a sampler", "nsgaii nsgaiii qmc cmaes"},
    Row{"strategy", "a strategy", "rl reinforcement_learning",
        "optuna is the one, with the sampler of [search.strategy.setup]"},
    Row{"search_space", "a search space",
        "module/manual_hf/quantize/llm_mixed_precision_ptq graph/hardware/systolic_mapping "
        "graph/software/* module/autogptq graph/quantize/mixed_precision"},
    Row{"action", "an action", "emit simulate", "Lathe makes no hardware"},
    Row{"action", "an action", "eval", "'lathe test' evaluates weights"},
    Row{"option", "an option",
        "target num_targets run_emit skip_build skip_test profile is_to_debug",
        "Lathe makes no hardware"},
    Row{"option", "an option", "max_token_len", "Lathe reads no texts"},
};

bool stands_for(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with('*')) return pattern == name;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool holds(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(' '), names.size());
    if (stands_for(names.substr(0, end), name)) return true;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

// As the table writes it: small letters, and an option as keys of files are.
std::string plain(std::string_view kind, std::string_view name) {
  const bool option = kind == "option";
  if (option) name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
  std::string text(name);
  for (char& c : text)
    c = option && c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

std::string about_mase_name(std::string_view kind, std::string_view name) {
  const std::string wanted = plain(kind, name);
  for (const Row& row : kRows) {
    if (row.kind != kind || !holds(row.names, wanted)) continue;
    return fmt::format(": {} of MASE's that Lathe does not have{}{}", row.called,
                       row.instead.empty() ? "" : "; ", row.instead);
  }
  return "";
}

}  // namespace lathe
