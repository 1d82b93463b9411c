// What --load brings to a run, found before anything is built: the files, the network if one was
// saved with the weights, and what that says of model, data set and loss. Builds nothing.
#pragma once

#include "core/checkpoint/checkpoint.hpp"
#include "core/cli/run/saved/files.hpp"
#include "core/cli/run/saved/network.hpp"
#include "core/cli/run/settings.hpp"
#include "core/plugin/registry.hpp"

#include <map>
#include <optional>

namespace lathe {

struct Loading {
  LoadFiles files;
  std::map<std::string, std::string> metadata;  // of the weights
  // The graph is rebuilt from it. Nothing: MODEL is built, and takes the weights by name.
  std::optional<SavedNetwork> network;

  bool empty() const { return files.named.empty(); }
  // When in their training the weights were written, as a sentence; empty: not known.
  std::string moment() const;
  // What would be loaded, and as what; REQUIRES: not empty.
  std::string text() const;
};

// Settles what the settings leave to the checkpoint: MODEL, DATASET, --data-dir and --loss where
// nobody gave them; a single word that names a data set is DATASET. Throws usage_error for a MODEL
// of another network and for weights that need one, run_error for what is missing or damaged.
Loading find_loading(Settings& settings, const Registry& registry, const OpSet& ops);

// A network that was saved with its weights. Throws usage_error if `named` is none, run_error for
// what is missing or damaged.
Loading find_saved_network(const std::filesystem::path& named, const Registry& registry,
                           const OpSet& ops);

// Its graph without the weights, for its own batch size unless another is given. Warns of plugins
// that are not those it was saved with.
Graph rebuilt(const SavedNetwork& network, std::uint64_t seed, const OpSet& ops,
              std::optional<std::int64_t> batch = {});

// A checkpoint without what only --resume reads of it.
Checkpoint read_weights(const std::filesystem::path& path);
// The same for the graph that was saved with it: if that has no parameters, nor has the file.
Checkpoint read_weights_of(const Graph& saved, const std::filesystem::path& path);

// What to add to an error about weights that do not fit the MODEL that was named; empty: nothing.
std::string why_unfit(const Loading& loading);

}  // namespace lathe
