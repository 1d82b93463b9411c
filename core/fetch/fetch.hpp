// Getting a known set from the network or from a folder. A library of its own does it, which is
// opened on first use, so that nothing else loads libcurl and libarchive.
#pragma once

#include "core/data/known_sets.hpp"

#include <atomic>
#include <chrono>
#include <functional>

namespace lathe {

struct FetchRequest {
  std::filesystem::path data_dir;
  // Instead of the set's own addresses: of its one file, or of a folder (then it ends in '/') under
  // which its files have their names. Or, without "://", a folder of this machine in which, and
  // below which, they are looked for by name; or the one file.
  std::string from;
  // A connection that breaks is taken up again this often in a row without a byte gained; the wait
  // doubles each time.
  int retries = 5;
  std::chrono::milliseconds retry_delay{500};
  // Bytes of the file that are here, and of how many; 0: not known.
  std::function<void(const std::string& file, std::uint64_t done, std::uint64_t total)> progress;
  std::function<void(const std::string& text)> warning;
};

// Downloads or copies what is missing, checks size and SHA-256, unpacks, and only then moves the
// files to <data_dir>/<set>/. What a broken or cancelled download has is kept beside it and gone on
// with the next time. Throws run_error with the file, the address and the way out.
void fetch(const KnownSet& set, const FetchRequest& request, const std::atomic<bool>& cancelled);

}  // namespace lathe
