// What the nodes of a file are called, so that the reader (../names.hpp) gives a network's nodes
// their names again: "/layer1.0.conv1/Conv" is of that module, a function carries its own name.
#pragma once

#include <lathe/lathe.hpp>

#include <map>
#include <set>

namespace onnx_writer {

// How the reader names an operator's node that is no module's.
enum class Naming : std::uint8_t {
  by_name,   // as the file does: a function
  by_scope,  // without a scope as torch.fx does: a function; with a name of its own a module
};

class NodeNames {
 public:
  // Of one node of the network, for what it is written as. To be asked for in execution order.
  class Scope {
   public:
    std::string intermediate(std::string_view op);
    std::string result(std::string_view op);

   private:
    friend class NodeNames;
    Scope(NodeNames& names, std::string prefix, std::string name)
        : names_(names), prefix_(std::move(prefix)), name_(std::move(name)) {}
    NodeNames& names_;
    std::string prefix_;  // "/layer1.0.conv1/"; empty: it goes by its name
    std::string name_;
  };
  Scope of(const lathe::node& node, Naming naming);
  std::string fresh(const std::string& wanted);

 private:
  bool is_automatic(const lathe::node& node);

  std::set<std::string> taken_;        // by nodes of the file
  std::set<std::string> seen_;         // names of the network's nodes so far
  std::map<std::string, int> called_;  // how often, by module without weights
};

}  // namespace onnx_writer
