// The session outlives every context it makes: their functions point back at it.
#include "core/cli/run/session.hpp"

#include "core/base/log.hpp"
#include "core/checkpoint/odd_contents.hpp"
#include "core/cli/run/no_dataset.hpp"
#include "core/cli/run/open_executor.hpp"
#include "core/cli/run/saved/components.hpp"
#include "core/cli/run/saved/graph_files.hpp"
#include "core/data/known_sets.hpp"
#include "core/mase/names.hpp"
#include "core/run/health/untrained.hpp"
#include "core/search/loop/trial_space.hpp"
#include "core/tensor/hash.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

namespace lathe {

namespace {

// What --load-type calls the types that files really have.
std::string_view load_type_of(std::string_view file_type) {
  return file_type == "lightning" ? "pl" : file_type == "safetensors" ? "mz" : "pt";
}

// "'a', 'b' and 12 more"
std::string quoted_list(const std::vector<std::string>& names) {
  constexpr std::size_t kMostNamed = 6;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNamed); ++i)
    text += fmt::format("{}'{}'", i == 0 ? "" : ", ", names[i]);
  if (names.size() > kMostNamed) text += fmt::format(" and {} more", names.size() - kMostNamed);
  return text;
}

// Metal is a word of MASE's; nothing here runs on it.
std::string device(const std::string& accelerator) {
  if (accelerator != "mps") return accelerator;
  log_warning("accelerator 'mps' is not supported; the CPU is used");
  return "cpu";
}

Value list_value(const std::vector<std::string>& names) {
  return Value(Value::List(names.begin(), names.end()));
}

}  // namespace

std::vector<std::filesystem::path> plugin_files(const Settings& settings) {
  const std::vector<std::string> files = settings.get(kPlugin);
  return {files.begin(), files.end()};
}

Session::Session(const Settings& settings, const std::atomic<bool>& cancelled)
    : settings_(settings),
      cancelled_(cancelled),
      registry_(std::make_unique<Registry>(default_plugin_folders(), plugin_files(settings),
                                           about_mase_name)),
      ops_(*registry_),
      calls_(context({})),
      main_run_(&calls_),
      loading_(find_loading(settings_, *registry_, ops_)),
      model_(choose_model()),
      dataset_choice_(choose_dataset()),
      dataset_(has_dataset()
                   ? make_dataset(*dataset_choice_.component, dataset_choice_.options,
                                  dataset_choice_.text, data_dir_from(settings_.text(kDataDir)))
                   : no_dataset()) {
  if (loading_.network) request_.trained_on = loading_.network->origin.fields;
  const bool chooses = !settings.value(kLoadPrefix).is_none() || !settings.get(kLoadStrict);
  if (chooses && settings.text(kLoadName).empty())
    log_warning("load_prefix and load_strict say how the file of --load is read; none is given");
}

// A saved network is rebuilt without its model's plugin, which is asked for where it is there: only
// a search of the model's options needs it.
Chosen Session::choose_model() const {
  const bool unnamed = loading_.network && loading_.network->origin.model.empty();
  if (!loading_.network || (unnamed && settings_.given(kModel)))
    return choose(Kind::model, kModel, "model");
  const ComponentText text = parse_component(settings_.text(kModel), kGraphFile);
  const bool rebuilds =
      settings_.command->options.has(OptionGroup::search) || settings_.trial != nullptr;
  if (!rebuilds || unnamed || !registry_->knows(Kind::model, text.name))
    return {text_of(text), nullptr, text.options};
  const Component& component = registry_->find(Kind::model, text.name);
  return {text_of(text), &component, check_options(component.options, text.options)};
}

// Counting and rewriting need none: the model then has its published sizes.
Chosen Session::choose_dataset() const {
  if (settings_.command->data_optional && settings_.value(kDataset).is_none())
    return {"no data set", nullptr, {}};
  return choose(Kind::dataset, kDataset, "data set");
}

Chosen Session::choose(Kind kind, OptionKey<OptionalText> option, std::string_view what) const {
  const Value& value = settings_.value(option);
  const std::string_view key = option.key;
  if (value.is_none())
    throw usage_error(
        fmt::format("no {} is given; say {}--{} or {} = \"...\" in the config file, or "
                    "--load RUN, a training that brings it; 'lathe --info {}' lists them",
                    what,
                    settings_.command->words.starts_with("[MODEL]")
                        ? fmt::format("'lathe {} MODEL DATASET', ", settings_.command->word)
                        : "",
                    key, key, key));
  const ComponentText text = given_component(value, key);
  const Component& component = registry_->find(kind, text.name, value.position());
  return {text_of(text), &component, checked_component(component.options, text.options)};
}

int Session::threads() const {
  const std::int64_t asked = settings_.get(kWorkers).value_or(0);
  if (asked > 0) return static_cast<int>(asked);
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

DatasetInfo Session::info() {
  return knows_info_unopened() || !has_dataset() ? dataset_->info() : dataset().info();
}

bool Session::knows_info_unopened() const { return dataset_->info().complete(); }

const Dataset& Session::dataset() {
  dataset_->open(request_);
  opened_data_ = true;
  return *dataset_;
}

Executor& Session::executor() {
  const std::lock_guard lock(executor_mutex_);
  if (executor_ == nullptr) {
    executor_ = open_executor(*registry_, device(settings_.get(kAccelerator)));
    executor_->set_threads(threads());
    executor_->set_cache_limit(static_cast<std::uint64_t>(settings_.get(kCacheLimit)) << 20);
    executor_->set_integer_kernels(settings_.get(kIntegerKernels) == "auto");
  }
  return *executor_;
}

// A saved network knows its shapes: nothing is opened to ask for them.
Graph Session::build_graph(RunContext& context) {
  return build_graph(context, loading_.network ? DatasetInfo{} : info());
}

Graph Session::build_graph(RunContext& context, const DatasetInfo& info) {
  if (loading_.network) return load_network(*loading_.network, context.seed);
  if (const std::string moment = loading_.moment(); !moment.empty())
    log_info("'{}': {}", loading_.files.weights.string(), moment);
  return build_model_graph(model_.options, info, context);
}

Graph Session::rebuild_graph(const Value& changed_options, RunContext& context) {
  if (model_.component == nullptr)
    throw usage_error(
        fmt::format("the model '{}' is built anew, and its plugin is not there; name the plugin's "
                    "file with --plugin",
                    model_.text));
  const std::lock_guard lock(build_mutex_);
  Value options = model_.options;
  for (const auto& [key, value] : changed_options.as_map()) options.set(key, value);
  return build_model_graph(options, info(), context);
}

Graph Session::build_model_graph(const Value& options, const DatasetInfo& info,
                                 RunContext& context) {
  const Graph graph = build_model(*model_.component, options, info, settings_.get(kBatchSize),
                                  context.seed, context);
  if (loading_.empty()) return graph;
  try {
    return load_weights(graph, read_weights(loading_.files.weights), loading_.files.weights);
  } catch (const Error& error) {
    throw Error(error.blame(), error.code(), error.message() + why_unfit(loading_),
                error.position());
  }
}

Graph Session::load_weights(const Graph& graph, const Checkpoint& checkpoint,
                            const std::filesystem::path& path) {
  const std::string asked = settings_.text(kLoadType);
  if (!asked.empty() && asked != load_type_of(checkpoint.type))
    log_warning("load_type is '{}', but '{}' is a {} file; it is read as what it is", asked,
                path.string(), checkpoint.type);
  for (const std::string& name : checkpoint.unread)
    log_warning("'{}' also holds what '{}' would make; it was not called and is left out",
                path.string(), name);
  const LoadOptions options{settings_.get(kLoadPrefix), settings_.get(kLoadStrict)};
  Loaded loaded = load_parameters(graph, checkpoint, path, options);
  const LoadReport& report = loaded.report;
  const std::size_t spare = loaded.graph.spare_state().size();
  log_info("'{}': {} of {} tensors{}{}", path.string(), report.matched, checkpoint.tensors.size(),
           report.prefix.empty() ? "" : fmt::format(", under the prefix '{}'", report.prefix),
           spare == 0 ? "" : fmt::format("; {} more are state of number formats", spare));
  if (!report.missing.empty())
    log_info(
        "'{}' lacks {} tensors that can be done without: counts of batches "
        "(num_batches_tracked), or state of number formats, which starts afresh",
        path.string(), report.missing.size());
  for (const std::string& odd : odd_contents(loaded.graph, checkpoint, report))
    log_warning("'{}': {}", path.string(), odd);
  if (!report.fresh.empty())
    log_warning("'{}' does not have {}; they stay as they are initialised", path.string(),
                fmt::join(report.fresh, ", "));
  if (!report.unused.empty())
    log_warning("'{}': nothing in the graph takes {}", path.string(), quoted_list(report.unused));
  if (!report.lacking.empty())
    log_warning("'{}': {}; Lathe has no such type, and nothing in the graph needs it",
                path.string(), fmt::join(report.lacking, ", "));
  weights_ = Value(Value::Map{{"file", path.string()},
                              {"sha256", sha256_of_file(path)},
                              {"type", checkpoint.type},
                              {"prefix", report.prefix},
                              {"matched", static_cast<std::int64_t>(report.matched)},
                              {"strict", options.strict},
                              {"missing", list_value(report.missing)},
                              {"fresh", list_value(report.fresh)},
                              {"unused", list_value(report.unused)},
                              {"lacking", list_value(report.lacking)}});
  return std::move(loaded.graph);
}

Graph Session::load_network(const SavedNetwork& network, std::uint64_t seed) {
  const Graph graph = rebuilt(network, seed, ops_, settings_.get(kBatchSize));
  log_info("loading {}", loading_.text());
  const std::filesystem::path& weights = loading_.files.weights;
  const Graph loaded = load_weights(graph, read_weights_of(graph, weights), weights);
  weights_.set("graph", Value(network.file.string()));
  return loaded.with_untrained(network.origin.untrained);
}

void Session::will_run(const Pipeline& pipeline) const {
  const std::string saved = loading_.network ? loading_.network->origin.passes : std::string();
  std::vector<ComponentText> before;
  if (!saved.empty()) before = parse_components(saved, kGraphFile);
  for (const Step& step : pipeline.steps) {
    if (!step.component->has(LATHE_FLAG_MUTATES_GRAPH)) continue;
    const std::string pass = text_of(Pipeline{{step}});
    if (std::ranges::count(before, step.component->id, &ComponentText::name) > 0)
      log_warning(
          "the saved network has been through '{}' already, and '{}' changes that once more; "
          "without the pass it is as it was saved",
          saved, pass);
  }
}

void Session::has_run(const Step& step) {
  const std::lock_guard lock(loaded_mutex_);
  std::optional<NetworkOrigin> loaded = std::exchange(loaded_, std::nullopt);
  if (!step.component->has(LATHE_FLAG_MUTATES_GRAPH)) return;
  if (loaded) {
    adopted_ = std::move(loaded);
    passes_.clear();
  } else {
    has_been_through(text_of(Pipeline{{step}}));
  }
}

void Session::has_rebuilt(const Value& changed_options) {
  ComponentText text = parse_component(model_.text, "model");
  for (const auto& [key, value] : changed_options.as_map()) {
    model_.options.set(key, value);
    text.options.set(key, value);
  }
  model_.text = text_of(text);
}

std::vector<SavedComponent> Session::components_of(const Graph& graph) const {
  std::set<std::pair<Kind, std::string>> used;
  if (model_.component != nullptr && !adopted_) used.emplace(Kind::model, model_.component->id);
  if (has_dataset()) used.emplace(Kind::dataset, dataset_choice_.component->id);
  for (const NodeId id : graph.order())
    for (const OperandFormat& format : graph.node(id).formats)
      used.emplace(Kind::format, format.format);
  std::vector<SavedComponent> out;
  for (const Listed& listed : registry_->listed())
    if (listed.source != "built-in" && used.contains({listed.kind, listed.id}))
      out.push_back({std::string(name(listed.kind)), listed.id, listed.file.filename().string(),
                     registry_->find(listed.kind, listed.id).sha256});
  return out;
}

NetworkOrigin Session::origin(const Graph& graph, std::optional<Loss> trained) const {
  NetworkOrigin origin;
  if (adopted_) {
    origin = *adopted_;
  } else if (loading_.network) {
    origin = loading_.network->origin;
  } else {
    origin.model = resolved_text(model_.text, model_.options);
  }
  origin.untrained = trained ? std::vector<std::string>{} : run::untrained_layers(graph);
  if (!passes_.empty()) origin.passes += (origin.passes.empty() ? "" : ",") + passes_;
  std::vector<SavedComponent> components = components_of(graph);
  for (const SavedComponent& component : origin.components)
    if (component.kind == name(Kind::model)) components.push_back(component);
  origin.components = std::move(components);
  if (!has_dataset() || (!trained && !origin.dataset.empty())) return origin;
  std::error_code ignored;
  origin.dataset = resolved_text(dataset_choice_.text, dataset_choice_.options);
  origin.directory = std::filesystem::current_path(ignored);
  const std::filesystem::path data_dir = data_dir_from(settings_.text(kDataDir));
  if (!data_dir.empty()) origin.data_dir = std::filesystem::absolute(data_dir, ignored);
  if (trained) {
    origin.fields = dataset_->info().fields;
    origin.loss = name(*trained);
  }
  return origin;
}

RunContext Session::context(const std::filesystem::path& folder) {
  RunContext context;
  context.registry = registry_.get();
  context.ops = &ops_;
  context.executor = [this]() -> Executor& { return executor(); };
  context.dataset = [this]() -> const Dataset& { return dataset(); };
  const Value* space = settings_.config.search.find("search_space");
  if (space != nullptr) {
    context.trial_space = [this, space](const Graph& graph, RunContext& of) {
      return open_trial_space(*space, graph, registry(), model_options(), of);
    };
  }
  context.batch_size = settings_.get(kBatchSize);
  context.evaluation_batch_size = settings_.get(kEvaluationBatchSize);
  context.loss = asked_loss(settings_.get(kLoss));
  context.run_options = settings_.values;
  context.seed = static_cast<std::uint64_t>(settings_.get(kSeed));
  context.folder = folder;
  context.save_graph = [this](const Graph& graph, const Value& metadata,
                              const std::filesystem::path& into,
                              const std::filesystem::path& metadata_file) {
    auto files = write_graph(graph, origin(graph), into);
    files.push_back(metadata_file.empty() ? into / kMetadataFile : metadata_file);
    write_metadata(metadata, files.back());
    return files;
  };
  context.load_graph = [this, seed = context.seed,
                        batch = context.batch_size](const std::filesystem::path& named) {
    SavedGraph saved = read_graph(named, *registry_, ops_, seed, batch);
    const std::lock_guard lock(loaded_mutex_);
    loaded_ = std::move(saved.origin);
    return std::move(saved.graph);
  };
  context.cancelled = &cancelled_;
  return context;
}

}  // namespace lathe
