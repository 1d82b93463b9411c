// lathe bisect: of two configurations of one network, the node whose change costs most.
#include "core/base/log.hpp"
#include "core/base/words/suggest.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/cli/interrupt.hpp"
#include "core/cli/run/passes.hpp"
#include "core/cli/run/results/data_line.hpp"
#include "core/cli/run/results/folder.hpp"
#include "core/cli/run/results/results.hpp"
#include "core/host/scoring/token_statistics.hpp"
#include "core/run/bisection/changes.hpp"
#include "core/run/bisection/halving.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>

namespace lathe {

namespace {

namespace fs = std::filesystem;
using run::Change;
using run::Halving;

// One of the two files: what it says and what became of it.
struct Side {
  std::string file;
  Settings settings;
  std::unique_ptr<Session> session;
  Pipeline pipeline;
  Graph graph;
};

// Errors that name no place say which of the two files they are about.
template <typename Body>
auto of_side(const Side& side, const Body& body) {
  try {
    return body();
  } catch (const Error& error) {
    if (error.position().known()) throw;
    throw error.within(side.file);
  }
}

void check_words(const Invocation& call) {
  if (!call.get(kConfig).value_or("").empty())
    throw usage_error("--config: 'lathe bisect' takes its two files as words: lathe bisect A B");
  const std::string &a = call.words[0], &b = call.words[1];
  std::error_code ignored;
  if (a == b || fs::equivalent(a, b, ignored))
    throw usage_error(
        fmt::format("'{}' and '{}' are one file; two configurations are compared", a, b));
}

// Both see the plugins of both, since a mixed network has number formats of either.
std::array<Side, 2> sides_of(const Invocation& call) {
  check_words(call);
  std::array<Side, 2> sides;
  for (std::size_t i = 0; i < 2; ++i) {
    Invocation one = call;
    sides[i].file = call.words[i];
    one.given.set(kConfig.key, Value(call.words[i]).at({"<config>", 0, 0}));
    sides[i].settings = read_settings(one);
  }
  std::vector<std::string> plugins = sides[0].settings.get(kPlugin);
  for (const std::string& file : sides[1].settings.get(kPlugin))
    if (std::ranges::find(plugins, file) == plugins.end()) plugins.push_back(file);
  for (Side& side : sides)
    side.settings.adopt(kPlugin.key, Value(Value::List(plugins.begin(), plugins.end())));
  return sides;
}

void check_same_data(const Side& a, const Side& b) {
  const Chosen &left = a.session->dataset_choice(), &right = b.session->dataset_choice();
  if (left.component->id == right.component->id && left.options == right.options) return;
  throw usage_error(
      fmt::format("'{}' runs on {}, but '{}' on {}; costs are compared on one data set, which "
                  "--dataset names for both",
                  a.file, left.text, b.file, right.text));
}

// A statistic that is one number of a network with that loss.
const Statistic& chosen_metric(const std::string& asked, Loss loss, const Field& target) {
  std::vector<std::string> known;
  const Statistic* found = nullptr;
  for (const Statistic* statistic : statistics_of(loss, true)) {
    if (statistic->form != Statistic::Form::number || !is_told_of(*statistic, loss, target))
      continue;
    known.emplace_back(statistic->name);
    if (statistic->name == asked || (found == nullptr && asked.empty())) found = statistic;
    if (asked.empty() && statistic->name == "accuracy") found = statistic;
  }
  if (found != nullptr) return *found;
  throw usage_error(
      fmt::format("--metric: '{}' is no number of a network that is scored with the "
                  "loss {}{}",
                  asked, name(loss), suggestion(asked, known)));
}

std::vector<PassReport> transform(Side& side, const fs::path& folder) {
  return of_side(side, [&] {
    RunContext context = side.session->context(folder);
    side.graph = side.session->build_graph(context);
    if (side.pipeline.steps.empty()) return std::vector<PassReport>{};
    return run_passes(side.pipeline, side.graph, context, *side.session);
  });
}

// "fc1", "fc1, fc2", "fc1 ... fc9 (9 nodes)"
std::string nodes_text(const std::vector<Change>& changes, std::span<const std::size_t> chosen) {
  std::vector<std::string> names;
  for (const std::size_t i : chosen)
    names.insert(names.end(), changes[i].nodes.begin(), changes[i].nodes.end());
  if (names.empty()) return "none";
  if (names.size() == 1) return names[0];
  if (names.size() == 2) return names[0] + ", " + names[1];
  return fmt::format("{} ... {} ({} nodes)", names.front(), names.back(), names.size());
}

Json nodes_json(const std::vector<Change>& changes, std::span<const std::size_t> chosen) {
  Json names = Json::array();
  for (const std::size_t i : chosen)
    for (const std::string& name : changes[i].nodes) names.push_back(name);
  return names;
}

// Finite numbers as they are, others as JSON has them.
Json number_json(double number) { return std::isfinite(number) ? Json(number) : Json(); }

// The search for one change, and how it is told.
class Bisection {
 public:
  Bisection(Side& a, Side& b, Split split)
      : a_(a), b_(b), split_(split), session_(*a.session), data_(session_.dataset()) {
    const RunContext context = session_.context({});
    const Loss loss = chosen_loss(context.loss, data_.info(), session_.dataset_choice().text);
    const Settings& settings = session_.settings();
    metric_ = &chosen_metric(settings.text(kMetric), loss, *data_.info().target());
    rows_ = {split, static_cast<std::uint64_t>(settings.get(kSamples)),
             context.rows_evaluated_at_once()};
    rows_.loss = context.loss;
    rows_.by_class = metric_->on_request;
    rows_.cancelled = &session_.cancelled();
  }

  void run(Results& results);

 private:
  double measured(const Graph& graph) {
    return session_.executor().evaluate(graph, data_, rows_).number(metric_->name);
  }
  double measured(std::span<const std::size_t> chosen) {
    std::vector<const Change*> taken;
    for (const std::size_t i : chosen) taken.push_back(&changes_[i]);
    return measured(run::with_changes(from_->graph, to_->graph, taken));
  }
  void say(const run::TriedHalf& half) const {
    log_info("step {}: {}: {} {}, cost {}", half.step, nodes_text(changes_, half.changes),
             metric_->name, number_text(half.value), number_text(half.cost));
  }
  void tell(const Halving& found, double seconds, Results& results) const;
  Json json_of_steps(const Halving& found) const;
  void tell_alike(double value, Results& results) const;

  Side &a_, &b_;
  Split split_;
  Session& session_;
  const Dataset& data_;
  const Statistic* metric_ = nullptr;
  Rows rows_;
  const Side *from_ = nullptr, *to_ = nullptr;  // the better and the worse
  std::vector<Change> changes_;
};

void Bisection::run(Results& results) {
  const auto start = std::chrono::steady_clock::now();
  if (a_.graph.batch() != b_.graph.batch()) b_.graph = b_.graph.with_batch(a_.graph.batch());
  const std::pair names{a_.file, b_.file};
  changes_ = run::changes_between(a_.graph, b_.graph, names);
  results.parts.emplace_back("metric", metric_->name);
  results.parts.emplace_back("split", name(split_));
  if (changes_.empty()) {
    results.parts.emplace_back("node", Json());
    results.texts.push_back(
        fmt::format("{} and {} make the same network: no node differs in number formats, "
                    "attributes or contents\n",
                    a_.file, b_.file));
    return;
  }
  const double of_a = measured(a_.graph), of_b = measured(b_.graph);
  log_info("{}: {} {}; {}: {} {}; {} nodes differ", a_.file, metric_->name, number_text(of_a),
           b_.file, metric_->name, number_text(of_b), changes_.size());
  results.metrics.emplace_back(fmt::format("{}_a", metric_->name), of_a);
  results.metrics.emplace_back(fmt::format("{}_b", metric_->name), of_b);
  if (of_a == of_b || (std::isnan(of_a) && std::isnan(of_b))) return tell_alike(of_a, results);
  // Costs are those of changes to the better one.
  const bool a_is_better = run::cost_of(of_a, of_b, metric_->higher_is_better) > 0;
  from_ = a_is_better ? &a_ : &b_;
  to_ = from_ == &a_ ? &b_ : &a_;
  if (from_ == &b_) changes_ = run::changes_between(b_.graph, a_.graph, {b_.file, a_.file});
  const Halving found = run::costliest_change(
      changes_.size(), metric_->higher_is_better,
      [&](std::span<const std::size_t> chosen) { return measured(chosen); },
      [&](const run::TriedHalf& half) { say(half); });
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  tell(found, seconds.count(), results);
}

void Bisection::tell_alike(double value, Results& results) const {
  results.parts.emplace_back("node", Json());
  results.texts.push_back(
      fmt::format("both have {} {} on the {} split, though {} nodes differ; there is no cost to "
                  "find. Another --metric, as loss, may tell them apart\n",
                  metric_->name, number_text(value), name(split_), changes_.size()));
}

Json Bisection::json_of_steps(const Halving& found) const {
  Json steps = Json::array();
  for (const run::TriedHalf& half : found.halves)
    steps.push_back({{"step", half.step},
                     {"nodes", nodes_json(changes_, half.changes)},
                     {"value", number_json(half.value)},
                     {"cost", number_json(half.cost)},
                     {"followed", half.followed}});
  return steps;
}

void Bisection::tell(const Halving& found, double seconds, Results& results) const {
  const std::string metric(metric_->name);
  ReportTable steps{"steps", {"step", "nodes", metric, "cost", "followed"}, {}};
  steps.rows.push_back({std::int64_t{0}, "none", found.before, 0.0, ""});
  steps.rows.push_back({std::int64_t{0}, fmt::format("all {} that differ", changes_.size()),
                        found.after, found.cost, ""});
  for (const run::TriedHalf& half : found.halves)
    steps.rows.push_back({static_cast<std::int64_t>(half.step), nodes_text(changes_, half.changes),
                          half.value, half.cost, half.followed ? "yes" : ""});
  results.tables.push_back(std::move(steps));

  const Change& change = changes_[found.found];
  ReportTable parts{"change", {"node", "what", from_->file, to_->file}, {}};
  for (const run::ChangedPart& part : change.parts)
    parts.rows.push_back({part.node, part.what, part.from, part.to});
  results.tables.push_back(std::move(parts));

  const std::size_t only[] = {found.found};
  const std::string node = nodes_text(changes_, only);
  results.texts.push_back(fmt::format(
      "the change of {} costs most: {} {} in {}, {} with this change alone (cost {}), {} in {} "
      "(cost {})\nwith {} as in {}, {} has {} {}: {} of the cost is regained\n",
      node, metric, number_text(found.before), from_->file, number_text(found.alone),
      number_text(found.cost_alone), number_text(found.after), to_->file, number_text(found.cost),
      node, from_->file, to_->file, metric, number_text(found.without),
      number_text(found.regained)));
  if (found.regained < found.cost / 2)
    results.texts.push_back(
        "less than half of the cost is regained: the costs of these changes do not add up (they "
        "make up for each other, or several hurt alike), so that halving may have followed the "
        "wrong half\n");
  results.metrics.emplace_back("cost", found.cost);
  results.metrics.emplace_back("cost_alone", found.cost_alone);
  results.metrics.emplace_back("regained", found.regained);
  results.parts.emplace_back("better", from_->file);
  results.parts.emplace_back("node", change.nodes.front());
  results.parts.emplace_back("nodes", nodes_json(changes_, only));
  results.parts.emplace_back("alone", number_json(found.alone));
  results.parts.emplace_back("without", number_json(found.without));
  results.parts.emplace_back("steps", json_of_steps(found));
  results.measured.emplace_back("evaluations", found.measured);
  results.measured.emplace_back("bisection_seconds", seconds);
}

Json configuration_json(const Side& side) {
  const Settings& settings = side.session->settings();
  return {{"file", side.file},
          {"sha256", settings.config_sha256},
          {"passes", text_of(side.pipeline)},
          {"weights", json_of(side.session->weights())}};
}

}  // namespace

void run_bisect(const Invocation& call) {
  std::array<Side, 2> sides = sides_of(call);
  auto& [a, b] = sides;
  start_log(a.settings);
  if (a.settings.get(kListPasses)) return print_passes(a.settings);
  if (a.settings.get(kDryRun))
    throw usage_error(
        "--dry-run: a bisection has none, since each step follows from the one before; 'lathe "
        "transform --config FILE --dry-run' shows what a file does");
  const std::atomic<bool>& interrupted = catch_interrupts();
  for (Side& side : sides) {
    of_side(side, [&] {
      side.session = std::make_unique<Session>(side.settings, interrupted);
      side.pipeline = chosen_pipeline(*side.session);
    });
  }
  bool printed = false;
  for (const Side& side : sides) printed |= printed_pipeline(side.pipeline, side.settings);
  if (printed) return;
  check_same_data(a, b);
  const Split split = known_split(a.session->settings().get(kSplit));
  for (Side& side : sides) side.session->will_run(side.pipeline);

  const RunFolder folder = choose_run_folder(a.session->settings());
  prepare_run_folder(folder, a.session->settings());
  Results results;
  for (Side& side : sides) {
    const std::string part = &side == &a ? "a" : "b";
    for (PassReport& report : transform(side, folder.results / part)) {
      if (!report.files.empty()) results.passes.push_back(std::move(report));
    }
  }
  log_info("{}", data_line(data_part(a.session->dataset(), std::array{split})));

  Bisection(a, b, split).run(results);
  results.parts.emplace_back("configurations",
                             Json::array({configuration_json(a), configuration_json(b)}));
  results.parts.emplace_back("folder", folder.results.string());
  deliver(results, *a.session, folder.results);
}

}  // namespace lathe
