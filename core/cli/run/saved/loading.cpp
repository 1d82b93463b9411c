#include "core/cli/run/saved/loading.hpp"

#include "core/base/log.hpp"
#include "core/checkpoint/checkpoint.hpp"
#include "core/checkpoint/metadata.hpp"
#include "core/cli/run/saved/components.hpp"
#include "core/data/known_sets.hpp"
#include "core/graph/io/json.hpp"
#include "core/graph/ops/op_table.hpp"
#include "core/run/training/training_state.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace lathe {

namespace {

namespace fs = std::filesystem;

// A network that was saved without a word for its model needs one for the names of folders.
constexpr const char* kNameless = "network";
// Where what a checkpoint says was written. Without a folder: names of files are relative to the
// current one.
Position place() { return {kGraphFile, 0, 0}; }

std::string of(const std::map<std::string, std::string>& metadata, const char* key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? std::string() : found->second;
}

std::optional<std::int64_t> number_of(const std::map<std::string, std::string>& metadata,
                                      const char* key) {
  const std::string text = of(metadata, key);
  if (text.empty()) return std::nullopt;
  return std::strtoll(text.c_str(), nullptr, 10);
}

std::string network_text(const NetworkOrigin& origin) {
  return fmt::format("'{}'{}", origin.model.empty() ? kNameless : origin.model,
                     origin.passes.empty() ? "" : fmt::format(" after '{}'", origin.passes));
}

Error not_of_one_kind(const Loading& loading) {
  return run_error(
      LATHE_DATA_LOSS,
      fmt::format("'{}' is not the graph of the weights '{}': it was changed since, or one of the "
                  "two is of another run; name the weights file and MODEL to load them by name",
                  loading.files.graph.string(), loading.files.weights.string()));
}

Error needs_model(const Loading& loading) {
  const std::string file = loading.files.weights.string();
  const std::string model = of(loading.metadata, kNetworkModel);
  if (!of(loading.metadata, kNetworkHash).empty())
    return usage_error(fmt::format(
        "'{}' was trained as '{}', and its {} is {}; bring that, or name MODEL", file, model,
        kGraphFile, loading.files.graph.empty() ? "not beside it" : "not the one beside it"));
  const std::string beside =
      loading.files.graph.empty()
          ? std::string()
          : fmt::format(" (nor that the {} beside it is theirs: if so, --load the folder)",
                        kGraphFile);
  return usage_error(
      fmt::format("'{}' holds weights alone, which do not say of which network they are{}; name "
                  "MODEL",
                  file, beside));
}

// The one word of `lathe test WORD --load RUN`: where the checkpoint brings the model, it may be
// the data set.
void settle_word(Settings& settings, const Registry& registry, const Loading& loading) {
  const Value& word = settings.value(kModel);
  const bool alone = word.position().file == fmt::format("<{}>", kModel.key) &&
                     !settings.on_command_line(kDataset);
  if (word.is_none() || !alone) return;
  const std::string name = parse_component(word.as_string(), word.position().file).name;
  if (!registry.knows(Kind::dataset, name)) return;
  if (registry.knows(Kind::model, name)) {
    if (!loading.network) return;
    const std::string& saved = loading.network->origin.model;
    if (!saved.empty() && parse_component(saved, kGraphFile).name == name) return;
  }
  settings.take_word_as_dataset();
}

// Weights that may fit in part are for a MODEL of the user's, whatever network they are of.
bool into_model(const Settings& settings) {
  return settings.given(kModel) && !settings.get(kLoadStrict);
}

std::string plugin_of(const NetworkOrigin& origin, std::string_view kind, std::string_view id) {
  for (const SavedComponent& component : origin.components)
    if (component.kind == kind && component.id == id)
      return fmt::format(
          "the plugin '{}' (SHA-256 {}) brought when it was saved; name that file "
          "with --plugin",
          component.file, component.sha256);
  return "no plugin brings now";
}

void require_components(const SavedNetwork& network, const Registry& registry, const OpSet& ops) {
  try {
    require_saved_ops(network.graph, ops);
  } catch (const Error& error) {
    throw run_error(error.code(), error.message(), {network.file.string()});
  }
  for (const SavedComponent& component : network.origin.components)
    if (component.kind == name(Kind::format) && !registry.knows(Kind::format, component.id))
      throw run_error(LATHE_NOT_FOUND,
                      fmt::format("the graph has number formats '{}', which {}", component.id,
                                  plugin_of(network.origin, component.kind, component.id)),
                      {network.file.string()});
}

// Known sets have folders of their own in that of data sets: where it was, if it is not here.
void adopt_data_dir(Settings& settings, const NetworkOrigin& origin, const std::string& set) {
  const fs::path here = data_dir_from(settings.text(kDataDir));
  const auto has_set = [&](const fs::path& folder) {
    std::error_code ignored;
    return !folder.empty() && fs::is_directory(folder / set, ignored);
  };
  if (has_set(here) || !has_set(origin.data_dir)) return;
  log_info("'{}' is not in '{}'; '{}', where it was, is taken", set, here.string(),
           (origin.data_dir / set).string());
  settings.adopt(kDataDir.key, origin.data_dir.string());
}

void adopt_dataset(Settings& settings, const Registry& registry, const SavedNetwork& network) {
  const NetworkOrigin& origin = network.origin;
  if (origin.dataset.empty()) return;
  const std::string set = parse_component(origin.dataset, kGraphFile).name;
  if (!registry.knows(Kind::dataset, set)) {
    if (settings.command->data_optional) return;
    throw usage_error(
        fmt::format("'{}' names the data set '{}', which {}; or name another data set",
                    network.file.string(), set, plugin_of(origin, name(Kind::dataset), set)));
  }
  const DataPlaces places{data_dir_from(settings.text(kDataDir)), origin.directory};
  const std::string text =
      located_text(origin.dataset, registry.find(Kind::dataset, set).options, places);
  settings.adopt(kDataset.key, Value(text).at(place()));
  adopt_data_dir(settings, origin, set);
}

void adopt(Settings& settings, const Registry& registry, const SavedNetwork& network) {
  const NetworkOrigin& origin = network.origin;
  const std::string model = origin.model.empty() ? kNameless : origin.model;
  if (!settings.value(kModel).is_none() && !origin.model.empty()) {
    const Value& given = settings.value(kModel);
    const std::string id = parse_component(given.as_string(), given.position().text()).name;
    require_same(given, origin.model, registry.find(Kind::model, id, given.position()),
                 network.file);
  }
  if (settings.value(kModel).is_none() || !origin.model.empty())
    settings.adopt(kModel.key, Value(model).at(place()));
  if (settings.value(kDataset).is_none()) adopt_dataset(settings, registry, network);
  if (settings.value(kLoss).is_none() && !origin.loss.empty())
    settings.adopt(kLoss.key, origin.loss);
}

Loading found_at(const fs::path& named) {
  Loading loading;
  loading.files = find_load_files(named);
  loading.metadata = metadata_of(loading.files.weights);
  const std::string hash = of(loading.metadata, kNetworkHash);
  if (!loading.files.graph.empty() && (loading.files.whole || !hash.empty()))
    loading.network = read_network(loading.files.graph);
  if (loading.network && !hash.empty() && hash != loading.network->sha256) {
    if (loading.files.whole) throw not_of_one_kind(loading);
    loading.network.reset();
  }
  return loading;
}

void warn_of_other_plugins(const Value& saved, const OpSet& ops, const fs::path& file) {
  for (const SavedOp& op : saved_ops(saved)) {
    const OpRow& row = *ops.find(op.op);
    if (row.plugin_hash == op.sha256) continue;
    log_warning("'{}' was saved with another '{}' of the op '{}' than '{}' (SHA-256 {}, now {})",
                file.string(), op.file, op.op, row.plugin_file, op.sha256, row.plugin_hash);
  }
}

}  // namespace

std::string Loading::moment() const {
  const auto row = [](std::int64_t epoch) {
    return fmt::format("epoch {} (row {} of metrics.csv)", epoch + 1, epoch);
  };
  const auto epoch = number_of(metadata, run::kRunningEpoch);
  if (const auto done = number_of(metadata, run::kBatchesDone); epoch && done) {
    if (*done == 0 && *epoch == 0) return "written before the first batch";
    if (*done == 0) return fmt::format("written at the end of {}", row(*epoch - 1));
    const auto all = number_of(metadata, run::kBatchesPerEpoch);
    return fmt::format("written in epoch {}, after batch {}{}: no row of metrics.csv is of them",
                       *epoch + 1, *done, all ? fmt::format(" of {}", *all) : std::string());
  }
  const auto best = number_of(metadata, run::kBestEpoch);
  return best && metadata.contains(kNetworkHash) ? fmt::format("the best, of {}", row(*best))
                                                 : std::string();
}

std::string Loading::text() const {
  const std::string when = moment().empty() ? std::string() : fmt::format(", {}", moment());
  if (!network) return fmt::format("the weights '{}'{}", files.weights.string(), when);
  return fmt::format("the saved network {} of '{}' with the weights '{}'{}",
                     network_text(network->origin), network->file.string(),
                     files.weights.filename().string(), when);
}

Loading find_loading(Settings& settings, const Registry& registry, const OpSet& ops) {
  const fs::path named = settings.text(kLoadName);
  if (named.empty()) return {};
  Loading loading = found_at(named);
  settle_word(settings, registry, loading);
  const bool by_name = into_model(settings);
  if (by_name) loading.network.reset();
  if (loading.network) {
    require_components(*loading.network, registry, ops);
    adopt(settings, registry, *loading.network);
    return loading;
  }
  if (settings.value(kModel).is_none()) {
    read_checkpoint(loading.files.weights);  // what is wrong with the file is said first
    throw needs_model(loading);
  }
  if (const std::string passes = of(loading.metadata, kNetworkPasses); !passes.empty() && !by_name)
    log_warning(
        "'{}' was trained after '{}' had changed its network, and its {} is not beside it: the "
        "weights are loaded by name into MODEL as it is",
        loading.files.weights.string(), passes, kGraphFile);
  return loading;
}

Loading find_saved_network(const fs::path& named, const Registry& registry, const OpSet& ops) {
  std::error_code ignored;
  if (!fs::exists(named, ignored))
    throw usage_error(
        fmt::format("there is no file and no folder '{}'; a saved network is wanted, as "
                    "'lathe transform' with a pass that changes the network leaves one, and "
                    "'lathe train'",
                    named.string()));
  Loading loading = found_at(named);
  if (!loading.network)
    throw usage_error(
        fmt::format("'{}' is no saved network: there is no {} that belongs to these weights; "
                    "'lathe transform' with a pass that changes the network leaves one, and "
                    "'lathe train' does",
                    named.string(), kGraphFile));
  require_components(*loading.network, registry, ops);
  return loading;
}

Graph rebuilt(const SavedNetwork& network, std::uint64_t seed, const OpSet& ops,
              std::optional<std::int64_t> batch) {
  try {
    Graph graph = graph_from_json(network.graph, seed, &ops);
    if (batch) graph = graph.with_batch(*batch);
    warn_of_other_plugins(network.graph, ops, network.file);
    return graph;
  } catch (const Error& error) {
    throw run_error(error.code(), error.message(), {network.file.string(), 0, 0});
  }
}

Checkpoint read_weights(const fs::path& path) {
  Checkpoint checkpoint = read_checkpoint(path);
  if (checkpoint.metadata.contains(run::kRunningEpoch))
    std::erase_if(checkpoint.tensors,
                  [](const auto& entry) { return entry.first.starts_with(run::kStatePrefix); });
  return checkpoint;
}

Checkpoint read_weights_of(const Graph& saved, const fs::path& path) {
  if (!saved.parameters().empty()) return read_weights(path);
  Checkpoint none;
  none.type = "safetensors";
  return none;
}

std::string why_unfit(const Loading& loading) {
  const std::string model = of(loading.metadata, kNetworkModel);
  const std::string passes = of(loading.metadata, kNetworkPasses);
  if (model.empty()) return {};
  if (passes.empty()) return fmt::format("; it was trained as '{}'", model);
  return fmt::format(
      "; it was trained as '{}' after '{}' had changed that network, which {} tells, expected at "
      "'{}'",
      model, passes, kGraphFile, (loading.files.weights.parent_path() / kGraphFile).string());
}

}  // namespace lathe
