// Rows of the normalisations: batch_norm1d, batch_norm2d, layer_norm, rms_norm, group_norm.

#include "core/graph/ops/rules.hpp"

namespace lathe::rules {

namespace {

constexpr Initialiser kOnes{Initialiser::Kind::constant, 1.0};
constexpr Initialiser kZeros{Initialiser::Kind::constant, 0.0};

Result batch_norm_result(const OpInputs& in, bool two_dims) {
  const Result& x = tensor(in, 0);
  const std::size_t rank = x.shape.rank();
  if (two_dims ? rank != 4 : rank != 2 && rank != 3) {
    refuse(fmt::format("expected an input of {}, found shape {}",
                       two_dims ? "4 dimensions [batch, channels, height, width]"
                                : "2 or 3 dimensions [batch, channels(, length)]",
                       x.shape.text()));
  }
  const std::int64_t features = whole(in.attributes, "num_features");
  if (x.shape[1] != features) {
    refuse(fmt::format("expected an input with num_features = {} channels, found shape {}",
                       features, x.shape.text()));
  }
  return {x.dtype, x.shape, {}};
}

OpRow batch_norm(std::string op, const std::string& module_class, bool two_dims) {
  OpRow row;
  row.op = std::move(op);
  row.mase_type = "module";
  row.module_class = module_class;
  row.operands = {"data_in_0"};
  Setting momentum = inert(number("momentum", 0.1));
  momentum.nullable = true;  // a cumulative average
  row.settings = {integer_from_axis("num_features", 1), inert(number("eps", 1e-5)), momentum,
                  boolean("affine", true), boolean("track_running_stats", true)};
  row.quantizable = {"data_in", "weight", "bias"};
  row.bits = LATHE_BITS_SCALING;
  row.channels = LATHE_CHANNELS_BATCH_NORM;
  row.counting = LATHE_COUNT_BATCH_NORM;
  // Without running statistics it takes those of the batch.
  row.rows_apart = [](const Graph& graph, NodeId id) {
    return graph.node(id).parameter("running_mean") != nullptr;
  };
  row.shape = [two_dims](const OpInputs& in) { return batch_norm_result(in, two_dims); };
  row.parameters = [](const Value& attributes) {
    const Shape features{whole(attributes, "num_features")};
    std::vector<Parameter> out;
    if (flag(attributes, "affine")) {
      out.push_back(parameter("weight", features, kOnes));
      out.push_back(parameter("bias", features, kZeros));
    }
    if (flag(attributes, "track_running_stats")) {
      out.push_back(buffer("running_mean", DType::float32, features, 0.0));
      out.push_back(buffer("running_var", DType::float32, features, 1.0));
      out.push_back(buffer("num_batches_tracked", DType::int64, {}, 0.0));
    }
    return out;
  };
  row.cost = [](const OpInputs& in, const Result& out) {
    const double n = elements(in.tensors[0]);
    const double features = static_cast<double>(whole(in.attributes, "num_features"));
    return Cost{4 * n, 4 * n, 2 * features, n, elements(out)};
  };
  row.module_text = [module_class](const Value& attributes) {
    auto text = [&](const char* setting) { return shown(attributes, setting); };
    return fmt::format("{}({}, eps={}, momentum={}, affine={}, track_running_stats={})",
                       module_class, text("num_features"), text("eps"), text("momentum"),
                       text("affine"), text("track_running_stats"));
  };
  return row;
}

OpRow layer_norm() {
  OpRow row;
  row.op = "layer_norm";
  row.mase_type = "module_related_func";
  row.module_class = "LayerNorm";
  row.operands = {"data_in_0"};
  Setting shape = extents("normalized_shape", 0, std::nullopt);
  shape.as_list = true;
  row.settings = {shape, inert(number("eps", 1e-5)),
                  of_form(boolean("elementwise_affine", true), Setting::Form::module),
                  of_form(boolean("bias", true), Setting::Form::module)};
  row.bits = LATHE_BITS_SCALING;
  row.channels = LATHE_CHANNELS_LAYER_NORM;
  row.counting = LATHE_COUNT_LAYER_NORM;
  row.signature = {"input", "normalized_shape", "weight", "bias", "eps"};
  row.quantizable = row.input_roles = {"data_in", "weight", "bias"};
  row.shape = [](const OpInputs& in) {
    const Result& x = tensor(in, 0);
    const Shape normalized(sizes(in.attributes, "normalized_shape", 1));
    bool fits = normalized.rank() > 0 && normalized.rank() <= x.shape.rank();
    for (std::size_t i = 0; fits && i < normalized.rank(); ++i) {
      fits = normalized[i] == x.shape[x.shape.rank() - normalized.rank() + i];
    }
    if (!fits) {
      refuse(fmt::format("expected an input whose shape ends with normalized_shape = {}, found {}",
                         normalized.text(), x.shape.text()));
    }
    for (std::size_t i = 1; i < in.tensors.size(); ++i) {
      if (tensor(in, i).shape != normalized) {
        refuse(fmt::format("expected weight and bias of shape {}, found {}", normalized.text(),
                           tensor(in, i).shape.text()));
      }
    }
    return Result{x.dtype, x.shape, {}};
  };
  row.parameters = [](const Value& attributes) -> std::vector<Parameter> {
    if (!flag(attributes, "elementwise_affine")) return {};
    const Shape normalized(sizes(attributes, "normalized_shape", 1));
    std::vector<Parameter> out{parameter("weight", normalized, kOnes)};
    if (flag(attributes, "bias")) out.push_back(parameter("bias", normalized, kZeros));
    return out;
  };
  row.cost = [](const OpInputs& in, const Result& out) {
    const double n = elements(in.tensors[0]);
    return Cost{5 * n, 5 * n, 0, n, elements(out)};
  };
  row.module_text = [](const Value& attributes) {
    auto text = [&](const char* setting) { return shown(attributes, setting); };
    return fmt::format("LayerNorm({}, eps={}, elementwise_affine={})", text("normalized_shape"),
                       text("eps"), text("elementwise_affine"));
  };
  return row;
}

// Zhang and Sennrich, "Root mean square layer normalization", 2019. A row is normalised by itself
// unless the normalised dimensions are all there are.
OpRow rms_norm() {
  OpRow row = layer_norm();
  row.op = "rms_norm";
  row.mase_type = "module";
  row.module_class = "RMSNorm";
  row.settings = {row.settings[0], nullable(inert(number("eps", 0.0))),
                  of_form(boolean("elementwise_affine", true), Setting::Form::module)};
  row.signature = {"input", "normalized_shape", "weight", "eps"};
  row.quantizable = row.input_roles = {"data_in", "weight"};
  row.parameters = [](const Value& attributes) -> std::vector<Parameter> {
    if (!flag(attributes, "elementwise_affine")) return {};
    return {parameter("weight", Shape(sizes(attributes, "normalized_shape", 1)), kOnes)};
  };
  // A square, its share of the mean, and two products.
  row.cost = [](const OpInputs& in, const Result& out) {
    const double n = elements(in.tensors[0]);
    return Cost{4 * n, 4 * n, 0, n, elements(out)};
  };
  row.rows_apart = [](const Graph& graph, NodeId id) {
    const auto tensors = tensor_inputs(graph, id);
    const std::size_t normalized = sizes(graph.attributes(id), "normalized_shape", 1).size();
    return tensors.size() == 1 && tensors[0]->shape.rank() > normalized;
  };
  row.module_text = [](const Value& attributes) {
    auto text = [&](const char* setting) { return shown(attributes, setting); };
    return fmt::format("RMSNorm({}, eps={}, elementwise_affine={})", text("normalized_shape"),
                       text("eps"), text("elementwise_affine"));
  };
  return row;
}

// Of the function num_channels is not said: it is the input's.
std::int64_t grouped_channels(const OpInputs& in) {
  const Result& x = tensor(in, 0);
  if (x.shape.rank() < 2)
    refuse(
        fmt::format("expected an input of at least 2 dimensions [batch, channels, ...], found "
                    "shape {}",
                    x.shape.text()));
  const Value* said = in.attributes.find("num_channels");
  if (said != nullptr && said->as_int() != x.shape[1])
    refuse(fmt::format("expected an input with num_channels = {} channels, found shape {}",
                       said->as_int(), x.shape.text()));
  const std::int64_t groups = whole(in.attributes, "num_groups");
  if (groups < 1 || x.shape[1] % groups != 0)
    refuse(fmt::format("'num_groups' = {} does not divide the {} channels of shape {}", groups,
                       x.shape[1], x.shape.text()));
  return x.shape[1];
}

OpRow group_norm() {
  OpRow row = layer_norm();
  row.op = "group_norm";
  row.mase_type = "module";
  row.module_class = "GroupNorm";
  row.channels = LATHE_CHANNELS_WALL;
  row.function = "torch.nn.functional.group_norm";
  row.settings = {required_integer("num_groups"), integer_from_axis("num_channels", 1),
                  inert(number("eps", 1e-5)),
                  of_form(boolean("affine", true), Setting::Form::module)};
  row.signature = {"input", "num_groups", "weight", "bias", "eps"};
  row.input_roles = {"data_in", "data_in", "weight", "bias"};
  row.rows_apart = apart_from_rank(2);
  row.shape = [](const OpInputs& in) {
    const Shape channels{grouped_channels(in)};
    for (std::size_t i = 1; i < in.tensors.size(); ++i) {
      if (tensor(in, i).shape != channels)
        refuse(fmt::format("expected weight and bias of shape {}, found {}", channels.text(),
                           tensor(in, i).shape.text()));
    }
    return same_as_input(in);
  };
  row.parameters = [](const Value& attributes) -> std::vector<Parameter> {
    if (!flag(attributes, "affine")) return {};
    const Shape channels{whole(attributes, "num_channels")};
    return {parameter("weight", channels, kOnes), parameter("bias", channels, kZeros)};
  };
  row.module_text = [](const Value& attributes) {
    auto text = [&](const char* setting) { return shown(attributes, setting); };
    return fmt::format("GroupNorm({}, {}, eps={}, affine={})", text("num_groups"),
                       text("num_channels"), text("eps"), text("affine"));
  };
  return row;
}

}  // namespace

void add_norm_rows(std::vector<OpRow>& rows) {
  rows.push_back(batch_norm("batch_norm1d", "BatchNorm1d", false));
  rows.push_back(batch_norm("batch_norm2d", "BatchNorm2d", true));
  rows.push_back(layer_norm());
  rows.push_back(rms_norm());
  rows.push_back(group_norm());
}

}  // namespace lathe::rules
