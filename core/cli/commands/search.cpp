// lathe search: the space of the config file, the trials, the best of them.
#include "core/base/log.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/cli/run/dry_run.hpp"
#include "core/cli/run/passes.hpp"
#include "core/cli/run/saved/saved_search.hpp"
#include "core/cli/run/searching/found.hpp"
#include "core/cli/run/searching/plan.hpp"
#include "core/cli/run/searching/watch.hpp"
#include "core/report/cache_line.hpp"

#include <fmt/format.h>

#include <utility>

namespace lathe {

namespace {

// A search goes on without it.
void try_to_save(const Settings& settings, const SearchPlace& place) {
  try {
    save_search(settings, place);
  } catch (const Error& error) {
    log_warning("{}; --trial will not find what this search was asked", error.message());
  }
}

}  // namespace

void run_search(Session& session) {
  const Settings& settings = session.settings();
  const Pipeline pipeline = chosen_pipeline(session);
  if (printed_pipeline(pipeline, settings)) return;
  session.will_run(pipeline);
  const CheckedPlan plan = planned(session, settings);
  const RunFolder folder = choose_run_folder(settings);
  if (settings.get(kDryRun)) {
    describe_run(session, {.pipeline = pipeline,
                           .folder = folder.results,
                           .plan = &*plan,
                           .check_space = [&](const SearchSpace& space) {
                             refuse_model_search_with(pipeline, space, session.loading());
                           }});
    return;
  }
  const SearchPlace place = place_of(settings, folder);
  if (pipeline.steps.empty()) session.ask_for(splits_read(*plan));
  RunContext context = session.context(folder.results);
  Graph graph = session.build_graph(context);
  prepare_run_folder(folder, settings);
  Results results;
  results.passes = run_passes(pipeline, graph, context, session);
  // Trials choose formats of their own, whose state is not that of the loaded weights.
  const Graph original = graph.with_spare_state({});
  context.original = &original;
  const SearchSpace space =
      build_space(plan->space, original, session.registry(), session.model_options());
  refuse_model_search_with(pipeline, space, session.loading());
  for (const std::string& warning : space.warnings) log_warning("{}", warning);
  if (space.networks() == 1U)
    log_warning("the search space holds one network only: no parameter of it has a choice");

  Progress progress;
  SearchWatch watch(plan->options, progress);
  SearchEvents events = watch.events();
  // Once its study is open: it is none that was begun otherwise.
  bool saved = false;
  events.look = [&, look = events.look] {
    if (!std::exchange(saved, true)) try_to_save(settings, place);
    look();
  };
  const SearchResult result =
      search_networks(plan, place, space, original, context, events, session.cancelled());
  progress.clear();
  if (!saved) save_search(settings, place);
  if (settings.get(kResume) && result.resumed == 0 && !settings.text(kStorage).empty())
    log_warning("--resume: there was nothing to go on with, '{}' held no trials of the study '{}'",
                shown_url(place.storage_url), place.study);
  add_found(result, plan->options, space, place, results);
  if (const Executor* executor = session.opened_executor(); executor != nullptr)
    if (const std::string line = cache_line(executor->environment()); !line.empty())
      results.texts.back() += line + "\n";
  deliver(results, session, folder.results);
  if (result.interrupted)
    throw run_error(LATHE_CANCELLED,
                    fmt::format("interrupted after {} trials; they are saved in '{}', and the same "
                                "command with --resume goes on",
                                result.trials.size(), folder.results.string()));
}

}  // namespace lathe
