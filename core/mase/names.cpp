// The table is the whole of it. MASE at 36ab7cdd (machop) and at its later head.
#include "core/mase/names.hpp"

#include "core/mase/words.hpp"

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
    Row{"pass", "a pass", "add_pruning_metadata",
        "'prune' publishes what it pruned, and 'natural_sparsity' the zeros that there are"},
    Row{"pass", "a pass", "hook_inspection prune_detach_hook prune_unwrap remove_prune_wrappers",
        "'prune' leaves no hooks behind"},
    Row{"pass", "a pass", "add_movement_metadata", "'prune' goes by l1-norm or random"},
    Row{"pass", "a pass", "metadata_value_type_cast patch_metadata",
        "metadata follow from the graph and hold no tensors"},
    Row{"pass", "a pass", "total_bits_mg total_bits_module",
        "'bitops' counts the bits of weights and activations"},
    Row{"pass", "a pass", "logicnets_fusion emit_logicnets", "Lathe has no LogicNets layers"},
    Row{"pass", "a pass",
        "emit_verilog_top emit_verilog_tb emit_internal_rtl emit_bram emit_mlir_hls "
        "emit_cocotb emit_cocotb_tb emit_vivado_project run_cosim get_synthesis_results "
        "test_verilog_synthesis remove_nonsynthesizable_nodes systolic_mapping",
        "Lathe makes no hardware"},
    Row{"pass", "a pass",
        "partition_to_multi_device autosharding resharding report_parallelization",
        "one device computes"},
    Row{"pass", "a pass",
        "onnx_annotate onnxruntime onnx_runtime runtime tensorrt_engine tensorrt_calibrate "
        "tensorrt_fake_quantize",
        "Lathe computes with its own engine and writes neither ONNX nor TensorRT"},
    Row{"pass", "a pass",
        "attention_swap attention_transform gptq rotation insert_lora_adapter fuse_lora_weights "
        "lora",
        "it is for language models, and Lathe does classification of tables and images"},
    Row{"pass", "a pass", "quantize_module", "'quantize' works on the graph"},
    Row{"pass", "a pass", "plot_graph", "'report_graph' writes Graphviz to a file named x.dot"},
    Row{"pass", "a pass", "training_base training_base_pass",
        "'lathe train' trains, through number formats if 'quantize' has set some"},
    Row{"pass", "a pass", "remove_assert", "graphs here hold no assertions"},
    Row{"pass", "a pass", "raise_granularity", "the graph keeps the layers that it has"},
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
    Row{"sampler", "a sampler", "cmaes"},
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

// As the table writes it: small letters, an option as keys of files are, a pass without its ending.
std::string plain(std::string_view kind, std::string_view name) {
  const bool option = kind == "option";
  if (option) name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
  if (kind == "pass") name = without_pass_ending(name);
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
    return fmt::format(": {} of MASE's that Lathe {}{}{}", row.called,
                       row.kind == "pass" ? "leaves out on purpose" : "does not have",
                       row.instead.empty() ? "" : "; ", row.instead);
  }
  return "";
}

}  // namespace lathe
