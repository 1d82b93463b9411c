// What a plugin pays to read and edit a graph of 100,000 nodes through the C ABI: a model of many
// layers, and a pass that times itself. CPU milliseconds of its thread, the best of several rounds.
//
//   lathe plugin build bench/graph/through_abi.cpp -o DIR/through_abi.so
//   lathe transform 'layers<count=33333>' --passes through_abi --plugin DIR/through_abi.so
#include <lathe/lathe.hpp>

#include <ctime>
#include <map>

namespace {

double cpu_ms() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return 1e3 * static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_nsec);
}

// x -> linear -> batch_norm1d -> relu -> linear -> ... -> output.
struct Layers {
  static constexpr lathe_option options[] = {
      lathe::int_option("count", "How many times linear, batch norm and relu.")
          .within("1..10000000")
          .by_default("1000"),
  };
  explicit Layers(lathe::options o) : count_(o.integer("count")) {}

  void build(lathe::model_builder& m) {
    auto x = m.placeholder("x", {16});
    for (std::int64_t i = 0; i < count_; ++i) {
      const std::string number = lathe::to_string(i);
      x = m.linear("linears." + number, x, 16, 16);
      x = m.batch_norm1d("norms." + number, x, 16);
      x = m.relu("relus." + number, x);
    }
    m.output(x);
  }

 private:
  std::int64_t count_;
};

class ThroughAbi {
 public:
  void run(lathe::graph graph, lathe::report out) {
    for (int round = 0; round < 5; ++round) {
      renew(graph, round);
      read(graph, "");
      read(graph, " again");
      set_attributes(graph, round);
      read(graph, " after attribute edits");
      set_one_format(graph, round);
      read(graph, " after one format");
      set_formats(graph, round);
      read(graph, " after formats of every layer");
      // Nothing here gives parameters other names or contents: they are new only once.
      if (round == 0) read_parameters(graph, ", the first time");
      read_parameters(graph, " again");
    }
    for (const auto& [what, ms] : best_) out.scalar(what, ms);
    out.scalar("checksum", sum_);
  }

 private:
  template <class Body>
  void time(const std::string& what, const Body& body) {
    const double start = cpu_ms();
    body();
    const double ms = cpu_ms() - start;
    const auto [at, is_new] = best_.emplace(what, ms);
    if (!is_new && ms < at->second) at->second = ms;
  }

  // Another batch changes every shape, so that nothing which was looked at before holds.
  static void renew(lathe::graph& graph, int round) {
    lathe::edit edit = graph.edit();
    for (const auto node : graph.nodes()) {
      for (const auto& operand : node.operands()) {
        for (const char* role : {"data_in", "weight", "bias"}) {
          if (!operand.is_float() && role == lathe::role_name(operand.role())) {
            edit.clear_format(node, role);
          }
        }
      }
    }
    edit.set_attribute(graph.nodes()[0], "batch", 2 + round);
    edit.commit();
  }

  void read(const lathe::graph& graph, const std::string& when) {
    static const lathe::key relu("relu");
    time("nodes" + when, [&] {
      std::int64_t relus = 0;
      for (const auto node : graph.nodes()) relus += node.is(relu) ? 1 : 0;
      sum_ += static_cast<double>(relus);
    });
    // The first of the two makes what both read.
    time("operands" + when, [&] {
      for (const auto node : graph.nodes()) {
        for (const auto& operand : node.operands()) {
          sum_ += static_cast<double>(operand.numel()) * operand.bits();
        }
      }
    });
    time("costs" + when, [&] {
      for (const auto node : graph.nodes()) sum_ += node.cost().computations;
    });
  }

  void read_parameters(const lathe::graph& graph, const std::string& when) {
    time("names of parameters" + when, [&] {
      for (const auto node : graph.nodes()) {
        for (const auto& operand : node.operands()) {
          sum_ += static_cast<double>(operand.qualified_name().size());
        }
      }
    });
  }

  // As many as there are nodes; no shape follows from them.
  void set_attributes(lathe::graph& graph, int round) {
    static const lathe::key relu("relu"), norm("batch_norm1d");
    std::vector<lathe::edit::attribute> all;
    for (const auto node : graph.nodes()) {
      if (node.is(relu)) all.push_back({node, "inplace", round % 2 == 0});
      if (!node.is(norm)) continue;
      all.push_back({node, "eps", 1e-4 + round});
      all.push_back({node, "momentum", 0.1 + round});
    }
    time("attribute edits, one call", [&] {
      lathe::edit edit = graph.edit();
      edit.set_attributes(all);
      edit.commit();
    });
  }

  static void set_one_format(lathe::graph& graph, int round) {
    lathe::edit edit = graph.edit();
    edit.set_format(graph.nodes()[1], "weight", "integer", width(4 + round));
    edit.commit();
  }

  void set_formats(lathe::graph& graph, int round) {
    static const lathe::key linear("linear");
    const lathe::value options = width(8 + round);
    time("formats of every layer, and commit", [&] {
      lathe::edit edit = graph.edit();
      for (const auto node : graph.nodes()) {
        if (!node.is(linear)) continue;
        for (const char* role : {"data_in", "weight", "bias"}) {
          edit.set_format(node, role, "integer", options);
        }
      }
      edit.commit();
    });
  }

  static lathe::value width(int bits) {
    return lathe::value::map({{"width", bits}, {"frac_width", 2}});
  }

  std::map<std::string, double> best_;
  double sum_ = 0;  // so that nothing is left out
};

}  // namespace

LATHE_MODULE(lathe::model<Layers>("layers", "1.0.0", "Many equal layers."),
             lathe::transform<ThroughAbi>("through_abi", "1.0.0", "Times what plugins read."))
