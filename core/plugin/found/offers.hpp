// Which plugin files offer which services to others: known from their stamps, with tables once they
// are loaded.
#pragma once

#include "core/plugin/found/found_files.hpp"

#include <atomic>

namespace lathe {

struct Offer : ChosenFile {
  std::atomic<const PluginService*> service{nullptr};  // null: not loaded
};

class Offers {
 public:
  // Throws usage_error if two files that the user names offer one.
  void index(const FoundFiles& found);

  std::span<const OfferedService> listed() const { return listed_; }  // sorted by id
  Offer* find(std::string_view id) const;                             // null: nobody offers it
  // What `file` needs. Throws usage_error that says who needs what, and where it was looked for.
  const Offer& for_need(const std::string& service, const FoundFile& file,
                        const FoundFiles& found) const;

 private:
  std::vector<OfferedService> listed_;
  std::vector<std::unique_ptr<Offer>> offers_;  // of listed_, in the same order
};

}  // namespace lathe
