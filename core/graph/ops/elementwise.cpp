// Rows of what keeps the shape: activations, other functions of one number, dropout, softmax.
// MASE's estimator knows relu, relu6 and dropout; the others count one computation per element in
// the same way.

#include "core/graph/ops/rules.hpp"

#include <algorithm>

namespace lathe::rules {

namespace {

OpRow elementwise(std::string op, std::string module_class, std::vector<Setting> settings) {
  OpRow row;
  row.op = std::move(op);
  row.mase_type = "module_related_func";
  row.module_class = std::move(module_class);
  row.operands = {"data_in_0"};
  row.signature = {"input"};
  for (const Setting& s : settings) row.signature.push_back(s.name);
  row.settings = std::move(settings);
  row.shape = same_as_input;
  row.cost = cost_per_input;
  row.bits = LATHE_BITS_PASSING;
  row.channels = LATHE_CHANNELS_SAME;
  row.counting = LATHE_COUNT_ACTIVATION;
  row.rows_apart = always_apart;
  return row;
}

// "ReLU()", "LeakyReLU(negative_slope=0.01, inplace=True)": inplace only if it is on.
std::function<std::string(const Value&)> activation_text(const std::string& name,
                                                         const std::vector<std::string>& numbers,
                                                         bool with_inplace = true) {
  return [name, numbers, with_inplace](const Value& attributes) {
    std::string inside;
    for (const std::string& number : numbers) {
      inside +=
          fmt::format("{}{}={}", inside.empty() ? "" : ", ", number, shown(attributes, number));
    }
    if (with_inplace && flag(attributes, "inplace")) {
      inside += inside.empty() ? "inplace=True" : ", inplace=True";
    }
    return name + "(" + inside + ")";
  };
}

OpRow gelu() {
  OpRow row = elementwise("gelu", "GELU", {text("approximate", "none")});
  row.shape = [](const OpInputs& in) {
    const std::string& approximate = in.attributes.find("approximate")->as_string();
    if (approximate != "none" && approximate != "tanh") {
      refuse(fmt::format("'approximate' is '{}'; it may be none or tanh", approximate));
    }
    return same_as_input(in);
  };
  row.function = "torch._C._nn.gelu";
  row.module_text = [](const Value& attributes) {
    return fmt::format("GELU(approximate='{}')", shown(attributes, "approximate"));
  };
  return row;
}

OpRow softplus() {
  OpRow row = elementwise("softplus", "Softplus", {number("beta", 1.0), number("threshold", 20.0)});
  row.shape = [](const OpInputs& in) {
    if (real(in.attributes, "beta") == 0.0) refuse("'beta' = 0; it must not be zero");
    return same_as_input(in);
  };
  row.function = "torch._C._nn.softplus";
  // PyTorch's defaults are whole numbers here, and print as such.
  row.module_text = [](const Value& attributes) {
    return fmt::format("Softplus(beta={:g}, threshold={:g})", real(attributes, "beta"),
                       real(attributes, "threshold"));
  };
  return row;
}

// Those that the counters of PyTorch know.
constexpr std::string_view kRectifiers[] = {"relu", "relu6", "leaky_relu", "silu", "gelu"};

// Those whose input a number format can sit on.
constexpr std::string_view kQuantizable[] = {"relu", "tanh",     "silu",    "selu",
                                             "gelu", "softplus", "softsign"};

void add_activations(std::vector<OpRow>& rows) {
  const Setting inplace = inert(boolean("inplace", false));
  struct Plain {
    const char* op;
    const char* module_class;
    std::vector<Setting> settings;
    std::vector<std::string> numbers;
    bool shows_inplace;
  };
  const std::vector<Plain> plain{
      {"relu", "ReLU", {inplace}, {}, true},
      {"relu6", "ReLU6", {inplace}, {}, true},
      {"hardtanh",
       "Hardtanh",
       {inert(number("min_val", -1.0)), inert(number("max_val", 1.0)), inplace},
       {"min_val", "max_val"},
       true},
      {"leaky_relu",
       "LeakyReLU",
       {inert(number("negative_slope", 0.01)), inplace},
       {"negative_slope"},
       true},
      {"elu", "ELU", {number("alpha", 1.0), inplace}, {"alpha"}, true},
      {"hardswish", "Hardswish", {inplace}, {}, false},
      {"hardsigmoid", "Hardsigmoid", {inplace}, {}, false},
      {"tanh", "Tanh", {}, {}, false},
      {"sigmoid", "Sigmoid", {}, {}, false},
      {"silu", "SiLU", {inplace}, {}, true},
      {"selu", "SELU", {inplace}, {}, true},
      {"softsign", "Softsign", {}, {}, false},
  };
  for (const Plain& p : plain) {
    OpRow row = elementwise(p.op, p.module_class, p.settings);
    row.module_text = activation_text(p.module_class, p.numbers, p.shows_inplace);
    if (row.op == "tanh" || row.op == "sigmoid") row.function = "torch." + row.op;
    row.is_unsigned = row.op == "relu";
    rows.push_back(std::move(row));
  }
  rows.push_back(gelu());
  rows.push_back(softplus());
  for (OpRow& row : rows) {
    if (std::ranges::find(kQuantizable, row.op) != std::end(kQuantizable)) {
      row.quantizable = {"data_in"};
    }
    if (std::ranges::find(kRectifiers, row.op) != std::end(kRectifiers)) {
      row.counting = LATHE_COUNT_RECTIFIER;
    }
  }
}

OpRow dropout(std::string op, const std::string& module_class) {
  OpRow row =
      elementwise(std::move(op), module_class,
                  {number("p", 0.5), of_form(boolean("training", true), Setting::Form::function),
                   boolean("inplace", false)});
  row.mase_type = "implicit_func";
  row.bits = LATHE_BITS_NONE;
  row.counting = LATHE_COUNT_NOTHING;
  row.shape = [](const OpInputs& in) {
    const double p = real(in.attributes, "p");
    if (!(p >= 0.0 && p <= 1.0)) {
      refuse(fmt::format("'p' = {}; it must lie between 0 and 1", p));
    }
    return same_as_input(in);
  };
  row.cost = [](const OpInputs& in, const Result& out) {
    return Cost{0, 0, 0, elements(in.tensors[0]), elements(out)};
  };
  row.module_text = [module_class](const Value& attributes) {
    return fmt::format("{}(p={}, inplace={})", module_class, shown(attributes, "p"),
                       shown(attributes, "inplace"));
  };
  return row;
}

OpRow softmax(std::string op, const std::string& module_class) {
  OpRow row = elementwise(std::move(op), module_class, {required_integer("dim")});
  row.mase_type = "implicit_func";
  row.shape = [](const OpInputs& in) {
    axis_of(whole(in.attributes, "dim"), tensor(in, 0).shape.rank(), "dim");
    return same_as_input(in);
  };
  row.channels = LATHE_CHANNELS_SOFTMAX;
  row.counting = LATHE_COUNT_SOFTMAX;
  row.rows_apart = apart_along("dim");
  row.module_text = [module_class](const Value& attributes) {
    return fmt::format("{}(dim={})", module_class, shown(attributes, "dim"));
  };
  return row;
}

OpRow identity() {
  OpRow row = elementwise("identity", "Identity", {});
  row.signature.clear();
  row.quantizable = {"data_in"};  // a node for a number format alone
  row.cost = no_cost;
  row.counting = LATHE_COUNT_NOTHING;
  row.module_text = [](const Value&) { return std::string("Identity()"); };
  return row;
}

// A function that no module is of.
OpRow function_of_one(std::string op) {
  OpRow row = elementwise(std::move(op), "", {});
  row.function = "torch." + row.op;
  return row;
}

OpRow clamp() {
  Setting low = number("min", 0.0), high = number("max", 0.0);
  for (Setting* bound : {&low, &high}) {
    bound->default_value = Value();
    bound->nullable = true;
  }
  OpRow row = elementwise("clamp", "", {low, high});
  row.function = "torch.clamp";
  row.shape = [](const OpInputs& in) {
    if (in.attributes.find("min")->is_none() && in.attributes.find("max")->is_none())
      refuse("neither 'min' nor 'max' is given");
    return same_as_input(in);
  };
  return row;
}

}  // namespace

void add_elementwise_rows(std::vector<OpRow>& rows) {
  add_activations(rows);
  rows.push_back(dropout("dropout", "Dropout"));
  rows.push_back(dropout("dropout2d", "Dropout2d"));
  rows.push_back(softmax("softmax", "Softmax"));
  rows.push_back(softmax("log_softmax", "LogSoftmax"));
  rows.back().counting = LATHE_COUNT_ACTIVATION;  // no counter knows it
  rows.push_back(identity());
  for (const char* op : {"exp", "sqrt", "rsqrt", "erf", "log", "abs", "neg"})
    rows.push_back(function_of_one(op));
  rows.push_back(clamp());
}

}  // namespace lathe::rules
