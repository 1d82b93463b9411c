// An engine and a data set for tests of passes that execute: they compute nothing and answer with
// what the test gave them.
#pragma once

#include "tests/plugins/workbench.hpp"

namespace lathe_test {

struct NoData : lathe::Dataset {
  std::string id() const override { return "none"; }
  bool synthetic() const override { return true; }
  lathe::DatasetInfo info() const override { return samples_of({16}, 5); }
  void open(const lathe::OpenRequest&) override {}
  std::uint64_t count(lathe::Split) const override { return 100; }
  lathe::RowTensors read(lathe::Split, std::span<const std::uint64_t>) const override { return {}; }
  const lathe::RowTensors& all(lathe::Split) const override { return tensors_; }
  std::vector<std::string> files() const override { return {}; }
  lathe::RowTensors tensors_;
};

// Notes the rows it is asked for and answers with fixed numbers.
struct StandIn : lathe::Executor {
  struct Seen {
    lathe::NodeId node;
    lathe::Operand operand;
    lathe::Tensor tensor;
  };
  lathe::Rows rows;        // what was asked for last
  std::vector<Seen> seen;  // what observers are shown
  lathe::Evaluation answer{lathe::Loss::cross_entropy,
                           std::vector<std::vector<double>>{{0.5}, {0.75}, {0.625}, {96}}};
  std::vector<lathe::Tensor> run(const lathe::Graph&, const std::vector<lathe::Tensor>&) override {
    return {};
  }
  lathe::Evaluation evaluate(const lathe::Graph&, const lathe::Dataset&,
                             const lathe::Rows& asked) override {
    rows = asked;
    return answer;
  }
  lathe::Tensor outputs(const lathe::Graph&, const lathe::Dataset&, const lathe::Rows&) override {
    return {};
  }
  void observe(const lathe::Graph&, const lathe::Dataset&, const lathe::Rows& asked,
               const std::vector<lathe::NodeId>& nodes, const lathe::Observer& observer) override {
    rows = asked;
    for (const auto& [id, operand, tensor] : seen) {
      if (std::ranges::find(nodes, id) != nodes.end()) observer({id, operand, tensor, 0, 0, 0});
    }
  }
  void observe_gradients(const lathe::Graph& graph, const lathe::Dataset& data,
                         const lathe::Rows& asked, const std::vector<lathe::NodeId>& nodes,
                         const lathe::Observer& observer) override {
    observe(graph, data, asked, nodes, observer);
  }
  void gradients(const lathe::Graph&, const lathe::Dataset&, const lathe::Rows& asked,
                 const lathe::GradientObserver&) override {
    rows = asked;
  }
  lathe::TrainingResult train(const lathe::Graph&, const lathe::Dataset&,
                              const lathe::TrainingOptions&, const lathe::TrainingEvents&,
                              const std::atomic<bool>&) override {
    return {};
  }
  void set_threads(int) override {}
  lathe::Value environment() const override { return {}; }
  void set_cache_limit(std::uint64_t) override {}
  void set_integer_kernels(bool) override {}
};

}  // namespace lathe_test
