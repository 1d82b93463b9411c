// What the passes of one run share, and what they leave behind: data, executor, results. The
// service tables that plugins see read from and write into this.
#pragma once

#include "core/host/executor.hpp"
#include "core/host/notes.hpp"
#include "core/host/report_rows.hpp"
#include "core/host/trial_space.hpp"
#include "core/host/troubles.hpp"

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace lathe {

// What a pass published.
struct ReportTable {
  std::string name;
  std::vector<std::string> columns;
  ReportRows rows;
};
struct PassReport {
  std::string pass;  // id
  std::vector<std::pair<std::string, Value>> scalars;
  std::vector<ReportTable> tables;
  std::vector<std::pair<std::string, std::string>> texts;
  std::vector<std::filesystem::path> files;
};

// Everything a plugin call may reach. One per thread of work; the parts shared between threads
// (registry, executor, data) are thread-safe.
struct RunContext {
  const Registry* registry = nullptr;
  const OpSet* ops = nullptr;               // of graphs that are built; null: the built-in ones
  std::function<Executor&()> executor;      // opens the engine on first use
  std::function<const Dataset&()> dataset;  // opens the data on first use
  OpenTrialSpace trial_space;               // of the config's search; empty: it has none
  std::int64_t batch_size = 128;
  std::optional<std::int64_t> evaluation_batch_size;  // nothing: batch_size
  std::int64_t rows_evaluated_at_once() const { return evaluation_batch_size.value_or(batch_size); }
  std::optional<Loss> loss;  // that was asked for; nothing: as the data set's target asks
  std::uint64_t seed = 0;
  // By key, as the command has them; what is not there has its default. For trainings that a plugin
  // asks for.
  Value run_options{Value::Map{}};
  std::filesystem::path folder;  // the run's folder; empty: passes may write no files
  bool drops_files = false;      // what passes write is dropped without a word: a dry run
  // A graph as files of a folder, weights included, and back; empty: this run can do neither.
  // `metadata` is MASE's of every node, by its name; its file may be empty: it stands in the folder
  // then. Gives the files it wrote.
  std::function<std::vector<std::filesystem::path>(const Graph& graph, const Value& metadata,
                                                   const std::filesystem::path& folder,
                                                   const std::filesystem::path& metadata_file)>
      save_graph;
  std::function<Graph(const std::filesystem::path& named)> load_graph;
  const Graph* original = nullptr;  // before the first pass
  const std::atomic<bool>* cancelled = nullptr;
  bool in_trial = false;  // one thread, no progress
  bool by_class = false;  // of a trial: the search optimises a statistic that is on request
  // Of a trial: what is wrong with its network; null: it is said at once.
  std::shared_ptr<Troubles> troubles = nullptr;
  Notes notes;  // of the passes so far
  // Shown to the user, at most some twenty times a second; empty: nobody looks. Total 0: unknown.
  std::function<void(std::uint64_t done, std::uint64_t total, std::string_view unit)> progress;
};

// Stands where a thread begins to work for a run. Calls into plugins that are made far from it, of
// a format's kernel or a sampler, then see that the user asked to stop.
class RunOfThread {
 public:
  explicit RunOfThread(RunContext* run);  // null: none
  ~RunOfThread();
  RunOfThread(const RunOfThread&) = delete;
  RunOfThread& operator=(const RunOfThread&) = delete;
  static RunContext* get();  // null: none

 private:
  RunContext* outer_;
};

}  // namespace lathe
