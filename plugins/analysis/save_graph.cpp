// Writes the graph as it is at this point of the pipeline, as the host saves graphs.
#include <lathe/lathe.hpp>

#include <filesystem>

namespace {

struct SaveGraph {
  static constexpr const char* details =
      "Writes what `lathe transform` leaves in `transformed_ckpt`, of the graph as it is at this "
      "point of the pipeline: `graph.json` (nodes, attributes, number formats and where the "
      "network comes from), `graph.txt` (as torch.fx prints it) and `model.safetensors` (weights, "
      "buffers, state of number formats). `--load` and the pass `load_graph` read the folder "
      "again, bit for bit the same.\n\n"
      "Beside them stands `node_meta_param.toml`, MASE's metadata of every node, what passes have "
      "noted included, in MASE's layout: `[NODE.common]`, `[NODE.common.args.ARGUMENT]`, "
      "`[NODE.common.results.data_out_0]`, `[NODE.software...]`, `[NODE.hardware]`. What is null "
      "is \"NA\", a type of elements a text, eg: \"torch.float32\".\n\n"
      "It publishes nothing but its files. In a trial of a search it is refused.\n\n"
      "Source: MASE (`save_mase_graph`, `save_node_meta_param`), whose pickled module only the "
      "program that wrote it can read; here it is JSON and safetensors.\n\n"
      "Example: `lathe transform jsc-tiny --passes "
      "'quantize<by=type,linear.name=integer>,save_graph<save_dir=saved>'`";
  static constexpr lathe_option options[] = {
      lathe::path_option("save_dir",
                         "Folder for the graph; NA is that of save_path, else the pass's folder of "
                         "the run.")
          .nullable()
          .by_default("NA"),
      lathe::path_option(
          "save_path", "File for the metadata of nodes; NA is node_meta_param.toml in the folder.")
          .nullable()
          .by_default("NA"),
  };
  static constexpr const char* scalars = "";

  // What is named on a command line stands in the working folder; the host would take it for a
  // place in the pass's own.
  explicit SaveGraph(lathe::options o) {
    namespace fs = std::filesystem;
    if (o.has("save_path")) metadata_ = fs::absolute(o.text("save_path"));
    if (o.has("save_dir"))
      folder_ = fs::absolute(o.text("save_dir"));
    else
      folder_ = metadata_.parent_path();
  }

  void run(lathe::graph graph) { graph.save(folder_.native(), metadata_.native()); }

 private:
  std::filesystem::path folder_, metadata_;
};

}  // namespace

LATHE_ANALYSIS(SaveGraph, "save_graph", "1.0.0",
               "Saves the graph with its weights, and the metadata of its nodes.")
