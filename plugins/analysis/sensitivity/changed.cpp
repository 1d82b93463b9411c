// The methods that run the network with one operand changed: the error of its output, the accuracy
// it loses, the divergence of its classes, how often they stay the same.
#include "work.hpp"

#include "../comparison/compared_rows.hpp"

namespace sensitivity {

namespace {

using analysis::OutputKind;

lathe::graph changed(const Work& work, const Site& site, const Format& format) {
  lathe::graph copy = work.graph.copy();
  lathe::edit edit = copy.edit();
  for (const lathe::node_id node : site.nodes) set_format(edit, node, site, format);
  edit.commit();
  return copy;
}

// What the output of the changed network differs from that of the network as it is.
class Difference {
 public:
  Difference(const Work& work, Measure measure)
      : work_(work),
        measure_(measure),
        rows_(work.graph, work.data, work.rows,
              is_of_classes(measure) ? OutputKind::classes : OutputKind::by_target),
        as_it_is_(work.executor.outputs(work.graph, work.rows)) {}

  double of(const lathe::graph& changed) const {
    const lathe_tensor& outputs = work_.executor.outputs(changed, work_.rows);
    const lathe::tensor<const float> now(outputs);
    analysis::OutputComparison comparison = rows_.comparison(is_of_classes(measure_));
    analysis::OutputDifference all;
    for (std::uint64_t row = 0; row < rows_.count(); ++row) {
      const std::uint64_t at = row * rows_.row_size();
      all.add(comparison.row(&as_it_is_[at], &now[at], rows_.targets(row)));
    }
    work_.weights.release(outputs);
    return score_of(all);
  }

 private:
  static bool is_of_classes(Measure measure) {
    return measure == Measure::kl || measure == Measure::top1;
  }
  double score_of(const analysis::OutputDifference& all) const {
    if (measure_ == Measure::kl) return all.mean_divergence();
    if (measure_ == Measure::top1) return 1.0 - all.agreement();
    if (measure_ == Measure::noise) return all.noise_to_signal();
    return all.noise / (static_cast<double>(all.places) * static_cast<double>(rows_.width()));
  }

  const Work& work_;
  Measure measure_;
  analysis::ComparedRows rows_;
  lathe::tensor<const float> as_it_is_;
};

}  // namespace

Scores score_changed(const Work& work, Measure measure) {
  Scores scores(work.sites);
  std::uint64_t all = 0;
  each_change(work.sites, [&](std::size_t, std::size_t) { ++all; });
  double accuracy = 0;
  std::optional<Difference> difference;
  if (measure == Measure::accuracy) {
    accuracy = work.executor.evaluate(work.graph, work.rows).number("accuracy");
  } else {
    difference.emplace(work, measure);
  }
  each_change(work.sites, [&](std::size_t s, std::size_t f) {
    work.context.stop_if_cancelled();
    lathe::graph copy = changed(work, work.sites[s], work.sites[s].formats[f]);
    double& score = scores.by_site[s][f];
    score = difference ? difference->of(copy)
                       : accuracy - work.executor.evaluate(copy, work.rows).number("accuracy");
    copy.release();
    work.context.progress(++scores.evaluations, all, "networks");
  });
  return scores;
}

}  // namespace sensitivity
