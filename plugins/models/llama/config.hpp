// What a Llama is made of, as Hugging Face's config.json says it.
#pragma once

#include <cstdint>
#include <string>

namespace llama {

struct Config {
  std::string path;  // of the file, for errors
  std::int64_t vocabulary = 0, width = 0, hidden = 0, layers = 0, positions = 0;
  std::int64_t heads = 0, key_value_heads = 0, head_width = 0;
  std::string activation;        // an op
  std::string approximate = {};  // of gelu
  double eps = 0, theta = 0, deviation = 0;
  bool tied = false, attention_bias = false, mlp_bias = false;
  bool drops_attention = false;  // in Hugging Face's training
};

// Keys that Lathe knows nothing of are passed over; one that would make another network than this
// plugin builds is refused. Throws lathe::error at the file, which names the key.
Config read_config(const std::string& path);

}  // namespace llama
