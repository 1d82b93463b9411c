// Which files --load and `lathe export` mean by a path: a file of weights, a saved graph, or the
// folder of a run. Opens none but to ask which network weights are of.
#pragma once

#include <filesystem>
#include <string>

namespace lathe {

struct LoadFiles {
  std::filesystem::path named;    // what the user said
  std::filesystem::path weights;  // may not be there
  std::filesystem::path graph;    // the graph.json beside them; empty: there is none
  // True if a folder or its graph.json was named: then graph and weights are one thing.
  bool whole = false;
};

// A folder may be that of a project, its `software`, that of a training or of one point of a sweep,
// or that of a saved graph. Of a training, the best weights are taken; if no epoch has ended, the
// last. Throws run_error for a folder that holds none, or more than one: they are listed.
LoadFiles find_load_files(const std::filesystem::path& named);

}  // namespace lathe
