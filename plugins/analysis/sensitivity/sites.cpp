#include "sites.hpp"

#include "../bit_operations.hpp"
#include "../counted_weight.hpp"
#include "../number_format.hpp"
#include "../shared_weights.hpp"

#include <algorithm>
#include <map>

namespace sensitivity {

namespace {

[[noreturn]] void refuse(std::string_view parameter, std::string_view why) {
  throw lathe::invalid_argument(
      lathe::join({"parameter '", parameter, "' of the search space ", why,
                   "; sensitivities are of number formats: leave it out of "
                   "[search.search_space]"}));
}

std::vector<Parameter> parameters_of(const lathe::opened_space& space) {
  std::vector<Parameter> all;
  for (const lathe::space_parameter& p : space.parameters()) {
    if (p.choice_count() == 0) {
      throw lathe::invalid_argument(lathe::join({"parameter '", p.name(),
                                                 "' of the search space is a range without a list "
                                                 "of values; give it a step, or a list"}));
    }
    if (p.part() == LATHE_SPACE_TRAINING && p.choice_count() > 1) {
      refuse(p.name(), "is an option of the training");
    }
    if (p.part() == LATHE_SPACE_MODEL) refuse(p.name(), "is an option of the model");
    all.push_back(
        {lathe::to_string(p.name()), p.choice_count(), p.parent(), p.parent_choices().to_vector()});
  }
  return all;
}

std::string shape_text(lathe::shape shape) {
  std::string text = "[";
  for (std::uint64_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + lathe::to_string(shape[i]);
  }
  return text + "]";
}

// What makes two graphs other networks; empty: they differ in number formats at most.
std::string difference(const lathe::graph& a, const lathe::graph& b) {
  const lathe::node_range before = a.nodes(), after = b.nodes();
  if (before.size() != after.size()) return "it has other nodes";
  for (std::uint32_t i = 0; i < before.size(); ++i) {
    const lathe::node x = before[i], y = after[i];
    if (x.id() != y.id() || x.name() != y.name() || x.op() != y.op()) return "it has other nodes";
    const lathe::shape m = x.shape(), n = y.shape();
    if (m.size() == n.size() && std::equal(m.begin(), m.end(), n.begin())) continue;
    return lathe::join(
        {"node '", x.name(), "' has shape ", shape_text(n), " instead of ", shape_text(m)});
  }
  return "";
}

// An operand of a node, all of one role, which share a format.
struct Place {
  std::uint32_t node;
  lathe_role role;
  bool operator<(const Place& o) const { return node != o.node ? node < o.node : role < o.role; }
};

std::optional<lathe::operand> operand_at(const lathe::node& node, lathe_role role) {
  for (const auto& operand : node.operands()) {
    if (operand.role() == role && analysis::may_have_format(operand)) return operand;
  }
  return std::nullopt;
}

// Calls visit(place) for each place where the graphs have different formats.
template <class Visit>
void each_difference(const lathe::graph& a, const lathe::graph& b, const Visit& visit) {
  const lathe::node_range before = a.nodes(), after = b.nodes();
  for (std::uint32_t i = 0; i < before.size(); ++i) {
    const lathe::operand_range x = before[i].operands(), y = after[i].operands();
    // State of formats comes and goes at the end.
    for (std::uint64_t o = 0; o < std::min(x.size(), y.size()); ++o) {
      if (x[o].role() == LATHE_ROLE_NONE || analysis::same_format(x[o], y[o])) continue;
      visit(Place{before[i].id().index, x[o].role()});
    }
  }
}

Format format_of(const lathe::operand& operand) {
  if (!analysis::has_format(operand)) return {};
  return {lathe::to_string(operand.type()), lathe::value(operand.format_options().all()),
          analysis::format_text(operand),
          analysis::format_text(operand, option_values::Lists::shortened)};
}

// The name of the tensor that a weight or bias is, by which nodes share it; empty: of nobody else.
std::string tensor_name(const lathe::node& node, lathe_role role) {
  if (role == LATHE_ROLE_DATA_IN || role == LATHE_ROLE_DATA_OUT) return "";
  const std::optional<lathe::operand> operand = operand_at(node, role);
  if (operand && !operand->qualified_name().empty()) {
    return lathe::to_string(operand->qualified_name());
  }
  const std::optional<lathe::node> stored = stored_input(node, role);
  return stored ? lathe::to_string(stored->target()) : "";
}

class Finder {
 public:
  Finder(const lathe::graph& graph, const lathe::opened_space& space, const lathe::context& context)
      : graph_(graph), space_(space), context_(context) {}

  Sites find() {
    found_.parameters = std::make_shared<std::vector<Parameter>>(parameters_of(space_));
    touch();
    group();
    for (Site& site : found_.sites) fill(site);
    count();
    return std::move(found_);
  }

 private:
  // Calls visit(graph) with what a trial with these choices works on.
  template <class Visit>
  void build(const Choices& choices, const Visit& visit) {
    context_.stop_if_cancelled();
    const bool is_first = choices == Choices(choices.size());
    if (is_first && first_) return visit(*first_);
    lathe::graph made = space_.build(choices);
    if (is_first) return visit(first_.emplace(made));
    visit(made);
    made.release();
  }
  // Which places each parameter changes, and which differ from the graph whatever is chosen.
  void touch();
  void check_same_network(const lathe::graph& changed, const char* parameter) const;
  void group();
  void fill(Site& site);
  void count();

  const lathe::graph& graph_;
  const lathe::opened_space& space_;
  const lathe::context& context_;
  Sites found_;
  std::optional<lathe::graph> first_;  // with the first choice of everything
  std::map<Place, std::vector<std::size_t>> touched_;
  std::map<std::uint32_t, std::vector<std::size_t>> of_node_;  // parameters by node
};

void Finder::check_same_network(const lathe::graph& changed, const char* parameter) const {
  const std::string text = difference(graph_, changed);
  if (text.empty()) return;
  if (parameter != nullptr) {
    refuse(parameter, lathe::join({"changes the network itself: ", text}));
  }
  throw lathe::invalid_argument(
      lathe::join({"the search space changes the network itself: ", text,
                   "; sensitivities are of number formats: leave what changes it out of "
                   "[search.search_space]"}));
}

void Finder::touch() {
  const std::vector<Parameter>& all = *found_.parameters;
  const Choices first(all.size());
  build(first, [&](const lathe::graph& trial) {
    check_same_network(trial, nullptr);
    each_difference(graph_, trial, [&](const Place& place) { touched_[place]; });
  });
  for (std::size_t p = 0; p < all.size(); ++p) {
    if (all[p].choices < 2) continue;
    build(with_choice(all, first, p, 0), [&](const lathe::graph& reference) {
      for (std::uint64_t c = 1; c < all[p].choices; ++c) {
        build(with_choice(all, first, p, c), [&](const lathe::graph& changed) {
          check_same_network(changed, all[p].name.c_str());
          each_difference(reference, changed, [&](const Place& place) {
            std::vector<std::size_t>& parameters = touched_[place];
            if (parameters.empty() || parameters.back() != p) parameters.push_back(p);
          });
        });
      }
    });
  }
}

void Finder::group() {
  std::map<std::string, std::size_t> shared;
  for (const lathe::node node : graph_.nodes()) {
    auto at = touched_.lower_bound({node.id().index, 0});
    for (; at != touched_.end() && at->first.node == node.id().index; ++at) {
      const auto& [place, parameters] = *at;
      std::vector<std::size_t>& all = of_node_[place.node];
      all.insert(all.end(), parameters.begin(), parameters.end());
      const std::string name = tensor_name(node, place.role);
      if (!name.empty()) {
        const auto [known, is_new] = shared.emplace(
            lathe::join({lathe::role_name(place.role), " ", name}), found_.sites.size());
        if (!is_new) {
          found_.sites[known->second].nodes.push_back(node);
          continue;
        }
      }
      Site site{{node.id()},
                lathe::to_string(node.name()),
                lathe::to_string(node.op()),
                lathe::to_string(lathe::role_name(place.role)),
                place.role,
                {},
                Grid(found_.parameters, parameters),
                {},
                {},
                {}};
      const auto operand = operand_at(node, place.role);
      if (operand && operand->is_parameter()) {
        site.parameter = lathe::to_string(operand->qualified_name());
      }
      found_.sites.push_back(std::move(site));
    }
  }
  for (auto& [node, parameters] : of_node_) {
    std::sort(parameters.begin(), parameters.end());
    parameters.erase(std::unique(parameters.begin(), parameters.end()), parameters.end());
  }
}

void Finder::fill(Site& site) {
  const auto own = operand_at(graph_.at(site.nodes[0]), site.role);
  const std::string as_it_is = own ? format_of(*own).text : "float";
  for (std::uint64_t cell = 0; cell < site.grid.cells(); ++cell) {
    build(site.grid.choices(cell), [&](const lathe::graph& trial) {
      const auto operand = operand_at(trial.at(site.nodes[0]), site.role);
      Format format = operand ? format_of(*operand) : Format();
      const auto known = std::find_if(site.formats.begin(), site.formats.end(),
                                      [&](const Format& f) { return f.text == format.text; });
      site.cells.push_back(static_cast<std::size_t>(known - site.formats.begin()));
      if (known != site.formats.end()) return;
      if (format.text == as_it_is) site.as_it_is = site.formats.size();
      site.formats.push_back(std::move(format));
    });
  }
}

void Finder::count() {
  analysis::FirstUse first_use;
  for (const lathe::node node : graph_.nodes()) {
    std::vector<bool> is_first;  // of its weights, in order
    if (analysis::counts_weights(node) && analysis::counted_input(node)) {
      analysis::each_weight(node, [&](const auto& weight, const auto& contents) {
        is_first.push_back(first_use.of_weight(contents));
        if (is_first.back()) found_.weights += static_cast<double>(weight.numel());
      });
    }
    const auto weight_bits = [&](const lathe::node& of) {
      double bits = 0;
      std::size_t i = 0;
      if (is_first.empty()) return bits;
      analysis::each_weight(of, [&](const auto& weight, const auto&) {
        if (is_first[i++]) bits += static_cast<double>(weight.numel()) * weight.bits();
      });
      return bits;
    };
    const auto touched = of_node_.find(node.id().index);
    if (touched == of_node_.end()) {
      found_.other_bit_operations += analysis::bit_operations(node).value_or(0);
      found_.other_weight_bits += weight_bits(node);
      continue;
    }
    NodeCost cost{Grid(found_.parameters, touched->second), {}, {}};
    for (std::uint64_t cell = 0; cell < cost.grid.cells(); ++cell) {
      build(cost.grid.choices(cell), [&](const lathe::graph& trial) {
        const lathe::node now = trial.at(node.id());
        cost.bit_operations.push_back(analysis::bit_operations(now).value_or(0));
        cost.weight_bits.push_back(weight_bits(now));
      });
    }
    found_.costs.push_back(std::move(cost));
  }
}

}  // namespace

std::optional<lathe::node> stored_input(const lathe::node& node, lathe_role role) {
  std::uint32_t at = 0;  // among the inputs, of which only tensors are operands
  for (const lathe::operand& operand : node.operands()) {
    if (!operand.is_input()) break;
    while (at < node.input_count() && node.input(at).dtype() == LATHE_DTYPE_NONE) ++at;
    if (at == node.input_count()) break;
    const lathe::node input = node.input(at++);
    if (operand.role() == role && input.opcode() == LATHE_OPCODE_GET_ATTR) return input;
  }
  return std::nullopt;
}

Sites find_sites(const lathe::graph& graph, const lathe::opened_space& space,
                 const lathe::context& context) {
  return Finder(graph, space, context).find();
}

}  // namespace sensitivity
