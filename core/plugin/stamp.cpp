#include "core/plugin/stamp.hpp"

#include "core/base/error.hpp"
#include "core/plugin/services.hpp"

#include <lathe/module.h>

#include <fmt/format.h>

#include <algorithm>

namespace lathe {
namespace {

constexpr std::string_view kSection = ".lathe_meta";
constexpr std::uint64_t kStampLimit = 1u << 20;
constexpr std::size_t kIdLimit = 128;

bool is_id(std::string_view id, std::string_view marks) {
  return !id.empty() && id.size() <= kIdLimit && std::ranges::all_of(id, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
  });
}

}  // namespace

bool is_component_id(std::string_view id) { return is_id(id, "_-."); }

Stamp parse_stamp(std::string_view bytes, const std::filesystem::path& path) {
  const auto refuse = [&](const std::string& why) {
    return usage_error(fmt::format("plugin '{}' {}", path.string(), why));
  };
  Stamp stamp;
  bool has_abi = false;
  // A linker may put padding between the pieces of a section: empty texts are skipped.
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\0');
    if (end == std::string_view::npos) throw refuse("has a stamp that does not end; it is damaged");
    const std::string_view entry = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    if (entry.empty()) continue;
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) {
      throw refuse(fmt::format("has a damaged stamp: '{}' is not key=value", entry.substr(0, 80)));
    }
    const std::string_view key = entry.substr(0, equals);
    const std::string_view value = entry.substr(equals + 1);
    if (key == "abi") {
      if (value != std::to_string(LATHE_ABI_VERSION)) {
        throw refuse(fmt::format(
            "is built for ABI {}, this host speaks ABI {}: build it again with this host's SDK",
            value.substr(0, 20), LATHE_ABI_VERSION));
      }
      has_abi = true;
    } else if (key == "component") {
      const std::size_t first = value.find(':');
      const std::size_t second =
          first == std::string_view::npos ? first : value.find(':', first + 1);
      if (second == std::string_view::npos) {
        throw refuse(fmt::format("has a damaged stamp: component '{}' is not kind:id:version",
                                 value.substr(0, 80)));
      }
      StampedComponent component{std::string(value.substr(0, first)),
                                 std::string(value.substr(first + 1, second - first - 1)),
                                 std::string(value.substr(second + 1))};
      if (!is_component_id(component.id)) {
        throw refuse(
            fmt::format("names a component '{}': an id is made of letters, digits, '_', "
                        "'-' and '.'",
                        component.id.substr(0, 80)));
      }
      stamp.components.push_back(std::move(component));
    } else if (key == "source") {
      stamp.sources.emplace_back(value);
    } else if (key == "service") {
      const std::string_view shown = value.substr(0, 80);
      if (!is_id(value, "_-./")) {
        throw refuse(
            fmt::format("offers a service '{}': an id is made of letters, digits, '_', "
                        "'-', '.' and '/'",
                        shown));
      }
      if (is_host_service(value)) {
        throw refuse(
            fmt::format("offers a service '{}': ids that begin with 'lathe.' are the "
                        "host's own",
                        shown));
      }
      if (std::ranges::find(stamp.services, value) != stamp.services.end()) {
        throw refuse(fmt::format("offers the service '{}' twice", shown));
      }
      stamp.services.emplace_back(value);
    }
    // Other keys come from newer SDKs and are none of this host's business.
  }
  if (!has_abi) throw refuse("has a stamp without its ABI version; it is damaged");
  return stamp;
}

Stamp read_stamp(const ElfFile& file, const std::filesystem::path& path) {
  const std::optional<std::string> bytes = file.section(kSection, kStampLimit);
  if (!bytes) {
    throw usage_error(fmt::format(
        "'{}' has no Lathe stamp (ELF section {}): it is no plugin, or was built without the SDK's "
        "LATHE_STAMP",
        path.string(), kSection));
  }
  return parse_stamp(*bytes, path);
}

}  // namespace lathe
