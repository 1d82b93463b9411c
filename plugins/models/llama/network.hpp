// The nodes of a Llama (Touvron et al. 2023), named as Hugging Face's LlamaForCausalLM.
#pragma once

#include "config.hpp"
#include "safetensors.hpp"

#include <lathe/draft/ties.hpp>

namespace llama {

// Where contents of parameters come from: tensors by name, or nowhere. Whatever is taken is held
// against its shape, so that a config and a checkpoint that contradict each other are found.
class Weights {
 public:
  // Throws lathe::error for a head whose file disagrees with tie_word_embeddings.
  Weights(const Config& config, std::map<std::string, StoredTensor> tensors);
  Weights() = default;  // fresh ones

  // Gives a parameter of the node its contents: those of the tensor of its name.
  void give(lathe::edit& edit, lathe::node_id node, const std::string& target,
            std::string_view parameter, const std::vector<std::int64_t>& shape);
  // Throws for a tensor that no parameter took.
  void expect_none_left() const;
  const std::vector<StoredTensor>& promised() const { return promised_; }

 private:
  bool fresh_ = true;
  std::string config_;
  std::map<std::string, StoredTensor> tensors_;
  std::vector<StoredTensor> promised_;
};

void build(lathe::tying_builder& m, const Config& config, std::int64_t length, Weights& weights);

}  // namespace llama
