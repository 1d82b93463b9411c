#include "core/plugin/found/found_files.hpp"

#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/graph/ops/op_table.hpp"
#include "core/plugin/trust.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

namespace {

// Whoever writes the id of a built-in op must get that op.
void check_op_ids(const Stamp& stamp, const std::filesystem::path& path) {
  for (const StampedComponent& c : stamp.components) {
    if (c.kind != LATHE_KIND_OP || builtin_ops().find(c.id) == nullptr) continue;
    throw usage_error(
        fmt::format("plugin '{}' is refused: it brings the op '{}', and '{}' is a built-in op; "
                    "give it an id of its own, eg: 'org.example.{}'",
                    path.string(), c.id, c.id, c.id));
  }
}

}  // namespace

void meet_rival(ChosenFile& first, const FoundFile& other, const std::string& what) {
  const FoundFile& file = *first.file;
  if (file.source == kExplicit && other.source != kExplicit) {
    log_warning("the {} of '{}' is used, not that of '{}' ({})", what, file.path.string(),
                other.path.string(), other.source);
    return;
  }
  first.rival = fmt::format(
      "two plugins bring the {}: '{}' ({}) and '{}' ({}); remove or rename one, or name the one "
      "that is meant with --plugin",
      what, file.path.string(), file.source, other.path.string(), other.source);
  if (other.source == kExplicit) throw usage_error(first.rival);
}

const FoundFile* FoundFiles::add(const std::filesystem::path& path, std::string_view source) {
  const OpenFile file(path);
  if (!seen_.emplace(file.status().st_dev, file.status().st_ino).second) return nullptr;
  check_trusted_file(path, file.status());
  const ElfFile elf(file.descriptor(), static_cast<std::uint64_t>(file.status().st_size), path);
  Stamp stamp = read_stamp(elf, path);
  check_op_ids(stamp, path);
  files_.push_back(
      std::make_unique<FoundFile>(FoundFile{path, std::string(source), std::move(stamp)}));
  return files_.back().get();
}

void FoundFiles::add_folder(const PluginFolder& folder) {
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
      broken_.push_back({path, folder.source, fault.what()});
      return false;
    }
  };
  if (error) {
    broken_.push_back({real, folder.source,
                       fmt::format("plugin folder '{}' cannot be read: {}", real.string(),
                                   system_text(error.value()))});
  }
  if (paths.empty() || !attempt(real, [&] { check_trusted_folder(real); })) return;
  std::ranges::sort(paths);
  for (const std::filesystem::path& path : paths) {
    attempt(path, [&] { add_file_of_folder(path, real, folder.source); });
  }
}

void FoundFiles::add_file_of_folder(const std::filesystem::path& path,
                                    const std::filesystem::path& folder, std::string_view source) {
  std::error_code error;
  std::filesystem::path target = path;
  if (std::filesystem::is_symlink(path, error)) {
    target = std::filesystem::canonical(path, error);
    if (error) throw usage_error(fmt::format("plugin '{}' is a link to nothing", path.string()));
    if (target.parent_path() != folder) {
      throw usage_error(
          fmt::format("plugin '{}' is refused: it is a link out of its folder, to '{}'; "
                      "copy the file, or name it with --plugin",
                      path.string(), target.string()));
    }
  }
  add(target, source);
}

std::string FoundFiles::about_broken() const {
  if (broken_.empty()) return "";
  return fmt::format("; {} that {} found cannot be used ('lathe plugin list' says why): {}",
                     broken_.size() == 1 ? "a plugin" : fmt::format("{} plugins", broken_.size()),
                     broken_.size() == 1 ? "was" : "were", broken_.front().reason);
}

}  // namespace lathe
