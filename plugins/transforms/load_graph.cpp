// Replaces the graph of the run by one that was saved.
#include <lathe/lathe.hpp>

namespace {

struct LoadGraph {
  static constexpr const char* details =
      "The graph of the run becomes the one that `save_graph`, `lathe transform` or a training "
      "left: nodes, number formats, weights, buffers and state bit for bit as they were saved, for "
      "the batch size of this run. Later passes compare with the graph before the first pass "
      "of this run (`original`), as after any transform; what is saved says where the loaded one "
      "comes from.\n\n"
      "Its nodes have ids of their own, so what earlier passes noted at nodes is dropped; scalars "
      "that they published stay. A graph that is missing, damaged or of another version, weights "
      "of another network, and ops or number formats that no plugin brings are errors that name "
      "the file, and the graph stays as it is.\n\n"
      "Source: MASE (`load_mase_graph`, `load_node_meta_param`).\n\n"
      "Example: `lathe transform jsc-tiny --passes "
      "'save_graph<save_dir=saved>,quantize<by=type,linear.name=integer>,load_graph<load_dir=saved"
      ">'`";
  static constexpr lathe_option options[] = {
      lathe::path_option("load_dir",
                         "The folder of a saved graph or of a run, or one of its files.")
          .required(),
  };
  static constexpr const char* scalars = "";

  explicit LoadGraph(lathe::options o) : folder_(o.text("load_dir")) {}

  void run(lathe::graph graph) {
    try {
      graph.assign(graph.load(folder_));
    } catch (lathe::error& error) {
      throw error.at_option("load_dir");
    }
  }

 private:
  std::string folder_;
};

}  // namespace

LATHE_TRANSFORM(LoadGraph, "load_graph", "1.0.0", "Replaces the graph by a saved one.")
