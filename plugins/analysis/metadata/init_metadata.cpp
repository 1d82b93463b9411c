// Metadata as the graph alone gives it.
#include <lathe/lathe.hpp>

namespace {

struct InitMetadata {
  static constexpr const char* scalars = "nodes";
  static constexpr const char* details =
      "Metadata is derived from the graph whenever it is asked for: there is nothing to begin. "
      "What earlier passes of the run left in it, notes under `common`, `software` and "
      "`hardware` (eg statistics), this pass drops; their other notes stay.\n\n"
      "Publishes `nodes`, the number of nodes.\n\n"
      "Source: MASE (`init_metadata_analysis_pass`), which empties the three maps.\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes init_metadata,add_common_metadata`";

  void run(lathe::graph graph, lathe::meta meta, lathe::report out) const {
    for (const char* section : {"common", "software", "hardware"}) meta.erase(graph, section);
    out.scalar("nodes", graph.nodes().size());
  }
};

}  // namespace

LATHE_ANALYSIS(InitMetadata, "init_metadata", "1.0.0",
               "Drops what earlier passes left in the metadata.")
