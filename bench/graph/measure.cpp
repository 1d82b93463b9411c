// What graphs of many nodes cost inside the host: one line per thing measured, CPU milliseconds,
// the best of several. Compiles against this tree and against those before its columns, so that
// both stand beside each other; bench/graph/run does that.
//
//   measure NODES PLUGINS [CHAINS]    PLUGINS: the folder with flops.so and bitops.so
#if __has_include("core/graph/transaction.hpp")
#include "core/graph/transaction.hpp"
#include "core/host/services/graph_view.hpp"
#else
#include "core/graph/graph.hpp"
#include "core/host/graph_view.hpp"
#endif
#if __has_include("core/pipeline/run_pipeline.hpp")
#include "core/pipeline/run_pipeline.hpp"
#else
#include "core/pipeline/pipeline.hpp"
#endif

#include <cstdio>
#include <cstdlib>

#include "chain.hpp"

using namespace lathe;

namespace {

void line(const char* what, std::size_t nodes, double ms) {
  std::printf("%-44s %9zu %14.4f\n", what, nodes, ms);
  std::fflush(stdout);
}

std::vector<NodeId> all_of(const Graph& graph, std::string_view op) {
  std::vector<NodeId> out;
  for (NodeId id : graph.order()) {
    if (graph.node(id).op == op) out.push_back(id);
  }
  return out;
}

void replace_and_remove(Transaction& edit, const Graph& graph, NodeId id) {
  edit.replace_uses(id, graph.node(id).inputs()[0]);
  edit.remove(id);
}

void measure_views(const std::function<Graph()>& build, std::size_t nodes) {
  // A graph of its own each time: nothing of it was looked at before.
  line("first view", nodes, best([&] {
         const Graph fresh = build();
         return milliseconds([&] { GraphView view(fresh); });
       }));
  Graph graph = build();
  GraphView held(graph);
  line("view of an unchanged graph", nodes,
       best([&] { return milliseconds([&] { GraphView view(graph); }); }));
  const std::vector<NodeId> relus = all_of(graph, "relu");
  std::size_t next = 0;
  double commit = std::numeric_limits<double>::max();
  line("view after rewiring", nodes, best([&] {
         Transaction edit(graph);
         edit.replace_uses(relus[next], graph.node(relus[next]).inputs()[0]);
         ++next;
         commit = std::min(commit, milliseconds([&] { edit.commit(); }));
         return milliseconds([&] { GraphView view(graph); });
       }));
  line("  the commit before it", nodes, commit);
  line("view after replacing and removing", nodes, best([&] {
         Transaction edit(graph);
         replace_and_remove(edit, graph, relus[next++]);
         edit.commit();
         return milliseconds([&] { GraphView view(graph); });
       }));
}

// Trees before profiles made the operands of one node at a time.
template <typename View>
void look_at_operands(View& view, NodeId id) {
  if constexpr (requires { view.profile(id); }) {
    view.profile(id);
  } else {
    view.operands(id);
  }
}

// What the first plugin pays that looks at operands or costs, and the first one after edits.
template <typename Tree = Graph>
void measure_profiles(const std::function<Graph()>& build, std::size_t nodes) {
  if constexpr (requires(const Tree& tree) { tree.profiles(); }) {
    line("first profiles", nodes, best([&] {
           const Tree fresh = build();
           fresh.results();
           return milliseconds([&] { fresh.profiles(); });
         }));
    line("first names of parameters", nodes, best([&] {
           const Tree fresh = build();
           return milliseconds([&] { fresh.parameter_columns(); });
         }));
    Tree graph = build();
    const std::vector<NodeId> linears = all_of(graph, "linear");
    int width = 0;
    const auto after = [&](std::size_t count) {
      return best([&] {
        graph.profiles();
        ++width;
        const OperandFormat format{"weight", "integer", Value(Value::Map{{"width", width}}),
                                   Value(Value::List{Value(width)}), ""};
        Transaction edit(graph);
        for (std::size_t i = 0; i < count; ++i) edit.set_format(linears[i], format);
        edit.commit();
        return milliseconds([&] { graph.profiles(); });
      });
    };
    line("profiles after one format", nodes, after(1));
    line("profiles after formats of every linear", nodes, after(linears.size()));
  }
}

void measure_reading(const Graph& graph, std::size_t nodes) {
  const auto each = [&](const auto& read) {
    return best([&] {
      GraphView view(graph);
      return milliseconds([&] {
        for (NodeId id : graph.order()) read(view, id);
      });
    });
  };
  line("operands of all nodes", nodes, each([](auto& v, NodeId id) { look_at_operands(v, id); }));
  line("metadata of all nodes", nodes, each([](GraphView& v, NodeId id) { v.metadata(id); }));
}

// The edits change no shape: eps and momentum of batch norms, inplace of relus.
void measure_attributes(const std::function<Graph()>& build, std::size_t nodes) {
  const auto edit_all = [](Graph& graph, bool shared) {
    const std::vector<NodeId> norms = all_of(graph, "batch_norm1d"), relus = all_of(graph, "relu");
    int round = 0;
    return best([&] {
      const Graph other = shared ? graph : Graph();
      ++round;
      const Value small(1e-5 * round), large(0.01 * round), flag(round % 2 == 0);
      return milliseconds([&] {
        Transaction edit(graph);
        for (NodeId id : norms) {
          edit.set_attribute(id, "eps", small);
          edit.set_attribute(id, "momentum", large);
        }
        for (NodeId id : relus) edit.set_attribute(id, "inplace", flag);
        edit.commit();
      });
    });
  };
  Graph graph = build();
  line("as many attribute edits, and commit", nodes, edit_all(graph, false));
  line("the same while a copy is held", nodes, edit_all(graph, true));
}

lathe_code do_nothing(lathe_call*, void*, lathe_graph*) { return LATHE_OK; }

Component empty_pass(lathe_component_flags flags) {
  static const lathe_pass interface = [] {
    lathe_pass pass{};
    pass.struct_size = sizeof pass;
    pass.run = do_nothing;
    return pass;
  }();
  Component component;
  component.kind = Kind::pass;
  component.id = "empty";
  component.flags = flags;
  component.options.owner = "pass 'empty'";
  component.interface = &interface;
  return component;
}

void measure_passes(Graph graph, std::size_t nodes, const char* plugins) {
  const Registry registry({{plugins, "built-in"}}, {});
  RunContext context;
  context.registry = &registry;
  {
    GraphView look(graph);
  }
  const auto run = [&](const Component& component, std::size_t count) {
    Pipeline pipeline;
    for (std::size_t i = 0; i < count; ++i) {
      pipeline.steps.push_back({&component, Value(Value::Map{}), {}});
    }
    return best([&] { return milliseconds([&] { run_pipeline(pipeline, graph, context); }); });
  };
  const Component reads = empty_pass(0), edits = empty_pass(LATHE_FLAG_MUTATES_GRAPH);
  line("an empty analysis in a pipeline", nodes, (run(reads, 101) - run(reads, 1)) / 100);
  line("an empty transform in a pipeline", nodes, (run(edits, 101) - run(edits, 1)) / 100);
  line("a pipeline of one empty analysis", nodes, run(reads, 1));
  for (const char* id : {"flops", "bitops"}) {
    line(id, nodes, run(registry.find(Kind::pass, id), 1));
  }
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) return std::fputs("usage: measure NODES PLUGINS [CHAIN...]\n", stderr), 2;
  const auto nodes = static_cast<std::size_t>(std::atoll(words[1]));
  Graph built;
  line("building it", nodes,
       milliseconds([&] { built = chain(nodes, {"linear", "batch_norm1d", "relu"}); }));
  const auto build = [&] { return chain(nodes, {"linear", "batch_norm1d", "relu"}); };
  measure_views(build, nodes);
  measure_passes(built, nodes, words[2]);
  measure_reading(built, nodes);
  built = Graph();
  measure_profiles(build, nodes);
  measure_attributes(build, nodes);
  for (int i = 3; i < count; ++i) {
    const auto length = static_cast<std::size_t>(std::atoll(words[i]));
    const Graph relus = chain(length, {"linear", "relu"});
    line("replacing and removing every relu", length, best([&] {
           Graph graph = relus;
           return milliseconds([&] {
             Transaction edit(graph);
             for (NodeId id : all_of(relus, "relu")) replace_and_remove(edit, relus, id);
             edit.commit();
           });
         }));
  }
  return 0;
}
