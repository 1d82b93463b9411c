// A bench whose passes can leave notes and read metadata: the fixture "notes" beside the built-in
// plugins.
#pragma once

#include "tests/plugins/workbench.hpp"

namespace lathe_test {

inline const lathe::Registry& plugins_and_notes() {
  static const lathe::Registry registry({{built_plugin_dir(), "built-in"}},
                                        {build_dir() / "tests" / "fixtures" / "notes.so"});
  return registry;
}

class NotedBench : public Workbench {
 public:
  explicit NotedBench(std::int64_t batch = 8) : Workbench(batch, plugins_and_notes()) {}

  void set(lathe::Graph& graph, const std::string& node, const std::string& key,
           const json& value) {
    run("notes", graph, {{"action", "set"}, {"node", node}, {"key", key}, {"value", value}});
  }
  // Metadata of all nodes by name, as a later pass sees it.
  json metadata(lathe::Graph& graph, const std::string& of = "graph") {
    json out = json::object();
    const lathe::PassReport report = run("notes", graph, {{"of", of}});
    for (const auto& cells : table(report, "metadata").rows) {
      out[cells[0].as_string()] = to_json(cells[1]);
    }
    return out;
  }

  // A network of golden/metadata.json, with the batch that it was recorded with.
  static NotedBench for_golden(const json& golden) {
    return NotedBench(golden.at("input_shape")[0].get<std::int64_t>());
  }
  lathe::Graph golden_model(const std::string& id, const json& golden) {
    const auto shape = golden.at("input_shape").get<std::vector<std::int64_t>>();
    const std::int64_t classes = id == "toy_convnet" || id == "vgg7" ? 10
                                 : id.starts_with("toy")             ? 2
                                                                     : 5;
    return model(id, json::object(), samples_of({shape.begin() + 1, shape.end()}, classes));
  }
};

}  // namespace lathe_test
