// Data-set plugins as data sets.
#pragma once

#include "core/host/dataset.hpp"
#include "core/plugin/registry.hpp"

#include <filesystem>

namespace lathe {

// A data-set plugin. `text` is how the user named it. Options are checked already. Of a stream at
// most `stream_limit` bytes are kept; 0: a quarter of the machine's memory.
std::shared_ptr<Dataset> make_dataset(const Component& component, const Value& options,
                                      const std::string& text,
                                      const std::filesystem::path& data_dir,
                                      std::uint64_t stream_limit = 0);

}  // namespace lathe
