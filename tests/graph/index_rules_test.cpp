// What getitem, pad and mean make of shapes, what they refuse, and how they print. Expected shapes
// and texts are PyTorch's.

#include "tests/graph/messages.hpp"
#include "tests/graph/models.hpp"

#include "core/graph/io/json.hpp"
#include "core/graph/io/text.hpp"
#include "core/graph/ops/op_table.hpp"

#include <boost/test/unit_test.hpp>

using lathe::Argument;
using lathe::Graph;
using lathe::NodeId;
using lathe::Opcode;
using lathe::Value;
using lathe_test::mentions;
using lathe_test::refusal;
using lathe_test::Writer;

namespace {

using List = Value::List;

Value slice(Value start = {}, Value stop = {}, Value step = {}) {
  return Value::Map{{"slice", List{std::move(start), std::move(stop), std::move(step)}}};
}
const Value kAll = slice();

// Of a batch of 2 samples of 3 x 8 x 5.
std::string called(const char* op, std::vector<Argument> after) {
  Writer w;
  std::vector<Argument> args{Argument{w.input({3, 8, 5})}};
  args.insert(args.end(), after.begin(), after.end());
  const NodeId id = w.function(op, std::move(args));
  return w.finish(2).node(id).result.shape.text();
}
std::string indexed(Value index) { return called("getitem", {Argument{std::move(index)}}); }
std::string padded(List margins) { return called("pad", {Argument{Value(std::move(margins))}}); }
std::string refused(const char* op, std::vector<Argument> after) {
  return refusal([&] { called(op, std::move(after)); });
}
std::string refused_index(Value index) { return refused("getitem", {Argument{std::move(index)}}); }

}  // namespace

BOOST_AUTO_TEST_SUITE(index_rules)

BOOST_AUTO_TEST_CASE(slices_count_as_pythons_do) {
  BOOST_TEST(indexed(List{kAll, kAll, slice({}, {}, 2), slice({}, {}, 2)}) == "[2, 3, 4, 3]");
  BOOST_TEST(indexed(List{kAll, slice(1)}) == "[2, 2, 8, 5]");
  BOOST_TEST(indexed(List{kAll, slice(-2, {}, {})}) == "[2, 2, 8, 5]");
  BOOST_TEST(indexed(List{kAll, kAll, slice(1, -1, 3)}) == "[2, 3, 2, 5]");
  // Bounds beyond the ends are the ends.
  BOOST_TEST(indexed(List{kAll, kAll, slice(-100, 100)}) == "[2, 3, 8, 5]");
  BOOST_TEST(indexed(slice(0, 1)) == "[1, 3, 8, 5]");
}

BOOST_AUTO_TEST_CASE(positions_take_dimensions_away_and_none_adds_one) {
  BOOST_TEST(indexed(0) == "[3, 8, 5]");
  BOOST_TEST(indexed(List{kAll, -1, kAll, 4}) == "[2, 8]");
  BOOST_TEST(indexed(List{kAll, Value()}) == "[2, 1, 3, 8, 5]");
  BOOST_TEST(indexed(Value()) == "[1, 2, 3, 8, 5]");
}

BOOST_AUTO_TEST_CASE(dots_stand_for_the_dimensions_that_are_left) {
  BOOST_TEST(indexed(List{"...", slice(1, -1)}) == "[2, 3, 8, 3]");
  BOOST_TEST(indexed(List{0, "...", 0}) == "[3, 8]");
  BOOST_TEST(indexed("...") == "[2, 3, 8, 5]");
  // Also for none at all.
  BOOST_TEST(indexed(List{kAll, kAll, kAll, kAll, "..."}) == "[2, 3, 8, 5]");
}

BOOST_AUTO_TEST_CASE(impossible_indexes_are_refused) {
  BOOST_TEST(refused_index(List{kAll, 3}) ==
             "node 'getitem' (getitem): index 3 is outside of dimension 1, which has 3 elements");
  BOOST_TEST(mentions(refused_index(List{kAll, -4}), {"index -4", "dimension 1"}));
  BOOST_TEST(refused_index(List{kAll, kAll, slice(8)}) ==
             "node 'getitem' (getitem): the slice of dimension 2, which has 8 elements, is empty");
  BOOST_TEST(mentions(refused_index(List{slice({}, {}, -1)}), {"step -1", "positive"}));
  BOOST_TEST(mentions(refused_index(List{slice({}, {}, 0)}), {"step 0", "positive"}));
  BOOST_TEST(mentions(refused_index(List{0, 0, 0, 0, 0}), {"5 dimensions", "[1, 3, 8, 5]"}));
  BOOST_TEST(mentions(refused_index(List{"...", "..."}), {"one ... only"}));
  BOOST_TEST(mentions(refused_index(List{1.5}), {"slices, integers, none and ...", "1.5"}));
  BOOST_TEST(mentions(refused_index(List{"x"}), {"found string x"}));
  BOOST_TEST(mentions(refused_index(List{true}), {"found"}));
  BOOST_TEST(mentions(refused_index(Value::Map{{"slice", List{1, 2}}}), {"[start, stop, step]"}));
  BOOST_TEST(
      mentions(refused_index(Value::Map{{"slice", List{1, 2, "a"}}}), {"[start, stop, step]"}));
  BOOST_TEST(mentions(refused("getitem", {}), {"'index' is missing"}));
}

BOOST_AUTO_TEST_CASE(an_index_must_be_known_when_the_graph_is_built) {
  BOOST_TEST(mentions(refusal([] {
                        Writer w;
                        const NodeId x = w.input({4});
                        const NodeId size = w.method("size", {{x}, {Value(0)}});
                        w.function("getitem", {{x}, {size}});
                        w.finish(1);
                      }),
                      {"argument 'index' must be a literal"}));
}

BOOST_AUTO_TEST_CASE(an_item_of_a_list_of_sizes_is_a_number) {
  Writer w;
  const NodeId x = w.input({3, 8, 5});
  const NodeId sizes = w.method("size", {{x}});
  const NodeId last = w.function("getitem", {{sizes}, {Value(-1)}});
  w.method("view", {{x}, {Value(-1)}, {last}});
  const Graph graph = w.finish(2);
  BOOST_TEST(graph.node(last).result.value.as_int() == 5);
  BOOST_TEST(graph.node(graph.find("view")).result.shape.text() == "[48, 5]");
  BOOST_TEST(mentions(refusal([] {
                        Writer wrong;
                        const NodeId input = wrong.input({3});
                        const NodeId all = wrong.method("size", {{input}});
                        wrong.function("getitem", {{all}, {slice(1)}});
                        wrong.finish(1);
                      }),
                      {"list of sizes", "one integer"}));
}

BOOST_AUTO_TEST_CASE(margins_come_in_pairs_from_the_last_dimension) {
  BOOST_TEST(padded({1, 2}) == "[2, 3, 8, 8]");
  BOOST_TEST(padded({0, 0, 0, 0, 4, 4}) == "[2, 11, 8, 5]");
  BOOST_TEST(padded({-1, -2, 3, 0}) == "[2, 3, 11, 2]");
  BOOST_TEST(mentions(refusal([] { padded({1}); }), {"'pad' holds 1 numbers", "two for each"}));
  BOOST_TEST(mentions(refusal([] { padded({0, 0, 0, 0, 0, 0, 0, 0, 1, 1}); }),
                      {"'pad' holds 10 numbers", "[1, 3, 8, 5]"}));
  BOOST_TEST(mentions(refusal([] { padded({-3, -2}); }), {"leaves nothing of dimension 3"}));
  BOOST_TEST(mentions(refused("pad", {{Value(List{1, 1})}, {Value("reflect")}}),
                      {"'mode' is 'reflect'", "only constant"}));
}

BOOST_AUTO_TEST_CASE(a_mean_takes_its_dimensions_away_or_keeps_them_as_one) {
  BOOST_TEST(called("mean", {{Value(List{2, 3})}}) == "[2, 3]");
  BOOST_TEST(called("mean", {{Value(-1)}}) == "[2, 3, 8]");
  BOOST_TEST(called("mean", {{Value(List{2, -1})}, {Value(true)}}) == "[2, 3, 1, 1]");
  BOOST_TEST(called("mean", {}) == "[]");
  BOOST_TEST(mentions(refused("mean", {{Value(4)}}), {"'dim' = 4"}));
  BOOST_TEST(mentions(refused("mean", {{Value(List{1, -3})}}), {"dimension 1 twice"}));
}

BOOST_AUTO_TEST_CASE(taking_parts_costs_nothing_and_a_mean_one_computation_per_element) {
  Writer w;
  const NodeId x = w.input({3, 8, 5});
  const NodeId part = w.function("getitem", {{x}, {Value(List{kAll, kAll, slice(4)})}});
  const NodeId margin = w.function("pad", {{part}, {Value(List{1, 1})}});
  const NodeId mean = w.function("mean", {{margin}, {Value(List{2, 3})}});
  const Graph graph = w.finish(2);
  BOOST_TEST(lathe::cost_of(graph, part)->computations == 0);
  BOOST_TEST(lathe::cost_of(graph, margin)->computations == 0);
  BOOST_TEST(lathe::cost_of(graph, mean)->computations == 2 * 3 * 4 * 7);
}

BOOST_AUTO_TEST_CASE(functions_print_as_torch_fx_prints_them) {
  Writer w;
  const NodeId x = w.input({16, 8, 8});
  const Value second = slice({}, {}, 2);
  const NodeId part = w.function("getitem", {{x}, {Value(List{kAll, kAll, second, second})}});
  const NodeId margin =
      w.function("pad", {{part}, {Value(List{0, 0, 0, 0, 4, 4})}, {Value("constant")}, {Value(0)}});
  const NodeId sum = w.function("add", {{margin}, {margin}});
  const NodeId pooled = w.function("avg_pool2d", {{sum}, {Value(4)}});
  w.function("flatten", {{pooled}, {Value(1)}});
  w.function("getitem", {{w.last()}, {Value(List{"...", slice(1, -1)})}});
  // torch.fx.symbolic_trace of the same code, torch 1.13.
  BOOST_TEST(lathe::fx_text(w.finish(1), "#users") ==
             R"(graph():
    %x : [#users=1] = placeholder[target=x]
    %getitem : [#users=1] = call_function[target=operator.getitem](args = (%x, (slice(None, None, None), slice(None, None, None), slice(None, None, 2), slice(None, None, 2))), kwargs = {})
    %pad : [#users=1] = call_function[target=torch.nn.functional.pad](args = (%getitem, (0, 0, 0, 0, 4, 4), constant, 0), kwargs = {})
    %add : [#users=1] = call_function[target=operator.add](args = (%pad, %pad), kwargs = {})
    %avg_pool2d : [#users=1] = call_function[target=torch._C._nn.avg_pool2d](args = (%add, 4), kwargs = {})
    %flatten : [#users=1] = call_function[target=torch.flatten](args = (%avg_pool2d, 1), kwargs = {})
    %getitem_1 : [#users=1] = call_function[target=operator.getitem](args = (%flatten, (Ellipsis, slice(1, -1, None))), kwargs = {})
    return getitem_1)");
}

BOOST_AUTO_TEST_CASE(an_index_survives_json) {
  Writer w;
  const NodeId x = w.input({3, 8, 5});
  w.function("getitem", {{x}, {Value(List{kAll, Value(), "...", slice(1, -1, 2), 0})}});
  w.function("pad", {{w.last()}, {Value(List{1, 1})}});
  const Graph graph = w.finish(2);
  const Graph again = lathe::graph_from_json(lathe::graph_to_json(graph), 0);
  BOOST_TEST(lathe::fx_text(again, "") == lathe::fx_text(graph, ""));
  BOOST_TEST((again.hash(again.output()) == graph.hash(graph.output())));
}

BOOST_AUTO_TEST_SUITE_END()
