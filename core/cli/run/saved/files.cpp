#include "core/cli/run/saved/files.hpp"

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/checkpoint/metadata.hpp"
#include "core/cli/run/saved/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <vector>

namespace lathe {

namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}
bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

fs::path graph_beside(const fs::path& weights) {
  const fs::path graph = weights.parent_path() / kGraphFile;
  return is_there(graph) ? graph : fs::path();
}

// A training, or a saved graph. Weights of anybody's may be called model.safetensors.
bool holds_network(const fs::path& folder) {
  return is_there(folder / kGraphFile) || is_there(folder / kBestFile) ||
         is_there(folder / kLastFile);
}

// Of several, those that are of the network beside them; else the first.
fs::path weights_in(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const char* name : {kBestFile, kLastFile, kWeightsFile})
    if (is_there(folder / name)) found.push_back(folder / name);
  if (found.empty())
    throw run_error(
        LATHE_NOT_FOUND,
        fmt::format(
            "there are no weights beside '{}'; a training that ends before its first checkpoint "
            "leaves none",
            (folder / kGraphFile).string()));
  if (found.size() == 1 || !is_there(folder / kGraphFile)) return found.front();
  const std::string network = read_network(folder / kGraphFile).sha256;
  const auto own = std::ranges::find_if(found, [&](const fs::path& file) {
    const auto metadata = metadata_of(file);
    const auto hash = metadata.find(kNetworkHash);
    return hash != metadata.end() && hash->second == network;
  });
  if (own == found.end()) return found.front();
  for (auto other = found.begin(); other != own; ++other)
    log_warning("'{}' is not of the network of the {} beside it, and '{}' is taken instead",
                other->string(), kGraphFile, own->filename().string());
  return *own;
}

// By its first bytes: other JSON files lie beside weights, too.
bool is_saved_graph(const fs::path& file) {
  if (file.filename() == kGraphFile) return is_there(file);
  if (file.extension() != ".json") return false;
  std::string begin(64, '\0');
  std::ifstream(file).read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return begin.find("\"lathe_graph\"") != std::string::npos;
}

LoadFiles in_folder(const fs::path& named, const fs::path& folder) {
  LoadFiles files{named, weights_in(folder), {}, false};
  files.graph = graph_beside(files.weights);
  files.whole = !files.graph.empty();
  return files;
}

std::string listed(const std::vector<fs::path>& paths) {
  constexpr std::size_t kMostNamed = 6;
  std::string text;
  for (std::size_t i = 0; i < std::min(paths.size(), kMostNamed); ++i)
    text += fmt::format("{}'{}'", i == 0 ? "" : ", ", paths[i].string());
  if (paths.size() > kMostNamed) text += fmt::format(" and {} more", paths.size() - kMostNamed);
  return text;
}

std::vector<fs::path> points_of(const fs::path& sweep) {
  std::vector<fs::path> points;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(sweep, error))
    if (holds_network(entry.path())) points.push_back(entry.path());
  std::ranges::sort(points);
  return points;
}

// Of the folder of all runs: those that hold one.
std::vector<fs::path> runs_of(const fs::path& folder) {
  std::vector<fs::path> runs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const fs::path software = entry.path() / "software";
    if (is_folder(software / "training_ckpts") ||
        is_folder(software / "transform/transformed_ckpt"))
      runs.push_back(entry.path());
  }
  std::ranges::sort(runs);
  return runs;
}

bool is_search(const fs::path& folder) {
  return is_there(folder / "study.db") || is_there(folder / "log.json");
}

[[noreturn]] void refuse(const fs::path& named, const fs::path& training, const fs::path& search) {
  for (const fs::path& sweep : {training / "sweep", named / "sweep", named}) {
    const std::vector<fs::path> points =
        is_folder(sweep) ? points_of(sweep) : std::vector<fs::path>();
    if (!points.empty())
      throw run_error(LATHE_INVALID_ARGUMENT,
                      fmt::format("'{}' holds a sweep, and which of its trainings is meant is not "
                                  "said; name one: {}",
                                  named.string(), listed(points)));
  }
  if (is_search(search) || is_search(named))
    throw run_error(
        LATHE_NOT_FOUND,
        fmt::format(
            "'{}' holds a search, which keeps no weights; --trial {}:NUMBER is the network of "
            "one of its trials",
            named.string(), named.string()));
  if (const std::vector<fs::path> runs = runs_of(named); !runs.empty())
    throw run_error(LATHE_INVALID_ARGUMENT,
                    fmt::format("'{}' holds runs, and which is meant is not said; name one: {}",
                                named.string(), listed(runs)));
  throw run_error(
      LATHE_NOT_FOUND,
      fmt::format("the folder '{}' holds neither a training nor a saved graph: it has no {}, {} "
                  "or {}, and neither have software/training_ckpts and "
                  "software/transform/transformed_ckpt in it",
                  named.string(), kGraphFile, kBestFile, kLastFile));
}

}  // namespace

LoadFiles find_load_files(const fs::path& named) {
  if (is_saved_graph(named)) return {named, weights_in(named.parent_path()), named, true};
  if (!is_folder(named)) return {named, named, graph_beside(named), false};
  if (holds_network(named)) return in_folder(named, named);

  const fs::path software = is_folder(named / "software") ? named / "software" : named;
  const fs::path training = software / "training_ckpts";
  std::vector<fs::path> found;
  for (const fs::path& folder :
       {training, software / "transform/transformed_ckpt", named / "transformed_ckpt"})
    if (holds_network(folder)) found.push_back(folder);
  if (found.empty()) refuse(named, training, software / "search_ckpts");
  if (found.size() > 1)
    throw run_error(LATHE_INVALID_ARGUMENT,
                    fmt::format("'{}' holds {} networks, and which is meant is not said; name one: "
                                "{}",
                                named.string(), found.size(), listed(found)));
  return in_folder(named, found.front());
}

}  // namespace lathe
