#include "core/plugin/found/offers.hpp"

#include "core/base/words/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lathe {

void Offers::index(const FoundFiles& found) {
  std::vector<std::pair<std::string, const FoundFile*>> all;
  for (const auto& file : found.files()) {
    for (const std::string& id : file->stamp.services) all.emplace_back(id, file.get());
  }
  // In the order of the search where ids are equal: explicit files first.
  std::ranges::stable_sort(all, {}, &std::pair<std::string, const FoundFile*>::first);
  for (auto& [id, file] : all) {
    if (!listed_.empty() && listed_.back().id == id) {
      meet_rival(*offers_.back(), *file, fmt::format("service '{}'", id));
      continue;
    }
    listed_.push_back({std::move(id), file->path, file->source});
    offers_.push_back(std::make_unique<Offer>());
    offers_.back()->file = file;
  }
}

Offer* Offers::find(std::string_view id) const {
  const auto at = std::ranges::lower_bound(listed_, id, {}, &OfferedService::id);
  if (at == listed_.end() || at->id != id) return nullptr;
  return offers_[static_cast<std::size_t>(at - listed_.begin())].get();
}

const Offer& Offers::for_need(const std::string& service, const FoundFile& file,
                              const FoundFiles& found) const {
  const Offer* offer = find(service);
  if (offer == nullptr) {
    constexpr std::size_t kMostNamed = 8;
    std::vector<std::string> names, ids;
    for (const auto& looked_at : found.files()) {
      if (names.size() < kMostNamed) names.push_back(looked_at->path.filename().string());
    }
    for (const OfferedService& other : listed_) ids.push_back(other.id);
    const std::size_t count = found.files().size(), more = count - names.size();
    throw usage_error(fmt::format(
        "plugin '{}' needs the service '{}', which no plugin offers{}; {} looked at: "
        "{}{}{}",
        file.path.string(), service, suggestion(service, ids),
        count == 1 ? "1 plugin was" : fmt::format("{} plugins were", count), fmt::join(names, ", "),
        more == 0 ? "" : fmt::format(" and {} more", more), found.about_broken()));
  }
  if (!offer->rival.empty()) {
    throw usage_error(fmt::format("plugin '{}' needs the service '{}', but {}", file.path.string(),
                                  service, offer->rival));
  }
  return *offer;
}

}  // namespace lathe
