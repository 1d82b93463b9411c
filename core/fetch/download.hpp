// One file over HTTP, gone on with where it broke off. Knows nothing about sets, hashes or
// archives.
#pragma once

#include "core/fetch/fetch.hpp"

namespace lathe {

struct Download {
  std::string name;  // for messages and progress
  std::string url;
  std::filesystem::path part;  // where the bytes go; what is there already is gone on with
  std::uint64_t size = 0;      // 0: not known
  // What came before may be gone on with whatever the server says, because a hash is checked later.
  bool is_checked_later = false;
};

// Afterwards `part` is whole: of the size given, or else of the size the server said. Throws
// run_error; `part` is kept unless its bytes are certainly wrong.
void download(const Download& what, const FetchRequest& request,
              const std::atomic<bool>& cancelled);

}  // namespace lathe
