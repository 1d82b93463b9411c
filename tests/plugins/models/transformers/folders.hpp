// What the tests of the model llama share: folders as Hugging Face's libraries leave them, made up
// and real.
#pragma once

#include "tests/engine/engine.hpp"
#include "tests/plugins/workbench.hpp"

#include "core/checkpoint/checkpoint.hpp"

namespace lathe_test {

using lathe::Graph;

// Everything that a config may say, and no two sizes alike.
inline json made_up_config() {
  return {{"model_type", "llama"},
          {"architectures", {"LlamaForCausalLM"}},
          {"vocab_size", 11},
          {"hidden_size", 12},
          {"intermediate_size", 10},
          {"num_hidden_layers", 2},
          {"num_attention_heads", 4},
          {"num_key_value_heads", 2},
          {"head_dim", 6},
          {"max_position_embeddings", 16},
          {"rms_norm_eps", 1e-5},
          {"rope_theta", 500.0},
          {"tie_word_embeddings", false},
          {"attention_bias", true},
          {"mlp_bias", true},
          {"hidden_act", "silu"}};
}

class LlamaFolder {
 public:
  explicit LlamaFolder(json config = made_up_config()) { write_config(config); }

  std::filesystem::path path(const std::string& name = {}) const {
    return name.empty() ? folder_.path() : folder_.path() / name;
  }
  void write_config(const json& config) const {
    std::ofstream(path("config.json")) << config.dump(1);
  }
  Graph graph(json options = json::object(), std::int64_t batch = 2) const {
    options["config"] = folder_.path().string();
    return Workbench(batch).model("llama", options);
  }
  // Random ones, that the config calls for.
  std::map<std::string, Tensor> weights() const {
    return lathe::parameters_of(graph({{"weights", "fresh"}}));
  }
  void write_weights(const std::map<std::string, Tensor>& tensors) const {
    lathe::write_safetensors(path("model.safetensors"), tensors, {{"format", "pt"}});
  }
  // Every other tensor in another file, and the index.
  void write_shards(const std::map<std::string, Tensor>& tensors) const {
    std::map<std::string, Tensor> shards[2];
    json index{{"metadata", {{"total_size", 1}}}, {"weight_map", json::object()}};
    std::size_t i = 0;
    for (const auto& [name, tensor] : tensors) {
      shards[i % 2].emplace(name, tensor);
      index["weight_map"][name] = shard(i++ % 2);
    }
    for (const std::size_t s : {0, 1}) lathe::write_safetensors(path(shard(s)), shards[s]);
    std::ofstream(path("model.safetensors.index.json")) << index.dump(1);
  }
  static std::string shard(std::size_t i) {
    return fmt::format("model-{:05}-of-00002.safetensors", i + 1);
  }

 private:
  TemporaryFolder folder_;
};

inline Tensor tokens(const std::vector<std::int64_t>& ids, std::int64_t rows = 1) {
  return Tensor::of<std::int64_t>(DType::int64,
                                  Shape{rows, static_cast<std::int64_t>(ids.size()) / rows}, ids);
}

}  // namespace lathe_test
