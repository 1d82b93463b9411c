// The C++ sugar between a real host and a plugin written with nothing else: exceptions become
// errors with a place, edits hold or vanish as a whole, and the tables say what the types say.
#include "core/data/tensor_dataset.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/graph/transaction.hpp"
#include "core/graph/verify.hpp"
#include "core/host/instances/instances.hpp"
#include "core/plugin/descriptor.hpp"
#include "core/tensor/borrowed_tensor.hpp"
#include "tests/support/format_call.hpp"
#include "tests/support/messages.hpp"

#include <lathe/draft/quantization.h>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <map>

extern "C" const lathe_module* LATHE_ENTRY(void);

namespace {

using namespace lathe;
using lathe_test::SiteOf;

const std::vector<std::unique_ptr<Component>>& components() {
  // For the life of the process, as what the registry loads.
  static const auto* all = [] {
    const lathe_module* module = LATHE_ENTRY();
    const Stamp stamp = parse_stamp({module->stamp, module->stamp_size}, "test");
    return new auto(read_module(module, stamp, "test").components);
  }();
  return *all;
}

const Component& component(const std::string& id) {
  for (const auto& c : components()) {
    if (c->id == id) return *c;
  }
  throw std::runtime_error("no component " + id);
}

Graph net(RunContext& context) {
  return build_model(component("net"), Value(Value::Map{}), {}, 2, 0, context);
}

PassReport run(const std::string& id, Graph& graph, Value options = Value(Value::Map{})) {
  RunContext context;
  PassInstance pass(component(id), check_options(component(id).options, options), context);
  return pass.run(graph, context);
}

std::string failure(const std::string& how, lathe_code code) {
  RunContext context;
  Graph graph = net(context);
  Value options{Value::Map{}};
  options.set("how", how);
  try {
    run("fails", graph, options);
  } catch (const Error& e) {
    BOOST_TEST(e.code() == code);
    return e.what();
  }
  return "nothing failed";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string text_of(const PassReport& report, const std::string& name) {
  for (const auto& [key, text] : report.texts) {
    if (key == name) return text;
  }
  return "no text " + name;
}

double scalar_of(const PassReport& report, const std::string& name) {
  for (const auto& [key, value] : report.scalars) {
    if (key == name) return value.as_float();
  }
  throw std::runtime_error("no scalar " + name);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_stamp_and_the_tables_name_the_same_components) {
  BOOST_TEST(components().size() == 20);
  BOOST_TEST(component("fails").version == "1.0.0");
  BOOST_TEST(component("fails").options.options.size() == 1);
  BOOST_TEST(component("fails").options.options[0].required());
}

BOOST_AUTO_TEST_CASE(a_component_says_whose_it_is) {
  BOOST_TEST(component("persists").authors == "Ada Lovelace");
  BOOST_TEST(component("persists").licence == "MIT");
  BOOST_TEST(component("persists").url == "https://example.org/persists");
  BOOST_TEST(component("fails").authors == "");
}

BOOST_AUTO_TEST_CASE(the_module_needs_what_its_components_need) {
  const lathe_module& module = *LATHE_ENTRY();
  std::vector<std::string> needs;
  for (std::uint64_t i = 0; i < module.need_count; ++i) needs.push_back(module.needs[i].service);
  const std::vector<std::string> expected{"lathe.graph/0", "lathe.report/0", "lathe.edit/0",
                                          "lathe.tensor/0", "lathe.data/0"};
  BOOST_TEST(needs == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_view_outlives_edits_and_what_is_given_back_is_gone) {
  RunContext context;
  Graph graph = net(context);
  const PassReport report = run("persists", graph);
  BOOST_TEST(text_of(report, "before") == "xfcactoutput");
  BOOST_TEST(scalar_of(report, "inplace") == 1);
  BOOST_TEST(scalar_of(report, "linears") == 1);
  BOOST_TEST(has(text_of(report, "refusal"), "given back already"));
  BOOST_TEST(text_of(report, "qualified") == "fc.weight");
  BOOST_TEST(scalar_of(report, "has_storage") == 1);
  BOOST_TEST(scalar_of(report, "no_format") == 1);
  BOOST_TEST(scalar_of(report, "operands_before") == 4);
  BOOST_TEST(scalar_of(report, "operands_after") == 3);
  BOOST_TEST(graph.node(graph.order()[2]).name == "act");
}

BOOST_AUTO_TEST_CASE(formats_of_many_operands_are_taken_away_at_once) {
  RunContext context;
  Graph graph = net(context);
  Transaction edit(graph);
  for (const char* role : {"data_in", "weight", "bias"}) {
    OperandFormat format;
    format.role = role;
    format.format = "halves";
    edit.set_format(graph.find("fc"), format);
  }
  edit.commit();
  run("clears", graph);
  const Node& fc = graph.node(graph.find("fc"));
  BOOST_REQUIRE(fc.formats.size() == 1U);
  BOOST_TEST(fc.formats[0].role == "weight");
}

BOOST_AUTO_TEST_CASE(keyword_arguments_are_read_and_set) {
  RunContext context;
  Graph graph = net(context);
  const PassReport report = run("keywords", graph);
  BOOST_TEST(scalar_of(report, "dim") == 1);
  BOOST_TEST(scalar_of(report, "changed") == 0);
  verify(graph);
}

BOOST_AUTO_TEST_CASE(passes_of_one_run_leave_notes_and_scalars_for_each_other) {
  RunContext context;
  Graph graph = net(context);
  const auto run_in = [&](const char* id) {
    return PassInstance(component(id), Value(Value::Map{}), context).run(graph, context);
  };
  const PassReport alone = run_in("finds");
  BOOST_TEST(text_of(alone, "name") == "no note");
  BOOST_TEST(scalar_of(alone, "nodes") == -1);
  graph = net(context);
  run_in("leaves");
  const PassReport found = run_in("finds");
  BOOST_TEST(text_of(found, "name") == "act");
  BOOST_TEST(text_of(found, "list") == "1 two");
  BOOST_TEST(scalar_of(found, "none") == 0);
  BOOST_TEST(scalar_of(found, "nodes") == 4);
  BOOST_TEST(scalar_of(found, "nobody") == 0);
}

BOOST_AUTO_TEST_CASE(a_pass_reads_rows_with_their_labels) {
  RunContext context;
  Graph graph = net(context);
  const std::vector<float> samples{1, 2, 3, 4, 5, 6};
  const std::vector<std::int64_t> labels{1, 0, 2};
  const RowTensors rows{{Tensor::of<float>(DType::float32, Shape{3, 2}, samples),
                         Tensor::of<std::int64_t>(DType::int64, Shape{3}, labels)}};
  const auto data = dataset_of("rows", rows, rows, {}, 3);
  context.dataset = [&]() -> const Dataset& { return *data; };
  PassInstance pass(component("reads_rows"), Value(Value::Map{}), context);
  const std::string refusal = lathe_test::message_of([&] { pass.run(graph, context); });
  BOOST_TEST(has(refusal, "row 3"));
  BOOST_TEST(component("reads_rows").has(LATHE_FLAG_READS_DATA));
  context.dataset = {};
  BOOST_TEST(has(lathe_test::message_of([&] { pass.run(graph, context); }), "no data set"));
}

BOOST_AUTO_TEST_CASE(flags_follow_from_what_run_asks_for) {
  BOOST_TEST(component("renames").has(LATHE_FLAG_MUTATES_GRAPH));
  BOOST_TEST(component("looks").has(LATHE_FLAG_READS_WEIGHTS));
  BOOST_TEST(component("edits_unasked").flags == 0);
}

BOOST_AUTO_TEST_CASE(exceptions_reach_the_user_as_errors) {
  BOOST_TEST(has(failure("error", LATHE_INVALID_ARGUMENT), "it is wrong"));
  BOOST_TEST(has(failure("memory", LATHE_RESOURCE_EXHAUSTED), "memory"));
  BOOST_TEST(has(failure("standard", LATHE_INTERNAL), "a standard exception"));
  BOOST_TEST(has(failure("number", LATHE_INTERNAL), "no std::exception"));
  BOOST_TEST(has(failure("cancel", LATHE_CANCELLED), "stopped"));
}

BOOST_AUTO_TEST_CASE(an_error_says_at_which_node) {
  const std::string text = failure("place", LATHE_DATA_LOSS);
  BOOST_TEST(has(text, "it is damaged"));
  BOOST_TEST(has(text, "fc"));
  BOOST_TEST(has(text, "fails"));
}

BOOST_AUTO_TEST_CASE(what_the_host_refuses_comes_back_in_its_words) {
  const std::string text = failure("host", LATHE_INVALID_ARGUMENT);
  BOOST_TEST(!has(text, "without a reason"));
  BOOST_TEST(has(text, "column"));
}

BOOST_AUTO_TEST_CASE(a_constructor_may_refuse) {
  RunContext context;
  BOOST_CHECK_EXCEPTION(PassInstance(component("fails_to_start"), Value(Value::Map{}), context),
                        Error,
                        [](const Error& e) { return has(e.what(), "nothing to start from"); });
}

BOOST_AUTO_TEST_CASE(edits_are_committed_when_run_returns) {
  RunContext context;
  Graph graph = net(context);
  run("renames", graph);
  BOOST_TEST(graph.node(graph.order()[0]).name == "renamed");
}

BOOST_AUTO_TEST_CASE(edits_of_a_pass_that_throws_leave_the_graph_identical) {
  RunContext context;
  Graph graph = net(context);
  const ContentHash before = graph.hash(graph.output());
  const std::uint32_t epoch = graph.epoch();
  Value options{Value::Map{}};
  options.set("regret", true);
  BOOST_CHECK_THROW(run("renames", graph, options), Error);
  BOOST_TEST((graph.hash(graph.output()) == before));
  BOOST_TEST(graph.epoch() == epoch);
  BOOST_TEST(graph.node(graph.order()[0]).name == "x");
}

BOOST_AUTO_TEST_CASE(an_analysis_may_edit_a_copy_and_nothing_else) {
  RunContext context;
  Graph graph = net(context);
  BOOST_CHECK_EXCEPTION(run("edits_unasked", graph), Error,
                        [](const Error& e) { return e.code() == LATHE_PERMISSION_DENIED; });
  const PassReport report = run("edits_a_copy", graph);
  BOOST_TEST(text_of(report, "copy") == "renamed");
  BOOST_TEST(text_of(report, "graph") == "x");
  BOOST_TEST(graph.node(graph.order()[0]).name == "x");
}

BOOST_AUTO_TEST_CASE(a_pass_sees_nodes_operands_attributes_and_weights) {
  RunContext context;
  Graph graph = net(context);
  const PassReport report = run("looks", graph);
  BOOST_TEST(scalar_of(report, "found") == 1);
  BOOST_TEST(scalar_of(report, "missing") == 0);
  BOOST_TEST(scalar_of(report, "in_features") == 4);
  BOOST_TEST(scalar_of(report, "users") == 1);
  BOOST_TEST(scalar_of(report, "weight_elements") == 12);
  BOOST_TEST(scalar_of(report, "computations") == 2 * 4 * 3);  // a batch of 2
  BOOST_TEST(scalar_of(report, "quantizable") == 1);
  BOOST_TEST(scalar_of(report, "profile_known") == 1);
  BOOST_TEST(text_of(report, "input_owner") == "");
  BOOST_TEST(scalar_of(report, "weights_read") == 12);
  BOOST_TEST(text_of(report, "input") == "x");
  BOOST_TEST(text_of(report, "user") == "act");
  BOOST_TEST(text_of(report, "module") == "Linear(in_features=4, out_features=3, bias=True)");
  BOOST_TEST(text_of(report, "type") == "module_related_func");
  BOOST_TEST_REQUIRE(report.tables.size() == 1);
  BOOST_TEST(report.tables[0].rows.size() == 4);
  BOOST_TEST(report.tables[0].rows[1][1].text() == "[2, 3]");
}

BOOST_AUTO_TEST_CASE(a_format_quantizes_and_describes_itself) {
  const FormatInstance format(component("halves"), Value(Value::Map{}));
  std::array<float, 2> x = {3, -5};
  lathe::BorrowedTensor lent(lathe::DType::float32, x.data(), std::array{std::int64_t{2}}, 0);
  lathe_tensor& tensor = lent.view();
  format.quantize(lathe_test::FormatCall().context(), tensor, tensor);
  BOOST_TEST(x[0] == 1.5F);
  BOOST_TEST(x[1] == -2.5F);
  BOOST_TEST(format.storage_bits(SiteOf({2, 3}).site()) == 96);
  BOOST_TEST(format.precision().as_list().size() == 4);
  BOOST_TEST(format.precision().as_list()[3].text() == "[1, 2]");
  const lathe_test::FormatCall nothing(LATHE_ROLE_DATA_IN, "nothing");
  BOOST_CHECK_EXCEPTION(format.quantize(nothing.context(), tensor, tensor), Error,
                        [](const Error& e) { return has(e.what(), "no kernel for this op"); });
}

BOOST_AUTO_TEST_CASE(a_format_of_single_elements_needs_two_methods) {
  const FormatInstance format(component("signs"), Value(Value::Map{}));
  std::array<float, 2> x = {3, -5};
  lathe::BorrowedTensor lent(lathe::DType::float32, x.data(), std::array{std::int64_t{2}}, 0);
  format.quantize(lathe_test::FormatCall().context(), lent.view(), lent.view());
  BOOST_TEST(x[0] == 1);
  BOOST_TEST(x[1] == -1);
  BOOST_TEST(format.storage_bits(SiteOf({2, 3}).site()) == 6);
  BOOST_TEST(format.precision().text() == "[1]");
  BOOST_TEST(component("signs").has(LATHE_FLAG_ROWS_APART));
  BOOST_TEST(!format.has_codes());
  BOOST_TEST(!format.fit_axis(SiteOf({2, 3}).site()).has_value());
}

BOOST_AUTO_TEST_CASE(a_format_gives_codes_and_what_makes_values_of_them) {
  const std::array<float, 6> x = {0, 1, 2, 3, 2, 1};
  const std::array<std::int64_t, 2> extents = {2, 3};
  const lathe::BorrowedTensor lent(lathe::DType::float32, x.data(), extents,
                                   LATHE_TENSOR_READ_ONLY);
  const auto coded = [&](bool levels) {
    Value options{Value::Map{}};
    options.set("levels", levels);
    const Component& c = component("coded");
    const FormatInstance format(c, check_options(c.options, options));
    return format.codes(SiteOf({2, 3}).context(), lent.view());
  };
  const IntegerCodes plain = coded(false);
  BOOST_TEST(plain.codes == (std::vector<std::int64_t>{0, 1, 2, 3, 2, 1}),
             boost::test_tools::per_element());
  BOOST_TEST(plain.width == 3);
  BOOST_TEST(plain.blocks().text() == "[2, 1]");
  BOOST_TEST(plain.values() == (std::vector<float>{-0.5F, 0, 0.5F, 1, 0.5F, 0}),
             boost::test_tools::per_element());
  BOOST_TEST(coded(true).values() == (std::vector<float>{0, 0.5F, 1.5F, 4.5F, 1.5F, 0.5F}),
             boost::test_tools::per_element());
  const FormatInstance format(component("coded"),
                              check_options(component("coded").options, Value(Value::Map{})));
  const lathe_test::FormatCall nothing(LATHE_ROLE_DATA_IN, "nothing");
  BOOST_CHECK_EXCEPTION(format.codes(nothing.context(), lent.view()), Error, [](const Error& e) {
    return e.code() == LATHE_UNIMPLEMENTED && has(e.what(), "not for this op");
  });
}

BOOST_AUTO_TEST_CASE(a_format_chooses_open_options_from_what_was_seen) {
  const Component& c = component("coded");
  const FormatInstance open(c, check_options(c.options, Value(Value::Map{})));
  SiteOf site({2, 3});
  const lathe_site& place = site.site();
  BOOST_TEST(open.fit_axis(place).value() == 0);
  const std::vector<lathe_seen> seen{{0, 2, 1}, {0, 5, 1}};
  const Value chosen = open.fit(place, seen);
  BOOST_TEST(chosen.find("top")->text() == "[2.0, 5.0]");
  BOOST_TEST(chosen.find("levels")->as_bool() == false);
  BOOST_TEST(!FormatInstance(c, chosen).fit_axis(place).has_value());
}

BOOST_AUTO_TEST_CASE(a_tensor_that_is_not_dense_floats_is_refused) {
  const FormatInstance format(component("halves"), Value(Value::Map{}));
  std::array<double, 4> x = {};
  const std::array<std::int64_t, 2> extents = {2, 2};
  const lathe_test::FormatCall call;
  const auto refused = [&](lathe_tensor& y) {
    const lathe::BorrowedTensor x_of_floats(lathe::DType::float32, x.data(), extents, 0);
    return lathe_test::message_of([&] { format.quantize(call.context(), x_of_floats.view(), y); });
  };
  lathe::BorrowedTensor doubles(lathe::DType::float64, x.data(), extents, 0);
  BOOST_TEST(has(refused(doubles.view()), "another element type"));
  lathe::BorrowedTensor holes(lathe::DType::float32, x.data(), extents, 0);
  holes.view().dl.strides[0] = 3;
  BOOST_TEST(has(refused(holes.view()), "a dense tensor"));
  lathe::BorrowedTensor lent(lathe::DType::float32, x.data(), extents, LATHE_TENSOR_READ_ONLY);
  BOOST_TEST(has(refused(lent.view()), "may only be read"));
  lathe::BorrowedTensor codes(lathe::DType::float32, x.data(), extents, 0);
  const lathe_quantization scale{};
  codes.view().quantization = &scale;
  BOOST_TEST(has(refused(codes.view()), "a tensor of codes"));
}

BOOST_AUTO_TEST_CASE(a_format_that_says_too_much_is_refused) {
  const auto say = [] {
    const FormatInstance format(component("too_precise"), Value(Value::Map{}));
    return format.precision();
  };
  BOOST_CHECK_THROW(say(), Error);
}

BOOST_AUTO_TEST_CASE(a_sampler_suggests_learns_and_ends) {
  lathe_parameter parameter = {};
  parameter.name = {"p", 1};
  parameter.choices = 2;
  parameter.parent = LATHE_NONE_ID;
  const lathe_direction direction = LATHE_DIRECTION_MINIMIZE;
  const lathe_space space = {sizeof(lathe_space),
                             sizeof(lathe_parameter),
                             &parameter,
                             1,
                             &direction,
                             1,
                             0,
                             4,
                             20,
                             nullptr,
                             0};
  SamplerInstance sampler(component("counts"), Value(Value::Map{}), space);
  std::array<double, 1> p = {}, value = {10};
  BOOST_TEST(sampler.suggest(0, p));
  BOOST_TEST(p[0] == 0);
  sampler.started(0, p);
  sampler.finished({0, LATHE_STATE_COMPLETE, value});
  sampler.finished({1, LATHE_STATE_FAIL});
  BOOST_TEST(sampler.suggest(1, p));
  BOOST_TEST(p[0] == 11);
  const std::array<std::int64_t, 2> steps = {1, 3};
  const std::array<double, 2> curve = {1, 2};
  sampler.finished({2, LATHE_STATE_PRUNED, {}, steps, curve});
  BOOST_TEST(sampler.suggest(0, p));
  BOOST_TEST(p[0] == 3010);
  // A list that is too short is a fault of the sampler, not the end of the space.
  BOOST_CHECK_EXCEPTION(sampler.suggest(1000, p), Error, [](const Error& e) {
    return std::string(e.what()).find("a list is shorter") != std::string::npos;
  });
  BOOST_TEST(!sampler.suggest(2, p));
}

BOOST_AUTO_TEST_CASE(a_sampler_sees_what_choices_are_and_what_exists) {
  std::pmr::monotonic_buffer_resource memory;
  const std::vector<Value> numbers{Value(2), Value(8.5), Value(4)};
  std::vector<lathe_value> choices;
  for (const Value& number : numbers) choices.push_back(to_abi(number, memory));
  const double first_two[] = {0, 1}, others[] = {0, 2};
  lathe_parameter parameters[3] = {};
  for (lathe_parameter& parameter : parameters) {
    parameter.choices = 3;
    parameter.choice_values = choices.data();
    parameter.parent_value_count = 2;
  }
  parameters[0].parent = LATHE_NONE_ID;
  parameters[1].parent_values = first_two;
  parameters[2].parent_values = others;
  const lathe_direction direction = LATHE_DIRECTION_MINIMIZE;
  const lathe_str objective = {"loss", 4};
  const lathe_space space = {sizeof(lathe_space),
                             sizeof(lathe_parameter),
                             parameters,
                             3,
                             &direction,
                             1,
                             0,
                             4,
                             20,
                             &objective,
                             1};
  SamplerInstance sampler(component("largest"), Value(Value::Map{}), space);
  std::array<double, 3> p = {};
  BOOST_TEST(sampler.suggest(23, p));
  BOOST_TEST(p[0] == 1);
  BOOST_TEST(p[1] == 1);
  BOOST_TEST(std::isnan(p[2]));
  BOOST_TEST(!sampler.suggest(24, p));

  BOOST_TEST(sampler.suggest(1, p, 3));
  BOOST_TEST(p[0] == 2);
  const std::array<double, 1> loss = {0.5}, violations = {-1};
  TrialOutcome outcome{1, LATHE_STATE_COMPLETE, loss};
  outcome.constraints = violations;
  BOOST_TEST(sampler.explain(p, outcome).text() == Value(Value::Map{{"number", Value(4.0)},
                                                                    {"loss", Value(0.5)},
                                                                    {"constraints", Value(1.0)},
                                                                    {"violated by", Value(-1.0)}})
                                                       .text());
}
