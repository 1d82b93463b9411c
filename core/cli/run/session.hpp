// What a run works with: registry, model, data set, executor. Each is looked up at once, so that a
// wrong name is refused before any work, and opened on first use, so that counting opens nothing.
#pragma once

#include "core/checkpoint/checkpoint.hpp"
#include "core/cli/run/saved/loading.hpp"
#include "core/cli/run/settings.hpp"
#include "core/data/data.hpp"
#include "core/host/instances/plugin_ops.hpp"
#include "core/pipeline/run_pipeline.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>

namespace lathe {

// A component as the user named it, looked up and checked.
struct Chosen {
  std::string text;                      // round-trips
  const Component* component = nullptr;  // null: of a saved network, whose plugin is not needed
  Value options;
};

// The files of --plugin and of the config file's `plugin`.
std::vector<std::filesystem::path> plugin_files(const Settings& settings);

class Session {
 public:
  // Throws usage_error for a plugin, a model or a data set that is wrong or missing, and what is
  // wrong with the files of --load. The settings it keeps are those with what they bring.
  Session(const Settings& settings, const std::atomic<bool>& cancelled);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Settings& settings() const { return settings_; }
  const Registry& registry() const { return *registry_; }
  const Chosen& model() const { return model_; }
  // Null: the model's plugin is not there, and none is needed to rebuild a saved network.
  const OptionTable* model_options() const {
    return model_.component == nullptr ? nullptr : &model_.component->options;
  }
  const Chosen& dataset_choice() const { return dataset_choice_; }
  // False: `lathe transform` was given none, and only what needs no data can be done.
  bool has_dataset() const { return dataset_choice_.component != nullptr; }
  const std::atomic<bool>& cancelled() const { return cancelled_; }

  bool synthetic() const { return dataset_->synthetic(); }
  // What rows are made of, without opening data if the set says it beforehand.
  DatasetInfo info();
  bool knows_info_unopened() const;
  // Never opening data: what is not known is left out.
  DatasetInfo unopened_info() const { return dataset_->info(); }
  // Opened: the splits that were asked for; others when they are needed.
  const Dataset& dataset();
  // REQUIRES: the data is not open.
  void ask_for(std::vector<Split> splits) { request_.splits = std::move(splits); }
  // All are, unless some were asked for.
  bool asks_for(Split split) const {
    return request_.splits.empty() || std::ranges::count(request_.splits, split) > 0;
  }
  bool opened_data() const { return opened_data_; }
  Executor& executor();  // opened, with the run's threads
  const Executor* opened_executor() const { return executor_.get(); }
  int threads() const;

  // The network that --load brings, for the run's batch size; or else the model for the run's data
  // and batch size, with the weights of --load if any.
  Graph build_graph(RunContext& context);
  Graph build_graph(RunContext& context, const DatasetInfo& info);
  // The model with some of its options changed. Thread-safe. REQUIRES: build_graph() was called
  // before. Throws usage_error if the model's plugin is not there.
  Graph rebuild_graph(const Value& changed_options, RunContext& context);
  const Loading& loading() const { return loading_; }
  // The file of --load, its SHA-256 and its real type; none if nothing was loaded.
  const Value& weights() const { return weights_; }
  // What the graph comes from once these passes have changed it. `trained`: on the run's data,
  // which is open, by that loss.
  NetworkOrigin origin(const Graph& graph, std::optional<Loss> trained = {}) const;
  // Warns of passes that this run puts the network through and that it has been through.
  void will_run(const Pipeline& pipeline) const;
  // One of them is done: what origin() says of the graph follows.
  void has_run(const Step& step);
  // A pass that something else ran, as --passes names it.
  void has_been_through(const std::string& pass) { passes_ += (passes_.empty() ? "" : ",") + pass; }
  // So does it of options with which the model was built anew. REQUIRES: of the model.
  void has_rebuilt(const Value& changed_options);

  // `folder` empty: passes may write no files.
  RunContext context(const std::filesystem::path& folder);

 private:
  Graph build_model_graph(const Value& options, const DatasetInfo& info, RunContext& context);
  Graph load_weights(const Graph& graph, const Checkpoint& checkpoint,
                     const std::filesystem::path& path);
  Graph load_network(const SavedNetwork& network, std::uint64_t seed);
  Chosen choose_model() const;
  Chosen choose_dataset() const;
  std::vector<SavedComponent> components_of(const Graph& graph) const;
  Chosen choose(Kind kind, OptionKey<OptionalText> option, std::string_view what) const;

  Settings settings_;
  const std::atomic<bool>& cancelled_;
  std::unique_ptr<Registry> registry_;
  const PluginOps ops_;
  RunContext calls_;            // of plugin calls that are made outside of any pass
  const RunOfThread main_run_;  // on the thread that made the session
  const Loading loading_;
  Chosen model_, dataset_choice_;
  std::string passes_;  // that have changed the graph since it was built or loaded
  // Of graphs that passes load: of the last one; and of the one that the run's graph has become.
  std::optional<NetworkOrigin> loaded_, adopted_;
  std::mutex loaded_mutex_;
  std::shared_ptr<Dataset> dataset_;
  OpenRequest request_;
  std::atomic<bool> opened_data_ = false;
  std::mutex build_mutex_;
  std::mutex executor_mutex_;
  std::shared_ptr<Executor> executor_;
  Value weights_;
};

}  // namespace lathe
