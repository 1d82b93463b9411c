// transformer-encoder (Vaswani et al. 2017): tells classes of sequences of tokens, or of each
// token, apart. Parameters are named as those of a torch.nn.TransformerEncoder called `encoder`.
#include "encoder.hpp"

namespace {

class TransformerEncoder {
 public:
  static constexpr lathe_option options[] = {
      lathe::int_option("vocab_size", "How many tokens there are.").within("1..").required(),
      lathe::int_option("width", "Numbers that a token becomes (d_model).")
          .within("1..")
          .by_default("64"),
      lathe::int_option("heads", "Heads of attention; they divide the width.")
          .within("1..")
          .by_default("4"),
      lathe::int_option("layers", "Layers of attention and two linear layers each.")
          .within("1..")
          .by_default("2"),
      lathe::int_option("hidden", "Units between the two (dim_feedforward); NA: 4 times the width.")
          .within("1..")
          .by_default("NA")
          .nullable(),
      lathe::int_option("classes", "Outputs; NA: the data set's.")
          .within("1..")
          .by_default("NA")
          .nullable(),
      lathe::int_option("length", "Tokens of a sequence; NA: the data set's.")
          .within("1..")
          .by_default("NA")
          .nullable(),
      lathe::choice_option("pooling", "mean|max|first|none",
                           "What is classified: mean or maximum over the tokens, the first one, or "
                           "(none) each of them.")
          .by_default("mean"),
      lathe::int_option("padding",
                        "The token that stands for none: nothing looks at it; NA: all "
                        "count.")
          .within("0..")
          .by_default("NA")
          .nullable(),
      lathe::choice_option("activation", "relu|gelu", "Between the two linear layers.")
          .by_default("relu"),
      lathe::bool_option("norm_first", "Normalise before attention and linear layers, not after.")
          .by_default("false"),
      lathe::float_option("dropout", "Share of values dropped in training.")
          .by_default("0")
          .within("0..<1"),
  };

  explicit TransformerEncoder(lathe::options o)
      : vocabulary_(o.integer("vocab_size")),
        w_{o.integer("width"), o.integer("heads")},
        layers_(o.integer("layers")),
        hidden_(o.integer_or("hidden", 4 * w_.width)),
        classes_(o.integer_or("classes", 0)),
        length_(o.integer_or("length", 0)),
        padding_(o.integer_or("padding", -1)),
        pooling_(o.text("pooling")),
        activation_(o.text("activation")),
        norm_first_(o.boolean("norm_first")),
        dropout_(o.real("dropout")) {
    models::check_heads(w_);
    if (padding_ >= vocabulary_) {
      throw lathe::invalid_argument(
          lathe::join({"'padding' = ", lathe::to_string(padding_), " is no token of ",
                       lathe::to_string(vocabulary_)}))
          .at_option("padding");
    }
  }

  void build(lathe::model_builder& m) {
    const std::int64_t length = length_of(m);
    const auto ids = m.placeholder_of("input_ids", {length}, "int64");
    if (padding_ >= 0) padded_ = m.function("eq", {ids, padding_});
    auto x = m.embedding("embedding", ids, vocabulary_, w_.width);
    x = m.add(x, models::parameter(m, "position", {1, length, w_.width}, 0.02));
    if (dropout_ > 0) x = m.dropout("dropout", x, dropout_);
    for (std::int64_t i = 0; i < layers_; ++i)
      x = layer(m, lathe::join({"encoder.layers.", lathe::to_string(i)}), x);
    if (norm_first_) x = norm(m, "encoder.norm", x);
    x = pooled(m, x);
    m.output(m.linear("classifier", x, w_.width, classes_ > 0 ? classes_ : m.classes()));
  }

 private:
  std::int64_t length_of(const lathe::model_builder& m) const {
    const std::vector<lathe::field> inputs = m.inputs();
    if (inputs.empty() || !inputs[0].known_shape) {
      if (length_ > 0) return length_;
      throw lathe::error(LATHE_FAILED_PRECONDITION,
                         "how many tokens has a sequence? Name a data set (--dataset), or give "
                         "the option 'length'");
    }
    const lathe::field& tokens = inputs[0];
    if (tokens.shape.size() != 1 || tokens.dtype != LATHE_DTYPE_INT64) {
      throw lathe::invalid_argument(
          lathe::join({"this network takes tokens: samples of int64 [length]; the field '",
                       tokens.name, "' of the data set is something else"}));
    }
    if (length_ > 0 && length_ != tokens.shape[0]) {
      throw lathe::invalid_argument(lathe::join({"'length' is ", lathe::to_string(length_),
                                                 "; sequences of the data set have ",
                                                 lathe::to_string(tokens.shape[0]), " tokens"}))
          .at_option("length");
    }
    return tokens.shape[0];
  }

  lathe::node_id norm(lathe::model_builder& m, const std::string& target, lathe::node_id x) const {
    return m.module("layer_norm", target, {x},
                    {{"normalized_shape", lathe::value::list({w_.width})}});
  }

  lathe::node_id dropped(lathe::model_builder& m, const std::string& target,
                         lathe::node_id x) const {
    return dropout_ > 0 ? m.dropout(target, x, dropout_) : x;
  }

  lathe::node_id attention(lathe::model_builder& m, const std::string& name,
                           lathe::node_id x) const {
    x = models::self_attention(m, name + ".self_attn", x, w_, dropout_, padded_);
    return dropped(m, name + ".dropout1", x);
  }

  lathe::node_id feed_forward(lathe::model_builder& m, const std::string& name,
                              lathe::node_id x) const {
    x = m.linear(name + ".linear1", x, w_.width, hidden_);
    x = dropped(m, name + ".dropout", m.function(activation_, {x}));
    x = m.linear(name + ".linear2", x, hidden_, w_.width);
    return dropped(m, name + ".dropout2", x);
  }

  // torch.nn.TransformerEncoderLayer
  lathe::node_id layer(lathe::model_builder& m, const std::string& name, lathe::node_id x) const {
    if (norm_first_) {
      x = m.add(x, attention(m, name, norm(m, name + ".norm1", x)));
      return m.add(x, feed_forward(m, name, norm(m, name + ".norm2", x)));
    }
    x = norm(m, name + ".norm1", m.add(x, attention(m, name, x)));
    return norm(m, name + ".norm2", m.add(x, feed_forward(m, name, x)));
  }

  // What stands for padding neither adds to a mean nor is a maximum.
  lathe::node_id pooled(lathe::model_builder& m, lathe::node_id x) const {
    if (pooling_ == "none") return x;
    if (pooling_ == "first") return m.getitem(x, {lathe::slice(), 0});
    constexpr double kLeast = -1e30;
    if (padded_) {
      const auto hidden = m.function("unsqueeze", {padded_, -1});
      x = m.function("masked_fill", {x, hidden, pooling_ == "max" ? kLeast : 0.0});
    }
    if (pooling_ == "max") return m.function("amax", {x, lathe::value::list({1})});
    if (!padded_) return m.mean(x, {1});
    const auto counted = m.function("where", {padded_, 0.0, 1.0});
    const auto count = m.function("sum", {counted, lathe::value::list({1})}, {{"keepdim", true}});
    return m.function("div", {m.function("sum", {x, lathe::value::list({1})}),
                              m.function("clamp", {count}, {{"min", 1.0}})});
  }

  std::int64_t vocabulary_;
  models::Width w_;
  std::int64_t layers_, hidden_, classes_, length_, padding_;
  std::string pooling_, activation_;
  bool norm_first_;
  double dropout_;
  lathe::node_id padded_;  // true where the token stands for none
};

}  // namespace

LATHE_MODEL(TransformerEncoder, "transformer-encoder", "1.0.0",
            "Tells classes of sequences of tokens apart, by attention.")
