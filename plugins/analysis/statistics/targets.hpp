// Which nodes a pass is for: a list of ops or of names of nodes.
#pragma once

#include <lathe/hpp/graph.hpp>

namespace statistics {

enum class By { type, name };

struct Targets {
  bool all = true;
  std::vector<std::string> words;

  // Of an option that may be NA: then all nodes.
  static Targets of(const lathe::options& options, std::string_view key);
};

// Those of the nodes, in graph order. A word that fits none is an error with the nearest that does,
// or a warning where other words fit and none is near: a list may be written for several networks.
std::vector<lathe::node> targeted(const lathe::graph& graph, By by, const Targets& targets,
                                  std::string_view option, const lathe::context& context);

}  // namespace statistics
