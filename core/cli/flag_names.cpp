#include "core/cli/flag_names.hpp"

#include <array>

namespace lathe {

std::vector<std::string> flag_names(const Component& component) {
  struct Flag {
    lathe_component_flags flag;
    const char* name;
  };
  constexpr std::array<Flag, 10> kFlags{{{LATHE_FLAG_MUTATES_GRAPH, "changes the graph"},
                                         {LATHE_FLAG_READS_WEIGHTS, "reads weights"},
                                         {LATHE_FLAG_EXECUTES, "executes graphs"},
                                         {LATHE_FLAG_READS_DATA, "reads the data set"},
                                         {LATHE_FLAG_PARALLEL, "thread-safe"},
                                         {LATHE_FLAG_NONDETERMINISTIC, "not deterministic"},
                                         {LATHE_FLAG_SYNTHETIC, "synthetic data"},
                                         {LATHE_FLAG_STOCHASTIC, "stochastic"},
                                         {LATHE_FLAG_ROWS_APART, "keeps rows apart"},
                                         {LATHE_FLAG_ELEMENTS_APART, "keeps elements apart"}}};
  std::vector<std::string> names;
  for (const Flag& f : kFlags) {
    if (component.has(f.flag)) names.emplace_back(f.name);
  }
  return names;
}

}  // namespace lathe
