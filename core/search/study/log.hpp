// The trials of a search as rows of MASE's log.
#pragma once

#include "core/mase/log_json.hpp"
#include "core/search/space/space.hpp"
#include "core/search/study/trial.hpp"

namespace lathe {

LoggedTrial logged(const SearchSpace& space, const Trial& trial);
// The columns of a log of these trials.
LogColumns columns_of(std::span<const Trial> trials, std::size_t objectives);

// Writes log.json and best.json into `folder`, which is made if it is not there. `best` are indexes
// into `trials`. A reader sees each file whole, or the one before.
void write_log(const std::filesystem::path& folder, const SearchSpace& space,
               std::span<const Trial> trials, std::span<const std::size_t> best,
               std::size_t objectives);

}  // namespace lathe
