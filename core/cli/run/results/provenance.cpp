// Files are hashed as they are now; a data set tells which files it read.
#include "core/cli/run/results/provenance.hpp"

#include "core/base/clock.hpp"
#include "core/tensor/hash.hpp"

#include <fmt/format.h>

namespace lathe {

namespace {

// What is no file any more (a pipe that was read) has no hash.
Json file_json(const std::filesystem::path& path) {
  std::error_code ignored;
  const bool is_file = std::filesystem::is_regular_file(path, ignored);
  return {{"file", path.string()}, {"sha256", is_file ? Json(sha256_of_file(path)) : Json()}};
}

Json build_json() {
  return {{"version", LATHE_VERSION},
          {"compiler", fmt::format("{}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__)},
#ifdef NDEBUG
          {"assertions", false}
#else
          {"assertions", true}
#endif
  };
}

// One entry per file: what it brought, and what it is.
Json plugins_json(const Registry& registry) {
  Json files = Json::object();
  for (const Component* component : registry.loaded()) {
    Json& entry = files[component->file.string()];
    entry["file"] = component->file.string();
    entry["sha256"] = component->sha256;
    entry["components"].push_back(
        fmt::format("{}:{}:{}", name(component->kind), component->id, component->version));
  }
  for (const PluginService* service : registry.loaded_services()) {
    Json& entry = files[service->file.string()];
    entry["file"] = service->file.string();
    entry["sha256"] = service->sha256;
    entry["services"].push_back(service->id);
  }
  Json list = Json::array();
  for (const auto& [file, entry] : files.items()) list.push_back(entry);
  return list;
}

}  // namespace

Json provenance_of(Session& session) {
  const Settings& settings = session.settings();
  Json json{{"lathe", LATHE_VERSION}, {"build", build_json()}};
  json["command_line"] = settings.line;
  if (!settings.config_file.empty())
    json["config"] = {{"file", settings.config_file.string()}, {"sha256", settings.config_sha256}};
  json["seed"] = settings.get(kSeed);
  json["plugins"] = plugins_json(session.registry());
  if (session.opened_data()) {
    json["data"] = Json::array();
    for (const std::string& file : session.dataset().files())
      json["data"].push_back(file_json(file));
  }
  if (session.synthetic()) json["synthetic_data"] = true;
  if (!session.weights().is_none()) json["weights"] = json_of(session.weights());
  if (const Executor* executor = session.opened_executor(); executor != nullptr) {
    json["threads"] = session.threads();
    const Value environment = executor->environment();
    for (const auto& [key, value] : environment.as_map()) json[key] = json_of(value);
  }
  json["time"] = utc_text(now());
  return json;
}

}  // namespace lathe
