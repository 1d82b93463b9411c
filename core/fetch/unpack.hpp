// Archives into a folder. Only plain files and folders inside that folder, up to a bound. Knows
// nothing about where the archive came from.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>

namespace lathe {

// Throws run_error for a damaged archive, for an entry that is a link or device or lies outside,
// and for more than `limit` bytes.
void unpack(const std::filesystem::path& archive, const std::filesystem::path& folder,
            std::uint64_t limit, const std::atomic<bool>& cancelled);

}  // namespace lathe
