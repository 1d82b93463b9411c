// Ops of plugins as rows of the op table: what a graph knows of them, and what becomes of answers
// that cannot be.
#include "core/graph/io/json.hpp"
#include "core/graph/io/text.hpp"
#include "core/host/instances/op_instance.hpp"
#include "core/tensor/borrowed_tensor.hpp"
#include "tests/host/ops.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cfenv>
#include <thread>

using namespace lathe;
using namespace lathe_test;

namespace {

// One execution of an instance on a vector of three.
struct Run {
  std::array<float, 3> x{1.0F, -2.0F, 3.0F}, y{}, w{2.0F, 2.0F, 2.0F};
  BorrowedTensor in{DType::float32, x.data(), std::array<std::int64_t, 1>{3},
                    LATHE_TENSOR_READ_ONLY};
  BorrowedTensor out{DType::float32, y.data(), std::array<std::int64_t, 1>{3}, 0};
  std::array<const lathe_tensor*, 1> inputs{&in.view()};
  std::array<lathe_str, 1> names{{{"input", 5}}};

  void operator()(const OpInstance& op) {
    lathe_op_call call{};
    call.struct_size = sizeof call;
    call.inputs = inputs.data();
    call.input_names = names.data();
    call.input_count = 1;
    op.forward(call, out.view());
  }
};

const OpInstance& instance(const OpWorld& world, const std::string& op,
                           Value::Map attributes = {}) {
  return op_instance(world.registry.find(Kind::op, op), Value(std::move(attributes)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ops_of_plugins)

BOOST_AUTO_TEST_CASE(a_row_says_what_the_plugin_said) {
  const OpWorld world;
  const OpRow& row = *world.ops.find("fixture.scale");
  BOOST_TEST(row.module_class == "Scale");
  BOOST_TEST((row.quantizable == std::vector<std::string>{"data_in", "weight", "bias"}));
  BOOST_TEST(row.bits == LATHE_BITS_MULTIPLYING);
  BOOST_TEST(row.channels == LATHE_CHANNELS_SAME);
  BOOST_TEST(row.differentiable);
  BOOST_TEST(row.repeatable);
  BOOST_TEST(row.plugin_hash == world.registry.find(Kind::op, "fixture.scale").sha256);
  BOOST_TEST(!world.ops.find("fixture.square")->differentiable);
  BOOST_TEST(!world.ops.find("fixture.noise")->repeatable);
  BOOST_TEST((world.ops.find("linear") == builtin_ops().find("linear")));
  BOOST_TEST((world.ops.find("fixture.none") == nullptr));
}

BOOST_AUTO_TEST_CASE(a_plugin_is_loaded_when_its_op_is_first_asked_for) {
  const OpWorld world;
  const std::vector<std::string> names = world.ops.names();
  BOOST_TEST(std::ranges::is_sorted(names));
  BOOST_TEST(std::ranges::count(names, "fixture.troubled") == 1);
  BOOST_TEST(std::ranges::count(names, "linear") == 1);
  BOOST_TEST(world.registry.loaded().empty());
  world.ops.find("fixture.troubled");
  BOOST_TEST(world.registry.loaded().size() == 1U);
}

BOOST_AUTO_TEST_CASE(shapes_parameters_and_attributes_follow_from_the_node) {
  const OpWorld world;
  const Graph graph = world.graph("fixture.scale", {{"size", 3}, {"pads", 4}});
  const NodeId it = graph.find("it");
  BOOST_TEST(graph.node(it).result.shape.text() == "[2, 3]");
  // Complete, in the order of the table; an integer for a list is a list of one.
  BOOST_TEST(
      graph.attributes(it).text() ==
      Value(
          Value::Map{{"size", 3}, {"pads", Value::List{4}}, {"mode", "plain"}, {"ratio", Value()}})
          .text());
  const Parameter& weight = *graph.node(it).parameter("weight");
  BOOST_TEST(weight.qualified_name == "it.weight");
  BOOST_TEST(weight.shape.text() == "[3]");
  for (const float w : weight.content->tensor().values<float>()) {
    BOOST_TEST(std::abs(w) <= 0.5F);
  }
  BOOST_TEST(graph.node(it).parameter("steps")->is_buffer);
  BOOST_TEST(keeps_rows_apart(graph, it));
  const std::optional<Cost> cost = cost_of(graph, it);
  BOOST_REQUIRE(cost.has_value());
  BOOST_TEST(cost->computations == 6.0);
  BOOST_TEST(cost->backward_computations == 12.0);
  BOOST_TEST(cost->macs == 0.0);
  BOOST_TEST(cost->elementwise == 6.0);
  BOOST_TEST((cost_of(world.graph("fixture.square"), it) == std::nullopt));
  const Graph larger = graph.with_batch(5);
  BOOST_TEST(larger.node(it).result.shape.text() == "[5, 3]");
}

BOOST_AUTO_TEST_CASE(attributes_that_do_not_fit_are_refused_as_options_are) {
  const OpWorld world;
  const auto refusal = [&](Value::Map attributes) {
    return message_of([&] { world.graph("fixture.scale", std::move(attributes)); });
  };
  for (const std::string& text :
       {refusal({{"size", 65}}), refusal({{"size", "three"}}), refusal({{"size", 3}, {"mode", 1}}),
        refusal({}), refusal({{"size", 3}, {"sise", 4}}), refusal({{"size", 2}})}) {
    BOOST_TEST(contains(text, "node 'it' (fixture.scale)"), text);
  }
  BOOST_TEST(contains(refusal({{"size", 65}}), "1..64"));
  BOOST_TEST(contains(refusal({{"size", 3}, {"mode", "plian"}}), "did you mean 'plain'"));
  BOOST_TEST(contains(refusal({}), "'size' is missing"));
  BOOST_TEST(contains(refusal({{"size", 3}, {"sise", 4}}), "unknown attribute 'sise'"));
  BOOST_TEST(contains(refusal({{"size", 2}}), "the last extent is not 'size'"));
}

BOOST_AUTO_TEST_CASE(inputs_that_do_not_fit_are_the_users_mistake) {
  const OpWorld world;
  for (const char* how : {"fail_infer"}) {
    try {
      world.graph("fixture.troubled", {{"how", how}});
      BOOST_TEST(false);
    } catch (const Error& error) {
      BOOST_TEST(error.exit_code() == 2);
      BOOST_TEST(contains(error.what(), "not these inputs"), error.what());
    }
  }
}

BOOST_AUTO_TEST_CASE(answers_that_cannot_be_are_errors_that_name_node_op_and_function) {
  const OpWorld world;
  const std::pair<const char*, const char*> cases[] = {
      {"rank", "infer() gave a shape of 1000000000 dimensions"},
      {"no_shape", "NULL for them"},
      {"negative", "infer() gave the extent -3"},
      {"type", "infer() gave a result of type 2"},
      {"throw_infer", "it threw: out of infer"},
      {"many_rows", "parameters() gave 18446744073709551615 rows"},
      {"no_rows", "parameters() gave 2 rows, and NULL for them"},
      {"row_size", "a row_size of 3"},
      {"bad_name", "'not a name', which is no identifier"},
      {"twice", "parameters() gave 'weight' twice"},
      {"bad_init", "the initialiser 77"},
      {"bad_type", "the type 8"},
      {"bad_extent", "parameters() gave the extent -1"},
  };
  for (const auto& [how, what] : cases) {
    const std::string text =
        message_of([&, how = how] { world.graph("fixture.troubled", {{"how", how}}); });
    BOOST_TEST(contains(text, what), how << ": " << text);
    BOOST_TEST(contains(text, "node 'it'"), how << ": " << text);
    BOOST_TEST(contains(text, "fixture.troubled"), how << ": " << text);
  }
  const Graph counted = world.graph("fixture.troubled", {{"how", "nan_cost"}});
  BOOST_TEST(contains(message_of([&] { cost_of(counted, counted.find("it")); }),
                      "cost() gave the count nan"));
  const Graph unknown = world.graph("fixture.troubled", {{"how", "unknown_cost"}});
  BOOST_TEST((cost_of(unknown, unknown.find("it")) == std::nullopt));
}

BOOST_AUTO_TEST_CASE(a_graph_stays_as_it_was_when_an_edit_with_such_an_op_fails) {
  const OpWorld world;
  Graph graph = world.graph("fixture.troubled");
  const std::string before = graph_to_json(graph).text();
  Transaction edit(graph);
  edit.set_attribute(graph.find("it"), "how", Value("rank"));
  BOOST_CHECK_THROW(edit.commit(), Error);
  BOOST_TEST(graph_to_json(graph).text() == before);
}

BOOST_AUTO_TEST_CASE(a_kernel_that_fails_throws_or_meddles_is_named_and_leaves_no_trace) {
  const OpWorld world;
  Run run;
  const std::string failed =
      message_of([&] { run(instance(world, "fixture.troubled", {{"how", "fail_forward"}})); });
  BOOST_TEST(failed == "op 'fixture.troubled': not today");
  const std::string thrown =
      message_of([&] { run(instance(world, "fixture.troubled", {{"how", "throw_forward"}})); });
  BOOST_TEST(contains(thrown, "it threw: out of forward"), thrown);
  BOOST_TEST(contains(thrown, "troubled_op.so"), thrown);
  run(instance(world, "fixture.troubled", {{"how", "rounding"}}));
  BOOST_TEST(std::fegetround() == FE_TONEAREST);
  BOOST_TEST(run.y[2] == 3.0F);
}

BOOST_AUTO_TEST_CASE(one_instance_serves_all_nodes_with_equal_attributes) {
  const OpWorld world;
  const OpInstance* a = &instance(world, "fixture.scale", {{"size", 3}});
  BOOST_TEST(a == &instance(world, "fixture.scale", {{"size", 3}}));
  BOOST_TEST(a != &instance(world, "fixture.scale", {{"size", 4}}));
}

BOOST_AUTO_TEST_CASE(without_the_flag_threads_wait_for_each_other) {
  const OpWorld world;
  const OpInstance& alone = instance(world, "fixture.alone");
  std::atomic<int> failed{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        Run run;
        for (int i = 0; i < 50; ++i) {
          try {
            run(alone);
          } catch (const Error&) {
            ++failed;
          }
        }
      });
    }
  }
  BOOST_TEST(failed == 0);
}

BOOST_AUTO_TEST_CASE(a_function_has_its_arguments_by_name) {
  const OpWorld world;
  Graph graph(0, &world.ops);
  Transaction edit(graph);
  const NodeId x =
      OpWorld::add(edit, Opcode::placeholder, "placeholder", "x", {}, {{"shape", Value::List{4}}});
  NodeSpec spec;
  spec.opcode = Opcode::call_function;
  spec.op = "fixture.difference";
  spec.args = {Argument{x}};
  spec.kwargs = {{"factor", Argument{Value(2.5)}}, {"right", Argument{x}}};
  const NodeId it = edit.add(spec);
  OpWorld::add(edit, Opcode::output, "output", "output", {it}, {});
  edit.commit();
  BOOST_TEST(graph.node(it).name == "difference");
  BOOST_TEST(graph.attributes(it).text() == Value(Value::Map{{"factor", 2.5}}).text());
  BOOST_TEST(contains(fx_text(graph), "[target=fixture.difference](args = (%x,)"), fx_text(graph));
  const auto names =
      op_input_names(world.registry.find(Kind::op, "fixture.difference"), graph.node(it));
  BOOST_TEST((names == std::vector<std::string_view>{"left", "right"}));
}

BOOST_AUTO_TEST_CASE(an_unknown_op_says_how_a_plugin_is_named) {
  const OpWorld world;
  const std::string text = message_of([&] { world.graph("fixture.none"); });
  BOOST_TEST(contains(text, "unknown op 'fixture.none'"), text);
  BOOST_TEST(contains(text, "fixture.scale"), text);
  BOOST_TEST(contains(text, "--plugin"), text);
}

BOOST_AUTO_TEST_CASE(a_saved_graph_names_the_plugins_of_its_ops_and_loads_with_them_alone) {
  const OpWorld world;
  const Graph graph = world.graph("fixture.scale", {{"size", 3}});
  const Value json = graph_to_json(graph);
  const std::vector<SavedOp> saved = saved_ops(json);
  BOOST_REQUIRE(saved.size() == 1U);
  BOOST_TEST(saved[0].op == "fixture.scale");
  BOOST_TEST(saved[0].file == "ops.so");
  BOOST_TEST(saved[0].sha256 == graph.node(graph.find("it")).row->plugin_hash);
  const Graph again = graph_from_json(json, 7, &world.ops);
  BOOST_TEST(graph_to_json(again).text() == json.text());
  BOOST_TEST((again.hash(again.output()) == graph.hash(graph.output())));
  const std::string text = message_of([&] { graph_from_json(json, 7); });
  BOOST_TEST(contains(text, "op 'fixture.scale'"), text);
  BOOST_TEST(contains(text, "'ops.so'"), text);
  BOOST_TEST(contains(text, "--plugin"), text);
}

BOOST_AUTO_TEST_SUITE_END()
