#include "core/plugin/registry.hpp"

#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/words/near_path.hpp"
#include "core/base/words/suggest.hpp"
#include "core/plugin/found/found_files.hpp"
#include "core/plugin/found/offers.hpp"
#include "core/plugin/load.hpp"
#include "core/plugin/trust.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <map>
#include <mutex>
#include <set>

namespace lathe {
namespace {

struct KindId {
  Kind kind;
  std::string_view id;
};
constexpr std::array<KindId, 6> kKinds{{{Kind::pass, LATHE_KIND_PASS},
                                        {Kind::model, LATHE_KIND_MODEL},
                                        {Kind::dataset, LATHE_KIND_DATASET},
                                        {Kind::format, LATHE_KIND_FORMAT},
                                        {Kind::sampler, LATHE_KIND_SAMPLER},
                                        {Kind::op, LATHE_KIND_OP}}};

// Components outlive every registry: instances and graphs point at them.
const Component* keep(std::unique_ptr<Component> component) {
  static std::mutex mutex;
  static auto* kept = new std::vector<std::unique_ptr<Component>>;
  const std::lock_guard lock(mutex);
  return kept->emplace_back(std::move(component)).get();
}

// The values of `name` that a transform claims in its node maps: each value may have one owner, or
// a config could not say which transform an entry is for.
std::vector<std::string> claims_of(const Component& component) {
  std::vector<std::string> claims;
  if (component.kind != Kind::pass || !component.has(LATHE_FLAG_MUTATES_GRAPH)) return claims;
  for (const Option& option : component.options.options) {
    for (const Option& item : option.items) {
      if (item.key != "name") continue;
      for (const std::string& choice : item.choices) {
        if (choice != "NA") claims.push_back(fmt::format("the name '{}'", choice));
      }
      if (item.choices.empty()) {
        claims.push_back(fmt::format("every {} as a name", option.item_kind));
      }
    }
  }
  return claims;
}

}  // namespace

std::span<const Kind> all_kinds() {
  static constexpr auto kEveryKind = [] {
    std::array<Kind, kKinds.size()> out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = kKinds[i].kind;
    return out;
  }();
  return kEveryKind;
}

std::string_view kind_word(std::string_view id) { return id.substr(0, id.find('/')); }

std::string_view name(Kind kind) {
  return kind_word(std::ranges::find(kKinds, kind, &KindId::kind)->id);
}

std::optional<Kind> kind_from_name(std::string_view name) {
  const auto found =
      std::ranges::find(kKinds, name, [](const KindId& known) { return kind_word(known.id); });
  return found == kKinds.end() ? std::nullopt : std::optional(found->kind);
}

std::optional<Kind> kind_from_id(std::string_view id) {
  const auto found = std::ranges::find(kKinds, id, &KindId::id);
  return found == kKinds.end() ? std::nullopt : std::optional(found->kind);
}

namespace {

std::string kinds_of(const Stamp& stamp) {
  std::set<std::string_view> kinds;
  for (const StampedComponent& c : stamp.components) kinds.insert(c.kind);
  return kinds.empty() ? "none" : fmt::format("{}", fmt::join(kinds, ", "));
}

std::string known_kinds() {
  std::string all;
  for (const KindId& known : kKinds) all += (all.empty() ? "" : ", ") + std::string(known.id);
  return all;
}

}  // namespace

struct Registry::State {
  struct Slot : ChosenFile {
    std::atomic<const Component*> component{nullptr};
  };
  struct Loading {
    const FoundFile* file;
    LoadedModule module;
  };

  // Fixed once the constructor is done: looked up without a lock.
  AboutName about = nullptr;
  FoundFiles found;
  std::vector<Listed> listed;
  std::vector<std::unique_ptr<Slot>> slots;  // of listed, in the same order
  Offers offers;

  std::mutex loading;
  std::map<std::string, const Component*> claims;
  std::vector<const Component*> loaded;
  std::vector<std::unique_ptr<PluginService>> services;
  std::set<const FoundFile*> loaded_files;
  std::vector<std::string> warnings;

  void index_components();
  std::size_t position(Kind kind, std::string_view id) const;
  const PluginService& needed(const PluginNeed& need, std::span<const Loading> fresh) const;
  std::vector<Loading> open_with_needs(const FoundFile& file) const;
  void check_needs(std::span<const Loading> fresh) const;
  bool uses(const Component& component, const FoundFile& file) const;
  void claim_names(std::span<const Loading> fresh);
  void keep_loaded(Loading& fresh);
  void load(const ChosenFile& choice);
};

void Registry::State::index_components() {
  std::vector<std::pair<Listed, const FoundFile*>> all;
  for (const auto& file : found.files()) {
    const Stamp& stamp = file->stamp;
    for (const StampedComponent& c : stamp.components) {
      const std::optional<Kind> kind = kind_from_id(c.kind);
      if (!kind) {
        log_debug("{} '{}' of '{}' is of a kind that this host does not know: {}",
                  kind_word(c.kind), c.id, file->path.string(), c.kind);
        continue;
      }
      const bool fetchable =
          *kind == Kind::dataset && std::ranges::find(stamp.sources, c.id) != stamp.sources.end();
      all.emplace_back(Listed{*kind, c.id, c.version, file->path, file->source, fetchable},
                       file.get());
    }
  }
  // In the order of the search where ids are equal: explicit files first.
  std::ranges::stable_sort(all, [](const auto& a, const auto& b) {
    return std::tie(a.first.kind, a.first.id) < std::tie(b.first.kind, b.first.id);
  });
  for (auto& [item, file] : all) {
    if (!listed.empty() && listed.back().kind == item.kind && listed.back().id == item.id) {
      meet_rival(*slots.back(), *file, fmt::format("{} '{}'", name(item.kind), item.id));
      continue;
    }
    listed.push_back(std::move(item));
    slots.push_back(std::make_unique<Slot>());
    slots.back()->file = file;
  }
}

std::size_t Registry::State::position(Kind kind, std::string_view id) const {
  const auto key = std::pair(kind, id);
  const auto at = std::ranges::lower_bound(listed, key, {}, [](const Listed& item) {
    return std::pair(item.kind, std::string_view(item.id));
  });
  const bool hit = at != listed.end() && at->kind == kind && at->id == id;
  return hit ? static_cast<std::size_t>(at - listed.begin()) : listed.size();
}

// Opens a file and those whose services it needs, also in a circle. What is loaded already is left
// out.
std::vector<Registry::State::Loading> Registry::State::open_with_needs(
    const FoundFile& file) const {
  std::vector<Loading> fresh;
  std::vector<const FoundFile*> wanted{&file};
  const auto open = [&](std::size_t i) {
    fresh.push_back({wanted[i], load_module(wanted[i]->path, wanted[i]->stamp)});
    for (const PluginNeed& need : fresh.back().module.contents.needs) {
      const FoundFile* other = offers.for_need(need.service, *wanted[i], found).file;
      if (!loaded_files.contains(other) && std::ranges::find(wanted, other) == wanted.end())
        wanted.push_back(other);
    }
  };
  open(0);
  for (std::size_t i = 1; i < wanted.size(); ++i) {
    try {
      open(i);
    } catch (const Error& error) {
      throw error.within(fmt::format("plugin '{}' needs '{}'", file.path.string(),
                                     wanted[i]->path.filename().string()));
    }
  }
  return fresh;
}

// REQUIRES: the file that offers it is loaded, or among `fresh`.
const PluginService& Registry::State::needed(const PluginNeed& need,
                                             std::span<const Loading> fresh) const {
  const Offer& there = *offers.find(need.service);
  if (const PluginService* done = there.service.load()) return *done;
  const auto from = std::ranges::find(fresh, there.file, &Loading::file);
  return *std::ranges::find(from->module.contents.services, need.service, &PluginService::id);
}

void Registry::State::check_needs(std::span<const Loading> fresh) const {
  for (const Loading& one : fresh) {
    for (const PluginNeed& need : one.module.contents.needs) {
      const PluginService& service = needed(need, fresh);
      if (need.table_size <= service.table_size) continue;
      throw usage_error(fmt::format(
          "plugin '{}' needs the service '{}' with {} bytes, '{}' offers {}; use a newer one",
          one.file->path.string(), need.service, need.table_size, service.file.string(),
          service.table_size));
    }
  }
}

// A component of a file may be unused: another file brings its id too.
bool Registry::State::uses(const Component& component, const FoundFile& file) const {
  const Slot& slot = *slots[position(component.kind, component.id)];
  return slot.file == &file && slot.rival.empty();
}

void Registry::State::claim_names(std::span<const Loading> fresh) {
  auto claimed = claims;
  for (const Loading& one : fresh) {
    for (const auto& component : one.module.contents.components) {
      if (!uses(*component, *one.file)) continue;
      for (const std::string& claim : claims_of(*component)) {
        const auto [taken, is_new] = claimed.emplace(claim, component.get());
        if (is_new) continue;
        throw usage_error(fmt::format(
            "two transforms claim {} in their node maps: '{}' ({}) and '{}' ({}); use one of them",
            claim, taken->second->id, taken->second->file.string(), component->id,
            component->file.string()));
      }
    }
  }
  claims = std::move(claimed);
}

void Registry::State::keep_loaded(Loading& fresh) {
  for (PluginService& service : fresh.module.contents.services) {
    Offer& offer = *offers.find(service.id);
    services.push_back(std::make_unique<PluginService>(std::move(service)));
    // Another file may be the one that is used for it.
    if (offer.file == fresh.file && offer.rival.empty()) {
      offer.service.store(services.back().get());
    }
  }
  for (auto& component : fresh.module.contents.components) {
    const bool used = uses(*component, *fresh.file);
    const Component* kept = keep(std::move(component));
    loaded.push_back(kept);
    if (used) slots[position(kept->kind, kept->id)]->component.store(kept);
  }
  loaded_files.insert(fresh.file);
  for (const std::string& warning : fresh.module.warnings) log_warning("{}", warning);
  warnings.insert(warnings.end(), fresh.module.warnings.begin(), fresh.module.warnings.end());
}

void Registry::State::load(const ChosenFile& choice) {
  const std::lock_guard lock(loading);
  if (!choice.rival.empty()) throw usage_error(choice.rival);
  if (loaded_files.contains(choice.file)) return;
  std::vector<Loading> fresh = open_with_needs(*choice.file);
  check_needs(fresh);
  claim_names(fresh);
  for (Loading& one : fresh) keep_loaded(one);
}

Registry::Registry(const std::vector<PluginFolder>& folders,
                   const std::vector<std::filesystem::path>& explicit_files, AboutName about)
    : state_(std::make_unique<State>()) {
  state_->about = about;
  for (const std::filesystem::path& file : explicit_files) {
    std::error_code error;
    const std::filesystem::path real = std::filesystem::canonical(file, error);
    if (error && error.value() != ENOENT && error.value() != ENOTDIR) {
      throw usage_error(read_failure(file, error.value()).message());
    }
    if (error) {
      throw usage_error(fmt::format("there is no plugin file '{}'{}{}", file.string(),
                                    file.is_relative() ? " in the working directory" : "",
                                    near_path(file)));
    }
    check_trusted_folder(real.parent_path());
    const FoundFile* found = state_->found.add(real, kExplicit);
    if (found == nullptr || !found->stamp.services.empty()) continue;
    if (std::ranges::none_of(found->stamp.components, [](const StampedComponent& c) {
          return kind_from_id(c.kind).has_value();
        })) {
      throw usage_error(
          fmt::format("plugin '{}' brings no component that this host knows: it has {}, the host "
                      "knows {}; build "
                      "it again with this host's SDK, or use a newer host",
                      real.string(), kinds_of(found->stamp), known_kinds()));
    }
  }
  for (const PluginFolder& folder : folders) state_->found.add_folder(folder);
  state_->index_components();
  state_->offers.index(state_->found);
}

Registry::~Registry() = default;

std::span<const Listed> Registry::listed() const { return state_->listed; }

std::span<const OfferedService> Registry::services() const { return state_->offers.listed(); }

std::span<const BrokenPlugin> Registry::broken() const { return state_->found.broken(); }

std::vector<std::string> Registry::ids(Kind kind) const {
  std::vector<std::string> out;
  for (const Listed& item : state_->listed) {
    if (item.kind == kind) out.push_back(item.id);
  }
  return out;
}

const Component& Registry::find(Kind kind, std::string_view id, const Position& position) const {
  const std::size_t at = state_->position(kind, id);
  if (at == state_->listed.size()) {
    const std::string known_elsewhere =
        state_->about == nullptr ? std::string() : state_->about(name(kind), id);
    const std::vector<std::string> known = ids(kind);
    const std::string all = near_words(id, known).empty()
                                ? fmt::format("; 'lathe list {}' lists them", name(kind))
                                : "";
    throw usage_error(fmt::format("unknown {} '{}'{}{}{}{}", name(kind), id, known_elsewhere,
                                  suggestion(id, known), all, state_->found.about_broken()),
                      position);
  }
  const State::Slot& slot = *state_->slots[at];
  if (const Component* component = slot.component.load()) return *component;
  try {
    state_->load(slot);
  } catch (const Error& error) {
    throw error.at(position);
  }
  return *slot.component.load();
}

bool Registry::knows(Kind kind, std::string_view id) const {
  return state_->position(kind, id) != state_->listed.size();
}

const PluginService* Registry::service(std::string_view id) const {
  const Offer* offer = state_->offers.find(id);
  if (offer == nullptr) return nullptr;
  if (const PluginService* service = offer->service.load()) return service;
  state_->load(*offer);
  return offer->service.load();
}

std::vector<const Component*> Registry::loaded() const {
  const std::lock_guard lock(state_->loading);
  return state_->loaded;
}

std::vector<const PluginService*> Registry::loaded_services() const {
  const std::lock_guard lock(state_->loading);
  std::vector<const PluginService*> out;
  for (const auto& service : state_->services) out.push_back(service.get());
  return out;
}

std::vector<std::string> Registry::warnings() const {
  const std::lock_guard lock(state_->loading);
  return state_->warnings;
}

}  // namespace lathe
