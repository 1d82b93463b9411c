// The session outlives every context it makes: their functions point back at it.
#include "core/cli/run/session.hpp"

#include "core/cli/run/no_dataset.hpp"
#include "core/cli/run/open_executor.hpp"
#include "core/data/known_sets.hpp"
#include "core/graph/io/json.hpp"
#include "core/tensor/hash.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <thread>

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
  spdlog::warn("accelerator 'mps' is not supported; the CPU is used");
  return "cpu";
}

void warn_of_other_plugins(const Value& saved, const OpSet& ops,
                           const std::filesystem::path& file) {
  for (const SavedOp& op : saved_ops(saved)) {
    const OpRow& row = *ops.find(op.op);
    if (row.plugin_hash == op.sha256) continue;
    spdlog::warn("'{}' was saved with another '{}' of the op '{}' than '{}' (SHA-256 {}, now {})",
                 file.string(), op.file, op.op, row.plugin_file, op.sha256, row.plugin_hash);
  }
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
      registry_(std::make_unique<Registry>(default_plugin_folders(), plugin_files(settings))),
      ops_(*registry_),
      calls_(context({})),
      main_run_(&calls_),
      model_(choose(Kind::model, kModel, "model")),
      dataset_choice_(choose_dataset()),
      dataset_(has_dataset()
                   ? make_dataset(*dataset_choice_.component, dataset_choice_.options,
                                  dataset_choice_.text, data_dir_from(settings.text(kDataDir)))
                   : no_dataset()) {}

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
    throw usage_error(fmt::format(
        "no {} is given; say 'lathe {} MODEL DATASET', --{} or {} = \"...\" in the config file; "
        "'lathe --info {}' lists them",
        what, settings_.command->word, key, key, key));
  const std::string origin =
      value.position().known() ? value.position().text() : fmt::format("<{}>", key);
  const ComponentText text = parse_component(value.as_string(), origin);
  const Component& component = registry_->find(kind, text.name, value.position());
  return {text_of(text), &component, check_options(component.options, text.options)};
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
  }
  return *executor_;
}

Graph Session::build_graph(RunContext& context, const DatasetInfo& info) {
  const std::filesystem::path path = settings_.text(kLoadName);
  if (std::filesystem::is_directory(path)) return load_graph(path, context.seed);
  return build_model_graph(model_.options, info, context);
}

Graph Session::rebuild_graph(const Value& changed_options, RunContext& context) {
  const std::lock_guard lock(build_mutex_);
  Value options = model_.options;
  for (const auto& [key, value] : changed_options.as_map()) options.set(key, value);
  return build_model_graph(options, info(), context);
}

Graph Session::build_model_graph(const Value& options, const DatasetInfo& info,
                                 RunContext& context) {
  const Graph graph = build_model(*model_.component, options, info, settings_.get(kBatchSize),
                                  context.seed, context);
  const std::filesystem::path path = settings_.text(kLoadName);
  return path.empty() ? graph : load_weights(graph, path);
}

Graph Session::load_weights(const Graph& graph, const std::filesystem::path& path) {
  const Checkpoint checkpoint = read_checkpoint(path);
  const std::string asked = settings_.text(kLoadType);
  if (!asked.empty() && asked != load_type_of(checkpoint.type))
    spdlog::warn("load_type is '{}', but '{}' is a {} file; it is read as what it is", asked,
                 path.string(), checkpoint.type);
  for (const std::string& name : checkpoint.unread)
    spdlog::warn("'{}' also holds what '{}' would make; it was not called and is left out",
                 path.string(), name);
  Loaded loaded = load_parameters(graph, checkpoint, path);
  const LoadReport& report = loaded.report;
  const std::size_t spare = loaded.graph.spare_state().size();
  spdlog::info("'{}': {} of {} tensors{}{}", path.string(), report.matched,
               checkpoint.tensors.size(),
               report.prefix.empty() ? "" : fmt::format(", under the prefix '{}'", report.prefix),
               spare == 0 ? "" : fmt::format("; {} more are state of number formats", spare));
  if (!report.missing.empty())
    spdlog::info(
        "'{}' lacks {} tensors that can be done without: counts of batches "
        "(num_batches_tracked), or state of number formats, which starts afresh",
        path.string(), report.missing.size());
  if (!report.unused.empty())
    spdlog::warn("'{}': nothing in the graph takes {}", path.string(), quoted_list(report.unused));
  weights_ = Value(Value::Map{{"file", path.string()},
                              {"sha256", sha256_of_file(path)},
                              {"type", checkpoint.type},
                              {"prefix", report.prefix},
                              {"matched", static_cast<std::int64_t>(report.matched)},
                              {"missing", list_value(report.missing)},
                              {"unused", list_value(report.unused)}});
  return std::move(loaded.graph);
}

Graph Session::load_graph(const std::filesystem::path& folder, std::uint64_t seed) {
  const std::filesystem::path file = folder / kGraphFile;
  std::ifstream in(file);
  if (!in)
    throw run_error(LATHE_NOT_FOUND, fmt::format("'{}' is no saved graph: it has no {}",
                                                 folder.string(), kGraphFile));
  const Json json = Json::parse(in, nullptr, false);
  if (json.is_discarded())
    throw run_error(LATHE_INVALID_ARGUMENT, fmt::format("'{}' is no JSON", file.string()));
  Graph graph;
  try {
    const Value saved = value_of(json);
    graph = graph_from_json(saved, seed, &ops_).with_batch(settings_.get(kBatchSize));
    warn_of_other_plugins(saved, ops_, file);
  } catch (const Error& error) {
    throw run_error(error.code(), error.message(), {file.string(), 0, 0});
  }
  spdlog::info("the graph is the saved one of '{}', not a new {}", folder.string(), model_.text);
  return load_weights(graph, folder / kWeightsFile);
}

RunContext Session::context(const std::filesystem::path& folder) {
  RunContext context;
  context.registry = registry_.get();
  context.ops = &ops_;
  context.executor = [this]() -> Executor& { return executor(); };
  context.dataset = [this]() -> const Dataset& { return dataset(); };
  context.batch_size = settings_.get(kBatchSize);
  context.evaluation_batch_size = settings_.get(kEvaluationBatchSize);
  context.loss = asked_loss(settings_.get(kLoss));
  context.run_options = settings_.values;
  context.seed = static_cast<std::uint64_t>(settings_.get(kSeed));
  context.folder = folder;
  context.cancelled = &cancelled_;
  return context;
}

}  // namespace lathe
