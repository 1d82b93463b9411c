// Shape rules, one op after the other: what comes out, and what is refused with which words.
// Expected shapes are PyTorch's.

#include "tests/graph/messages.hpp"
#include "tests/graph/models.hpp"

#include "core/graph/ops/op_table.hpp"

#include <boost/test/unit_test.hpp>

using lathe::Argument;
using lathe::DType;
using lathe::Graph;
using lathe::NodeId;
using lathe::Opcode;
using lathe::Shape;
using lathe::Value;
using lathe_test::mentions;
using lathe_test::refusal;
using lathe_test::Writer;

namespace {

using List = Value::List;

// The shape a module makes of a batch of 2 samples.
std::string made(const char* op, List sample, Value::Map attributes) {
  Writer w;
  w.input(std::move(sample));
  const NodeId id = w.module("layer", op, std::move(attributes));
  return w.finish(2).node(id).result.shape.text();
}

std::string refused(const char* op, List sample, Value::Map attributes) {
  return refusal([&] { made(op, std::move(sample), std::move(attributes)); });
}

// The shape a function or method makes of a batch of 2 samples; `after` follows the tensor.
std::string called(Opcode opcode, const char* op, List sample, std::vector<Argument> after) {
  Writer w;
  std::vector<Argument> args{Argument{w.input(std::move(sample))}};
  args.insert(args.end(), after.begin(), after.end());
  const NodeId id = w.call(opcode, op, std::move(args));
  return w.finish(2).node(id).result.shape.text();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shape_rules)

BOOST_AUTO_TEST_CASE(linear_changes_the_last_extent) {
  BOOST_TEST(made("linear", {16}, {{"in_features", 16}, {"out_features", 5}}) == "[2, 5]");
  BOOST_TEST(made("linear", {7, 16}, {{"in_features", 16}, {"out_features", 5}}) == "[2, 7, 5]");
  // in_features follows from the input if nobody says it.
  BOOST_TEST(made("linear", {16}, {{"out_features", 5}}) == "[2, 5]");
  BOOST_TEST(
      refused("linear", {8}, {{"in_features", 16}, {"out_features", 5}}) ==
      "node 'layer' (linear): expected an input whose last extent is in_features = 16, found "
      "shape [1, 8]");
  BOOST_TEST(refused("linear", {8}, {}) ==
             "node 'layer' (linear): attribute 'out_features' is missing");
  BOOST_TEST(mentions(refused("linear", {8}, {{"out_features", 0}}), {"out_features", "positive"}));
}

BOOST_AUTO_TEST_CASE(attributes_are_checked_by_name_and_kind) {
  BOOST_TEST(refused("linear", {8}, {{"out_feature", 5}}) ==
             "node 'layer' (linear): unknown attribute 'out_feature'; it has in_features, "
             "out_features, bias");
  BOOST_TEST(refused("linear", {8}, {{"out_features", "five"}}) ==
             "node 'layer' (linear): 'out_features' must be an integer, found string five");
  BOOST_TEST(mentions(refused("relu", {8}, {{"inplace", "x"}}), {"'inplace'", "true or false"}));
  BOOST_TEST(mentions(refused("max_pool2d", {1, 8, 8}, {{"kernel_size", List{2, 2, 2}}}),
                      {"'kernel_size'", "2 integers", "[2, 2, 2]"}));
  BOOST_TEST(
      mentions(refused("max_pool2d", {1, 8, 8}, {{"kernel_size", List{}}}), {"kernel_size"}));
  BOOST_TEST(mentions(
      refused("conv2d", {1, 8, 8}, {{"out_channels", 1}, {"kernel_size", std::int64_t{1} << 40}}),
      {"'kernel_size'", "too large"}));
}

BOOST_AUTO_TEST_CASE(attributes_are_complete_and_ordered_after_commit) {
  Writer w;
  w.input({3, 8, 8});
  const NodeId id = w.module("c", "conv2d", {{"kernel_size", 3}, {"out_channels", 4}});
  BOOST_TEST(w.finish(1).attributes(id).text() ==
             "{in_channels=3, out_channels=4, kernel_size=[3, 3], stride=[1, 1], padding=[0, 0], "
             "dilation=[1, 1], groups=1, bias=true, padding_mode=zeros}");
}

BOOST_AUTO_TEST_CASE(convolutions_follow_the_formula_of_their_windows) {
  const Value::Map base{{"in_channels", 4}, {"out_channels", 8}};
  auto conv = [&](Value::Map more) {
    Value::Map all = base;
    all.insert(all.end(), more.begin(), more.end());
    return made("conv2d", {4, 9, 11}, all);
  };
  BOOST_TEST(conv({{"kernel_size", List{3, 5}}, {"stride", 2}, {"groups", 2}}) == "[2, 8, 4, 4]");
  BOOST_TEST(conv({{"kernel_size", 3}, {"padding", "same"}, {"dilation", 2}}) == "[2, 8, 9, 11]");
  BOOST_TEST(conv({{"kernel_size", 3}, {"padding", "valid"}}) == "[2, 8, 7, 9]");
  BOOST_TEST(conv({{"kernel_size", 3}, {"padding", List{1, 0}}, {"dilation", 3}}) ==
             "[2, 8, 5, 5]");
  BOOST_TEST(made("conv1d", {3, 8}, {{"out_channels", 4}, {"kernel_size", 3}}) == "[2, 4, 6]");
}

BOOST_AUTO_TEST_CASE(impossible_convolutions_are_refused) {
  const Value::Map square{{"in_channels", 4}, {"out_channels", 8}, {"kernel_size", 3}};
  auto with = [&](List sample, Value::Map more) {
    Value::Map all = square;
    all.insert(all.end(), more.begin(), more.end());
    return refused("conv2d", std::move(sample), all);
  };
  BOOST_TEST(mentions(with({3, 8, 8}, {}), {"in_channels = 4", "[1, 3, 8, 8]"}));
  BOOST_TEST(mentions(with({4, 8}, {}), {"4 dimensions", "[batch, channels, height, width]"}));
  BOOST_TEST(mentions(with({4, 2, 8}, {}), {"kernel of 3", "input of 2"}));
  BOOST_TEST(mentions(with({4, 8, 8}, {{"groups", 3}}), {"'groups' = 3", "'in_channels' = 4"}));
  BOOST_TEST(mentions(with({4, 8, 8}, {{"stride", 0}}), {"'stride' = 0"}));
  BOOST_TEST(mentions(with({4, 8, 8}, {{"padding", -1}}), {"'padding' = -1"}));
  BOOST_TEST(mentions(with({4, 8, 8}, {{"padding", "full"}}), {"'padding'", "same or valid"}));
  BOOST_TEST(
      mentions(with({4, 8, 8}, {{"padding", "same"}, {"stride", 2}}), {"'same'", "stride 1"}));
}

BOOST_AUTO_TEST_CASE(normalisations_keep_the_shape_and_check_the_channels) {
  BOOST_TEST(made("batch_norm1d", {16}, {}) == "[2, 16]");
  BOOST_TEST(made("batch_norm1d", {16, 7}, {{"num_features", 16}}) == "[2, 16, 7]");
  BOOST_TEST(made("batch_norm2d", {6, 4, 4}, {}) == "[2, 6, 4, 4]");
  BOOST_TEST(made("layer_norm", {5, 12}, {{"normalized_shape", List{5, 12}}}) == "[2, 5, 12]");
  BOOST_TEST(mentions(refused("batch_norm1d", {16}, {{"num_features", 8}}),
                      {"num_features = 8", "[1, 16]"}));
  BOOST_TEST(mentions(refused("batch_norm1d", {4, 4, 4}, {}), {"2 or 3 dimensions"}));
  BOOST_TEST(mentions(refused("batch_norm2d", {4, 4}, {}), {"4 dimensions"}));
  BOOST_TEST(mentions(refused("layer_norm", {5, 12}, {{"normalized_shape", 5}}),
                      {"ends with normalized_shape = [5]", "[1, 5, 12]"}));
}

BOOST_AUTO_TEST_CASE(pools_follow_pytorchs_rule_in_floor_and_ceil_mode) {
  BOOST_TEST(made("max_pool2d", {2, 7, 7}, {{"kernel_size", 3}, {"stride", 2}, {"padding", 1}}) ==
             "[2, 2, 4, 4]");
  BOOST_TEST(made("max_pool2d", {2, 6, 6}, {{"kernel_size", 3}, {"stride", 2}}) == "[2, 2, 2, 2]");
  BOOST_TEST(made("max_pool2d", {2, 6, 6},
                  {{"kernel_size", 3}, {"stride", 2}, {"ceil_mode", true}}) == "[2, 2, 3, 3]");
  // The last window would start in the right padding: PyTorch drops it.
  BOOST_TEST(made("max_pool1d", {2, 5},
                  {{"kernel_size", 2}, {"stride", 3}, {"padding", 1}, {"ceil_mode", true}}) ==
             "[2, 2, 2]");
  BOOST_TEST(made("avg_pool1d", {2, 9}, {{"kernel_size", 3}}) == "[2, 2, 3]");
  BOOST_TEST(made("max_pool1d", {2, 9}, {{"kernel_size", 3}, {"dilation", 2}, {"stride", 1}}) ==
             "[2, 2, 5]");
  BOOST_TEST(made("adaptive_avg_pool2d", {3, 8, 8}, {{"output_size", List{2, 3}}}) ==
             "[2, 3, 2, 3]");
  BOOST_TEST(made("adaptive_max_pool1d", {3, 8}, {{"output_size", 1}}) == "[2, 3, 1]");
  BOOST_TEST(mentions(refused("max_pool2d", {2, 7, 7}, {{"kernel_size", 3}, {"padding", 2}}),
                      {"'padding' = 2", "half of kernel_size = 3"}));
  BOOST_TEST(mentions(refused("avg_pool2d", {2, 2, 2}, {{"kernel_size", 3}}), {"window of 3"}));
  BOOST_TEST(mentions(refused("max_pool2d", {2, 7, 7}, {}), {"'kernel_size' is missing"}));
}

BOOST_AUTO_TEST_CASE(activations_keep_the_shape_in_every_form) {
  for (const char* op : {"relu", "relu6", "hardtanh", "hardswish", "hardsigmoid", "tanh", "sigmoid",
                         "gelu", "leaky_relu", "silu", "selu", "softplus", "softsign", "dropout"}) {
    BOOST_TEST(made(op, {3, 4}, {}) == "[2, 3, 4]");
    BOOST_TEST(called(Opcode::call_function, op, {3, 4}, {}) == "[2, 3, 4]");
  }
  BOOST_TEST(called(Opcode::call_method, "softmax", {3, 4}, {{Value(-1)}}) == "[2, 3, 4]");
  BOOST_TEST(mentions(refused("dropout", {3}, {{"p", 1.5}}), {"'p' = 1.5", "between 0 and 1"}));
  BOOST_TEST(mentions(refused("softmax", {3}, {{"dim", 2}}), {"'dim' = 2", "no dimension"}));
  BOOST_TEST(mentions(refused("gelu", {3}, {{"approximate", "fast"}}), {"none or tanh"}));
  BOOST_TEST(mentions(refused("softplus", {3}, {{"beta", 0}}), {"'beta' = 0", "not be zero"}));
  BOOST_TEST(mentions(refused("softplus", {3}, {{"beta", "big"}}), {"'beta'", "a number"}));
}

BOOST_AUTO_TEST_CASE(flatten_begins_elsewhere_as_a_module_than_as_a_function) {
  BOOST_TEST(made("flatten", {3, 4, 5}, {}) == "[2, 60]");
  BOOST_TEST(called(Opcode::call_function, "flatten", {3, 4, 5}, {}) == "[120]");
  BOOST_TEST(called(Opcode::call_function, "flatten", {3, 4, 5}, {{Value(1)}}) == "[2, 60]");
  BOOST_TEST(called(Opcode::call_method, "flatten", {3, 4, 5}, {{Value(1)}, {Value(2)}}) ==
             "[2, 12, 5]");
  BOOST_TEST(made("flatten", {3, 4, 5}, {{"start_dim", 2}, {"end_dim", 2}}) == "[2, 3, 4, 5]");
  BOOST_TEST(mentions(refused("flatten", {3}, {{"start_dim", 1}, {"end_dim", 0}}),
                      {"'start_dim' comes after"}));
}

BOOST_AUTO_TEST_CASE(views_infer_one_extent) {
  auto view = [](List sample, std::vector<Argument> after) {
    return called(Opcode::call_method, "view", std::move(sample), std::move(after));
  };
  BOOST_TEST(view({1, 2, 2}, {{Value(-1)}, {Value(4)}}) == "[2, 4]");
  BOOST_TEST(view({1, 2, 2}, {{Value(List{-1, 4})}}) == "[2, 4]");
  BOOST_TEST(view({6}, {{Value(-1)}, {Value(2)}, {Value(3)}}) == "[2, 2, 3]");
  auto wrong = [&](std::vector<Argument> after) {
    return refusal([&] { view({1, 2, 2}, std::move(after)); });
  };
  BOOST_TEST(wrong({{Value(-1)}, {Value(3)}}) ==
             "node 'view' (view): cannot view shape [1, 1, 2, 2] (4 elements) as [-1, 3]");
  BOOST_TEST(mentions(wrong({{Value(-1)}, {Value(-1)}}), {"only one extent"}));
  BOOST_TEST(mentions(wrong({{Value(-2)}, {Value(-2)}}), {"cannot view"}));
  BOOST_TEST(mentions(wrong({}), {"expected extents"}));
  BOOST_TEST(mentions(wrong({{Value("a")}}), {"expected an integer"}));
  BOOST_TEST(mentions(wrong({{Value(0)}, {Value(-1)}}), {"cannot view"}));
}

BOOST_AUTO_TEST_CASE(sizes_are_numbers_that_views_and_products_can_use) {
  Writer w;
  const NodeId x = w.input({4, 6});
  const NodeId rows = w.method("size", {{x}, {Value(1)}});
  const NodeId twice = w.function("mul", {{rows}, {Value(2)}});
  const NodeId all = w.method("size", {{x}});
  const NodeId view = w.method("view", {{x}, {Value(-1)}, {twice}});
  const Graph graph = w.finish(2);
  BOOST_TEST(graph.node(rows).result.value.as_int() == 4);
  BOOST_TEST(!graph.node(rows).result.is_tensor());
  BOOST_TEST(graph.node(all).result.value.text() == "[2, 4, 6]");
  BOOST_TEST(graph.node(view).result.shape.text() == "[6, 8]");
}

BOOST_AUTO_TEST_CASE(arithmetic_broadcasts) {
  Writer w;
  const NodeId x = w.input({4, 6});
  const NodeId row = w.placeholder("y", {{"shape", List{1, 6}}});
  const NodeId sum = w.function("add", {{x}, {row}});
  const NodeId scaled = w.function("mul", {{sum}, {Value(2)}});
  const NodeId less = w.method("sub", {{row}, {scaled}});
  const Graph graph = w.finish(2);
  BOOST_TEST(graph.node(sum).result.shape.text() == "[2, 4, 6]");
  BOOST_TEST(graph.node(less).result.shape.text() == "[2, 4, 6]");

  Writer wrong;
  const NodeId a = wrong.input({4});
  const NodeId b = wrong.placeholder("y", {{"shape", List{5}}});
  wrong.function("add", {{a}, {b}});
  BOOST_TEST(refusal([&] { wrong.finish(1); }) ==
             "node 'add' (add): shapes [1, 4] and [1, 5] do not broadcast");
  Writer alone;
  const NodeId one = alone.input({4});
  alone.function("add", {{one}});
  BOOST_TEST(mentions(refusal([&] { alone.finish(1); }), {"two operands"}));
}

BOOST_AUTO_TEST_CASE(products_contract_the_inner_extents) {
  auto product = [](const char* op, List a, List b) {
    Writer w;
    const NodeId x = w.placeholder("a", {{"shape", std::move(a)}});
    const NodeId y = w.placeholder("b", {{"shape", std::move(b)}});
    const NodeId id = w.function(op, {{x}, {y}});
    return w.finish(2).node(id).result.shape.text();
  };
  BOOST_TEST(product("bmm", {3, 4}, {4, 5}) == "[2, 3, 5]");
  BOOST_TEST(product("matmul", {7, 3, 4}, {1, 4, 5}) == "[2, 7, 3, 5]");
  BOOST_TEST(mentions(refusal([&] { product("bmm", {3, 4}, {3, 5}); }), {"inner extents differ"}));
  BOOST_TEST(mentions(refusal([&] { product("bmm", {4}, {4, 5}); }), {"3 dimensions"}));
}

BOOST_AUTO_TEST_CASE(cat_joins_along_one_dimension) {
  auto joined = [](List a, List b, int dim) {
    Writer w;
    const NodeId x = w.placeholder("a", {{"shape", std::move(a)}});
    const NodeId y = w.placeholder("b", {{"shape", std::move(b)}});
    const NodeId id = w.function(
        "cat", {Argument{std::vector<Argument>{Argument{x}, Argument{y}}}, {Value(dim)}});
    return w.finish(2).node(id).result.shape.text();
  };
  BOOST_TEST(joined({3, 4}, {5, 4}, 1) == "[2, 8, 4]");
  BOOST_TEST(joined({3, 4}, {3, 4}, 0) == "[4, 3, 4]");
  BOOST_TEST(joined({3, 4}, {3, 1}, -1) == "[2, 3, 5]");
  BOOST_TEST(mentions(refusal([&] { joined({3, 4}, {5, 5}, 1); }),
                      {"[1, 3, 4]", "[1, 5, 5]", "dimension 1"}));
}

BOOST_AUTO_TEST_CASE(dimensions_move_come_and_go) {
  const auto function = [](const char* op, List sample, std::vector<Argument> after) {
    return called(Opcode::call_function, op, std::move(sample), std::move(after));
  };
  const auto refused_call = [&](const char* op, List sample, std::vector<Argument> after) {
    return refusal([&] { function(op, std::move(sample), std::move(after)); });
  };
  BOOST_TEST(function("permute", {3, 4}, {{Value(2)}, {Value(0)}, {Value(1)}}) == "[4, 2, 3]");
  BOOST_TEST(function("permute", {3, 4}, {{Value(List{0, -1, 1})}}) == "[2, 4, 3]");
  BOOST_TEST(function("transpose", {3, 4}, {{Value(0)}, {Value(-1)}}) == "[4, 3, 2]");
  BOOST_TEST(function("unsqueeze", {3}, {{Value(-1)}}) == "[2, 3, 1]");
  BOOST_TEST(function("squeeze", {1, 3}, {{Value(1)}}) == "[2, 3]");
  BOOST_TEST(function("squeeze", {1, 3}, {{Value(2)}}) == "[2, 1, 3]");
  BOOST_TEST(called(Opcode::call_method, "expand", {1, 3},
                    {{Value(-1)}, {Value(5)}, {Value(-1)}}) == "[2, 5, 3]");
  BOOST_TEST(called(Opcode::call_method, "expand", {3}, {{Value(List{4, -1, 3})}}) == "[4, 2, 3]");
  BOOST_TEST(function("sum", {3, 4}, {{Value(List{1, 2})}}) == "[2]");
  BOOST_TEST(function("sum", {3, 4}, {{Value(-1)}, {Value(true)}}) == "[2, 3, 1]");
  BOOST_TEST(mentions(refused_call("permute", {3, 4}, {{Value(0)}, {Value(1)}}),
                      {"order of the 3 dimensions", "found 2"}));
  BOOST_TEST(mentions(refused_call("permute", {3}, {{Value(0)}, {Value(-2)}}),
                      {"names dimension 0 twice"}));
  BOOST_TEST(mentions(refused_call("transpose", {3}, {{Value(0)}, {Value(2)}}), {"'dim1' = 2"}));
  BOOST_TEST(mentions(refused_call("unsqueeze", {3}, {{Value(4)}}), {"'dim' = 4"}));
  // A batch of one would go away as well.
  BOOST_TEST(mentions(refused_call("squeeze", {1, 3}, {}), {"'dim'", "missing"}));
  BOOST_TEST(mentions(refused_call("expand", {2, 3}, {{Value(-1)}, {Value(5)}, {Value(3)}}),
                      {"cannot expand shape", "[-1, 5, 3]"}));
  BOOST_TEST(mentions(refused_call("sum", {3}, {{Value(List{1, -1})}}), {"dimension 1 twice"}));
}

BOOST_AUTO_TEST_CASE(stack_puts_a_dimension_before_what_it_joins) {
  const auto stacked = [](List a, List b, int dim) {
    Writer w;
    const NodeId x = w.placeholder("a", {{"shape", std::move(a)}});
    const NodeId y = w.placeholder("b", {{"shape", std::move(b)}});
    const NodeId id = w.function(
        "stack", {Argument{std::vector<Argument>{Argument{x}, Argument{y}}}, {Value(dim)}});
    return w.finish(3).node(id).result.shape.text();
  };
  BOOST_TEST(stacked({4}, {4}, 0) == "[2, 3, 4]");
  BOOST_TEST(stacked({4}, {4}, -1) == "[3, 4, 2]");
  BOOST_TEST(mentions(refusal([&] { stacked({4}, {5}, 0); }), {"cannot be stacked"}));
}

BOOST_AUTO_TEST_CASE(transposed_convolutions_grow_what_convolutions_shrink) {
  const char* op = "conv_transpose2d";
  BOOST_TEST(made(op, {4, 5, 7}, {{"out_channels", 6}, {"kernel_size", 3}}) == "[2, 6, 7, 9]");
  BOOST_TEST(made(op, {4, 5, 7},
                  {{"out_channels", 6},
                   {"kernel_size", List{3, 2}},
                   {"stride", 2},
                   {"padding", 1},
                   {"output_padding", List{1, 0}},
                   {"groups", 2}}) == "[2, 6, 10, 12]");
  BOOST_TEST(made(op, {4, 5, 7}, {{"out_channels", 6}, {"kernel_size", 3}, {"dilation", 2}}) ==
             "[2, 6, 9, 11]");
  BOOST_TEST(mentions(
      refused(op, {4, 5, 7}, {{"out_channels", 6}, {"kernel_size", 3}, {"output_padding", 1}}),
      {"'output_padding' = 1", "stride = 1"}));
  BOOST_TEST(
      mentions(refused(op, {4, 5, 7}, {{"out_channels", 6}, {"kernel_size", 1}, {"groups", 3}}),
               {"'groups' = 3", "'in_channels' = 4"}));
  BOOST_TEST(
      mentions(refused(op, {4, 1, 1}, {{"out_channels", 6}, {"kernel_size", 3}, {"padding", 2}}),
               {"'padding' = 2", "nothing of dimension 2"}));
  Writer w;
  w.input({4, 5, 7});
  const NodeId id = w.module("up", op,
                             {{"out_channels", 6},
                              {"kernel_size", 3},
                              {"stride", 2},
                              {"output_padding", 1},
                              {"groups", 2}});
  const Graph graph = w.finish(2);
  const lathe::Node& up = graph.node(id);
  BOOST_TEST(graph.ops().find(op)->module_text(graph.attributes(id)) ==
             "ConvTranspose2d(4, 6, kernel_size=(3, 3), stride=(2, 2), output_padding=(1, 1), "
             "groups=2)");
  BOOST_TEST(up.parameter("weight")->shape.text() == "[4, 3, 3, 3]");
  BOOST_TEST(up.parameter("bias")->shape.text() == "[6]");
  // Each of 2 * 4 * 5 * 7 numbers meets 3 filters of 9.
  BOOST_TEST(cost_of(graph, id)->computations == 280.0 * 27);
  BOOST_TEST(graph.ops().find(op)->function == "torch.conv_transpose2d");
}

BOOST_AUTO_TEST_CASE(functions_may_read_their_weights_from_the_graph) {
  Writer w;
  const NodeId x = w.input({16});
  lathe::NodeSpec spec;
  spec.opcode = Opcode::get_attr;
  spec.target = "fc.weight";
  spec.attributes = Value::Map{{"shape", List{5, 16}}, {"buffer", false}};
  const NodeId weight = w.edit().add(spec);
  const NodeId id = w.function("linear", {{x}, {weight}});
  const Graph graph = w.finish(2);
  BOOST_TEST(graph.node(id).result.shape.text() == "[2, 5]");
  BOOST_TEST(graph.parameter_count() == 80);
  BOOST_TEST(graph.node(weight).name == "fc_weight");
  BOOST_TEST(cost_of(graph, id)->computations == 160.0);
  BOOST_TEST(lathe::input_role(*graph.ops().find("linear"), graph.node(id), 1) == "weight");
}

BOOST_AUTO_TEST_CASE(literal_arguments_of_functions_become_attributes) {
  Writer w;
  const NodeId x = w.input({3, 8, 8});
  lathe::NodeSpec spec;
  spec.opcode = Opcode::call_function;
  spec.op = "max_pool2d";
  spec.args = {{x}, {Value(2)}};
  spec.kwargs = {{"padding", {Value(1)}}};
  const NodeId id = w.edit().add(spec);
  w.edit().set_attribute(id, "stride", 1);
  const Graph graph = w.finish(1);
  BOOST_TEST(graph.attributes(id).text() ==
             "{kernel_size=2, stride=1, padding=1, dilation=1, ceil_mode=false}");
  BOOST_TEST(graph.node(id).kwargs.size() == 2u);

  Writer unknown;
  spec.args = {{unknown.input({3, 8, 8})}, {Value(2)}};
  spec.kwargs = {{"strid", {Value(1)}}};
  unknown.edit().add(spec);
  BOOST_TEST(mentions(refusal([&] { unknown.finish(1); }), {"unknown argument 'strid'", "stride"}));
}

BOOST_AUTO_TEST_CASE(forms_that_pytorch_lacks_are_refused) {
  BOOST_TEST(mentions(refused("view", {4}, {}), {"'view' has no module"}));
  BOOST_TEST(mentions(refusal([] { called(Opcode::call_function, "batch_norm1d", {4}, {}); }),
                      {"'batch_norm1d' has no function"}));
  BOOST_TEST(mentions(refusal([] { called(Opcode::placeholder, "relu", {4}, {}); }),
                      {"'relu' is no placeholder"}));
  BOOST_TEST(mentions(refused("lineer", {4}, {}), {"unknown op 'lineer'", "linear"}));
}

BOOST_AUTO_TEST_CASE(a_module_takes_its_tensors_and_nothing_else) {
  Writer w;
  const NodeId x = w.input({4});
  lathe::NodeSpec spec;
  spec.op = "relu";
  spec.target = "r";
  spec.args = {{x}, {x}};
  w.edit().add(spec);
  BOOST_TEST(refusal([&] { w.finish(1); }) ==
             "node 'r' (relu): expected 1 input, found 2 arguments");
}

BOOST_AUTO_TEST_CASE(a_placeholder_says_its_shape_type_and_batch) {
  auto input = [](Value::Map attributes) {
    return refusal([&] {
      Writer w;
      w.placeholder("x", std::move(attributes));
      w.finish(1);
    });
  };
  BOOST_TEST(input({}) == "node 'x' (placeholder): attribute 'shape' is missing");
  BOOST_TEST(mentions(input({{"shape", List{4, 0}}}), {"'shape'", "0", "positive"}));
  BOOST_TEST(mentions(input({{"shape", List{4}}, {"dtype", "float8"}}), {"'float8'", "float32"}));
  BOOST_TEST(
      mentions(refusal([] { lathe_test::jsc_tiny().with_batch(0); }), {"node 'x'", "batch of 0"}));
}

BOOST_AUTO_TEST_CASE(shapes_beyond_64_bits_are_refused) {
  const std::int64_t big = std::int64_t{1} << 31;
  BOOST_TEST(mentions(refused("relu", {Value(big), Value(big), Value(big)}, {}), {"64 bits"}));
  BOOST_TEST(mentions(refused("linear", {Value(big)}, {{"out_features", std::int64_t{1} << 40}}),
                      {"64 bits"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(module_texts)

BOOST_AUTO_TEST_CASE(every_module_prints_as_pytorch_1_13_prints_it) {
  struct Case {
    const char* op;
    List sample;
    Value::Map attributes;
    const char* text;
  };
  const Case cases[] = {
      {"relu6", {3}, {{"inplace", true}}, "ReLU6(inplace=True)"},
      {"relu", {3}, {{"inplace", 16}}, "ReLU(inplace=True)"},
      {"hardtanh", {3}, {}, "Hardtanh(min_val=-1.0, max_val=1.0)"},
      {"hardswish", {3}, {}, "Hardswish()"},
      {"hardsigmoid", {3}, {}, "Hardsigmoid()"},
      {"sigmoid", {3}, {}, "Sigmoid()"},
      {"gelu", {3}, {}, "GELU(approximate='none')"},
      {"silu", {3}, {}, "SiLU()"},
      {"silu", {3}, {{"inplace", true}}, "SiLU(inplace=True)"},
      {"selu", {3}, {}, "SELU()"},
      {"selu", {3}, {{"inplace", true}}, "SELU(inplace=True)"},
      {"softplus", {3}, {}, "Softplus(beta=1, threshold=20)"},
      {"softplus", {3}, {{"beta", 0.5}}, "Softplus(beta=0.5, threshold=20)"},
      {"softsign", {3}, {}, "Softsign()"},
      {"tanh", {3}, {}, "Tanh()"},
      {"leaky_relu", {3}, {{"inplace", true}}, "LeakyReLU(negative_slope=0.01, inplace=True)"},
      {"softmax", {3}, {{"dim", 1}}, "Softmax(dim=1)"},
      {"flatten", {3}, {}, "Flatten(start_dim=1, end_dim=-1)"},
      {"avg_pool1d",
       {3, 8},
       {{"kernel_size", 2}},
       "AvgPool1d(kernel_size=(2,), stride=(2,), padding=(0,))"},
      {"max_pool1d",
       {3, 8},
       {{"kernel_size", 2}},
       "MaxPool1d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"},
      {"adaptive_max_pool2d", {3, 8, 8}, {{"output_size", 1}}, "AdaptiveMaxPool2d(output_size=1)"},
      {"conv2d",
       {4, 8, 8},
       {{"out_channels", 8},
        {"kernel_size", 3},
        {"padding", "same"},
        {"dilation", 2},
        {"groups", 4},
        {"bias", false},
        {"padding_mode", "reflect"}},
       "Conv2d(4, 8, kernel_size=(3, 3), stride=(1, 1), padding=same, dilation=(2, 2), groups=4, "
       "bias=False, padding_mode=reflect)"},
      {"batch_norm1d",
       {4},
       {{"momentum", Value()}, {"affine", false}},
       "BatchNorm1d(4, eps=1e-05, momentum=None, affine=False, track_running_stats=True)"},
  };
  for (const Case& c : cases) {
    Writer w;
    w.input(c.sample);
    const NodeId id = w.module("m", c.op, c.attributes);
    const Graph graph = w.finish(1);
    BOOST_TEST(graph.ops().find(c.op)->module_text(graph.attributes(id)) == c.text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
