#include "core/engine/integer/schedule.hpp"

#include "core/engine/integer/element_wise.hpp"
#include "core/engine/weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace lathe::engine::integer {

namespace {

bool is_layer(std::string_view op) { return op == "linear" || op == "conv1d" || op == "conv2d"; }
bool is_product(std::string_view op) { return op == "matmul" || op == "bmm"; }

}  // namespace

bool has_formats(const Graph& graph) {
  return std::ranges::any_of(graph.order(),
                             [&](NodeId id) { return !graph.node(id).formats.empty(); });
}

// Makes the items of a schedule.
struct Schedule::Building {
  static constexpr std::uint32_t kNone = Plan::kNone;

  // A step of a chain, and what it does there.
  struct Member {
    std::uint32_t step = 0;
    std::vector<Operation> operations;
  };
  struct Links {
    std::vector<Member> members;
    bool on_images = false;
    bool is_reworked = false;  // a format sees the whole result afterwards
    bool holds(std::uint32_t step) const {
      return std::ranges::find(members, step, &Member::step) != members.end();
    }
    std::uint32_t end() const { return members.back().step; }
  };

  const Plan& plan;
  const std::vector<Step>& steps;
  std::vector<std::vector<std::uint32_t>> readers;  // steps that read a step's result, by step
  std::vector<bool> stays;                          // wanted or kept, by step
  std::vector<std::shared_ptr<Layer>> layers;       // by step
  std::vector<std::shared_ptr<Product>> products;   // by step
  std::vector<std::shared_ptr<Links>> links;        // that a step is part of, by step

  Building(const Plan& of, const std::vector<NodeId>& wanted)
      : plan(of),
        steps(of.steps()),
        readers(steps.size()),
        stays(steps.size()),
        layers(steps.size()),
        products(steps.size()),
        links(steps.size()) {
    for (std::uint32_t s = 0; s < steps.size(); ++s) {
      for (const std::uint32_t input : steps[s].tensor_inputs) readers[input].push_back(s);
      for (const std::uint32_t input : steps[s].value_inputs) readers[input].push_back(s);
    }
    for (const NodeId id : wanted) {
      if (plan.step_of(id) != kNone) stays[plan.step_of(id)] = true;
    }
    for (const std::uint32_t kept : plan.kept()) stays[kept] = true;
  }

  const Node& node(std::uint32_t step) const { return plan.graph().node(steps[step].node); }

  void choose(Weights& weights, const Settings& settings) {
    run::IntegerLayers* log = settings.log;
    for (std::uint32_t s = 0; s < steps.size(); ++s) {
      if (steps[s].kind != Step::Kind::compute) continue;
      const std::string& op = node(s).op;
      if (!is_layer(op) && !is_product(op)) continue;
      try {
        if (is_layer(op)) {
          layers[s] = std::make_shared<Layer>(plan, s, weights, settings);
        } else {
          products[s] = std::make_shared<Product>(plan, s);
        }
        if (log != nullptr) {
          log->ran(node(s).name,
                   layers[s] ? std::string_view(layers[s]->kernel()) : products[s]->kernel());
        }
      } catch (const Unfit& unfit) {
        if (log != nullptr) log->left(node(s).name, unfit.what());
      } catch (const Error& error) {
        throw error.within(fmt::format("node '{}'", node(s).name));
      }
    }
  }

  // A format that sees more than single elements ends a chain, and works on the whole result.
  bool ends_in_format(std::uint32_t step) const {
    return steps[step].output_format && !steps[step].output_format.elements_apart();
  }

  // Whether a layer's data are bytes that the chain writes.
  bool takes_bytes(std::uint32_t layer, const Links& from) const {
    return layers[layer] != nullptr && layers[layer]->data_form() && !from.is_reworked &&
           layers[layer]->on_images() == from.on_images;
  }

  // The step that goes on from the end of a chain, and what it does.
  std::optional<Member> next_of(const Links& so_far) const {
    const std::size_t rank = node(so_far.end()).result.shape.rank();
    const bool pooled = std::ranges::any_of(so_far.members, [](const Member& m) {
      return std::ranges::any_of(
          m.operations, [](const Operation& o) { return o.kind == Operation::Kind::max_pool; });
    });
    for (const std::uint32_t reader : readers[so_far.end()]) {
      if (links[reader] != nullptr) continue;
      std::optional<ElementWise> found = element_wise(plan, reader, so_far.end());
      if (!found || (found->pools && pooled) || (found->is_batch_norm && rank == 3)) continue;
      if (found->other && so_far.holds(*found->other)) continue;
      // Everyone else who reads what the chain makes must come after it.
      const bool is_last = std::ranges::all_of(so_far.members, [&](const Member& member) {
        return std::ranges::all_of(readers[member.step], [&](std::uint32_t other) {
          return other >= reader || so_far.holds(other);
        });
      });
      if (is_last) return Member{reader, std::move(found->operations)};
    }
    return std::nullopt;
  }

  void link(std::uint32_t head) {
    if (links[head] != nullptr || steps[head].kind != Step::Kind::compute) return;
    auto made = std::make_shared<Links>();
    const std::size_t rank = node(head).result.shape.rank();
    Member first{head, {}};
    if (layers[head] != nullptr) {
      made->on_images = layers[head]->on_images();
      if (steps[head].output_format && !ends_in_format(head)) {
        first.operations.push_back(
            {.kind = Operation::Kind::format, .format = &steps[head].output_format});
      }
    } else {
      // Batch normalisation, so that it has the same bits whether its input is at hand or not.
      if (steps[head].tensor_inputs.empty()) return;
      std::optional<ElementWise> norm = element_wise(plan, head, steps[head].tensor_inputs[0]);
      if (!norm || !norm->is_batch_norm) return;
      made->on_images = rank == 4;
      first.operations = std::move(norm->operations);
    }
    made->members.push_back(std::move(first));
    made->is_reworked = ends_in_format(head);
    const bool goes_on = !made->is_reworked && (!made->on_images || rank == 4);
    for (std::optional<Member> more; goes_on && (more = next_of(*made));) {
      made->members.push_back(std::move(*more));
    }
    for (const Member& member : made->members) links[member.step] = made;
  }

  // Whether anyone reads the result of that member as floats.
  bool needs_floats(const Links& of, std::size_t member) const {
    const std::uint32_t step = of.members[member].step;
    if (stays[step] || of.is_reworked) return true;
    return std::ranges::any_of(readers[step], [&](std::uint32_t reader) {
      const bool follows = member + 1 < of.members.size() && of.members[member + 1].step == reader;
      return !follows && !takes_bytes(reader, of);
    });
  }

  Operation bytes_for(std::uint32_t reader) const {
    Operation out{.kind = Operation::Kind::bytes};
    out.reader = reader;
    out.form = *layers[reader]->data_form();
    out.border = layers[reader]->border();
    return out;
  }

  std::shared_ptr<Chain> chain_of(const Links& from) const {
    const std::uint32_t head = from.members[0].step;
    const std::shared_ptr<Layer>& layer = layers[head];
    const std::uint32_t source = steps[head].tensor_inputs[layer ? layer->data_input() : 0];
    auto chain = std::make_shared<Chain>(layer, source);
    chain->on_images = from.on_images;
    if (layer && layer->data_form()) chain->reads_bytes = head;
    for (std::size_t m = 0; m < from.members.size(); ++m) {
      const Member& member = from.members[m];
      std::ranges::copy(member.operations, std::back_inserter(chain->operations));
      if (needs_floats(from, m)) {
        chain->operations.push_back({.kind = Operation::Kind::floats, .step = member.step});
      }
      // A layer may read a result once for several inputs.
      std::uint32_t before = kNone;
      for (const std::uint32_t reader : readers[member.step]) {
        if (reader != before && takes_bytes(reader, from)) {
          chain->operations.push_back(bytes_for(reader));
        }
        before = reader;
      }
    }
    return chain;
  }

  // The chain that makes a layer's bytes of a tensor; null: another chain does.
  std::shared_ptr<Chain> conversion(std::uint32_t layer) const {
    if (layers[layer] == nullptr || !layers[layer]->data_form()) return nullptr;
    const std::uint32_t data = steps[layer].tensor_inputs[layers[layer]->data_input()];
    if (links[data] != nullptr && takes_bytes(layer, *links[data])) return nullptr;
    auto chain = std::make_shared<Chain>(nullptr, data);
    chain->on_images = layers[layer]->on_images();
    chain->operations.push_back(bytes_for(layer));
    return chain;
  }

  std::vector<Item> items() const {
    std::vector<Item> out;
    for (std::uint32_t s = 0; s < steps.size(); ++s) {
      if (links[s] == nullptr) {
        out.push_back({s, nullptr, products[s], {}});
        continue;
      }
      if (links[s]->end() != s) continue;
      const std::uint32_t head = links[s]->members[0].step;
      if (auto made = conversion(head)) out.push_back({head, std::move(made), nullptr, {}});
      out.push_back({s, chain_of(*links[s]), nullptr, {}});
    }
    return out;
  }

  // What an item reads.
  std::vector<std::uint32_t> reads(const Item& item) const {
    if (item.chain == nullptr) {
      std::vector<std::uint32_t> out = steps[item.step].tensor_inputs;
      std::ranges::copy(steps[item.step].value_inputs, std::back_inserter(out));
      return out;
    }
    std::vector<std::uint32_t> out;
    if (!item.chain->reads_bytes) out.push_back(item.chain->source());
    for (const Operation& operation : item.chain->operations) {
      if (operation.kind == Operation::Kind::add) out.push_back(operation.other);
    }
    return out;
  }

  void mark_dead(std::vector<Item>& of) const {
    std::vector<std::size_t> last(steps.size(), of.size());
    for (std::size_t i = 0; i < of.size(); ++i) {
      for (const std::uint32_t step : reads(of[i])) last[step] = i;
    }
    for (std::uint32_t s = 0; s < steps.size(); ++s) {
      if (last[s] != of.size() && !stays[s]) of[last[s]].dead.push_back(s);
    }
  }
};

Schedule::Schedule(const Plan& plan, const std::vector<NodeId>& wanted, Weights& weights,
                   const Settings& settings)
    : plan_(plan) {
  if (!settings.on || !has_formats(plan.graph())) return;
  Building building(plan, wanted);
  building.choose(weights, settings);
  for (std::uint32_t s = 0; s < plan.steps().size(); ++s) building.link(s);
  items_ = building.items();
  building.mark_dead(items_);
  bytes_.resize(plan.steps().size());
}

std::vector<bool> Schedule::operands_read() const {
  std::vector<bool> read(plan_.operands().size(), true);
  for (const Item& item : items_) {
    if (item.chain == nullptr || item.chain->layer() == nullptr) continue;
    if (const auto weight = item.chain->layer()->weight_operand()) read[*weight] = false;
  }
  return read;
}

void Schedule::take(std::span<const at::Tensor> operands) {
  for (const Item& item : items_) {
    if (item.chain == nullptr) continue;
    if (Layer* layer = item.chain->layer(); layer != nullptr && layer->bias_operand()) {
      layer->set_bias(operands[*layer->bias_operand()]);
    }
    for (Operation& operation : item.chain->operations) fill_in(operation, operands);
  }
}

void Schedule::run(const Execution& execution) {
  for (const Item& item : items_) {
    const Step& step = plan_.steps()[item.step];
    in_node(plan_, step, [&] {
      if (item.chain != nullptr) {
        item.chain->run(execution.registers, bytes_, execution.place,
                        execution.rows_per_format_call);
      } else if (item.product != nullptr) {
        execution.registers[item.step].tensor =
            item.product->run(execution.registers[step.tensor_inputs[item.product->left()]].tensor,
                              execution.registers[step.tensor_inputs[item.product->right()]].tensor,
                              execution.place, execution.rows_per_format_call);
      } else {
        execution.compute(item.step);
      }
      const bool of_layer = item.chain != nullptr && item.chain->layer() != nullptr;
      const bool is_whole = step.output_format && !step.output_format.elements_apart();
      if ((of_layer && is_whole) || (item.product != nullptr && step.output_format)) {
        at::Tensor& made = execution.registers[item.step].tensor;
        made = execution.formatted(step.output_format, made);
      }
    });
    for (const std::uint32_t dead : item.dead) execution.registers[dead].let_go();
  }
}

}  // namespace lathe::engine::integer
