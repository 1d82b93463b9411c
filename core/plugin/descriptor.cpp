#include "core/plugin/descriptor.hpp"

#include "core/options/text/component_text.hpp"
#include "core/plugin/kinds/op_description.hpp"
#include "core/plugin/option_table.hpp"
#include "core/plugin/services.hpp"

#include <fmt/format.h>

#include <cstring>

namespace lathe {
namespace {

// Above these a count is damage, not ambition.
constexpr std::uint64_t kMaxComponents = 4096;
constexpr std::uint64_t kMaxNeeds = 256;
constexpr std::uint64_t kMaxServices = 256;
constexpr std::uint32_t kMaxStructSize = 1u << 16;

constexpr lathe_component_flags kKnownFlags =
    LATHE_FLAG_MUTATES_GRAPH | LATHE_FLAG_READS_WEIGHTS | LATHE_FLAG_EXECUTES |
    LATHE_FLAG_PARALLEL | LATHE_FLAG_NONDETERMINISTIC | LATHE_FLAG_SYNTHETIC |
    LATHE_FLAG_STOCHASTIC | LATHE_FLAG_HAS_SOURCE | LATHE_FLAG_READS_DATA | LATHE_FLAG_ROWS_APART |
    LATHE_FLAG_ELEMENTS_APART;

class ModuleReader {
 public:
  explicit ModuleReader(const std::filesystem::path& path) : path_(path) {}

  ModuleContents read(const lathe_module* module, const Stamp& stamp) {
    if (module == nullptr) refuse(fmt::format("its {}() returns null", LATHE_ENTRY_NAME));
    require_size(module->struct_size, LATHE_SIZE_UP_TO(lathe_module, component_count),
                 "its module");
    const lathe_module m = prefix_of<lathe_module>(module);
    if (m.abi_version != LATHE_ABI_VERSION) {
      refuse(fmt::format("it says ABI {} where this host speaks {}", m.abi_version,
                         LATHE_ABI_VERSION));
    }
    ModuleContents contents;
    contents.needs = read_needs(m);
    contents.services = read_services(m);
    if (m.component_count == 0 && contents.services.empty())
      refuse("it brings no component and offers no service");
    if (m.component_count != 0 && m.components == nullptr) refuse("its components are null");
    if (m.component_count > kMaxComponents) {
      refuse(fmt::format("it claims {} components; at most {} are believed", m.component_count,
                         kMaxComponents));
    }
    std::vector<StampedComponent> described;
    for (std::uint64_t i = 0; i < m.component_count; ++i) {
      if (m.components[i] == nullptr) refuse(fmt::format("its component {} is null", i));
      if (auto component = read_component(m.components[i], i, described)) {
        contents.components.push_back(std::move(component));
      }
    }
    check_stamp(stamp, described);
    check_stamp(stamp, contents.services);
    return contents;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw usage_error(fmt::format("plugin '{}' is refused: {}", path_.string(), why));
  }

  void require_size(std::uint32_t size, std::size_t least, const std::string& what) const {
    if (size < least || size > kMaxStructSize) {
      refuse(fmt::format("{} has struct_size {}, which cannot be (at least {} bytes are mandatory)",
                         what, size, least));
    }
  }

  std::string text(const char* source, const std::string& what) const {
    const std::optional<std::string> out = bounded_text(source);
    if (!out || out->empty())
      refuse(what + (source == nullptr ? " is null" : " is empty or endless"));
    return *out;
  }

  std::string text_or_empty(const char* source, const std::string& what) const {
    return source == nullptr ? std::string() : text(source, what);
  }

  // Calls `read(row, i)` for each row of one of the module's tables.
  template <typename Row, typename Read>
  void each_row(const Row* rows, std::uint64_t count, std::uint64_t row_size, std::uint64_t most,
                const char* what, const Read& read) const {
    if (count == 0) return;
    if (rows == nullptr || count > most) refuse(fmt::format("its list of {}s is damaged", what));
    if (row_size < sizeof(Row) || row_size > kMaxStructSize) {
      refuse(fmt::format("its {}_size of {} cannot be", what, row_size));
    }
    for (std::uint64_t i = 0; i < count; ++i) {
      Row row{};
      std::memcpy(&row, reinterpret_cast<const char*>(rows) + i * row_size, sizeof row);
      read(row, i);
    }
  }

  // Those of other plugins. What the host lacks is one clear line: who needs what, what there is,
  // what to do.
  std::vector<PluginNeed> read_needs(const lathe_module& m) const {
    std::vector<PluginNeed> of_plugins;
    each_row(m.needs, m.need_count, m.need_size, kMaxNeeds, "need",
             [&](const lathe_need& need, std::uint64_t i) {
               const std::string id = text(need.service, fmt::format("need {}", i));
               if (!is_host_service(id)) {
                 of_plugins.push_back({id, need.struct_size});
                 return;
               }
               const std::optional<std::uint64_t> there = host_service_size(id);
               if (there && need.struct_size <= *there) return;
               refuse(fmt::format(
                   "it needs service '{}' with {} bytes, this host has {}; use a newer host, or "
                   "build the plugin for an older target",
                   id, need.struct_size, there ? fmt::format("{} bytes", *there) : "none"));
             });
    return of_plugins;
  }

  std::vector<PluginService> read_services(const lathe_module& m) const {
    std::vector<PluginService> services;
    each_row(m.services, m.service_count, m.service_size, kMaxServices, "service",
             [&](const lathe_service& row, std::uint64_t i) {
               PluginService service;
               service.id = text(row.id, fmt::format("the id of service {}", i));
               service.table = row.table;
               const std::string table = fmt::format("the table of service '{}'", service.id);
               if (row.table == nullptr) refuse(table + " is null");
               std::memcpy(&service.table_size, row.table, sizeof service.table_size);
               require_size(service.table_size, sizeof service.table_size, table);
               services.push_back(std::move(service));
             });
    return services;
  }

  // Null for a kind that only a newer host knows.
  std::unique_ptr<Component> read_component(const lathe_component* source, std::uint64_t index,
                                            std::vector<StampedComponent>& described) const {
    const std::string nth = fmt::format("component {}", index);
    require_size(source->struct_size, LATHE_SIZE_UP_TO(lathe_component, doc), nth);
    const auto c = prefix_of<lathe_component>(source);
    StampedComponent said{text(c.kind, "the kind of " + nth), text(c.id, "the id of " + nth), ""};
    const std::string who = fmt::format("{} '{}'", kind_word(said.kind), said.id);
    if (!is_component_id(said.id)) {
      refuse(fmt::format("the id of {} has other characters than letters, digits, '_', '-', '.'",
                         who));
    }
    said.version = text(c.version, "the version of " + who);
    described.push_back(said);
    const std::optional<Kind> kind = kind_from_id(said.kind);
    if (!kind) return nullptr;

    auto out = std::make_unique<Component>();
    out->kind = *kind;
    out->id = said.id;
    out->version = said.version;
    out->doc = text(c.doc, "the doc of " + who);
    const lathe_component_flags unknown = c.must_flags & ~kKnownFlags;
    if (unknown != 0) {
      refuse(
          fmt::format("{} demands abilities this host does not know (must_flags {:#x}); use a "
                      "newer host",
                      who, unknown));
    }
    out->flags = c.flags | c.must_flags;
    if (c.option_count > 0) {
      out->options = read_option_table(c.options, c.option_count, c.option_size, who, path_);
    }
    out->options.owner = who;
    out->authors = text_or_empty(c.authors, "the authors of " + who);
    out->licence = text_or_empty(c.licence, "the licence of " + who);
    out->url = text_or_empty(c.url, "the url of " + who);
    out->details = text_or_empty(c.details, "the details of " + who);
    if (c.iface == nullptr) refuse(who + " has no interface");
    out->interface_copy = read_interface(*kind, c.iface, who);
    out->interface = out->interface_copy.get();
    if (*kind == Kind::op) out->op = read_op(*out, who);
    return out;
  }

  std::shared_ptr<const OpDescription> read_op(const Component& c, const std::string& who) const {
    try {
      return std::make_shared<const OpDescription>(describe_op(c.as<lathe_op>(), c.options));
    } catch (const Error& error) {
      refuse(fmt::format("{}: {}", who, error.message()));
    }
  }

  // A zero-padded copy.
  template <typename T>
  std::shared_ptr<const T> copied(const void* source, std::size_t least,
                                  const std::string& who) const {
    std::uint32_t size = 0;
    std::memcpy(&size, source, sizeof size);
    require_size(size, least, "the interface of " + who);
    return std::make_shared<const T>(prefix_of<T>(source));
  }

  void require(bool present, const std::string& who, const char* function) const {
    if (!present) refuse(fmt::format("{} has no {}()", who, function));
  }

  std::shared_ptr<const void> read_interface(Kind kind, const void* source,
                                             const std::string& who) const {
    switch (kind) {
      case Kind::pass: {
        const auto i = copied<lathe_pass>(source, LATHE_SIZE_UP_TO(lathe_pass, run), who);
        require(i->run != nullptr, who, "run");
        return i;
      }
      case Kind::model: {
        const auto i = copied<lathe_model>(source, LATHE_SIZE_UP_TO(lathe_model, build), who);
        require(i->build != nullptr, who, "build");
        return i;
      }
      case Kind::dataset: {
        const auto i = copied<lathe_dataset>(source, LATHE_SIZE_UP_TO(lathe_dataset, read), who);
        require(i->create != nullptr, who, "create");
        require(i->info != nullptr, who, "info");
        require(i->open != nullptr, who, "open");
        require(i->count != nullptr, who, "count");
        require(i->read != nullptr || LATHE_HAS(lathe_dataset, i, next), who, "read");
        return i;
      }
      case Kind::format: {
        const auto i = copied<lathe_format>(source, LATHE_SIZE_UP_TO(lathe_format, quantize), who);
        require(i->quantize != nullptr, who, "quantize");
        return i;
      }
      case Kind::sampler: {
        const auto i = copied<lathe_sampler>(source, LATHE_SIZE_UP_TO(lathe_sampler, suggest), who);
        require(i->create != nullptr, who, "create");
        require(i->suggest != nullptr, who, "suggest");
        return i;
      }
      case Kind::op: {
        const auto i = copied<lathe_op>(source, LATHE_SIZE_UP_TO(lathe_op, forward), who);
        require(i->infer != nullptr, who, "infer");
        require(i->forward != nullptr, who, "forward");
        return i;
      }
    }
    refuse(who + " is of no known kind");
  }

  void check_stamp(const Stamp& stamp, std::vector<StampedComponent> described) const {
    std::vector<StampedComponent> stamped = stamp.components;
    std::ranges::sort(stamped);
    std::ranges::sort(described);
    if (stamped == described) return;
    for (const StampedComponent& c : described) {
      if (std::ranges::find(stamped, c) == stamped.end()) {
        refuse(fmt::format("it brings {} '{}' {}, which its stamp does not name", kind_word(c.kind),
                           c.id, c.version));
      }
    }
    for (const StampedComponent& c : stamped) {
      if (std::ranges::find(described, c) == described.end()) {
        refuse(fmt::format("its stamp names {} '{}' {}, which it does not bring", kind_word(c.kind),
                           c.id, c.version));
      }
    }
    refuse("its stamp and its descriptors differ");
  }

  void check_stamp(const Stamp& stamp, const std::vector<PluginService>& services) const {
    for (const PluginService& service : services) {
      if (std::ranges::find(stamp.services, service.id) == stamp.services.end())
        refuse(
            fmt::format("it offers the service '{}', which its stamp does not name", service.id));
      if (std::ranges::count(services, service.id, &PluginService::id) > 1)
        refuse(fmt::format("it offers the service '{}' twice", service.id));
    }
    for (const std::string& id : stamp.services) {
      if (std::ranges::find(services, id, &PluginService::id) == services.end())
        refuse(fmt::format("its stamp names the service '{}', which it does not offer", id));
    }
  }

  const std::filesystem::path& path_;
};

}  // namespace

ModuleContents read_module(const lathe_module* module, const Stamp& stamp,
                           const std::filesystem::path& path) {
  return ModuleReader(path).read(module, stamp);
}

}  // namespace lathe
