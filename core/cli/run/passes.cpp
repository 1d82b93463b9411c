// A pipeline is chosen and checked whole before anything runs.
#include "core/cli/run/passes.hpp"

#include "core/base/log.hpp"
#include "core/base/words/suggest.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/pipeline/unchanged.hpp"
#include "core/report/toml.hpp"
#include "core/run/health/rounded_away.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace lathe {

namespace {

HookOptions hook_options(const Session& session) {
  const Settings& settings = session.settings();
  HookOptions options;
  options.verify_each = settings.get(kVerifyEach);
  options.time_passes = settings.get(kTimePasses);
  options.print_changed = settings.get(kPrintChanged);
  for (const std::string& word : settings.get(kPrintAfter))
    options.print_after.push_back(pass_id(word, session.registry()));
  return options;
}

void check_hooks(const Session& session, const Pipeline& pipeline) {
  std::vector<std::string> known;
  for (const Step& step : pipeline.steps) known.push_back(step.component->id);
  for (const std::string& id : hook_options(session).print_after)
    if (std::ranges::find(known, id) == known.end())
      throw usage_error(fmt::format("--print-after={}: the pipeline has no such pass{}", id,
                                    suggestion(id, known)));
}

// The standard ones, and a word about transforms that changed nothing.
PipelineHooks hooks_of(Session& session) {
  PipelineHooks hooks = standard_hooks(hook_options(session));
  hooks.after = [standard = hooks.after, &session](const Step& step, const Graph& before,
                                                   const Graph& after, const PassReport& report,
                                                   double seconds) {
    if (standard) standard(step, before, after, report, seconds);
    session.has_run(step);
    if (const std::string text = unchanged_text(step, before, after, report); !text.empty())
      log_warning("{}{}{}", step.position.text(), step.position.known() ? ": " : "", text);
  };
  return hooks;
}

// Weights that were trained through number formats, loaded without them.
void warn_of_spare_state(const Graph& graph) {
  if (graph.spare_state().empty()) return;
  std::set<std::string_view> taken;
  for (const auto& [node, parameter] : graph.parameters()) taken.insert(parameter->qualified_name);
  for (const auto& [name, contents] : graph.spare_state()) {
    if (taken.contains(name)) continue;
    log_warning(
        "no number format of the graph takes '{}' of the loaded weights; the passes that they were "
        "trained with would set one",
        name);
    return;
  }
}

// Both spellings of a pipeline are checked, also the one that is not run: a wrong file is wrong.
Pipeline asked_pipeline(const Settings& settings, const Registry& registry) {
  const Pipeline from_file = pipeline_from_config(settings.config.passes, registry);
  const std::string text = settings.text(kPasses);
  if (!text.empty()) {
    if (!from_file.steps.empty())
      log_info("--passes is run instead of the [passes] of '{}'", settings.config_file.string());
    return pipeline_from_text(text, registry);
  }
  if (!settings.command->options.has(OptionGroup::file_passes)) {
    if (from_file.steps.empty() && !settings.command->passes_optional && !settings.trial)
      throw usage_error(
          "there is nothing to do: give --passes 'PASS,PASS<option=value>' or a config file with "
          "[passes.NAME] tables; --list-passes shows the passes");
    return from_file;
  }
  return settings.get(kWithPasses) ? from_file : Pipeline{};
}

// A format that fits no layer of a deep network would be told a hundred times.
void warn_of_rounded_weights(const Registry& registry, const Graph& graph) {
  constexpr std::size_t kMostTold = 3;
  const std::vector<std::string> sentences = run::weights_rounded_away(registry, graph);
  const std::size_t told = std::min(sentences.size(), kMostTold);
  for (std::size_t i = 0; i < told; ++i) log_warning("{}", sentences[i]);
  if (sentences.size() > told)
    log_warning("{} more layers keep as little of their weights", sentences.size() - told);
}

}  // namespace

void apply_to_counting(const Settings& settings, Step& step) {
  if (settings.get(kAllowUncounted)) set_where_unsaid(step, kAllowUncounted.key, Value(true));
}

Pipeline pipeline_of(const Settings& settings, const Registry& registry) {
  Pipeline pipeline = asked_pipeline(settings, registry);
  for (Step& step : pipeline.steps) apply_to_counting(settings, step);
  return pipeline;
}

Pipeline chosen_pipeline(const Session& session) {
  Pipeline pipeline = pipeline_of(session.settings(), session.registry());
  check_hooks(session, pipeline);
  return pipeline;
}

bool printed_pipeline(const Pipeline& pipeline, const Settings& settings) {
  const std::string form = settings.text(kPrintPipeline);
  if (form.empty()) return false;
  if (form == "text")
    write_data(text_of(pipeline) + "\n");
  else
    write_data(toml_text(Value(Value::Map{{"passes", config_of(pipeline)}})));
  return true;
}

std::vector<PassReport> run_passes(const Pipeline& pipeline, Graph& graph, RunContext context,
                                   Session& session) {
  const Graph original = graph;
  context.original = &original;
  auto reports = run_pipeline(pipeline, graph, context, hooks_of(session));
  warn_of_spare_state(graph);
  warn_of_rounded_weights(*context.registry, graph);
  return reports;
}

}  // namespace lathe
