// The way is that of the search itself: its settings, its passes, its space, its runner.
#include "core/cli/run/searching/trial.hpp"

#include "core/base/log.hpp"
#include "core/cli/run/passes.hpp"
#include "core/cli/run/searching/plan.hpp"
#include "core/search/study/journal.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

namespace {

// With what the weights of --load bring, as the search had it.
Settings settings_of(const Session& session, const SavedSearch& saved) {
  Settings search = saved.settings;
  for (const std::string_view key : {kModel.key, kDataset.key, kLoss.key}) {
    const Value* given = search.values.find(key);
    const Value* brought = session.settings().values.find(key);
    if (given->is_none() && brought != nullptr) search.adopt(key, *brought);
  }
  return search;
}

RunContext context_of(Session& session, const Settings& search) {
  RunContext context = session.context({});
  context.seed = static_cast<std::uint64_t>(search.get(kSeed));
  context.batch_size = search.get(kBatchSize);
  context.evaluation_batch_size = search.get(kEvaluationBatchSize);
  context.loss = asked_loss(search.get(kLoss));
  context.run_options = search.values;
  return context;
}

// As the search had it after its passes.
Graph original_of(Session& session, const Settings& search, RunContext& context) {
  Graph graph = session.build_graph(context);
  run_passes(pipeline_of(search, session.registry()), graph, context, session);
  return graph.with_spare_state({});
}

Trial find_trial(Study& study, const SavedSearch& saved) {
  const std::uint64_t trials = study.trial_count();
  if (saved.trial >= trials)
    throw usage_error(
        trials == 0
            ? fmt::format("--trial: the search of '{}' has no trials yet", saved.run)
            : fmt::format("--trial: the search of '{}' has no trial {}; its trials are 0 to {}",
                          saved.run, saved.trial, trials - 1));
  Trial found;
  study.each_trial([&](const StoredTrial& trial) {
    if (trial.number == saved.trial) found = trial_of(trial);
  });
  return found;
}

// A trial whose point is not whole, as one that waits has none.
void check_point(const Trial& trial, const SearchSpace& space, const SavedSearch& saved) {
  for (std::size_t p = 0; p < space.parameters.size(); ++p)
    if (space.parameters[p].condition.met(trial.point) &&
        !space.parameters[p].takes(trial.point[p]))
      throw usage_error(
          fmt::format("--trial: trial {} of '{}' has not begun: nothing is chosen for '{}'",
                      trial.number, saved.run, space.parameters[p].name));
}

void warn_of_state(const Trial& trial) {
  if (trial.state == TrialState::fail)
    log_warning("trial {} failed: {}", trial.number, trial.error);
  else if (trial.state == TrialState::pruned)
    log_warning("trial {} was given up by the pruner; here it trains to its end", trial.number);
  else if (trial.state != TrialState::complete)
    log_warning("trial {} has not ended", trial.number);
}

// "quantize<by=name,fc1={name=integer,...}>"
std::string text_of_transform(const SearchSpace& space, const TransformOptions& transform,
                              const Graph& original) {
  Value options{Value::Map{}};
  for (const auto& [component, own] : space.transform_options)
    if (component == transform.transform) options = own;
  options.set("by", "name");
  for (const NodeOptions& node : transform.nodes)
    options.set(original.node(node.node).name, node.options);
  return text_of(Pipeline{{{transform.transform, options, {}}}});
}

}  // namespace

EarlierTrial::EarlierTrial(Session& session)
    : session_(session),
      saved_(*session.settings().trial),
      search_(settings_of(session, saved_)),
      context_(context_of(session, search_)),
      plan_(planned(session, search_)),
      original_(original_of(session, search_, context_)),
      space_(build_space(plan_->space, original_, session.registry(), session.model_options())) {
  check_space(*plan_, space_);
  context_.original = &original_;
  const std::unique_ptr<Study> study = study_of(*plan_, saved_.place, space_, original_, context_);
  trial_ = find_trial(*study, saved_);
  check_point(trial_, space_, saved_);
  warn_of_state(trial_);
}

bool EarlierTrial::executes() const {
  return trains() || std::ranges::any_of(plan_->runners, [](const Runner& runner) {
           return runner.step.component->has(LATHE_FLAG_EXECUTES);
         });
}

Graph EarlierTrial::network(bool trained) {
  if (!runner_) {
    runner_.emplace(*plan_, space_, original_, context_);
    session_.has_rebuilt(space_.model_options(trial_.point));
    for (const TransformOptions& transform : space_.node_options(trial_.point))
      session_.has_been_through(text_of_transform(space_, transform, original_));
  }
  const Report report = [](std::int64_t, double) { return false; };
  std::optional<Graph> graph =
      runner_->network(trial_.point, session_.cancelled(), report, trained);
  if (session_.opened_executor() != nullptr) session_.executor().set_threads(session_.threads());
  return std::move(*graph);
}

Scalars EarlierTrial::measured(Graph& graph) {
  if (executes()) session_.executor().set_threads(1);
  return runner_->evaluate(graph);
}

Value EarlierTrial::training_options() const {
  const Settings& settings = session_.settings();
  Value options = settings.values;
  const Value searched = space_.run_options(trial_.point);
  const Value none{Value::Map{}};
  for (const Value* given : {plan_->training ? &*plan_->training : &none, &searched})
    for (const auto& [key, value] : given->as_map()) {
      const bool told =
          std::ranges::any_of(settings.options, [&key = key](const EffectiveOption& row) {
            return row.option->option.key == key && row.from_command_line;
          });
      if (!told) options.set(key, value);
    }
  return options;
}

Json EarlierTrial::part() const {
  Json values = Json::array();
  for (const double value : trial_.values) values.push_back(value);
  return {{"run", saved_.run},
          {"number", trial_.number},
          {"state", state_word(trial_.state)},
          {"values", values},
          {"software_metrics", json_of(trial_.software_metrics)},
          {"hardware_metrics", json_of(trial_.hardware_metrics)},
          {"sampled_config", json_of(sampled_config(space_, trial_.point))}};
}

std::vector<std::string> differing_metrics(const Trial& trial, const Scalars& now) {
  std::vector<std::string> names;
  for (const auto& [before, after] : {std::pair(&trial.software_metrics, &now.software),
                                      std::pair(&trial.hardware_metrics, &now.hardware)})
    if (before->is_map())
      for (const auto& [name, value] : before->as_map()) {
        const Value* other = after->find(name);
        if (other == nullptr || !same_choice(*other, value)) names.push_back(name);
      }
  return names;
}

}  // namespace lathe
