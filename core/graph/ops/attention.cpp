// Rows of attention: the module multi_head_attention, and scaled_dot_product_attention of tensors
// that are projected already. Both are products of activations with a softmax between them.

#include "core/graph/ops/weights.hpp"

#include <algorithm>
#include <cmath>

namespace lathe::rules {

namespace {

std::int64_t extent_of(const Result& x, std::size_t from_end) {
  return x.shape[x.shape.rank() - from_end];
}

bool said(const OpInputs& in, std::string_view name, bool otherwise) {
  const std::optional<Resolved> given = argument_named(in, name);
  if (!given) return otherwise;
  if (given->literal == nullptr || !given->literal->is_bool())
    refuse(fmt::format("its argument '{}' must be true or false", name));
  return given->literal->as_bool();
}

// A mask: bool, or of the numbers that are added.
const Result* mask_named(const OpInputs& in, std::string_view name, DType numbers) {
  if (!argument_named(in, name)) return nullptr;
  const Result& mask = tensor_named(in, name);
  if (mask.dtype != DType::boolean && mask.dtype != numbers)
    refuse(fmt::format("'{}' must be of type bool or {}, found {}", name, lathe::name(numbers),
                       lathe::name(mask.dtype)));
  return &mask;
}

// Products, and an operation for each score: its softmax.
Cost attention_cost(double macs, double scores, double weights, double in, double out) {
  return {macs + scores, 2 * macs + scores, weights, in, out, macs, scores};
}

// ---- scaled_dot_product_attention

// [..., queries, keys] and [..., queries, width of a value].
Shape with_last(const Shape& leading, std::int64_t rows, std::int64_t columns) {
  std::vector<std::int64_t> out = leading.dims();
  out.push_back(rows);
  out.push_back(columns);
  return Shape(std::move(out));
}

Shape leading(const Result& x) {
  return Shape(std::vector<std::int64_t>(x.shape.begin(), x.shape.end() - 2));
}

Result dot_product_result(const OpInputs& in) {
  const Result& query = tensor_named(in, "query");
  const Result& key = tensor_named(in, "key");
  const Result& value = tensor_named(in, "value");
  for (const Result* x : {&query, &key, &value})
    if (x->shape.rank() < 2 || x->dtype != query.dtype)
      refuse(
          fmt::format("expected query, key and value of at least 2 dimensions and of one type, "
                      "found {} of shape {}",
                      name(x->dtype), x->shape.text()));
  if (extent_of(query, 1) != extent_of(key, 1))
    refuse(fmt::format("the vectors of query and key differ in length: shapes {} and {}",
                       query.shape.text(), key.shape.text()));
  if (extent_of(key, 2) != extent_of(value, 2))
    refuse(fmt::format("there are not as many values as keys: shapes {} and {}", key.shape.text(),
                       value.shape.text()));
  if (real(in.attributes, "dropout_p") != 0.0)
    refuse(fmt::format("'dropout_p' = {}: it would drop in evaluation, too; only 0 is possible",
                       shown(in.attributes, "dropout_p")));
  const Shape batch = broadcast(broadcast(leading(query), leading(key)), leading(value));
  if (const Result* mask = mask_named(in, "attn_mask", query.dtype)) {
    if (flag(in.attributes, "is_causal")) refuse("'attn_mask' and 'is_causal' exclude each other");
    const Shape scores = with_last(batch, extent_of(query, 2), extent_of(key, 2));
    if (!spreads(mask->shape, scores))
      refuse(fmt::format("'attn_mask' of shape {} does not fit scores of shape {}",
                         mask->shape.text(), scores.text()));
  }
  return {query.dtype, with_last(batch, extent_of(query, 2), extent_of(value, 1)), {}};
}

OpRow scaled_dot_product_attention() {
  OpRow row;
  row.op = "scaled_dot_product_attention";
  row.mase_type = "builtin_func";
  row.operands = {"data_in_0", "data_in_1", "data_in_2", "data_in_3"};
  row.function = "torch._C._nn.scaled_dot_product_attention";
  row.settings = {number("dropout_p", 0.0), boolean("is_causal", false),
                  nullable(number("scale", 0.0))};
  row.signature = {"query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale"};
  row.quantizable = {"data_in", "weight"};
  // As of matmul: what stands on the right of a product.
  row.input_roles = {"data_in", "weight", "weight", "mask"};
  row.formats_inside = true;
  row.bits = LATHE_BITS_ACCUMULATING;
  row.counting = LATHE_COUNT_OWN;
  row.shape = dot_product_result;
  row.rows_apart = [](const Graph& graph, NodeId id) {
    const auto tensors = tensor_inputs(graph, id);
    return tensors.size() == 3 && graph.node(id).result.shape.rank() > 2 &&
           std::ranges::all_of(tensors, [&](const Result* x) {
             return x->shape.rank() == tensors[0]->shape.rank() &&
                    x->shape[0] == tensors[0]->shape[0];
           });
  };
  row.cost = [](const OpInputs& in, const Result& out) {
    const Result& query = tensor_named(in, "query");
    const Result& value = tensor_named(in, "value");
    const double rows = elements(out) / static_cast<double>(extent_of(value, 1));
    const double scores = rows * static_cast<double>(extent_of(value, 2));
    const double macs = scores * static_cast<double>(extent_of(query, 1) + extent_of(value, 1));
    return attention_cost(macs, scores, 0, elements(query), elements(out));
  };
  return row;
}

// ---- multi_head_attention

struct Heads {
  std::int64_t batch, queries, keys;  // keys: with those that the module adds
};

Heads heads_of(const OpInputs& in) {
  const bool batch_first = flag(in.attributes, "batch_first");
  const std::string_view layout = batch_first ? "[batch, length, width]" : "[length, batch, width]";
  std::vector<const Result*> x;
  for (const auto& [name, width] :
       {std::pair{"query", "embed_dim"}, std::pair{"key", "kdim"}, std::pair{"value", "vdim"}}) {
    x.push_back(&tensor_named(in, name));
    const Result& at = *x.back();
    if (at.shape.rank() != 3 || at.dtype != DType::float32 ||
        at.shape[2] != whole(in.attributes, width))
      refuse(fmt::format("expected a {} of float32 {} with {} = {}, found {} of shape {}", name,
                         layout, width, whole(in.attributes, width), lathe::name(at.dtype),
                         at.shape.text()));
  }
  const std::size_t batch = batch_first ? 0 : 1, length = 1 - batch;
  if (x[0]->shape[batch] != x[1]->shape[batch] || x[1]->shape[batch] != x[2]->shape[batch])
    refuse(fmt::format("query, key and value differ in their batch: shapes {}, {} and {}",
                       x[0]->shape.text(), x[1]->shape.text(), x[2]->shape.text()));
  if (x[1]->shape[length] != x[2]->shape[length])
    refuse(fmt::format("there are not as many values as keys: shapes {} and {}", x[1]->shape.text(),
                       x[2]->shape.text()));
  return {x[0]->shape[batch], x[0]->shape[length], x[1]->shape[length]};
}

void check_masks(const OpInputs& in, const Heads& heads) {
  const auto check = [&](std::string_view name, std::vector<Shape> fitting) {
    const Result* mask = mask_named(in, name, DType::float32);
    if (mask == nullptr || std::ranges::find(fitting, mask->shape) != fitting.end()) return;
    refuse(fmt::format("'{}' has shape {}; expected {}{}", name, mask->shape.text(),
                       fitting[0].text(),
                       fitting.size() > 1 ? " or " + fitting[1].text() : std::string()));
  };
  const std::int64_t all = heads.batch * whole(in.attributes, "num_heads");
  check("attn_mask", {Shape{heads.queries, heads.keys}, Shape{all, heads.queries, heads.keys}});
  check("key_padding_mask", {Shape{heads.batch, heads.keys}});
  if (said(in, "is_causal", false) && !argument_named(in, "attn_mask"))
    refuse("'is_causal' only says of a mask that it is causal; 'attn_mask' is missing");
}

Result multi_head_result(const OpInputs& in) {
  const Value& a = in.attributes;
  for (const char* name : {"embed_dim", "num_heads", "kdim", "vdim"}) expect_positive(a, name);
  if (whole(a, "embed_dim") % whole(a, "num_heads") != 0)
    refuse(fmt::format("'num_heads' = {} does not divide 'embed_dim' = {}", whole(a, "num_heads"),
                       whole(a, "embed_dim")));
  const double p = real(a, "dropout");
  if (!(p >= 0.0 && p <= 1.0))
    refuse(fmt::format("'dropout' = {}; it must lie between 0 and 1", p));
  Heads heads = heads_of(in);
  check_masks(in, heads);
  heads.keys += flag(a, "add_bias_kv") + flag(a, "add_zero_attn");
  const Result& query = tensor_named(in, "query");
  const bool average = said(in, "average_attn_weights", true);
  Result weights;  // none where they are not asked for
  if (said(in, "need_weights", true)) {
    weights.dtype = query.dtype;
    weights.shape = average ? Shape{heads.batch, heads.queries, heads.keys}
                            : Shape{heads.batch, whole(a, "num_heads"), heads.queries, heads.keys};
  }
  return {DType::none, {}, {}, {{query.dtype, query.shape, {}}, weights}};
}

// As PyTorch begins: the projections of the inputs by Glorot and Bengio's rule, that of the output
// as a linear layer.
std::vector<Parameter> multi_head_parameters(const Value& a) {
  const std::int64_t width = whole(a, "embed_dim"), keys = whole(a, "kdim"),
                     values = whole(a, "vdim");
  const Initialiser zeros{Initialiser::Kind::constant, 0.0};
  const auto uniform = [](double bound) {
    return Initialiser{Initialiser::Kind::uniform, -bound, bound};
  };
  const auto projection = [&](std::string name, std::int64_t rows, std::int64_t columns) {
    const double bound = std::sqrt(6.0 / static_cast<double>(rows + columns));
    return parameter(std::move(name), {rows, columns}, uniform(bound));
  };
  std::vector<Parameter> out;
  if (keys == width && values == width) {
    out.push_back(projection("in_proj_weight", 3 * width, width));
  } else {
    out.push_back(projection("q_proj_weight", width, width));
    out.push_back(projection("k_proj_weight", width, keys));
    out.push_back(projection("v_proj_weight", width, values));
  }
  if (flag(a, "bias")) out.push_back(parameter("in_proj_bias", Shape{3 * width}, zeros));
  if (flag(a, "add_bias_kv")) {
    const double deviation = std::sqrt(1.0 / static_cast<double>(width));
    for (const char* name : {"bias_k", "bias_v"})
      out.push_back(parameter(name, {1, 1, width}, {Initialiser::Kind::normal, 0.0, deviation}));
  }
  out.push_back(parameter("out_proj.weight", {width, width},
                          uniform(1.0 / std::sqrt(static_cast<double>(width)))));
  if (flag(a, "bias")) out.push_back(parameter("out_proj.bias", Shape{width}, zeros));
  return out;
}

Cost multi_head_cost(const OpInputs& in, const Result& out) {
  const Value& a = in.attributes;
  const Heads heads = heads_of(in);
  const auto width = static_cast<double>(whole(a, "embed_dim"));
  const auto batch = static_cast<double>(heads.batch);
  const auto queries = static_cast<double>(heads.queries), keys = static_cast<double>(heads.keys);
  const double projected = static_cast<double>(whole(a, "kdim") + whole(a, "vdim"));
  const double seen = keys + (flag(a, "add_bias_kv") ? 1 : 0) + (flag(a, "add_zero_attn") ? 1 : 0);
  const double macs = batch * width * (2 * queries * width + keys * projected + 2 * queries * seen);
  double weights = 0;
  for (const Parameter& p : multi_head_parameters(a))
    if (p.name.ends_with("weight")) weights += static_cast<double>(p.shape.numel());
  const double scores = batch * static_cast<double>(whole(a, "num_heads")) * queries * seen;
  return attention_cost(macs, scores, weights, elements(tensor_named(in, "query")),
                        all_elements(out));
}

OpRow multi_head_attention() {
  OpRow row;
  row.op = "multi_head_attention";
  row.mase_type = "module";
  row.module_class = "MultiheadAttention";
  row.operands = {"data_in_0", "data_in_1", "data_in_2", "data_in_3", "data_in_4"};
  Setting keys = integer("kdim", 0), values = integer("vdim", 0);
  for (Setting* width : {&keys, &values}) {
    width->default_value.reset();
    width->default_from = "embed_dim";
  }
  row.settings = {required_integer("embed_dim"),
                  required_integer("num_heads"),
                  number("dropout", 0.0),
                  boolean("bias", true),
                  boolean("add_bias_kv", false),
                  boolean("add_zero_attn", false),
                  keys,
                  values,
                  boolean("batch_first", false)};
  row.module_signature = {"query",
                          "key",
                          "value",
                          "key_padding_mask",
                          "need_weights",
                          "attn_mask",
                          "average_attn_weights",
                          "is_causal"};
  row.input_roles = {"data_in", "data_in", "data_in", "mask", "mask", "mask"};
  row.parameter_roles = {{"in_proj_weight", "weight"},  {"q_proj_weight", "weight"},
                         {"k_proj_weight", "weight"},   {"v_proj_weight", "weight"},
                         {"out_proj.weight", "weight"}, {"in_proj_bias", "bias"},
                         {"out_proj.bias", "bias"}};
  row.quantizable = {"data_in", "weight", "bias"};
  row.formats_inside = true;
  row.bits = LATHE_BITS_ACCUMULATING;
  row.counting = LATHE_COUNT_OWN;
  row.shape = multi_head_result;
  row.parameters = multi_head_parameters;
  row.cost = multi_head_cost;
  row.rows_apart = [](const Graph& graph, NodeId id) {
    return flag(graph.attributes(id), "batch_first") && tensor_inputs(graph, id).size() == 3;
  };
  row.module_text = [](const Value& a) {
    return fmt::format(
        "MultiheadAttention(\n  (out_proj): NonDynamicallyQuantizableLinear(in_features={0}, "
        "out_features={0}, bias={1})\n)",
        whole(a, "embed_dim"), flag(a, "bias") ? "True" : "False");
  };
  return row;
}

}  // namespace

void add_attention_rows(std::vector<OpRow>& rows) {
  rows.push_back(scaled_dot_product_attention());
  rows.push_back(multi_head_attention());
}

}  // namespace lathe::rules
