// What a file puts before the names of a network's weights: "", "model.", "module.", "ema.", ...
#pragma once

#include "core/graph/graph.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace lathe {

struct Checkpoint;
struct LoadOptions;

// Whether a file may be without this parameter: what counts batches does so in training only, and
// weights that were trained without a number format have none of its state. `name` is its name in
// the file.
bool may_be_missing(const Parameter& parameter, const Checkpoint& checkpoint,
                    const std::string& name);

// The prefix under which most of the wanted names are found, with their shapes, the shortest of
// equals; the one that is asked for where one is. Throws run_error that lists them if several sets
// are complete or, where a part of one is enough, equally large.
std::string prefix_of(const std::vector<Graph::Named>& wanted, const Checkpoint& checkpoint,
                      const LoadOptions& options, const std::filesystem::path& path);

}  // namespace lathe
