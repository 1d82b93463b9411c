// Data sets over plugins and over tensors, and the order in which an epoch sees their rows.
#pragma once

#include "core/host/dataset.hpp"
#include "core/plugin/registry.hpp"

namespace lathe {

// A data set from tensors, for tests and for plugins' own data.
std::shared_ptr<Dataset> dataset_of(std::string id, SplitTensors train, SplitTensors validation,
                                    SplitTensors test, std::int64_t classes);

// Order of the rows of an epoch: a permutation keyed by (seed, epoch).
std::vector<std::uint64_t> epoch_order(std::uint64_t rows, bool shuffle, std::uint64_t seed,
                                       std::int64_t epoch);

// A data-set plugin. `text` is how the user named it. Options are checked already.
std::shared_ptr<Dataset> make_dataset(const Component& component, const Value& options,
                                      const std::string& text,
                                      const std::filesystem::path& data_dir);

}  // namespace lathe
