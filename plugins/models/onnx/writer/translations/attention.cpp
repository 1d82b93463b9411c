// Attention written out in its products, as PyTorch's own export has it.
#include "../translations.hpp"
#include "window.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace onnx_writer {

namespace {

using onnx_reader::Extent;

// A tensor of the file with its extents.
struct Tensor {
  std::string name;
  Extents extents;
};

Tensor moved(Layer& layer, const Tensor& x, const std::vector<std::int64_t>& order) {
  Tensor out;
  for (const std::int64_t d : order) out.extents.push_back(x.extents[static_cast<std::size_t>(d)]);
  out.name = layer.make("Transpose", {x.name}, {{"perm", order}}, &out.extents);
  return out;
}

Tensor with_last_exchanged(Layer& layer, const Tensor& x) {
  std::vector<std::int64_t> order;
  for (std::size_t d = 0; d < x.extents.size(); ++d) order.push_back(static_cast<std::int64_t>(d));
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  return moved(layer, x, order);
}

Tensor product(Layer& layer, const Tensor& a, const Tensor& b) {
  Tensor out{{},
             onnx_reader::broadcast({a.extents.begin(), a.extents.end() - 2},
                                    {b.extents.begin(), b.extents.end() - 2})};
  out.extents.push_back(a.extents[a.extents.size() - 2]);
  out.extents.push_back(b.extents.back());
  out.name = layer.make("MatMul", {a.name, b.name}, {}, &out.extents);
  return out;
}

Tensor of_one(Layer& layer, const char* op, const std::vector<std::string>& inputs,
              const Extents& extents, const Attributes& attributes = {}) {
  return {layer.make(op, inputs, attributes, &extents), extents};
}

// softmax(scale q k^T, masks applied by `mask`); keys lie [..., keys, width].
template <class Mask>
Tensor weights(Layer& layer, const Tensor& q, const Tensor& k, float scale, Mask mask) {
  const Tensor scaled = of_one(layer, "Mul", {q.name, layer.number("scale", scale)}, q.extents);
  const Tensor scores = mask(product(layer, scaled, with_last_exchanged(layer, k)));
  return of_one(layer, "Softmax", {scores.name}, scores.extents, {{"axis", std::int64_t{-1}}});
}

float scale_of(const Extents& heads) {
  if (heads.back().of_batch) throw cannot({"the width of a head is an open batch"});
  return static_cast<float>(1 / std::sqrt(static_cast<double>(heads.back().number)));
}

std::string hidden(Layer& layer) {
  return layer.number("hidden", -std::numeric_limits<float>::infinity());
}

// Of a mask of bools: true stands for what takes part.
Tensor shown_where(Layer& layer, const std::string& mask, const Tensor& scores) {
  return of_one(layer, "Where", {mask, scores.name, hidden(layer)}, scores.extents);
}
// True stands for what does not.
Tensor hidden_where(Layer& layer, const std::string& mask, const Tensor& scores) {
  return of_one(layer, "Where", {mask, hidden(layer), scores.name}, scores.extents);
}

// ---- scaled_dot_product_attention

std::string causal_mask(Layer& layer, const Extents& scores) {
  const Extent rows = scores[scores.size() - 2], columns = scores.back();
  if (rows.of_batch || columns.of_batch) {
    throw cannot({"its causal mask has an open batch as a length"});
  }
  std::string shown;
  for (std::int64_t r = 0; r < rows.number; ++r) {
    for (std::int64_t c = 0; c < columns.number; ++c) shown.push_back(c <= r ? 1 : 0);
  }
  return layer.network().model().tensor(lathe::join({layer.node().name(), "_causal"}),
                                        onnx::TensorProto::BOOL, {rows.number, columns.number},
                                        shown);
}

Tensor tensor(Layer& layer, std::uint64_t i, std::string_view key) {
  const std::size_t input = layer.input_of(layer.argument(i, key)).value();
  return {layer.input(input), layer.extents_of_input(input)};
}

void dot_product_attention(Layer& layer) {
  const Tensor q = tensor(layer, 0, "query"), k = tensor(layer, 1, "key"),
               v = tensor(layer, 2, "value");
  const float scale = layer.attribute("scale") ? layer.real("scale", 1) : scale_of(q.extents);
  const auto mask = layer.input_of(layer.argument(3, "attn_mask"));
  const Tensor w = weights(layer, q, k, scale, [&](const Tensor& scores) {
    if (layer.flag("is_causal")) {
      return shown_where(layer, causal_mask(layer, scores.extents), scores);
    }
    if (!mask) return scores;
    if (layer.type_of_input(*mask) == onnx::TensorProto::BOOL) {
      return shown_where(layer, layer.input(*mask), scores);
    }
    return of_one(layer, "Add", {scores.name, layer.input(*mask)}, scores.extents);
  });
  layer.result("MatMul", {layer.inner(w.name, "weights", w.extents), v.name});
}

// ---- multi_head_attention

class MultiHead {
 public:
  explicit MultiHead(Layer& layer);
  void write();

 private:
  using Three = std::array<Tensor, 3>;  // query, key, value
  Three inputs();                       // [batch, length, width]
  Three projected();
  Three projected_together(const Tensor& x);
  Three projected_apart(const Three& x);
  Tensor in_heads(const Tensor& x);  // [batch, heads, length, width of a head]
  Tensor masked(Tensor scores);
  Tensor reshaped(const Tensor& x, const char* what, Extents to);
  bool said(std::uint64_t i, std::string_view key, bool otherwise) const;

  Layer& layer_;
  std::int64_t width_, heads_;
  bool batch_first_;
};

MultiHead::MultiHead(Layer& layer)
    : layer_(layer),
      width_(layer.integer("embed_dim")),
      heads_(layer.integer("num_heads")),
      batch_first_(layer.flag("batch_first")) {
  for (const char* more : {"add_bias_kv", "add_zero_attn"}) {
    if (layer.flag(more)) throw cannot({"its ", more, " adds keys of its own"});
  }
}

bool MultiHead::said(std::uint64_t i, std::string_view key, bool otherwise) const {
  const lathe::value_view given = layer_.argument(i, key);
  return given ? given.boolean() : otherwise;
}

MultiHead::Three MultiHead::inputs() {
  Three out;
  constexpr const char* kNames[] = {"query", "key", "value"};
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = tensor(layer_, i, kNames[i]);
    if (i > 0 && out[i].name == out[0].name) continue;
    if (!batch_first_) out[i] = moved(layer_, out[i], {1, 0, 2});
  }
  return out;
}

MultiHead::Three MultiHead::projected_together(const Tensor& x) {
  Extents extents = x.extents;
  extents.back().number = 3 * width_;
  std::string all =
      layer_.make("MatMul", {x.name, layer_.transposed_parameter("in_proj_weight")}, {}, &extents);
  if (layer_.has("in_proj_bias")) {
    all = layer_.make("Add", {all, layer_.parameter("in_proj_bias")}, {}, &extents);
  }
  extents.back().number = width_;
  const std::vector<std::string> parts =
      layer_.make_parts("Split", {all, layer_.integers("thirds", {width_, width_, width_})},
                        {{"axis", std::int64_t{2}}}, {extents, extents, extents});
  return {Tensor{parts[0], extents}, {parts[1], extents}, {parts[2], extents}};
}

MultiHead::Three MultiHead::projected_apart(const Three& x) {
  const std::string thirds = layer_.integers("thirds", {width_, width_, width_});
  std::vector<std::string> weights, biases;
  if (layer_.has("in_proj_weight")) {
    const Extents each = {{width_, false}, {width_, false}};
    weights = layer_.make_parts("Split", {layer_.transposed_parameter("in_proj_weight"), thirds},
                                {{"axis", std::int64_t{1}}}, {each, each, each});
  } else {
    for (const char* role : {"q_proj_weight", "k_proj_weight", "v_proj_weight"}) {
      weights.push_back(layer_.transposed_parameter(role));
    }
  }
  if (layer_.has("in_proj_bias")) {
    const Extents each = {{width_, false}};
    biases = layer_.make_parts("Split", {layer_.parameter("in_proj_bias"), thirds},
                               {{"axis", std::int64_t{0}}}, {each, each, each});
  }
  Three out;
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].extents = x[i].extents;
    out[i].extents.back().number = width_;
    out[i].name = layer_.make("MatMul", {x[i].name, weights[i]}, {}, &out[i].extents);
    if (!biases.empty()) {
      out[i].name = layer_.make("Add", {out[i].name, biases[i]}, {}, &out[i].extents);
    }
  }
  return out;
}

MultiHead::Three MultiHead::projected() {
  Three x = inputs();
  const bool alike = x[0].name == x[1].name && x[0].name == x[2].name;
  Three out = alike && layer_.has("in_proj_weight") ? projected_together(x[0]) : projected_apart(x);
  constexpr const char* kNames[] = {"query", "key", "value"};
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].name = layer_.inner(out[i].name, kNames[i], out[i].extents);
    out[i] = in_heads(out[i]);
  }
  return out;
}

// The first extent stays; of the others one may be that of an open batch.
Tensor MultiHead::reshaped(const Tensor& x, const char* what, Extents to) {
  std::vector<std::int64_t> wanted = {0};
  for (std::size_t d = 1; d < to.size(); ++d) wanted.push_back(to[d].of_batch ? -1 : to[d].number);
  return of_one(layer_, "Reshape", {x.name, layer_.integers(what, wanted)}, to);
}

Tensor MultiHead::in_heads(const Tensor& x) {
  return moved(
      layer_,
      reshaped(x, "heads", {x.extents[0], x.extents[1], {heads_, false}, {width_ / heads_, false}}),
      {0, 2, 1, 3});
}

Tensor MultiHead::masked(Tensor scores) {
  const auto mask = layer_.input_of(layer_.argument(5, "attn_mask")),
             padding = layer_.input_of(layer_.argument(3, "key_padding_mask"));
  const auto hide = [&](std::size_t input, const std::string& name) {
    scores = layer_.type_of_input(input) == onnx::TensorProto::BOOL
                 ? hidden_where(layer_, name, scores)
                 : of_one(layer_, "Add", {scores.name, name}, scores.extents);
  };
  if (mask && layer_.extents_of_input(*mask).size() == 2) hide(*mask, layer_.input(*mask));
  if (mask && layer_.extents_of_input(*mask).size() == 3) {
    const Extents& e = scores.extents;
    if (e[2].of_batch || e[3].of_batch) {
      throw cannot({"its mask for each head has an open batch as a length"});
    }
    const std::string shape = layer_.integers("mask_shape", {-1, heads_, e[2].number, e[3].number});
    hide(*mask,
         layer_.make("Reshape", {layer_.input(*mask), shape}, {}, &e, layer_.type_of_input(*mask)));
  }
  if (padding) {
    const Extents extents = {scores.extents[0], {1, false}, {1, false}, scores.extents[3]};
    hide(*padding,
         layer_.make("Unsqueeze", {layer_.input(*padding), layer_.integers("mask_axes", {1, 2})},
                     {}, &extents, layer_.type_of_input(*padding)));
  }
  return scores;
}

void MultiHead::write() {
  const Three x = projected();
  const Tensor w = weights(layer_, x[0], x[1], scale_of(x[0].extents),
                           [&](Tensor scores) { return masked(std::move(scores)); });
  const Tensor mixed =
      product(layer_, {layer_.inner(w.name, "weights", w.extents), w.extents}, x[2]);
  Tensor y = moved(layer_, mixed, {0, 2, 1, 3});
  y = reshaped(y, "joined", {y.extents[0], y.extents[1], {width_, false}});
  y.name = layer_.inner(y.name, "mixed", y.extents);
  y.name = layer_.make("MatMul", {y.name, layer_.transposed_parameter("out_proj.weight")}, {},
                       &y.extents);
  if (layer_.has("out_proj.bias")) {
    y.name = layer_.make("Add", {y.name, layer_.parameter("out_proj.bias")}, {}, &y.extents);
  }
  if (!batch_first_) y = moved(layer_, y, {1, 0, 2});
  const int type = onnx::TensorProto::FLOAT;
  std::vector<Value> made = {{y.name, type, true}};
  if (said(4, "need_weights", true)) {
    const Extents mean = {w.extents[0], w.extents[2], w.extents[3]};
    const bool averaged = said(6, "average_attn_weights", true);
    const auto average = [&] {
      return layer_.make("ReduceMean", {w.name},
                         {{"axes", std::vector<std::int64_t>{1}}, {"keepdims", std::int64_t{0}}},
                         &mean);
    };
    made.push_back({averaged ? average() : w.name, type, true});
  }
  layer_.parts(std::move(made));
}

void multi_head_attention(Layer& layer) { MultiHead(layer).write(); }

}  // namespace

void add_attention(std::vector<Translation>& rows) {
  rows.push_back({"scaled_dot_product_attention", dot_product_attention});
  rows.push_back({"multi_head_attention", multi_head_attention, Naming::by_name, true});
}

}  // namespace onnx_writer
