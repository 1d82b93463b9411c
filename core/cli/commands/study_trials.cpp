// lathe study trials|best|export: what a study holds.
#include "core/cli/commands/rows.hpp"
#include "core/cli/study/chosen_study.hpp"
#include "core/cli/study/shown_trials.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/report/csv.hpp"
#include "core/report/terminal.hpp"
#include "core/search/loop/pareto.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

struct Read {
  StudyDescription description;
  std::vector<HeldTrial> trials;
};

Read read_study(const Invocation& call) {
  const ChosenStorage place = chosen_storage(call);
  Read read;
  hold_chosen(call, place, Hold::to_read,
              [&](HeldStudy& study) { read = {study.description(), study.trials()}; });
  return read;
}

Json json_of(const std::vector<HeldTrial>& trials) {
  Json rows = Json::array();
  for (const HeldTrial& trial : trials) rows.push_back(json_of(trial));
  return rows;
}

void write_trials(const Read& read, const std::vector<HeldTrial>& trials) {
  write_json({{"study", read.description.name}, {"trials", json_of(trials)}}, -1);
}

}  // namespace

void list_trials(const Invocation& call) {
  const Read read = read_study(call);
  if (call.get(kJson)) return write_trials(read, read.trials);
  write_output(output_table(table_of(read.trials, read.description.directions.size())));
}

void show_best_trials(const Invocation& call) {
  const Read read = read_study(call);
  const std::vector<Trial> trials(read.trials.begin(), read.trials.end());
  std::vector<HeldTrial> best;
  for (const std::size_t trial : best_trials(trials, read.description.directions))
    best.push_back(read.trials[trial]);
  if (best.empty())
    throw run_error(LATHE_NOT_FOUND, fmt::format("no trial of the study '{}' is complete, so none "
                                                 "is the best",
                                                 read.description.name));
  if (call.get(kJson)) return write_trials(read, best);
  const std::size_t columns = output_columns();
  write_output(render(points_of(best, read.description), columns == 0 ? kUsualColumns : columns));
}

void export_trials(const Invocation& call) {
  const Read read = read_study(call);
  if (call.get(kJson)) return write_trials(read, read.trials);
  write_data(csv_text(columns_of(read.trials, read.description)));
}

}  // namespace lathe
