// Places for statistics of all tensors.
#include "entries.hpp"

namespace {

struct AddSoftwareMetadata {
  static constexpr const char* scalars = "nodes|tensors";
  static constexpr const char* details =
      "The `software` part of every node's metadata: a `stat` for every input, parameter, buffer "
      "and result, empty until a pass measures it (`profile_statistics`). It is always there; "
      "the pass derives all of it at once, so that what is wrong shows here.\n\n"
      "Publishes `nodes` and `tensors` (those with a `stat`).\n\n"
      "Source: MASE (`add_software_metadata_analysis_pass`).\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes "
      "init_metadata,add_common_metadata,add_software_metadata`";

  void run(lathe::graph graph, lathe::report out) const {
    std::int64_t tensors = 0;
    const auto count = [&](std::string_view, lathe::value_view entry) {
      tensors += entry.find("stat").kind() == LATHE_VALUE_MAP ? 1 : 0;
    };
    for (const auto node : graph.nodes()) {
      const lathe::value_view software = node.metadata().find("software");
      metadata::for_each(software.find("args"), count);
      metadata::for_each(software.find("results"), count);
    }
    out.scalar("nodes", graph.nodes().size());
    out.scalar("tensors", tensors);
  }
};

}  // namespace

LATHE_ANALYSIS(AddSoftwareMetadata, "add_software_metadata", "1.0.0",
               "Derives the places for statistics of every tensor of every node.")
