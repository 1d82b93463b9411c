// Hutchinson's estimate of the trace of the Hessian of each parameter: the mean of v^T H v over
// random signs v. All parameters move at once in a probe, each by a step of its own size; what one
// does to another is as often positive as negative.
#include "work.hpp"

#include <cmath>
#include <map>

namespace sensitivity {

namespace {

// One parameter, in float32 as the network holds it.
struct Moved {
  std::size_t site;
  lathe::node_id node;
  const lathe_tensor* original;
  std::vector<double> signs;
  double step = 0;
  std::vector<double> gradient;  // at one end, less that at the other
  double sum = 0;                // of v^T H v over the probes
  std::uint64_t size() const { return lathe::tensor<const float>(*original).size(); }
};

// The cube root of float32's precision, times the size of the weights: the error of the difference
// and that of rounding are about equal there.
double step_for(lathe::tensor<const float> weight) {
  constexpr double kRelative = 4.92e-3;
  double squares = 0;
  for (const float w : weight) squares += static_cast<double>(w) * static_cast<double>(w);
  const double size =
      std::sqrt(squares / static_cast<double>(std::max<std::uint64_t>(1, weight.size())));
  return kRelative * (size > 0 && std::isfinite(size) ? size : 1);
}

void draw(const lathe::rng& rng, std::uint64_t seed, const std::string& name, std::uint64_t probe,
          std::vector<double>& signs) {
  rng.uniform(seed, rng.stream(lathe::join({"sensitivity/", name})), probe * signs.size(),
              lathe::span<double>(signs.data(), signs.size()));
  for (double& sign : signs) sign = sign < 0.5 ? -1 : 1;
}

// The gradient of the mean loss over all rows, by qualified name.
std::map<std::string, std::vector<double>> gradients_of(const Work& work,
                                                        const lathe::graph& graph) {
  std::map<std::string, std::vector<double>> sums;
  double rows = 0;
  work.executor.gradients(
      graph, work.rows,
      [&](const std::vector<lathe::parameter_gradient>& parameters, const lathe_gradients& batch) {
        work.context.stop_if_cancelled();
        const double weight = static_cast<double>(batch.rows);
        rows += weight;
        for (const lathe::parameter_gradient& p : parameters) {
          std::vector<double>& sum = sums[std::string(p.qualified_name)];
          sum.resize(p.gradient.size());
          for (std::uint64_t i = 0; i < sum.size(); ++i) {
            sum[i] += weight * static_cast<double>(p.gradient[i]);
          }
        }
      });
  for (auto& [name, sum] : sums) {
    for (double& g : sum) g /= rows;
  }
  return sums;
}

// Moves every parameter by direction times its step, and adds direction times the gradient there.
void add_end(const Work& work, std::vector<Moved>& all, double direction) {
  lathe::graph copy = work.graph.copy();
  lathe::edit edit = copy.edit();
  for (Moved& m : all) {
    const lathe::tensor<const float> from(*m.original);
    lathe_tensor& to = work.weights.zeros(from.shape().to_vector());
    const lathe::tensor<float> values(to);
    for (std::uint64_t i = 0; i < values.size(); ++i) {
      values[i] =
          static_cast<float>(static_cast<double>(from[i]) + direction * m.step * m.signs[i]);
    }
    edit.set_parameter(m.node, work.sites[m.site].operand, to);
    work.weights.release(to);
  }
  edit.commit();
  const auto gradients = gradients_of(work, copy);
  copy.release();
  for (Moved& m : all) {
    const auto found = gradients.find(work.sites[m.site].parameter);
    if (found == gradients.end()) continue;  // no output depends on it
    for (std::uint64_t i = 0; i < m.gradient.size(); ++i) {
      m.gradient[i] += direction * 0.5 * found->second[i];
    }
  }
}

double squared_error(const Work& work, const Site& site, const Format& format,
                     const lathe_tensor& weight) {
  if (format.id.empty()) return 0;
  lathe::value::storage arrays;
  const lathe_value options = format.options.c_value(arrays);
  const lathe::used_format used =
      work.formats.make(work.graph, site.nodes[0], site.role, 0, format.id, &options);
  const lathe::tensor<const float> before(weight);
  lathe_tensor& after = work.weights.zeros(before.shape().to_vector());
  used.quantize(weight, after);
  double sum = 0;
  for (std::uint64_t i = 0; i < before.size(); ++i) {
    const double error =
        static_cast<double>(lathe::tensor<float>(after)[i]) - static_cast<double>(before[i]);
    sum += error * error;
  }
  work.weights.release(after);
  return sum;
}

}  // namespace

std::vector<Trace> score_by_hessian(const Work& work, const std::vector<std::size_t>& chosen,
                                    const Probes& probes, Scores& scores) {
  std::vector<Moved> all;
  for (const std::size_t s : chosen) {
    const Site& site = work.sites[s];
    const lathe_tensor& weight = work.weights.raw_of(work.graph, site.nodes[0], site.operand);
    Moved m{s, site.nodes[0], &weight, {}, step_for(lathe::tensor<const float>(weight)), {}, 0};
    m.signs.resize(m.size());
    all.push_back(std::move(m));
  }
  if (all.empty()) return {};
  const lathe::rng rng(work.context);
  for (std::uint64_t probe = 0; probe < probes.count; ++probe) {
    for (Moved& m : all) {
      draw(rng, probes.seed, work.sites[m.site].parameter, probe, m.signs);
      m.gradient.assign(m.signs.size(), 0);
    }
    add_end(work, all, 1);
    add_end(work, all, -1);
    scores.evaluations += 2;
    for (Moved& m : all) {
      double product = 0;
      for (std::size_t i = 0; i < m.signs.size(); ++i) product += m.signs[i] * m.gradient[i];
      m.sum += product / m.step;
    }
    work.context.progress(probe + 1, probes.count, "probes");
  }
  std::vector<Trace> traces;
  for (const Moved& m : all) {
    const auto elements = static_cast<double>(std::max<std::uint64_t>(1, m.size()));
    const double mean = m.sum / static_cast<double>(probes.count) / elements;
    traces.push_back({m.site, m.size(), mean});
    const Site& site = work.sites[m.site];
    for (std::size_t f = 0; f < site.formats.size(); ++f) {
      if (f == site.as_it_is) continue;
      scores.by_site[m.site][f] =
          0.5 * mean * squared_error(work, site, site.formats[f], *m.original);
    }
  }
  return traces;
}

}  // namespace sensitivity
