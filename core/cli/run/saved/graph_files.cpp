#include "core/cli/run/saved/graph_files.hpp"

#include "core/base/file.hpp"
#include "core/checkpoint/load.hpp"
#include "core/cli/run/saved/loading.hpp"
#include "core/report/toml.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lathe {

namespace {

namespace fs = std::filesystem;

// State that waits for formats is kept too; what a format has taken already comes first.
std::map<std::string, Tensor> tensors_of(const Graph& graph) {
  std::map<std::string, Tensor> tensors = parameters_of(graph);
  tensors.insert(graph.spare_state().begin(), graph.spare_state().end());
  return tensors;
}

void require_formats(const Graph& graph, const Registry& registry, const fs::path& file) {
  for (const NodeId id : graph.order())
    for (const OperandFormat& format : graph.node(id).formats)
      if (!registry.knows(Kind::format, format.format))
        throw run_error(LATHE_NOT_FOUND,
                        fmt::format("the {} of node '{}' has the number format '{}', which no "
                                    "plugin brings now",
                                    format.role, graph.node(id).name, format.format),
                        {file.string()});
}

// A saved graph has all of its tensors; --load is content with less.
void require_whole(const LoadReport& report, const fs::path& file) {
  if (!report.missing.empty())
    throw run_error(LATHE_DATA_LOSS,
                    fmt::format("it lacks '{}', which the graph was saved with",
                                fmt::join(report.missing, "', '")),
                    {file.string()});
  std::vector<std::string> more = report.unused;
  more.insert(more.end(), report.lacking.begin(), report.lacking.end());
  if (more.empty()) return;
  throw run_error(
      LATHE_DATA_LOSS,
      fmt::format("nothing in the graph takes '{}': these are the weights of another network",
                  more.front()),
      {file.string()});
}

}  // namespace

std::vector<fs::path> write_graph(const Graph& graph, const NetworkOrigin& origin,
                                  const fs::path& folder) {
  make_folders(folder);
  const WeightsOrigin described = describe_network(graph, origin);
  std::vector<fs::path> files;
  for (const auto& [name, contents] : described.files) {
    files.push_back(folder / name);
    write_atomically(files.back(), contents);
  }
  files.push_back(folder / kWeightsFile);
  write_safetensors(files.back(), tensors_of(graph), described.metadata);
  return files;
}

void write_metadata(const Value& metadata, const fs::path& file) {
  if (file.has_parent_path()) make_folders(file.parent_path());
  write_atomically(file, toml_text(metadata));
}

SavedGraph read_graph(const fs::path& named, const Registry& registry, const OpSet& ops,
                      std::uint64_t seed, std::int64_t batch) {
  // MASE names the metadata alone; the graph that they are of stands beside them.
  const bool metadata = named.extension() == ".toml" && fs::is_regular_file(named);
  const fs::path beside = named.has_parent_path() ? named.parent_path() : fs::path(".");
  const Loading loading = find_saved_network(metadata ? beside : named, registry, ops);
  const SavedNetwork& network = *loading.network;
  const Graph graph = rebuilt(network, seed, ops, batch);
  require_formats(graph, registry, network.file);
  const fs::path& weights = loading.files.weights;
  const Loaded loaded = load_parameters(graph, read_weights_of(graph, weights), weights,
                                        {.prefix = "", .strict = true});
  require_whole(loaded.report, weights);
  return {loaded.graph.with_untrained(network.origin.untrained), network.origin};
}

}  // namespace lathe
