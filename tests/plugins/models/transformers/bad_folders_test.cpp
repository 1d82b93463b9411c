// Folders that the model llama refuses: configs, files, and what contradicts what.
#include "folders.hpp"

#include "tests/graph/messages.hpp"

using namespace lathe_test;

namespace {

// With one key of the config changed, or taken out (null).
std::string refused_config(const std::string& key, const json& value,
                           const std::string& weights = "fresh") {
  json config = made_up_config();
  config[key] = value;
  const LlamaFolder folder(config);
  return refusal([&] { folder.graph({{"weights", weights}}); });
}

void cut(const std::filesystem::path& file, std::uintmax_t by) {
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - by);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(llama_folders)

BOOST_AUTO_TEST_CASE(keys_of_the_config_are_named) {
  const char* const file = "config.json";
  BOOST_TEST(mentions(refused_config("hidden_size", nullptr), {file, "'hidden_size' is missing"}));
  BOOST_TEST(mentions(refused_config("hidden_size", -3), {file, "'hidden_size' is -3"}));
  BOOST_TEST(mentions(refused_config("num_hidden_layers", 2.5), {file, "'num_hidden_layers'"}));
  BOOST_TEST(mentions(refused_config("rms_norm_eps", "small"), {file, "'rms_norm_eps'", "small"}));
  BOOST_TEST(mentions(refused_config("rope_theta", 0), {file, "'rope_theta' is 0"}));
  BOOST_TEST(mentions(refused_config("attention_bias", 1), {file, "true or false"}));
  BOOST_TEST(mentions(refused_config("hidden_act", "swiglu"),
                      {file, "'hidden_act'", "swiglu", "silu", "gelu_new"}));
  BOOST_TEST(mentions(refused_config("model_type", "gpt2"), {file, "'model_type'", "gpt2"}));
  BOOST_TEST(mentions(refused_config("quantization_config", {{"bits", 4}}),
                      {file, "'quantization_config'"}));
  BOOST_TEST(mentions(refused_config("rope_scaling", {{"rope_type", "llama3"}, {"factor", 8}}),
                      {file, "'rope_scaling'", "llama3"}));
  BOOST_TEST(mentions(refused_config("rope_scaling", "linear"), {file, "'rope_scaling'"}));
  BOOST_TEST(mentions(refused_config("rope_parameters", {{"rope_theta", -1}}), {"'rope_theta'"}));
}

BOOST_AUTO_TEST_CASE(heads_that_do_not_divide_are_named) {
  BOOST_TEST(mentions(refused_config("num_key_value_heads", 3),
                      {"config.json", "'num_key_value_heads' = 3", "'num_attention_heads' = 4"}));
  BOOST_TEST(mentions(refused_config("head_dim", 5), {"config.json", "'head_dim'", "even"}));
  json config = made_up_config();
  config.erase("head_dim");
  config["hidden_size"] = 13;
  const LlamaFolder folder(config);
  BOOST_TEST(mentions(refusal([&] { folder.graph({{"weights", "fresh"}}); }),
                      {"'num_attention_heads' = 4", "'hidden_size' = 13"}));
}

BOOST_AUTO_TEST_CASE(keys_that_change_nothing_are_passed_over) {
  for (const auto& [key, value] : std::vector<std::pair<std::string, json>>{
           {"rope_scaling", nullptr},
           {"rope_parameters", {{"rope_type", "default"}, {"rope_theta", 500.0}}},
           {"partial_rotary_factor", 1},
           {"pretraining_tp", 1},
           {"torch_dtype", "bfloat16"}})
    BOOST_TEST(refused_config(key, value) == "(nothing was refused)", key);
}

BOOST_AUTO_TEST_CASE(a_config_that_contradicts_the_tensors_is_refused) {
  const LlamaFolder folder;
  folder.write_weights(folder.weights());
  const auto refused = [&](const std::string& key, const json& value) {
    json config = made_up_config();
    config[key] = value;
    folder.write_config(config);
    return refusal([&] { folder.graph(); });
  };
  BOOST_TEST(mentions(refused("num_key_value_heads", 4),
                      {"model.safetensors", "'model.layers.0.self_attn.k_proj.weight'", "[12, 12]",
                       "config.json", "[24, 12]"}));
  BOOST_TEST(
      mentions(refused("vocab_size", 12), {"'model.embed_tokens.weight'", "[11, 12]", "[12, 12]"}));
  BOOST_TEST(mentions(refused("num_hidden_layers", 3),
                      {"config.json", "no tensor 'model.layers.2.input_layernorm.weight'"}));
  BOOST_TEST(mentions(refused("num_hidden_layers", 1),
                      {"'model.layers.1.", "belongs to nothing", "config.json"}));
  BOOST_TEST(mentions(refused("mlp_bias", false), {"mlp.", ".bias'", "belongs to nothing"}));
  auto weights = folder.weights();
  folder.write_config(made_up_config());
  weights = folder.weights();
  weights.erase("lm_head.weight");
  folder.write_weights(weights);
  BOOST_TEST(mentions(refusal([&] { folder.graph(); }),
                      {"'lm_head.weight'", "'tie_word_embeddings' must be true"}));
  weights = folder.weights();
  weights["model.norm.weight"] = integers(std::vector<std::int64_t>(12, 1));
  folder.write_weights(weights);
  BOOST_TEST(
      mentions(refusal([&] { folder.graph(); }), {"'model.norm.weight'", "I64", "F32, F16"}));
}

BOOST_AUTO_TEST_CASE(files_that_are_missing_or_damaged_are_named) {
  const LlamaFolder folder;
  const auto refused = [&] { return refusal([&] { folder.graph(); }); };
  BOOST_TEST(mentions(refused(), {"neither model.safetensors", "weights = fresh"}));
  const auto weights = folder.weights();
  folder.write_shards(weights);
  const std::string index = "model.safetensors.index.json", second = LlamaFolder::shard(1);
  std::filesystem::remove(folder.path(second));
  BOOST_TEST(mentions(refused(), {index.c_str(), second.c_str(), "is missing", "and others"}));
  std::filesystem::copy(folder.path(LlamaFolder::shard(0)), folder.path(second));
  BOOST_TEST(mentions(refused(), {index.c_str(), second.c_str(), "does not have"}));
  folder.write_shards(weights);
  cut(folder.path(second), 1);
  BOOST_TEST(mentions(refused(), {second.c_str(), "ends beyond the file"}));
  std::ofstream(folder.path(second)) << "{}";
  BOOST_TEST(mentions(refused(), {second.c_str(), "no file of safetensors"}));
  for (const char* map : {R"({"weight_map": {"a": "../x"}})", R"({"weight_map": {"a": 3}})"}) {
    std::ofstream(folder.path(index)) << map;
    BOOST_TEST(mentions(refused(), {index.c_str(), "names no file of the folder"}));
  }
  std::ofstream(folder.path(index)) << "{}";
  BOOST_TEST(mentions(refused(), {index.c_str(), "'weight_map'"}));
  std::ofstream(folder.path(index)) << "{\n\"weight_map\": oops}";
  BOOST_TEST(mentions(refused(), {"model.safetensors.index.json:2", "no JSON"}));
  std::filesystem::remove(folder.path("config.json"));
  BOOST_TEST(mentions(refused(), {"config.json", "no such file"}));
}

BOOST_AUTO_TEST_CASE(what_the_data_set_has_must_fit) {
  const LlamaFolder folder;
  const auto refused = [&](const json& options, std::vector<std::int64_t> sample, DType dtype,
                           std::int64_t classes) {
    lathe::DatasetInfo info = samples_of(std::move(sample), classes);
    info.fields[0].dtype = dtype;
    json all{{"config", folder.path().string()}, {"weights", "fresh"}};
    all.update(options);
    return refusal([&] { Workbench(2).model("llama", all, info); });
  };
  const std::string nothing = "(nothing was refused)";
  BOOST_TEST(refused(json::object(), {16}, DType::int64, 11) == nothing);
  BOOST_TEST(mentions(refused(json::object(), {17}, DType::int64, 11),
                      {"17 tokens", "16 positions", "'max_position_embeddings'", "config.json"}));
  BOOST_TEST(mentions(refused(json::object(), {16}, DType::int64, 12),
                      {"12 tokens", "knows 11", "'vocab_size'"}));
  BOOST_TEST(mentions(refused(json::object(), {16}, DType::float32, 11), {"takes tokens"}));
  BOOST_TEST(
      mentions(refused({{"length", 8}}, {16}, DType::int64, 11), {"'length' is 8", "16 tokens"}));
}

BOOST_AUTO_TEST_SUITE_END()
