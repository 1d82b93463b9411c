#include "network.hpp"

namespace llama {

namespace {

constexpr const char* kTable = "model.embed_tokens.weight";
constexpr const char* kHead = "lm_head.weight";

class Builder {
 public:
  Builder(lathe::tying_builder& m, const Config& config, std::int64_t length, Weights& weights)
      : m_(m), c_(config), length_(length), weights_(weights) {}

  void build() {
    if (c_.tied) m_.tie(kHead, kTable);
    const auto ids = m_.placeholder_of("input_ids", {length_}, "int64");
    batch_ = m_.size(ids, 0);
    auto x = m_.module("embedding", "model.embed_tokens", {ids},
                       {{"num_embeddings", c_.vocabulary}, {"embedding_dim", c_.width}},
                       {normal("weight")});
    weights_.give(m_.changes(), x, "model.embed_tokens", "weight", {c_.vocabulary, c_.width});
    for (std::int64_t i = 0; i < c_.layers; ++i)
      x = layer(lathe::join({"model.layers.", lathe::to_string(i)}), x);
    x = norm("model.norm", x);
    const auto logits =
        m_.module("linear", "lm_head", {x},
                  {{"in_features", c_.width}, {"out_features", c_.vocabulary}, {"bias", false}},
                  {normal("weight")});
    if (!c_.tied)
      weights_.give(m_.changes(), logits, "lm_head", "weight", {c_.vocabulary, c_.width});
    m_.output(logits);
  }

 private:
  lathe::initialiser normal(const char* parameter) const {
    return lathe::initialiser::normal(parameter, 0.0, c_.deviation);
  }

  lathe::node_id linear(const std::string& target, lathe::node_id x, std::int64_t in,
                        std::int64_t out, bool bias) {
    std::vector<lathe::initialiser> begin{normal("weight")};
    if (bias) begin.push_back(lathe::initialiser::constant("bias", 0.0));
    const auto made =
        m_.module("linear", target, {x},
                  {{"in_features", in}, {"out_features", out}, {"bias", bias}}, std::move(begin));
    weights_.give(m_.changes(), made, target, "weight", {out, in});
    if (bias) weights_.give(m_.changes(), made, target, "bias", {out});
    return made;
  }

  lathe::node_id norm(const std::string& target, lathe::node_id x) {
    const auto made =
        m_.module("rms_norm", target, {x},
                  {{"normalized_shape", lathe::value::list({c_.width})}, {"eps", c_.eps}});
    weights_.give(m_.changes(), made, target, "weight", {c_.width});
    return made;
  }

  // [batch, heads, length, width of a head]
  lathe::node_id in_heads(lathe::node_id x, std::int64_t heads) {
    x = m_.view(x, {batch_, length_, heads, c_.head_width});
    return m_.method("transpose", {x, 1, 2});
  }

  lathe::node_id turned(lathe::node_id x) {
    return m_.function("rope", {x}, {{"theta", c_.theta}});
  }

  lathe::node_id attention(const std::string& name, lathe::node_id x) {
    const auto projected = [&](const char* which, std::int64_t heads) {
      return linear(name + which, x, c_.width, heads * c_.head_width, c_.attention_bias);
    };
    const auto q = projected(".q_proj", c_.heads);
    const auto k = projected(".k_proj", c_.key_value_heads);
    const auto v = projected(".v_proj", c_.key_value_heads);
    std::vector<lathe::value::entry> how{{"is_causal", true}};
    if (c_.heads != c_.key_value_heads) how.emplace_back("enable_gqa", true);
    auto y = m_.function("scaled_dot_product_attention",
                         {turned(in_heads(q, c_.heads)), turned(in_heads(k, c_.key_value_heads)),
                          in_heads(v, c_.key_value_heads)},
                         std::move(how));
    const std::int64_t joined = c_.heads * c_.head_width;
    y = m_.method("reshape", {m_.method("transpose", {y, 1, 2}), batch_, length_, joined});
    return linear(name + ".o_proj", y, joined, c_.width, c_.attention_bias);
  }

  lathe::node_id mlp(const std::string& name, lathe::node_id x) {
    auto gate = linear(name + ".gate_proj", x, c_.width, c_.hidden, c_.mlp_bias);
    std::vector<lathe::value::entry> how;
    if (!c_.approximate.empty()) how.emplace_back("approximate", c_.approximate);
    gate = m_.module(c_.activation, name + ".act_fn", {gate}, std::move(how));
    const auto up = linear(name + ".up_proj", x, c_.width, c_.hidden, c_.mlp_bias);
    return linear(name + ".down_proj", m_.mul(gate, up), c_.hidden, c_.width, c_.mlp_bias);
  }

  lathe::node_id layer(const std::string& name, lathe::node_id x) {
    x = m_.add(x, attention(name + ".self_attn", norm(name + ".input_layernorm", x)));
    return m_.add(x, mlp(name + ".mlp", norm(name + ".post_attention_layernorm", x)));
  }

  lathe::tying_builder& m_;
  const Config& c_;
  const std::int64_t length_;
  Weights& weights_;
  lathe::node_id batch_;
};

}  // namespace

Weights::Weights(const Config& config, std::map<std::string, StoredTensor> tensors)
    : fresh_(false), config_(config.path), tensors_(std::move(tensors)) {
  const auto head = tensors_.find(kHead);
  if (!config.tied || head == tensors_.end()) return;
  // What is tied may be written under either name, or both.
  tensors_.emplace(kTable, head->second);
  tensors_.erase(kHead);
}

void Weights::give(lathe::edit& edit, lathe::node_id node, const std::string& target,
                   std::string_view parameter, const std::vector<std::int64_t>& shape) {
  if (fresh_) return;
  const std::string name = lathe::join({target, ".", parameter});
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    throw lathe::invalid_argument(
        lathe::join({"the checkpoint has no tensor '", name, "' (", shape_text(shape),
                     name == kHead ? "); if the embedding is the head, too, 'tie_word_embeddings' "
                                     "must be true"
                                   : "), which this config calls for"}))
        .at_file(config_);
  }
  const StoredTensor& tensor = found->second;
  if (tensor.shape != shape) {
    throw lathe::invalid_argument(
        lathe::join({"tensor '", name, "' has shape ", shape_text(tensor.shape), "; by ", config_,
                     " it has ", shape_text(shape)}))
        .at_file(tensor.file->path());
  }
  if (!is_float(tensor.dtype)) {
    throw lathe::invalid_argument(lathe::join({"tensor '", name, "' is of type ", tensor.dtype,
                                               "; read are F32, F16, BF16 and F64"}))
        .at_file(tensor.file->path());
  }
  edit.promise_parameter(node, parameter, promised_.size());
  promised_.push_back(tensor);
  tensors_.erase(found);
}

void Weights::expect_none_left() const {
  for (const auto& [name, tensor] : tensors_) {
    // Old libraries wrote down what follows from rope_theta.
    const std::string_view frequencies = "rotary_emb.inv_freq";
    if (name.size() >= frequencies.size() &&
        name.compare(name.size() - frequencies.size(), frequencies.size(), frequencies) == 0) {
      continue;
    }
    throw lathe::invalid_argument(
        lathe::join({"tensor '", name, "' (", shape_text(tensor.shape),
                     ") belongs to nothing that ", config_, " describes"}))
        .at_file(tensor.file->path());
  }
}

void build(lathe::tying_builder& m, const Config& config, std::int64_t length, Weights& weights) {
  Builder(m, config, length, weights).build();
  weights.expect_none_left();
}

}  // namespace llama
