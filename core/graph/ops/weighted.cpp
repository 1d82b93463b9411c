// Rows of the layers that multiply by a learned matrix: linear, embedding. The convolutions are in
// conv.cpp.

#include "core/graph/ops/weights.hpp"

namespace lathe::rules {

namespace {

Shape linear_weight(const OpInputs& in) {
  if (!is_module(*in.node)) {
    return tensor_of_rank(in, 1, 2, "[out_features, in_features]").shape;
  }
  expect_positive(in.attributes, "in_features");
  expect_positive(in.attributes, "out_features");
  return {whole(in.attributes, "out_features"), whole(in.attributes, "in_features")};
}

OpRow linear() {
  OpRow row;
  row.op = "linear";
  row.mase_type = "module_related_func";
  row.module_class = "Linear";
  row.operands = {"data_in_0"};
  row.quantizable = row.input_roles = {"data_in", "weight", "bias"};
  row.bits = LATHE_BITS_ACCUMULATING;
  row.counting = LATHE_COUNT_LINEAR;
  row.channels = LATHE_CHANNELS_LINEAR;
  row.rows_apart = apart_from_rank(2);
  row.function = "torch._C._nn.linear";
  row.settings = {integer_from_axis("in_features", -1),
                  of_form(required_integer("out_features"), Setting::Form::module),
                  of_form(boolean("bias", true), Setting::Form::module)};
  row.signature = {"input", "weight", "bias"};
  row.shape = [](const OpInputs& in) {
    const Shape weight = linear_weight(in);
    const Result& x = tensor(in, 0);
    if (x.shape.rank() == 0 || x.shape[x.shape.rank() - 1] != weight[1]) {
      refuse(fmt::format("expected an input whose last extent is in_features = {}, found shape {}",
                         weight[1], x.shape.text()));
    }
    check_function_bias(in, weight[0]);
    Shape out = x.shape;
    out[out.rank() - 1] = weight[0];
    return Result{x.dtype, std::move(out), {}};
  };
  row.parameters = [](const Value& attributes) -> std::vector<Parameter> {
    const std::int64_t out = whole(attributes, "out_features");
    return weight_and_bias({out, whole(attributes, "in_features")}, out, flag(attributes, "bias"));
  };
  row.cost = [](const OpInputs& in, const Result& out) {
    const double weights = static_cast<double>(linear_weight(in).numel());
    const double n = elements(in.tensors[0]);
    const double rows = n / static_cast<double>(linear_weight(in)[1]);
    return Cost{weights * rows, 2 * weights * rows, weights, n, elements(out)};
  };
  row.module_text = [](const Value& attributes) {
    return fmt::format("Linear(in_features={}, out_features={}, bias={})",
                       whole(attributes, "in_features"), whole(attributes, "out_features"),
                       flag(attributes, "bias") ? "True" : "False");
  };
  return row;
}

// The row that no gradient reaches.
void check_padding_row(const Value& attributes) {
  const Value& row = *attributes.find("padding_idx");
  const std::int64_t rows = whole(attributes, "num_embeddings");
  if (!row.is_none() && (row.as_int() < -rows || row.as_int() >= rows))
    refuse(fmt::format("'padding_idx' = {} is no row of {}", row.as_int(), rows));
}

OpRow embedding() {
  OpRow row;
  row.op = "embedding";
  row.mase_type = "implicit_func";
  row.module_class = "Embedding";
  row.channels = LATHE_CHANNELS_EMBEDDING;
  row.counting = LATHE_COUNT_NOTHING;
  row.weight_channels = 1;
  row.rows_apart = always_apart;
  row.operands = {"data_in_0"};
  row.settings = {required_integer("num_embeddings"), required_integer("embedding_dim"),
                  nullable(integer("padding_idx", 0))};
  row.shape = [](const OpInputs& in) {
    expect_positive(in.attributes, "num_embeddings");
    expect_positive(in.attributes, "embedding_dim");
    check_padding_row(in.attributes);
    const Result& x = tensor(in, 0);
    if (x.dtype != DType::int64 && x.dtype != DType::int32) {
      refuse(fmt::format("expected an input of int64 or int32 indexes, found {}", name(x.dtype)));
    }
    std::vector<std::int64_t> out = x.shape.dims();
    out.push_back(whole(in.attributes, "embedding_dim"));
    return Result{DType::float32, Shape(std::move(out)), {}};
  };
  row.parameters = [](const Value& attributes) {
    return std::vector<Parameter>{parameter(
        "weight", {whole(attributes, "num_embeddings"), whole(attributes, "embedding_dim")},
        {Initialiser::Kind::normal, 0.0, 1.0})};
  };
  row.cost = [](const OpInputs& in, const Result&) {
    return Cost{0, 0,
                static_cast<double>(whole(in.attributes, "num_embeddings") *
                                    whole(in.attributes, "embedding_dim")),
                0, 0};
  };
  row.module_text = [](const Value& attributes) {
    const bool padded = !attributes.find("padding_idx")->is_none();
    return fmt::format("Embedding({}, {}{})", whole(attributes, "num_embeddings"),
                       whole(attributes, "embedding_dim"),
                       padded ? ", padding_idx=" + shown(attributes, "padding_idx") : "");
  };
  return row;
}

}  // namespace

void add_weighted_rows(std::vector<OpRow>& rows) {
  rows.push_back(linear());
  rows.push_back(embedding());
}

}  // namespace lathe::rules
