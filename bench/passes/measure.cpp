// What each analysis that executes nothing and reads no data costs on a graph of many nodes: CPU
// milliseconds, the best of several, on a graph that no pass has changed, on one whose linear
// layers were given number formats, and on such a one that nothing has looked at before. Tables
// stay in memory, and texts and files go nowhere.
//
//   measure NODES PLUGINS [PASS...]    PLUGINS: the folder of built plugins
#include "core/graph/transaction.hpp"
#include "core/pipeline/run_pipeline.hpp"

#include <cstdio>
#include <cstdlib>

#include <sys/wait.h>
#include <unistd.h>

#include "../graph/chain.hpp"

using namespace lathe;

namespace {

constexpr double kAllowed = 100;  // milliseconds

bool is_measured(const Component& pass) {
  constexpr lathe_component_flags kNot =
      LATHE_FLAG_MUTATES_GRAPH | LATHE_FLAG_EXECUTES | LATHE_FLAG_READS_DATA;
  return (pass.flags & kNot) == 0 && pass.id != "save_graph";  // which does nothing but write
}

class Bench {
 public:
  Bench(std::size_t nodes, const char* plugins)
      : nodes_(nodes), registry_({{plugins, "built-in"}}, {}), ops_(registry_) {
    context_.registry = &registry_;
    context_.ops = &ops_;
    context_.drops_files = true;
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
      const double unchanged = best([&] { return run(pipeline, original_); });
      const double quantized = best([&] { return run(pipeline, quantized_); });
      double fresh = std::numeric_limits<double>::max();
      for (int i = 0; i < 3; ++i) {
        build();
        fresh = std::min(fresh, run(pipeline, quantized_));
      }
      std::printf("%-28s %10.2f %10.2f %10.2f%s\n", pass.id.c_str(), unchanged, quantized, fresh,
                  std::max({unchanged, quantized, fresh}) > kAllowed ? "  over 100 ms" : "");
    } catch (const Error& error) {
      std::printf("%-28s not measured: %s\n", pass.id.c_str(), error.what());
    }
    std::fflush(stdout);
  }

 private:
  void build() {
    original_ = chain(nodes_, {"linear", "batch_norm1d", "relu"});
    quantized_ = original_;
    context_.original = nullptr;
    run_pipeline(pipeline_from_text("quantize<by=type,linear.name=integer>", registry_), quantized_,
                 context_);
    context_.original = &original_;
  }

  double run(const Pipeline& pipeline, Graph& graph) {
    return milliseconds([&] { run_pipeline(pipeline, graph, context_); });
  }

  std::size_t nodes_;
  const Registry registry_;
  const PluginOps ops_;
  RunContext context_;
  Graph original_, quantized_;
};

}  // namespace

int main(int count, char** words) {
  if (count < 3) return std::fputs("usage: measure NODES PLUGINS [PASS...]\n", stderr), 2;
  const std::vector<std::string> wanted(words + 3, words + count);
  const auto nodes = static_cast<std::size_t>(std::atoll(words[1]));
  Bench bench(nodes, words[2]);
  std::printf("%zu nodes, CPU milliseconds\n%-28s %10s %10s %10s\n", nodes, "pass", "unchanged",
              "formats", "and new");
  std::fflush(stdout);
  int failed = 0;
  for (const Component* pass : bench.passes()) {
    if (!wanted.empty() && std::ranges::count(wanted, pass->id) == 0) continue;
    // In a process of its own: what other passes did to the heap costs twice as much.
    const pid_t child = fork();
    if (child == 0) {
      bench.print(*pass);
      _exit(0);
    }
    int status = 0;
    failed += child < 0 || waitpid(child, &status, 0) != child || status != 0;
  }
  return failed == 0 ? 0 : 1;
}
