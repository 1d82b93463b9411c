// The methods that run the network with one operand changed: the error of its output, the accuracy
// it loses, the divergence of its classes.
#include "work.hpp"

#include <cmath>

namespace sensitivity {

namespace {

lathe::graph changed(const Work& work, const Site& site, const Format& format) {
  lathe::graph copy = work.graph.copy();
  lathe::edit edit = copy.edit();
  for (const lathe::node_id node : site.nodes) set_format(edit, node, site, format);
  edit.commit();
  return copy;
}

struct Logits {
  explicit Logits(const lathe_tensor& tensor)
      : values(tensor),
        rows(values.shape().size() == 0 ? 1 : static_cast<std::uint64_t>(values.shape()[0])),
        classes(rows == 0 ? 0 : values.size() / rows) {}
  lathe::tensor<const float> values;
  std::uint64_t rows, classes;
};

double squared_error(const Logits& as_is, const Logits& now) {
  double sum = 0;
  for (std::uint64_t i = 0; i < now.values.size(); ++i) {
    const double error = static_cast<double>(now.values[i]) - static_cast<double>(as_is.values[i]);
    sum += error * error;
  }
  return sum / static_cast<double>(now.values.size());
}

// log(softmax) of a row.
void log_probabilities(const float* logits, std::vector<double>& into) {
  double highest = static_cast<double>(logits[0]), sum = 0;
  for (std::size_t c = 0; c < into.size(); ++c) {
    into[c] = static_cast<double>(logits[c]);
    highest = std::max(highest, into[c]);
  }
  for (const double logit : into) sum += std::exp(logit - highest);
  const double shift = highest + std::log(sum);
  for (double& logit : into) logit -= shift;
}

double divergence(const Logits& as_is, const Logits& now) {
  std::vector<double> p(now.classes), q(now.classes);
  double sum = 0;
  for (std::uint64_t row = 0; row < now.rows; ++row) {
    log_probabilities(&as_is.values[row * now.classes], p);
    log_probabilities(&now.values[row * now.classes], q);
    for (std::size_t c = 0; c < p.size(); ++c) sum += std::exp(p[c]) * (p[c] - q[c]);
  }
  return sum / static_cast<double>(now.rows);
}

}  // namespace

Scores score_changed(const Work& work, Measure measure) {
  Scores scores(work.sites);
  std::uint64_t all = 0;
  each_change(work.sites, [&](std::size_t, std::size_t) { ++all; });
  double accuracy = 0;
  std::optional<Logits> as_is;
  if (measure == Measure::accuracy) {
    accuracy = work.executor.evaluate(work.graph, work.rows).number("accuracy");
  } else {
    as_is.emplace(work.executor.outputs(work.graph, work.rows));
  }
  each_change(work.sites, [&](std::size_t s, std::size_t f) {
    work.context.stop_if_cancelled();
    lathe::graph copy = changed(work, work.sites[s], work.sites[s].formats[f]);
    double& score = scores.by_site[s][f];
    if (measure == Measure::accuracy) {
      score = accuracy - work.executor.evaluate(copy, work.rows).number("accuracy");
    } else {
      const lathe_tensor& outputs = work.executor.outputs(copy, work.rows);
      const Logits now(outputs);
      score = measure == Measure::kl ? divergence(*as_is, now) : squared_error(*as_is, now);
      work.weights.release(outputs);
    }
    copy.release();
    work.context.progress(++scores.evaluations, all, "networks");
  });
  return scores;
}

}  // namespace sensitivity
