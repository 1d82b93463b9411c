// How much each number format of a search space costs a network at each operand, and the file from
// which a sampler adds that up.
#include <lathe/lathe.hpp>

#include <algorithm>
#include <cmath>

#include "bit_operations.hpp"
#include "counting/unknown_ops.hpp"
#include "sensitivity/contributions.hpp"
#include "sensitivity/health.hpp"
#include "splits.hpp"

namespace {

using sensitivity::Contributions;
using sensitivity::Measure;
using sensitivity::Scores;
using sensitivity::Site;
using sensitivity::Sites;
using sensitivity::Work;

enum class Method { output, accuracy, kl, top1, noise, gradient, hessian };

// One row per method, in the order of the option.
struct MethodRow {
  std::string_view name, objective, what;
  Method method;
};
constexpr MethodRow kMethods[] = {
    {"output", "output_error", "error of the output", Method::output},
    {"accuracy", "accuracy", "accuracy", Method::accuracy},
    {"kl", "kl", "divergence", Method::kl},
    {"top1", "top1_agreement", "agreement", Method::top1},
    {"noise", "noise_to_signal", "noise", Method::noise},
    {"gradient", "loss", "change of the loss", Method::gradient},
    {"hessian", "loss", "change of the loss", Method::hessian},
};

class Sensitivity {
 public:
  static constexpr lathe_option options[] = {
      lathe::choice_option("method", "output|accuracy|kl|top1|noise|gradient|hessian",
                           "What a format costs: the squared error of the network's output, the "
                           "accuracy, the Kullback-Leibler divergence of its classes, the share of "
                           "rows or tokens with the same class, the noise beside the signal, or "
                           "the change of the loss as gradients or second derivatives foretell it.")
          .by_default("gradient"),
      analysis::split_option("Rows to run.").by_default("validation"),
      analysis::kDataLoader,
      analysis::kNumSamples,
      analysis::batch_size_option("Rows at once; 0 means as the run has it."),
      lathe::int_option("probes", "Random directions in which 'hessian' looks.")
          .within("1..")
          .by_default("32"),
      lathe::int_option("seed", "Of those directions.").within("0..").by_default("0"),
      lathe::string_option("file", "Where the contributions go, in the pass's folder of the run.")
          .by_default("sensitivity.json"),
      analysis::UnknownOps::option,
  };
  static constexpr const char* scalars = "base_loss|base_accuracy|evaluations|layers";
  static constexpr const char* details =
      "Runs the network as it is, and tells for each operand (a layer's inputs, its weight, its "
      "bias), and for each number format that the config's `[search.search_space]` gives it, what "
      "that format costs while everything else stays as it is. With the network's output `z` and "
      "the layer's output `y`, and `q` marking those with the format:\n\n"
      "| method | sensitivity |\n|---|---|\n"
      "| `output` | `mean((z_q - z)^2)` over rows and outputs |\n"
      "| `accuracy` | `accuracy - accuracy_q` |\n"
      "| `kl` | `mean over rows of sum over classes of p * ln(p / p_q)`, `p = softmax(z)`; of "
      "sequences the mean over the positions that count |\n"
      "| `top1` | the share of rows, or of positions that count, whose largest `z` is at another "
      "class than that of `z_q` |\n"
      "| `noise` | `sum((z_q - z)^2) / sum(z^2)` |\n"
      "| `gradient` | `1/2 * mean over rows of (sum(dL/dy * (y_q - y)))^2`, with the gradient of "
      "the "
      "row's own loss `L`: the change of the loss to second order by the empirical Fisher "
      "information. All layers are tried at once, in one pass forwards and backwards for each "
      "format. Model-Optimizer's score is the sum of the squares in its place, as if errors in one "
      "row were independent; those of a coarse weight are not |\n"
      "| `hessian` | of weights and biases `1/2 * trace(H)/n * sum((w_q - w)^2)`, with `H` the "
      "Hessian of the loss by the `n` elements of `w` and its trace by Hutchinson's estimate, the "
      "mean of `v^T H v` over `probes` random signs `v`, `H v` by central differences of "
      "gradients; of inputs as `gradient` |\n\n"
      "Publishes `base_loss`, `base_accuracy` (of classes), `evaluations` (how often the network "
      "was run) and `layers` (nodes that the space gives formats); the table `layers`, the "
      "costliest first, and with `hessian` the table `traces`; and the file `sensitivity.json`: "
      "`{objective: {parameter: [a value for each choice]}}`, parameters and choices as in a "
      "study of the same config. Its objectives are `output_error`, `accuracy`, `kl`, "
      "`top1_agreement`, `noise_to_signal` or `loss`, and beside it the costs `average_bitwidth` "
      "and `total_bitops`. The values of a "
      "point's choices add up to the objective there; what does not depend on choices, the loss or "
      "accuracy of the network as it is among it, stands under `\"\"`. Where several parameters "
      "change one operand (or of `total_bitops`, one node), a choice counts with the least that it "
      "can come to less the least of all, which stands under `\"\"`; beyond 256 combinations the "
      "others have their first choice.\n\n"
      "Sources: Dong et al., HAWQ-V2: Hessian Aware trace-Weighted Quantization of Neural "
      "Networks, NeurIPS 2020; NVIDIA Model-Optimizer, AutoQuantize (`gradient`); Hutchinson, "
      "Communications in Statistics 19 (1990).\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --set search.search_space.setup.by=type --set "
      "'search.search_space.seed.linear.config={name=[integer],weight_width=[2,4,8]}' --passes "
      "sensitivity`";

  explicit Sensitivity(lathe::options o)
      : method_(row_of(o.text("method"))),
        probes_{static_cast<std::uint64_t>(o.integer("probes")),
                static_cast<std::uint64_t>(o.integer("seed"))},
        file_(o.text("file")),
        unknown_(o),
        rows_(analysis::rows_of(o)) {}

  void run(lathe::graph graph, lathe::search_space space, lathe::executor executor,
           lathe::weights weights, lathe::formats formats, lathe::data data, lathe::context context,
           lathe::report out) const {
    const Sites found = sensitivity::find_sites(graph, space.of(graph), context);
    if (found.sites.empty()) {
      throw lathe::error(LATHE_FAILED_PRECONDITION,
                         "the search space gives no node a number format; there is nothing to "
                         "measure");
    }
    tell_unknown(graph, context);
    const Work work{graph, executor, weights, formats, data, context, rows_, found.sites};
    const lathe::evaluation base = executor.evaluate(graph, rows_);
    check_method(base);
    // Of an output that is no number the host has told already.
    sensitivity::warn_of_network(work, std::isfinite(base.number("loss")));
    const Scores scores = scored(work, out);
    sensitivity::warn_of_scores(work, scores, method_.what);
    publish(found, scores, out);
    write(found, scores, base, out);
    out.scalar("base_loss", base.number("loss"));
    if (base.has("accuracy")) out.scalar("base_accuracy", base.number("accuracy"));
    out.scalar("evaluations", scores.evaluations + 1);
    out.scalar("layers", layers(found.sites));
  }

 private:
  static const MethodRow& row_of(const std::string& name) {
    return *std::find_if(std::begin(kMethods), std::end(kMethods),
                         [&](const MethodRow& row) { return row.name == name; });
  }

  // What has no rule is in no cost of the file.
  void tell_unknown(const lathe::graph& graph, const lathe::context& context) const {
    analysis::UnknownOps unknown = unknown_;
    for (const lathe::node node : graph.nodes()) {
      if (!analysis::bit_operations(node)) unknown.add(node);
    }
    unknown.tell(context, "bit operations");
  }

  void check_method(const lathe::evaluation& base) const {
    // Of classes there is a mean of the accuracies, of truth values there is none.
    const bool is_of_classes = method_.method == Method::kl || method_.method == Method::top1;
    const bool fits = method_.method == Method::accuracy ? base.has("accuracy")
                      : is_of_classes ? base.has("accuracy_macro") || base.has("tokens")
                                      : true;
    if (fits) return;
    throw lathe::invalid_argument(
        lathe::join({"method '", method_.name,
                     "' needs a network that tells classes apart, and the run's loss is of another "
                     "kind; 'output', 'noise', 'gradient' and 'hessian' fit every loss"}))
        .at_option("method");
  }

  Scores scored(const Work& work, lathe::report& out) const {
    switch (method_.method) {
      case Method::output:
        return sensitivity::score_changed(work, Measure::output);
      case Method::accuracy:
        return sensitivity::score_changed(work, Measure::accuracy);
      case Method::kl:
        return sensitivity::score_changed(work, Measure::kl);
      case Method::top1:
        return sensitivity::score_changed(work, Measure::top1);
      case Method::noise:
        return sensitivity::score_changed(work, Measure::noise);
      default:
        break;
    }
    const bool is_hessian = method_.method == Method::hessian;
    const auto is_traced = [&](const Site& site) { return is_hessian && !site.parameter.empty(); };
    Scores scores(work.sites);
    sensitivity::score_by_fisher(
        work,
        sensitivity::chosen_sites(work.sites, [&](const Site& site) { return !is_traced(site); }),
        scores);
    const auto traces = sensitivity::score_by_hessian(
        work, sensitivity::chosen_sites(work.sites, is_traced), probes_, scores);
    if (traces.empty()) return scores;
    lathe::table table = out.table("traces", {"node", "operand", "elements", "mean_trace"});
    for (const sensitivity::Trace& trace : traces) {
      const Site& site = work.sites[trace.site];
      table.row({site.node, site.operand, trace.elements, trace.mean});
    }
    return scores;
  }

  // The costliest first.
  static void publish(const Sites& found, const Scores& scores, lathe::report& out) {
    struct Row {
      const Site* site;
      std::size_t format;
      double score;
    };
    std::vector<Row> rows;
    for (std::size_t s = 0; s < found.sites.size(); ++s) {
      for (std::size_t f = 0; f < found.sites[s].formats.size(); ++f) {
        rows.push_back({&found.sites[s], f, scores.by_site[s][f]});
      }
    }
    // What is no number comes first.
    std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
      if (std::isnan(a.score) || std::isnan(b.score)) {
        return std::isnan(a.score) && !std::isnan(b.score);
      }
      return a.score > b.score;
    });
    lathe::table table = out.table("layers", {"node", "op", "operand", "format", "sensitivity"});
    for (const Row& row : rows) {
      table.row({row.site->node, row.site->op, row.site->operand,
                 row.site->formats[row.format].shown, row.score});
    }
  }

  void write(const Sites& found, const Scores& scores, const lathe::evaluation& base,
             lathe::report& out) const {
    // An accuracy and an agreement are what is left of them; an error and a loss grow.
    const bool is_left = method_.method == Method::accuracy || method_.method == Method::top1;
    const bool is_of_base = method_.method == Method::accuracy || method_.objective == "loss";
    Contributions errors(std::string(method_.objective), found.parameters,
                         is_of_base                       ? base.number(method_.objective)
                         : method_.method == Method::top1 ? 1
                                                          : 0);
    for (std::size_t s = 0; s < found.sites.size(); ++s) {
      std::vector<double> by_cell;
      for (const std::size_t f : found.sites[s].cells) by_cell.push_back(scores.by_site[s][f]);
      errors.add(found.sites[s].grid, by_cell, is_left ? -1 : 1);
    }
    std::vector<Contributions> objectives{std::move(errors)};
    for (Contributions& cost : sensitivity::costs_of(found)) objectives.push_back(std::move(cost));
    out.file(file_, sensitivity::file_text(objectives));
  }

  static std::int64_t layers(const std::vector<Site>& sites) {
    std::vector<std::uint32_t> nodes;
    for (const Site& site : sites) {
      for (const lathe::node_id node : site.nodes) nodes.push_back(node.index);
    }
    std::sort(nodes.begin(), nodes.end());
    return std::unique(nodes.begin(), nodes.end()) - nodes.begin();
  }

  const MethodRow& method_;
  sensitivity::Probes probes_;
  std::string file_;
  analysis::UnknownOps unknown_;
  lathe::rows rows_;
};

}  // namespace

LATHE_ANALYSIS(Sensitivity, "sensitivity", "1.1.0",
               "What each number format of a search space costs the network, operand by operand.")
