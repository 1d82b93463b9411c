// Files are hashed as they are now; a data set tells which files it read.
#include "core/cli/provenance.hpp"

#include "core/tensor/hash.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace lathe {

namespace {

Json file_json(const std::filesystem::path& path) {
  return {{"file", path.string()}, {"sha256", sha256_of_file(path)}};
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

}  // namespace

Json provenance_of(Session& session) {
  const Settings& settings = session.settings();
  Json json{{"lathe", LATHE_VERSION}, {"build", build_json()}};
  json["command_line"] = settings.words;
  if (!settings.config_file.empty()) json["config"] = file_json(settings.config_file);
  json["seed"] = settings.integer("seed");
  json["plugins"] = Json::array();
  for (const Component* component : session.registry().loaded())
    json["plugins"].push_back({{"kind", name(component->kind)},
                               {"id", component->id},
                               {"version", component->version},
                               {"file", component->file.string()},
                               {"sha256", component->sha256}});
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
  json["time"] = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  return json;
}

}  // namespace lathe
