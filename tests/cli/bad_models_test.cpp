// Models that do not fit what they are given: each refusal says what does.
#include "tests/cli/bad_input.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

// A folder of a small Llama, with one key of its config changed.
std::vector<std::pair<std::string, std::string>> llama(const std::string& key,
                                                       const nlohmann::json& value) {
  nlohmann::json config{{"vocab_size", 11},         {"hidden_size", 16},
                        {"intermediate_size", 10},  {"num_hidden_layers", 1},
                        {"num_attention_heads", 4}, {"max_position_embeddings", 16}};
  config[key] = value;
  return {{"config.json", config.dump()}};
}

const Words kFresh{"transform", "llama<config=.,weights=fresh>", "--passes", "flops"};
const Words kLoaded{"transform", "llama<config=.>", "--passes", "flops"};

}  // namespace

BOOST_AUTO_TEST_SUITE(bad_models)

BOOST_AUTO_TEST_CASE(a_model_that_does_not_fit_its_data_is_refused) {
  check_bad_inputs({
      {"vectors for a network for images",
       {},
       {"transform", "vgg7", "jsc-sim", "--passes", "flops"},
       2,
       {"'vgg7'", "takes images", "channels x height x width"}},
      {"images for a network for vectors",
       {},
       {"transform", "jets-3layer", "cifar10", "--passes", "flops"},
       2,
       {"'jets-3layer'", "takes vectors", "'mlp'"}},
      {"images that are too small",
       {},
       {"transform", "vgg16", "mnist", "--passes", "flops"},
       2,
       {"'vgg16'", "32 x 32"}},
      {"a hidden layer without units",
       {},
       {"transform", "mlp<hidden=[0]>", "jsc-sim", "--passes", "flops"},
       2,
       {"'hidden'", "'mlp'", "1.."}},
  });
}

BOOST_AUTO_TEST_CASE(what_needs_data_is_refused_without_a_data_set) {
  check_bad_inputs({
      {"a model without a size of its own",
       {},
       {"transform", "mlp", "--passes", "flops"},
       1,
       {"'mlp'", "--dataset"}},
      {"a pass that evaluates",
       {},
       {"transform", "resnet20", "--passes", "evaluate"},
       2,
       {"'evaluate'", "no data set is given", "--dataset"}},
      {"a test", {}, {"test", "resnet20"}, 2, {"no data set is given", "--dataset"}},
  });
}

BOOST_AUTO_TEST_CASE(a_folder_that_holds_no_llama_is_refused) {
  check_bad_inputs({
      {"no config", {}, kLoaded, 1, {"config.json", "no such file"}},
      {"heads that do not divide",
       llama("num_attention_heads", 5),
       kFresh,
       2,
       {"config.json", "'num_attention_heads' = 5", "'hidden_size' = 16"}},
      {"shared heads that do not divide",
       llama("num_key_value_heads", 3),
       kFresh,
       2,
       {"config.json", "'num_key_value_heads' = 3"}},
      {"an unknown activation",
       llama("hidden_act", "swiglu"),
       kFresh,
       2,
       {"config.json", "'hidden_act'", "swiglu", "silu"}},
      {"positions that are scaled",
       llama("rope_scaling", {{"type", "linear"}, {"factor", 2.0}}),
       kFresh,
       2,
       {"config.json", "'rope_scaling'", "linear"}},
      {"no weights", llama("pad_token_id", 0), kLoaded, 1, {"neither", "weights = fresh"}},
      {"more tokens than positions",
       llama("pad_token_id", 0),
       {"transform", "llama<config=.,weights=fresh,length=17>", "--passes", "flops"},
       2,
       {"config.json", "17 tokens", "16 positions"}},
  });
}

BOOST_AUTO_TEST_CASE(a_shard_that_is_missing_is_named_with_its_index) {
  auto files = llama("pad_token_id", 0);
  files.emplace_back("model.safetensors.index.json",
                     R"({"weight_map": {"lm_head.weight": "model-00002-of-00002.safetensors"}})");
  check_bad_inputs({{"a missing shard",
                     files,
                     kLoaded,
                     1,
                     {"model.safetensors.index.json", "'model-00002-of-00002.safetensors'",
                      "is missing", "'lm_head.weight'"}}});
}

BOOST_AUTO_TEST_CASE(transformers_whose_sizes_do_not_fit_are_refused) {
  check_bad_inputs({
      {"heads of an encoder",
       {},
       {"transform", "transformer-encoder<vocab_size=9,length=6,classes=2,heads=5>", "--passes",
        "flops"},
       2,
       {"'transformer-encoder'", "'heads' = 5", "'width' = 64"}},
      {"padding that is no token",
       {},
       {"transform", "transformer-encoder<vocab_size=9,length=6,classes=2,padding=9>", "--passes",
        "flops"},
       2,
       {"'padding' = 9", "no token of 9"}},
      {"numbers for a network of tokens",
       {},
       {"transform", "transformer-encoder<vocab_size=9>", "jsc-sim", "--passes", "flops"},
       2,
       {"'transformer-encoder'", "takes tokens"}},
      {"patches that do not fit",
       {},
       {"transform", "vit<patch=5>", "cifar10", "--passes", "flops"},
       2,
       {"'vit'", "'patch' = 5", "32 x 32"}},
  });
}

BOOST_AUTO_TEST_SUITE_END()
