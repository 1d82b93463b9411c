#include "core/plugin/registry.hpp"

#include "core/base/suggest.hpp"
#include "core/graph/ops/op_table.hpp"
#include "core/plugin/load.hpp"
#include "core/plugin/trust.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
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

constexpr std::string_view kExplicit = "explicit";

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
  static constexpr auto kinds = [] {
    std::array<Kind, kKinds.size()> out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = kKinds[i].kind;
    return out;
  }();
  return kinds;
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

// Whoever writes the id of a built-in op must get that op.
void check_op_id(Kind kind, const std::string& id, const std::filesystem::path& path) {
  if (kind != Kind::op || builtin_ops().find(id) == nullptr) return;
  throw usage_error(
      fmt::format("plugin '{}' is refused: it brings the op '{}', and '{}' is a built-in op; give "
                  "it an id of its own, eg: 'org.example.{}'",
                  path.string(), id, id, id));
}

std::string known_kinds() {
  std::string all;
  for (const KindId& known : kKinds) all += (all.empty() ? "" : ", ") + std::string(known.id);
  return all;
}

}  // namespace

struct Registry::State {
  struct File {
    std::filesystem::path path;
    Stamp stamp;
  };
  struct Slot {
    File* file;
    std::string rival;  // why it cannot be said which file is meant; empty: it can
    std::atomic<const Component*> component{nullptr};
  };

  // Fixed once the constructor is done: looked up without a lock.
  std::vector<Listed> listed;
  std::vector<std::unique_ptr<Slot>> slots;  // of listed, in the same order
  std::vector<std::unique_ptr<File>> files;
  std::set<std::pair<dev_t, ino_t>> seen;
  std::vector<BrokenPlugin> broken;

  std::mutex loading;
  std::map<std::string, const Component*> claims;
  std::vector<const Component*> loaded;
  std::vector<std::string> warnings;

  void add_file(const std::filesystem::path& path, const std::string& source,
                std::vector<std::pair<Listed, File*>>& found);
  void add_folder(const PluginFolder& folder, std::vector<std::pair<Listed, File*>>& found);
  void add_file_of_folder(const std::filesystem::path& path, const std::filesystem::path& folder,
                          const std::string& source, std::vector<std::pair<Listed, File*>>& found);
  std::string about_broken() const;
  void index(std::vector<std::pair<Listed, File*>> found);
  std::size_t position(Kind kind, std::string_view id) const;
  const Component& load(std::size_t slot);
};

void Registry::State::add_file(const std::filesystem::path& path, const std::string& source,
                               std::vector<std::pair<Listed, File*>>& found) {
  const OpenFile file(path);
  // The same file in two folders, or by two names, is one plugin.
  if (!seen.emplace(file.status().st_dev, file.status().st_ino).second) return;
  check_trusted_file(path, file.status());
  const ElfFile elf(file.descriptor(), static_cast<std::uint64_t>(file.status().st_size), path);
  files.push_back(std::make_unique<File>(File{path, read_stamp(elf, path)}));
  const Stamp& stamp = files.back()->stamp;
  for (const StampedComponent& c : stamp.components) {
    const std::optional<Kind> kind = kind_from_id(c.kind);
    if (!kind) {
      spdlog::debug("{} '{}' of '{}' is of a kind that this host does not know: {}",
                    kind_word(c.kind), c.id, path.string(), c.kind);
      continue;
    }
    check_op_id(*kind, c.id, path);
    const bool fetchable =
        *kind == Kind::dataset && std::ranges::find(stamp.sources, c.id) != stamp.sources.end();
    found.emplace_back(Listed{*kind, c.id, c.version, path, source, fetchable}, files.back().get());
  }
}

void Registry::State::add_folder(const PluginFolder& folder,
                                 std::vector<std::pair<Listed, File*>>& found) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(folder.path, error);
  if (error) return;  // a missing folder is fine
  std::vector<std::filesystem::path> paths;
  std::filesystem::directory_iterator entries(real, error), end;
  for (; !error && entries != end; entries.increment(error)) {
    if (entries->path().extension() == ".so") paths.push_back(entries->path());
  }
  const auto attempt = [&](const std::filesystem::path& path, const auto& act) {
    try {
      act();
      return true;
    } catch (const Error& fault) {
      broken.push_back({path, folder.source, fault.what()});
      return false;
    }
  };
  if (error) {
    broken.push_back(
        {real, folder.source,
         fmt::format("plugin folder '{}' cannot be read: {}", real.string(), error.message())});
  }
  if (paths.empty() || !attempt(real, [&] { check_trusted_folder(real); })) return;
  std::ranges::sort(paths);
  for (const std::filesystem::path& path : paths) {
    attempt(path, [&] { add_file_of_folder(path, real, folder.source, found); });
  }
}

void Registry::State::add_file_of_folder(const std::filesystem::path& path,
                                         const std::filesystem::path& folder,
                                         const std::string& source,
                                         std::vector<std::pair<Listed, File*>>& found) {
  std::error_code error;
  if (!std::filesystem::is_symlink(path, error)) return add_file(path, source, found);
  const std::filesystem::path target = std::filesystem::canonical(path, error);
  if (error) throw usage_error(fmt::format("plugin '{}' is a link to nothing", path.string()));
  if (target.parent_path() != folder) {
    throw usage_error(
        fmt::format("plugin '{}' is refused: it is a link out of its folder, to '{}'; "
                    "copy the file, or name it with --plugin",
                    path.string(), target.string()));
  }
  add_file(target, source, found);
}

// For the error about an id that nobody brings.
std::string Registry::State::about_broken() const {
  if (broken.empty()) return "";
  return fmt::format("; {} that {} found cannot be used ('lathe plugin list' says why): {}",
                     broken.size() == 1 ? "a plugin" : fmt::format("{} plugins", broken.size()),
                     broken.size() == 1 ? "was" : "were", broken.front().reason);
}

void Registry::State::index(std::vector<std::pair<Listed, File*>> found) {
  // In the order of the search where ids are equal: explicit files first.
  std::ranges::stable_sort(found, [](const auto& a, const auto& b) {
    return std::tie(a.first.kind, a.first.id) < std::tie(b.first.kind, b.first.id);
  });
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Listed& item = found[i].first;
    if (i > 0 && listed.back().kind == item.kind && listed.back().id == item.id) {
      const Listed& first = listed.back();
      if (first.source == kExplicit && item.source != kExplicit) {
        spdlog::warn("the {} '{}' of '{}' is used, not that of '{}' ({})", name(item.kind), item.id,
                     first.file.string(), item.file.string(), item.source);
        continue;
      }
      slots.back()->rival = fmt::format(
          "two plugins bring the {} '{}': '{}' ({}) and '{}' ({}); remove or rename one, or name "
          "the "
          "one that is meant with --plugin",
          name(item.kind), item.id, first.file.string(), first.source, item.file.string(),
          item.source);
      if (item.source == kExplicit) throw usage_error(slots.back()->rival);
      continue;
    }
    listed.push_back(item);
    slots.push_back(std::make_unique<Slot>());
    slots.back()->file = found[i].second;
  }
}

std::size_t Registry::State::position(Kind kind, std::string_view id) const {
  const auto key = std::pair(kind, id);
  const auto found = std::ranges::lower_bound(listed, key, {}, [](const Listed& item) {
    return std::pair(item.kind, std::string_view(item.id));
  });
  const bool hit = found != listed.end() && found->kind == kind && found->id == id;
  return hit ? static_cast<std::size_t>(found - listed.begin()) : listed.size();
}

const Component& Registry::State::load(std::size_t slot) {
  const std::lock_guard lock(loading);
  if (!slots[slot]->rival.empty()) throw usage_error(slots[slot]->rival);
  if (const Component* done = slots[slot]->component.load()) return *done;
  const File& file = *slots[slot]->file;
  LoadedModule module = load_module(file.path, file.stamp);
  auto claimed = claims;
  // A component of the file may be unused: another file brings its id too.
  const auto is_used = [&](std::size_t at) {
    return slots[at]->file == &file && slots[at]->rival.empty();
  };
  for (const auto& component : module.components) {
    if (!is_used(position(component->kind, component->id))) continue;
    for (const std::string& claim : claims_of(*component)) {
      const auto [taken, fresh] = claimed.emplace(claim, component.get());
      if (fresh) continue;
      throw usage_error(fmt::format(
          "two transforms claim {} in their node maps: '{}' ({}) and '{}' ({}); use one of them",
          claim, taken->second->id, taken->second->file.string(), component->id,
          component->file.string()));
    }
  }
  claims = std::move(claimed);
  for (auto& component : module.components) {
    const std::size_t at = position(component->kind, component->id);
    const Component* kept = keep(std::move(component));
    loaded.push_back(kept);
    if (is_used(at)) slots[at]->component.store(kept);
  }
  for (const std::string& warning : module.warnings) spdlog::warn("{}", warning);
  warnings.insert(warnings.end(), module.warnings.begin(), module.warnings.end());
  return *slots[slot]->component.load();
}

Registry::Registry(const std::vector<PluginFolder>& folders,
                   const std::vector<std::filesystem::path>& explicit_files)
    : state_(std::make_unique<State>()) {
  std::vector<std::pair<Listed, State::File*>> found;
  for (const std::filesystem::path& file : explicit_files) {
    std::error_code error;
    const std::filesystem::path real = std::filesystem::canonical(file, error);
    if (error) {
      throw usage_error(fmt::format("there is no plugin file '{}'{}", file.string(),
                                    file.is_relative() ? " in the working directory" : ""));
    }
    const std::size_t before = found.size();
    const std::size_t files = state_->files.size();
    check_trusted_folder(real.parent_path());
    state_->add_file(real, std::string(kExplicit), found);
    if (state_->files.size() > files && found.size() == before) {
      throw usage_error(
          fmt::format("plugin '{}' brings no component that this host knows: it has {}, the host "
                      "knows {}; build "
                      "it again with this host's SDK, or use a newer host",
                      real.string(), kinds_of(state_->files.back()->stamp), known_kinds()));
    }
  }
  for (const PluginFolder& folder : folders) state_->add_folder(folder, found);
  state_->index(std::move(found));
}

Registry::~Registry() = default;

std::span<const Listed> Registry::listed() const { return state_->listed; }

std::span<const BrokenPlugin> Registry::broken() const { return state_->broken; }

std::vector<std::string> Registry::ids(Kind kind) const {
  std::vector<std::string> out;
  for (const Listed& item : state_->listed) {
    if (item.kind == kind) out.push_back(item.id);
  }
  return out;
}

const Component& Registry::find(Kind kind, std::string_view id, const Position& position) const {
  const std::size_t slot = state_->position(kind, id);
  if (slot == state_->listed.size()) {
    throw usage_error(fmt::format("unknown {} '{}'{}{}", name(kind), id, suggestion(id, ids(kind)),
                                  state_->about_broken()),
                      position);
  }
  if (const Component* component = state_->slots[slot]->component.load()) return *component;
  try {
    return state_->load(slot);
  } catch (const Error& error) {
    throw error.at(position);
  }
}

bool Registry::knows(Kind kind, std::string_view id) const {
  return state_->position(kind, id) != state_->listed.size();
}

std::vector<const Component*> Registry::loaded() const {
  const std::lock_guard lock(state_->loading);
  return state_->loaded;
}

std::vector<std::string> Registry::warnings() const {
  const std::lock_guard lock(state_->loading);
  return state_->warnings;
}

}  // namespace lathe
