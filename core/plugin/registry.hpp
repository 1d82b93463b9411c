// Finds plugin files, reads their stamps without running code, and loads on demand.
// Search order: explicit --plugin, project `plugins/`, LATHE_PLUGIN_PATH, user data folder, install
// folder. A file of a folder that cannot be used is listed with its reason and stops nothing that
// does not need it; so does an id that two folders bring, of a component or of a service. A file
// that the user names must be good, and what it brings comes before what the folders bring. Nothing
// is unloaded.
#pragma once

#include "core/options/option.hpp"
#include "core/plugin/folders.hpp"
#include "core/plugin/kinds/op_description.hpp"

#include <lathe/lathe.h>

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lathe {

enum class Kind { pass, model, dataset, format, sampler, op };
std::span<const Kind> all_kinds();
std::string_view name(Kind kind);  // "pass"
std::optional<Kind> kind_from_name(std::string_view name);
std::optional<Kind> kind_from_id(std::string_view id);  // "pass/1": nothing for other versions
// "pass" of "pass/2": how messages name a kind, known or not.
std::string_view kind_word(std::string_view id);

// What a stamp says of a component: known without loading.
struct Listed {
  Kind kind;
  std::string id;
  std::string version;
  std::filesystem::path file;
  std::string source;      // "explicit", "project", "path", "user", "built-in"
  bool fetchable = false;  // a data set that says where its files can be had
};

// A service that a plugin offers to others: known without loading.
struct OfferedService {
  std::string id;
  std::filesystem::path file;
  std::string source;  // as Listed has it
};

// The same, loaded. Its table lives as long as the process.
struct PluginService {
  std::string id;
  const void* table = nullptr;
  std::uint32_t table_size = 0;
  std::filesystem::path file;
  std::string sha256;  // of the file
};

// A file or folder that was found and cannot be used.
struct BrokenPlugin {
  std::filesystem::path path;
  std::string source;  // as Listed has it
  std::string reason;  // a sentence that names the path
};

// A loaded component. Lives as long as the process.
struct Component {
  Kind kind;
  std::string id;
  std::string version;
  std::string doc;
  std::string authors, licence, url;  // empty where unknown
  std::string details;                // Markdown, see lathe_component; empty: none
  lathe_component_flags flags = 0;
  OptionTable options;
  const void* interface = nullptr;  // complete: fields that the plugin did not know are 0
  std::shared_ptr<const void> interface_copy;  // what `interface` points at
  std::shared_ptr<const OpDescription> op;     // of an op
  std::filesystem::path file;
  std::string sha256;  // of the file
  bool has(lathe_component_flags flag) const { return (flags & flag) != 0; }
  template <typename T>
  const T& as() const {
    return *static_cast<const T*>(interface);
  }
};

// What to say of an id that is unknown here, besides that: ": a pass of X's that ..."; or nothing.
// `kind`: "pass", as component kinds are called.
using AboutName = std::string (*)(std::string_view kind, std::string_view id);

class Registry {
 public:
  // Reads the stamps of every *.so in the folders (missing folders are fine) and of the explicit
  // files. `about` may be null. Throws usage_error naming the file(s) if an explicit file is
  // broken, or two explicit files bring one component or offer one service.
  Registry(const std::vector<PluginFolder>& folders,
           const std::vector<std::filesystem::path>& explicit_files, AboutName about = nullptr);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  std::span<const Listed> listed() const;            // sorted by kind, id
  std::span<const OfferedService> services() const;  // sorted by id
  std::span<const BrokenPlugin> broken() const;      // as they were found
  std::vector<std::string> ids(Kind kind) const;

  // The loaded component; loads its file if need be, and those whose services that needs: all or
  // none. Throws usage_error for an id that two folders bring, and for an unknown one, with the
  // nearest known id and what was found broken. Thread-safe.
  const Component& find(Kind kind, std::string_view id, const Position& position = {}) const;
  bool knows(Kind kind, std::string_view id) const;

  // The same for a service; null if no plugin offers it.
  const PluginService* service(std::string_view id) const;

  // Every component and every service whose file has been loaded so far, for provenance.
  std::vector<const Component*> loaded() const;
  std::vector<const PluginService*> loaded_services() const;

  // What is odd about the files loaded so far: more than one exported symbol, LibTorch linked. Each
  // was logged when its file was loaded.
  std::vector<std::string> warnings() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lathe
