// What each analysis that executes nothing and reads no data costs on a graph of many nodes: CPU
// milliseconds, the best of several, on a graph that was looked at before and on one that is new.
// Tables stay in memory, and texts and files go nowhere.
//
//   measure NODES PLUGINS    PLUGINS: the folder of built plugins
#include "core/graph/transaction.hpp"
#include "core/pipeline/run_pipeline.hpp"

#include <cstdio>
#include <cstdlib>

#include "../graph/chain.hpp"

using namespace lathe;

namespace {

constexpr double kAllowed = 100;  // milliseconds

bool is_measured(const Component& pass) {
  constexpr lathe_component_flags kNot =
      LATHE_FLAG_MUTATES_GRAPH | LATHE_FLAG_EXECUTES | LATHE_FLAG_READS_DATA;
  return (pass.flags & kNot) == 0;
}

class Bench {
 public:
  Bench(std::size_t nodes, const char* plugins)
      : nodes_(nodes), registry_({{plugins, "built-in"}}, {}), ops_(registry_) {
    context_.registry = &registry_;
    context_.ops = &ops_;
    context_.drops_files = true;
    context_.save_graph = [](const Graph&, const Value&, const std::filesystem::path&,
                             const std::filesystem::path&) {
      return std::vector<std::filesystem::path>{};
    };
    build();
  }

  std::vector<const Component*> passes() const {
    std::vector<const Component*> found;
    for (const Listed& listed : registry_.listed())
      if (listed.kind == Kind::pass && is_measured(registry_.find(Kind::pass, listed.id)))
        found.push_back(&registry_.find(Kind::pass, listed.id));
    return found;
  }

  void print(const Component& pass) {
    try {
      const Pipeline pipeline{{{&pass, check_options(pass.options, Value(Value::Map{})), {}}}};
      const double again = best([&] { return run(pipeline); });
      double first = std::numeric_limits<double>::max();
      for (int i = 0; i < 3; ++i) {
        build();
        first = std::min(first, run(pipeline));
      }
      std::printf("%-32s %12.2f %12.2f %s\n", pass.id.c_str(), again, first,
                  std::max(again, first) > kAllowed ? "  over 100 ms" : "");
    } catch (const Error& error) {
      std::printf("%-32s not measured: %s\n", pass.id.c_str(), error.what());
    }
    std::fflush(stdout);
  }

 private:
  // What was there first is float; of what is looked at, every linear layer has number formats.
  void build() {
    original_ = chain(nodes_, {"linear", "batch_norm1d", "relu"});
    graph_ = original_;
    context_.original = nullptr;
    run_pipeline(pipeline_from_text("quantize<by=type,linear.name=integer>", registry_), graph_,
                 context_);
    context_.original = &original_;
  }

  double run(const Pipeline& pipeline) {
    return milliseconds([&] { run_pipeline(pipeline, graph_, context_); });
  }

  std::size_t nodes_;
  const Registry registry_;
  const PluginOps ops_;
  RunContext context_;
  Graph original_, graph_;
};

}  // namespace

int main(int count, char** words) {
  if (count != 3) return std::fputs("usage: measure NODES PLUGINS\n", stderr), 2;
  const auto nodes = static_cast<std::size_t>(std::atoll(words[1]));
  Bench bench(nodes, words[2]);
  std::printf("%zu nodes, CPU milliseconds\n%-32s %12s %12s\n", nodes, "pass", "again", "first");
  for (const Component* pass : bench.passes()) bench.print(*pass);
  return 0;
}
