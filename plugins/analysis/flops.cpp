// Counts what executing a network costs, node by node, by every convention that people publish
// numbers in. Needs shapes only: no weights, no data, no engine. Parameters that several nodes use
// count once, at the first of them; what the nodes compute counts for each.
#include <lathe/lathe.hpp>

#include "counting/conventions.hpp"
#include "counting/count.hpp"
#include "counting/gradients_asked.hpp"
#include "counting/unknown_ops.hpp"
#include "shared_weights.hpp"

#include <array>

namespace {

using analysis::cell;
using analysis::Convention;
using analysis::kConventionCount;
using analysis::kConventions;
using analysis::LayerWork;

// A FLOP is a computation on floats: a node whose first input carries another number format still
// has computations, but none in floating point (1320 -> 680 for jsc-tiny with a linear in
// integers).
bool computes_in_float(const lathe::node& node) {
  const auto input = node.find_operand("data_in_0");
  return !input || input->is_float();
}

// By convention; backward without and with the gradient to the network's input.
struct Counts {
  std::array<double, kConventionCount> forward{}, backward{}, backward_to_input{};

  void operator+=(const Counts& other) {
    for (std::size_t i = 0; i < kConventionCount; ++i) {
      forward[i] += other.forward[i];
      backward[i] += other.backward[i];
      backward_to_input[i] += other.backward_to_input[i];
    }
  }
};

// All that is the same for nodes that are alike, their rows but for the name included.
struct Alike {
  static constexpr std::size_t kMost = 3 + kConventionCount;
  struct Row {
    std::array<lathe_value, kMost> cells{};
    std::size_t count = 1;  // the name stands first
    void add(lathe_value cell) { cells[count++] = cell; }
  };

  bool filled = false;
  LayerWork work;
  double flops = 0;
  // By how many gradients of its factors are asked for.
  std::array<std::array<double, kConventionCount>, 3> backward{};
  std::array<double, kConventionCount> forward{};
  Row nodes_row, forward_row, backward_row;

  Alike() = default;
  explicit Alike(const lathe::node& node) : filled(true), work(analysis::layer_work(node)) {
    flops = work.known && computes_in_float(node) ? work.computations : 0;
    for (std::size_t i = 0; i < kConventionCount; ++i) {
      const Convention& convention = kConventions[i];
      forward[i] = convention.forward(work);
      for (int gradients = 0; gradients < 3 && convention.backward != nullptr; ++gradients) {
        backward[static_cast<std::size_t>(gradients)][i] = convention.backward(work, gradients);
      }
    }
    fill_rows(node);
  }

 private:
  void fill_rows(const lathe::node& node) {
    const lathe_cost& cost = node.cost();
    for (Row* row : {&nodes_row, &forward_row, &backward_row}) row->add(cell(node.op()));
    for (const double count : {flops, cost.computations, cost.backward_computations,
                               cost.parameters, cost.input_elements, cost.output_elements}) {
      nodes_row.add(cell(count));
    }
    for (const double count : forward) forward_row.add(cell(count));
    for (std::size_t i = 0; i < kConventionCount; ++i) {
      if (kConventions[i].back != nullptr) backward_row.add(cell(backward[0][i]));
    }
    backward_row.add(cell(0.0));
  }
};

class Tables {
 public:
  explicit Tables(lathe::report& out)
      : nodes_(out.table("nodes", {"node", "op", "flops", "computations", "backward_computations",
                                   "total_parameters", "input_buffer_size", "output_buffer_size"})),
        forward_(by_convention(out, "nodes_forward", false)),
        backward_(by_convention(out, "nodes_backward", true)) {}

  void row(const lathe::node& node, Alike& alike, const lathe_cost& cost, const Counts& counts) {
    const lathe_value name = cell(node.name());
    alike.nodes_row.cells[kParameters] = cell(cost.parameters);
    // Of the conventions backward this one alone differs between nodes that are alike.
    alike.backward_row.cells[kFlopCounterBackward] = cell(counts.backward[kFlopCounter]);
    alike.backward_row.cells[alike.backward_row.count - 1] =
        cell(counts.backward_to_input[kFlopCounter]);
    write(nodes_, alike.nodes_row, name);
    write(forward_, alike.forward_row, name);
    write(backward_, alike.backward_row, name);
  }

  // The one whose backward count goes by the gradients that are asked for.
  static constexpr std::size_t kFlopCounter = 2;
  static_assert(kConventions[kFlopCounter].forward == analysis::flop_counter);

 private:
  static constexpr std::size_t kParameters = 5, kFlopCounterBackward = 3;  // columns
  static_assert(kConventions[0].back != nullptr && kConventions[1].back == nullptr);

  static void write(lathe::table& table, Alike::Row& row, const lathe_value& name) {
    row.cells[0] = name;
    table.row(row.cells.data(), row.count);
  }
  static lathe::table by_convention(lathe::report& out, std::string_view name, bool backward) {
    std::vector<std::string_view> columns{"node", "op"};
    for (const Convention& convention : kConventions) {
      const char* column = backward ? convention.back : convention.key;
      if (column != nullptr) columns.emplace_back(column);
    }
    if (backward) columns.emplace_back("flop_counter_backward_to_input");
    return out.table(name, columns.data(), columns.size());
  }

  lathe::table nodes_, forward_, backward_;
};

// Totals of MASE's estimator, as it names them.
void publish_mase(lathe::report& out, double flops, double parameters, const lathe_cost& total) {
  out.scalar("total_flops", analysis::count(flops));
  // Trainable elements; the estimator's own count, which leaves biases out, has MASE's name.
  out.scalar("parameters", analysis::count(parameters));
  out.scalar("total_parameters", analysis::count(total.parameters));
  out.scalar("input_buffer_size", analysis::count(total.input_elements));
  out.scalar("output_buffer_size", analysis::count(total.output_elements));
}

void publish_conventions(lathe::report& out, const Counts& total) {
  lathe::table table = out.table(
      "conventions", {"convention", "counts", "forward", "backward", "backward_to_input"});
  for (std::size_t i = 0; i < kConventionCount; ++i) {
    const Convention& convention = kConventions[i];
    out.scalar(convention.key, analysis::count(total.forward[i]));
    const lathe::value forward = analysis::count(total.forward[i]);
    if (convention.back == nullptr) {
      table.row({convention.name, convention.unit, forward, lathe::value(), lathe::value()});
      continue;
    }
    out.scalar(convention.back, analysis::count(total.backward[i]));
    table.row({convention.name, convention.unit, forward, analysis::count(total.backward[i]),
               analysis::count(total.backward_to_input[i])});
  }
  out.scalar("flop_counter_backward_to_input",
             analysis::count(total.backward_to_input[Tables::kFlopCounter]));
}

struct Flops {
  static constexpr const char* details =
      "What executing the network costs for the batch of the graph, by every convention in which "
      "such numbers are published. A multiply-accumulate (MAC) of a convolution is one of "
      "`out * k_h * k_w * C_in / groups`, of a linear layer or a matrix product one of "
      "`out * in_features`. MASE counts MACs and one to five computations per element for the "
      "rest; MACs leave the rest out; torch's FlopCounterMode is `2 * MACs`, and backward "
      "`2 * MACs` for each of weight and input whose gradient is asked for; fvcore adds "
      "normalisations to the MACs, ptflops biases, activations and pools as well; calflops counts "
      "`2 * MACs` and the like. `docs/counting.md` has every rule.\n"
      "\n"
      "Scalars: MASE's `total_flops` (computations on floats), `computations`, "
      "`backward_computations`, `total_parameters`, `input_buffer_size`, `output_buffer_size`; "
      "`parameters`, all that are trained; `macs`, `flop_counter`, `flop_counter_backward` "
      "(`_to_input`: with the gradient to the network's input), `fvcore`, `ptflops`, `calflops`, "
      "`calflops_backward`, `calflops_macs`, `calflops_macs_backward`. Tables: `conventions`, "
      "`nodes`, `nodes_forward`, `nodes_backward`. What several nodes share counts once in "
      "parameters, and "
      "each call in work. An op without a rule is an error, unless `allow_uncounted`.\n"
      "\n"
      "Source: MASE's calculate_modules; torch.utils.flop_counter; fvcore jit_handles; ptflops "
      "pytorch_ops; calflops pytorch_ops.\n"
      "\n"
      "Example: `lathe transform jsc-tiny --passes flops`";
  static constexpr lathe_option options[] = {analysis::UnknownOps::option};
  static constexpr const char* scalars =
      "total_flops|computations|backward_computations|parameters|total_parameters|"
      "input_buffer_size|output_buffer_size|macs|flop_counter|flop_counter_backward|"
      "flop_counter_backward_to_input|fvcore|ptflops|calflops|calflops_backward|calflops_macs|"
      "calflops_macs_backward";

  explicit Flops(lathe::options o) : unknown_(o) {}

  void run(lathe::graph graph, lathe::report out, lathe::context context) {
    Tables tables(out);
    analysis::UnknownOps unknown = unknown_;
    analysis::FirstUse first_use;
    const analysis::GradientsAsked asked(graph);
    std::vector<Alike> kinds(graph.profile_count());
    double flops = 0, parameters = 0;
    lathe_cost total = {};
    Counts counts;
    for (const auto node : graph.nodes()) {
      Alike& alike = kinds[node.profile()];
      if (!alike.filled) alike = Alike(node);
      if (alike.work.trained) parameters += new_parameters(node, first_use);
      lathe_cost cost = node.cost();
      if (cost.parameters > 0 && !first_use.of_weight(node)) cost.parameters = 0;
      if (cost.known == 0) {
        unknown.add(node);
        continue;
      }
      const Counts own = counts_of(node, alike, asked);
      counts += own;
      flops += alike.flops;
      total.parameters += cost.parameters;
      total.input_elements += cost.input_elements;
      total.output_elements += cost.output_elements;
      if (!node.is_placeholder() && !node.is_output()) tables.row(node, alike, cost, own);
    }
    unknown.tell(context, "FLOPs");
    publish_mase(out, flops, parameters, total);
    publish_conventions(out, counts);
  }

 private:
  static double new_parameters(const lathe::node& node, analysis::FirstUse& first_use) {
    double parameters = 0;
    for (const auto& operand : node.operands()) {
      if (operand.is_parameter() && first_use.of_parameter(operand)) {
        parameters += static_cast<double>(operand.numel());
      }
    }
    return parameters;
  }

  static Counts counts_of(const lathe::node& node, const Alike& alike,
                          const analysis::GradientsAsked& asked) {
    int gradients = 0, with_input = 0;
    if (alike.work.macs > 0) {
      gradients = asked.of_factors(node, alike.work.trained, false);
      with_input = asked.of_factors(node, alike.work.trained, true);
    }
    return {alike.forward, alike.backward[static_cast<std::size_t>(gradients)],
            alike.backward[static_cast<std::size_t>(with_input)]};
  }

  analysis::UnknownOps unknown_;
};

}  // namespace

LATHE_ANALYSIS(Flops, "flops", "2.0.0",
               "Counts work by every convention, and parameters, in total and per node.")
