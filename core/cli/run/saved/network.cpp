// The hash is of the network alone, as compact JSON: what else the file tells may change with the
// place of the data.
#include "core/cli/run/saved/network.hpp"

#include "core/graph/io/json.hpp"
#include "core/graph/io/text.hpp"
#include "core/host/loss.hpp"
#include "core/options/text/component_text.hpp"
#include "core/tensor/hash.hpp"

#include <fmt/format.h>

#include <fstream>
#include <span>

namespace lathe {

namespace {

constexpr const char* kOrigin = "origin";
constexpr int kDeepestJson = 256;  // nested lists of arguments go a few levels down

// Attributes that are no UTF-8 cannot be told in JSON and are shown as well as they can be.
std::string text_of(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

// Whatever batch size it was saved with, it is the same network.
std::string hash_of(Json network) {
  if (const auto nodes = network.find("nodes"); nodes != network.end() && nodes->is_array())
    for (Json& node : *nodes)
      if (node.is_object() && node.contains("op") && node["op"] == "placeholder" &&
          node.contains("attributes") && node["attributes"].is_object())
        node["attributes"].erase("batch");
  const std::string text = text_of(network);
  return sha256(std::as_bytes(std::span(text)));
}

Json json_of(const NetworkOrigin& origin) {
  Json json = Json::object();
  const auto add = [&](const char* key, const std::string& text) {
    if (!text.empty()) json[key] = json_of_text(text);
  };
  add("model", origin.model);
  add("passes", origin.passes);
  add("dataset", origin.dataset);
  add("loss", origin.loss);
  add("directory", origin.directory.string());
  add("data_dir", origin.data_dir.string());
  if (!origin.fields.empty()) json["fields"] = json_of(origin.fields);
  for (const std::string& layer : origin.untrained)
    json["untrained"].push_back(json_of_text(layer));
  for (const SavedComponent& component : origin.components)
    json["components"].push_back({{"kind", component.kind},
                                  {"id", json_of_text(component.id)},
                                  {"plugin", json_of_text(component.file)},
                                  {"plugin_hash", component.sha256}});
  return json;
}

NetworkOrigin origin_of(const Value& json) {
  NetworkOrigin origin;
  const auto text = [&](const char* key) {
    const Value* found = json.find(key);
    return found == nullptr ? std::string() : text_of_json(*found);
  };
  origin.model = text("model");
  origin.passes = text("passes");
  origin.dataset = text("dataset");
  origin.loss = text("loss");
  origin.directory = text("directory");
  origin.data_dir = text("data_dir");
  if (const Value* fields = json.find("fields")) origin.fields = fields_of(*fields);
  if (const Value* layers = json.find("untrained"))
    for (const Value& layer : layers->as_list()) origin.untrained.push_back(text_of_json(layer));
  const Value* components = json.find("components");
  if (components == nullptr) return origin;
  for (const Value& component : components->as_list()) {
    const auto member = [&](const char* key) {
      const Value* found = component.find(key);
      return found == nullptr ? std::string() : text_of_json(*found);
    };
    origin.components.push_back(
        {member("kind"), member("id"), member("plugin"), member("plugin_hash")});
  }
  return origin;
}

// What other parts read as they read a user's words; here the file is named.
void check_words(const NetworkOrigin& origin, const std::filesystem::path& file) {
  for (const std::string* text : {&origin.model, &origin.dataset, &origin.passes})
    if (!text->empty()) parse_components(*text, file.string());
  if (!origin.loss.empty()) loss_from_name(origin.loss);
}

// Metadata are UTF-8, and people read them: what is not is left out of them.
void add_metadata(WeightsOrigin& out, const char* key, const std::string& text) {
  if (!text.empty() && json_of_text(text).is_string()) out.metadata.emplace(key, text);
}

Json parse(std::ifstream& in, const std::filesystem::path& file) {
  const auto not_too_deep = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > kDeepestJson)
      throw run_error(LATHE_DATA_LOSS, "it is nested too deeply to be a saved graph",
                      {file.string()});
    return true;
  };
  const Json json = Json::parse(in, not_too_deep, false);
  if (json.is_discarded())
    throw run_error(
        LATHE_DATA_LOSS,
        fmt::format(
            "'{}' is no JSON: it is damaged, or no saved graph; without it, MODEL takes the "
            "weights by name",
            file.string()));
  if (!json.is_object() || !json.contains("lathe_graph"))
    throw run_error(
        LATHE_INVALID_ARGUMENT,
        fmt::format("'{}' is JSON, but no saved graph: it has no 'lathe_graph'", file.string()));
  return json;
}

}  // namespace

WeightsOrigin describe_network(const Graph& graph, const NetworkOrigin& origin) {
  const Json network = json_of(graph_to_json(graph));
  Json file = Json::object();
  for (const auto& [key, part] : network.items()) {
    if (key == "nodes") file[kOrigin] = json_of(origin);
    file[key] = part;
  }
  WeightsOrigin out;
  out.files = {{kGraphFile, text_of(file, 2) + "\n"}, {"graph.txt", fx_text(graph)}};
  out.metadata.emplace(kNetworkHash, hash_of(network));
  add_metadata(out, kNetworkModel, origin.model);
  add_metadata(out, kNetworkPasses, origin.passes);
  // As safetensors' save_model says it: a name that is not in the file, and whose contents it has.
  out.metadata.insert(graph.ties().begin(), graph.ties().end());
  return out;
}

SavedNetwork read_network(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw run_error(LATHE_NOT_FOUND, fmt::format("'{}' cannot be opened", file.string()));
  Json json = parse(in, file);
  SavedNetwork saved;
  saved.file = file;
  try {
    saved.graph = value_of(json);
    require_readable_form(saved.graph);
    if (const Value* origin = saved.graph.find(kOrigin)) saved.origin = origin_of(*origin);
    check_words(saved.origin, file);
    json.erase(kOrigin);
    saved.sha256 = hash_of(json);
  } catch (const Error& error) {
    throw run_error(LATHE_DATA_LOSS, error.message(), {file.string()});
  } catch (const Json::exception& error) {
    throw run_error(LATHE_DATA_LOSS, error.what(), {file.string()});
  }
  return saved;
}

}  // namespace lathe
