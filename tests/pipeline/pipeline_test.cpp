// Pipelines: from files, from texts, around passes.
#include "core/pipeline/check_pipeline.hpp"
#include "core/pipeline/run_pipeline.hpp"

#include "core/graph/io/text.hpp"
#include "core/options/text/document.hpp"
#include "tests/host/world.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;

namespace {

Pipeline from_toml(const World& world, const std::string& text) {
  const Value document = parse_toml(text, "p.toml");
  return pipeline_from_config(*document.find("passes"), world.registry);
}

std::vector<std::string> ids(const Pipeline& pipeline) {
  std::vector<std::string> out;
  for (const Step& step : pipeline.steps) out.push_back(step.component->id);
  return out;
}

// What the standard hooks print.
std::string printed(World& world, const std::string& passes, const HookOptions& options) {
  std::string out;
  Graph graph = world.graph();
  run_pipeline(pipeline_from_text(passes, world.registry), graph, world.context,
               standard_hooks(options, [&](std::string_view text) { out += text; }));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pipelines)

BOOST_AUTO_TEST_CASE(passes_come_in_the_order_of_the_file) {
  const World world;
  const Pipeline pipeline = from_toml(world,
                                      "[passes.probe_edit]\nmode = 'edit_widen'\n"
                                      "[passes.probe]\nwidth = 9\n");
  BOOST_TEST((ids(pipeline) == std::vector<std::string>{"probe_edit", "probe"}));
  BOOST_TEST(pipeline.steps[0].options.find("mode")->as_string() == "edit_widen");
  BOOST_TEST(pipeline.steps[0].options.find("width")->as_int() == 8);  // the default
  BOOST_TEST(pipeline.steps[1].options.find("width")->as_int() == 9);
  BOOST_TEST(pipeline.steps[1].position.line == 3);
}

BOOST_AUTO_TEST_CASE(a_pass_can_stand_in_a_file_twice) {
  const World world;
  const Pipeline pipeline = from_toml(world,
                                      "[passes.before]\npass = 'probe'\n"
                                      "[passes.probe_edit]\n"
                                      "[passes.after]\npass = 'probe'\nwidth = 9\n");
  BOOST_TEST((ids(pipeline) == std::vector<std::string>{"probe", "probe_edit", "probe"}));
}

BOOST_AUTO_TEST_CASE(text_and_file_say_the_same) {
  const World world;
  const Pipeline from_file = from_toml(world,
                                       "[passes.probe_edit]\nmode = 'edit_widen'\nby = 'type'\n"
                                       "[passes.probe_edit.linear.config]\n"
                                       "name = 'halves'\nweight_width = 4\n"
                                       "[passes.probe]\n");
  const Pipeline from_text = pipeline_from_text(
      "probe_edit<mode=edit_widen,by=type,linear.config.name=halves,"
      "linear.config.weight_width=4>,probe",
      world.registry);
  BOOST_TEST(text_of(from_file) == text_of(from_text));
  BOOST_TEST((config_of(from_file) == config_of(from_text)));
}

BOOST_AUTO_TEST_CASE(texts_and_configs_round_trip) {
  const World world;
  for (const char* text :
       {"probe", "probe,probe", "probe<width=9>", "probe<mode=fail,width=1>,probe_edit",
        "probe_edit<by=name,blocks_0.name=halves,blocks_0.weight_width=4>",
        "probe_edit<by=type,default.name=NA,linear.name=halves>"}) {
    const Pipeline pipeline = pipeline_from_text(text, world.registry);
    const std::string written = text_of(pipeline);
    const Pipeline again = pipeline_from_text(written, world.registry);
    BOOST_TEST(text_of(again) == written);
    const Pipeline from_config = pipeline_from_config(config_of(pipeline), world.registry);
    BOOST_TEST(text_of(from_config) == written, text << " -> " << text_of(from_config));
    BOOST_TEST(from_config.steps.size() == pipeline.steps.size());
  }
  BOOST_TEST(text_of(pipeline_from_text("probe<width=9>", world.registry)) == "probe<width=9>");
  BOOST_TEST(text_of(pipeline_from_text("probe<width=8>", world.registry)) == "probe");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_refused_with_its_place) {
  const World world;
  const auto refusal = [&](const std::string& toml) {
    return message_of([&] { from_toml(world, toml); });
  };
  BOOST_TEST(contains(refusal("[passes.prove]\n"), "p.toml:1:"));
  BOOST_TEST(contains(refusal("[passes.prove]\n"), "did you mean 'probe'?"));
  BOOST_TEST(contains(refusal("[passes.probe]\nwidht = 3\n"), "p.toml:2:1"));
  BOOST_TEST(contains(refusal("[passes.probe]\nwidht = 3\n"), "did you mean 'width'?"));
  BOOST_TEST(contains(refusal("[passes.probe]\nwidth = 65\n"), "1..64"));
  BOOST_TEST(contains(refusal("[passes]\nprobe = 3\n"), "must be a table"));
  BOOST_TEST(contains(refusal("[passes.x]\npass = 'nothing'\n"), "unknown pass 'nothing'"));
  const std::string nodes = refusal(
      "[passes.probe_edit]\nby = 'type'\n[passes.probe_edit.linear.config]\nname = 'halfs'\n");
  BOOST_TEST(contains(nodes, "p.toml:4:"), nodes);
  BOOST_TEST(contains(nodes, "halves"), nodes);
  BOOST_TEST(contains(message_of([&] { pipeline_from_text("probe<widht=3>", world.registry); }),
                      "--passes:1:7"));
}

BOOST_AUTO_TEST_CASE(an_empty_table_is_an_empty_pipeline) {
  const World world;
  BOOST_TEST(pipeline_from_config(Value(), world.registry).steps.empty());
  BOOST_TEST(pipeline_from_config(Value(Value::Map{}), world.registry).steps.empty());
}

BOOST_AUTO_TEST_CASE(passes_run_one_after_the_other) {
  World world;
  Graph graph = world.graph();
  const auto reports =
      run_pipeline(pipeline_from_text("probe_edit<mode=edit_widen>,probe", world.registry), graph,
                   world.context);
  BOOST_REQUIRE_EQUAL(reports.size(), 2);
  BOOST_TEST(reports[1].tables[0].rows[2][0].as_string() == "renamed");
  BOOST_TEST((graph.find("renamed") != NodeId::none));
  BOOST_TEST(world.context.original == nullptr);  // as it was
}

BOOST_AUTO_TEST_CASE(an_error_leaves_the_graph_as_after_the_last_good_pass) {
  World world;
  Graph graph = world.graph();
  const std::string message = message_of([&] {
    run_pipeline(
        pipeline_from_text("probe_edit<mode=edit_widen>,probe<mode=fail>,probe", world.registry),
        graph, world.context);
  });
  BOOST_TEST(contains(message, "no luck today"));
  BOOST_TEST((graph.find("renamed") != NodeId::none));
  BOOST_TEST(world.context.original == nullptr);
}

BOOST_AUTO_TEST_CASE(a_check_refuses_what_a_run_would_and_leaves_no_original_graph) {
  World world;
  Graph graph = world.graph();
  world.context.drops_files = true;
  const auto check = [&](const std::string& passes) {
    check_pipeline(pipeline_from_text(passes, world.registry), graph, world.context);
  };
  check("probe_edit<mode=edit_widen>,probe");
  BOOST_TEST((graph.find("renamed") != NodeId::none));
  BOOST_TEST(world.context.original == nullptr);
  for (const std::string refused : {"probe_edit<mode=fail>", "probe_edit<width=13>"}) {
    BOOST_TEST(contains(message_of([&] { check(refused); }), "luck"));
    BOOST_TEST(world.context.original == nullptr);
  }
}

BOOST_AUTO_TEST_CASE(nothing_more_runs_once_the_user_has_asked_to_stop) {
  World world;
  Graph graph = world.graph();
  PipelineHooks stop;
  stop.after = [&](const Step&, const Graph&, const Graph&, const PassReport&, double) {
    world.cancelled = true;
  };
  const std::string message = message_of([&] {
    run_pipeline(pipeline_from_text("probe_edit<mode=edit_widen>,probe", world.registry), graph,
                 world.context, stop);
  });
  BOOST_TEST(contains(message, "stopped before pass 'probe'"));
  BOOST_TEST((graph.find("renamed") != NodeId::none));  // what is done is kept
}

BOOST_AUTO_TEST_CASE(what_create_refuses_is_refused_before_any_pass_runs) {
  World world;
  Graph graph = world.graph();
  const std::string before = fx_text(graph);
  const std::string message = message_of([&] {
    run_pipeline(pipeline_from_text("probe_edit<mode=edit_widen>,probe<width=13>", world.registry),
                 graph, world.context);
  });
  BOOST_TEST(contains(message, "13 bits bring bad luck"));
  BOOST_TEST(contains(message, "--passes:1:"));
  BOOST_TEST(fx_text(graph) == before);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hooks)

BOOST_AUTO_TEST_CASE(without_options_there_are_no_hooks) {
  const PipelineHooks none = standard_hooks({});
  BOOST_TEST(!none.before);
  BOOST_TEST(!none.after);
}

BOOST_AUTO_TEST_CASE(times_are_printed_per_pass) {
  World world;
  HookOptions options;
  options.time_passes = true;
  const std::string out = printed(world, "probe,probe_edit<mode=edit_widen>", options);
  BOOST_TEST(contains(out, " s  probe\n"));
  BOOST_TEST(contains(out, " s  probe_edit\n"));
}

BOOST_AUTO_TEST_CASE(changes_are_printed_as_differences) {
  World world;
  HookOptions options;
  options.print_changed = true;
  const std::string out = printed(world, "probe,probe_edit<mode=edit_widen>", options);
  BOOST_TEST(contains(out, "*** probe changed nothing ***"));
  BOOST_TEST(contains(out, "*** changes by probe_edit ***"));
  BOOST_TEST(contains(out, "+     %renamed"));
  BOOST_TEST(contains(out, "-     %blocks_1"));
  BOOST_TEST(contains(out, "out_features=7"));
  BOOST_TEST(!contains(out, "%x :"));  // unchanged
}

BOOST_AUTO_TEST_CASE(formats_are_changes_too) {
  World world;
  HookOptions options;
  options.print_changed = true;
  const std::string out = printed(world, "probe_edit<mode=edit_format>", options);
  BOOST_TEST(contains(out, "weight: halves [6, 1]"));
}

BOOST_AUTO_TEST_CASE(a_graph_is_printed_after_the_named_pass) {
  World world;
  HookOptions options;
  options.print_after = {"probe_edit"};
  const std::string out = printed(world, "probe,probe_edit<mode=edit_widen>", options);
  BOOST_TEST(contains(out, "*** graph after probe_edit ***"));
  BOOST_TEST(!contains(out, "*** graph after probe ***"));
  BOOST_TEST(contains(out, "%renamed"));
  BOOST_TEST(contains(out, "# Linear(in_features=4, out_features=7, bias=True)"));
}

BOOST_AUTO_TEST_CASE(every_graph_is_verified_if_asked) {
  World world;
  HookOptions options;
  options.verify_each = true;
  BOOST_CHECK_NO_THROW(printed(world, "probe,probe_edit<mode=edit_widen>", options));
}

BOOST_AUTO_TEST_CASE(a_hook_that_refuses_leaves_the_graph_as_before_the_pass) {
  World world;
  Graph graph = world.graph();
  const std::string before = fx_text(graph);
  PipelineHooks refuse;
  refuse.after = [](const Step&, const Graph&, const Graph&, const PassReport&, double) {
    throw run_error(LATHE_INTERNAL, "broken");
  };
  BOOST_TEST(message_of([&] {
               run_pipeline(pipeline_from_text("probe_edit<mode=edit_widen>", world.registry),
                            graph, world.context, refuse);
             }) == "broken");
  BOOST_TEST(fx_text(graph) == before);
}

BOOST_AUTO_TEST_SUITE_END()
