// A leaf is a box. It adds its value times its volume to the mean, and to the marginal mean of each
// axis: to all numbers of those it does not bound, else to those in it, where it weighs more by as
// much as it is narrow.
#include "core/report/importance/marginals.hpp"

#include <algorithm>

namespace lathe {
namespace {

// Where an axis is cut by the tree; each cell has one marginal mean.
struct Cells {
  std::vector<double> cuts;   // of an interval, ascending
  std::vector<double> means;  // of an interval: differences from one cell to the next
  double bounded = 0;         // of the mean, what leaves add that bound this axis

  std::size_t cell(double at) const {
    return static_cast<std::size_t>(std::ranges::lower_bound(cuts, at) - cuts.begin());
  }
};

class Boxes {
 public:
  Boxes(const ImportanceTree& tree, const ImportanceSpace& space)
      : tree_(tree), space_(space), cells_(space.axes.size()), bounds_(space.axes.size()) {
    for (std::size_t axis = 0; axis < cells_.size(); ++axis) begin(axis);
    for (const ImportanceTree::Node& node : tree.nodes)
      if (!node.leaf() && !space.axes[node.axis].categorical())
        cells_[node.axis].cuts.push_back(node.at);
    for (std::size_t axis = 0; axis < cells_.size(); ++axis) lay_out(axis);
    visit(0, 1);
  }

  TreeVariance variance() const {
    TreeVariance out;
    out.total = std::max(0.0, squares_ - mean_ * mean_);
    for (std::size_t axis = 0; axis < cells_.size(); ++axis) out.alone.push_back(alone(axis));
    return out;
  }

 private:
  // The part of an axis that the box at hand has.
  struct Bounds {
    std::vector<char> choices;
    std::size_t left = 0;  // of the choices
    double low = 0, high = 0;
    double share = 1;
    int depth = 0;  // splits above on this axis
  };

  void begin(std::size_t axis) {
    const ImportanceAxis& whole = space_.axes[axis];
    Bounds& bounds = bounds_[axis];
    bounds.choices.assign(whole.choices, 1);
    bounds.left = whole.choices;
    bounds.low = whole.low;
    bounds.high = whole.high;
  }

  void lay_out(std::size_t axis) {
    Cells& cells = cells_[axis];
    std::ranges::sort(cells.cuts);
    const auto twice = std::ranges::unique(cells.cuts);
    cells.cuts.erase(twice.begin(), twice.end());
    const ImportanceAxis& whole = space_.axes[axis];
    cells.means.assign(whole.categorical() ? whole.choices : cells.cuts.size() + 2, 0.0);
  }

  void visit(std::size_t index, double volume) {
    const ImportanceTree::Node& node = tree_.nodes[index];
    if (node.leaf()) return add_leaf(node.value, volume);
    Bounds& bounds = bounds_[node.axis];
    if (bounds.depth++ == 0) bounded_.push_back(node.axis);
    if (space_.axes[node.axis].categorical())
      visit_choices(node, bounds, volume);
    else
      visit_interval(node, bounds, volume);
    if (--bounds.depth == 0) std::erase(bounded_, node.axis);
  }

  void visit_choices(const ImportanceTree::Node& node, Bounds& bounds, double volume) {
    const auto choices = static_cast<double>(bounds.choices.size());
    const Bounds before = bounds;
    const double others = volume / before.share;
    bounds.choices.assign(bounds.choices.size(), 0);
    bounds.choices[static_cast<std::size_t>(node.at)] = 1;
    bounds.left = 1;
    bounds.share = 1 / choices;
    visit(node.left, others * bounds.share);
    bounds.choices = before.choices;
    bounds.choices[static_cast<std::size_t>(node.at)] = 0;
    bounds.left = before.left - 1;
    bounds.share = static_cast<double>(bounds.left) / choices;
    visit(node.right, others * bounds.share);
    bounds.choices = before.choices;
    bounds.left = before.left;
    bounds.share = before.share;
  }

  void visit_interval(const ImportanceTree::Node& node, Bounds& bounds, double volume) {
    const ImportanceAxis& whole = space_.axes[node.axis];
    const double low = bounds.low, high = bounds.high, share = bounds.share;
    const double others = volume / share;
    bounds.high = node.at;
    bounds.share = (bounds.high - bounds.low) / (whole.high - whole.low);
    visit(node.left, others * bounds.share);
    bounds.high = high;
    bounds.low = node.at;
    bounds.share = (bounds.high - bounds.low) / (whole.high - whole.low);
    visit(node.right, others * bounds.share);
    bounds.low = low;
    bounds.share = share;
  }

  void add_leaf(double value, double volume) {
    mean_ += value * volume;
    squares_ += value * value * volume;
    for (const std::size_t axis : bounded_) {
      const Bounds& bounds = bounds_[axis];
      Cells& cells = cells_[axis];
      const double weight = value * volume / bounds.share;
      cells.bounded += value * volume;
      if (space_.axes[axis].categorical()) {
        for (std::size_t choice = 0; choice < bounds.choices.size(); ++choice)
          if (bounds.choices[choice] != 0) cells.means[choice] += weight;
        continue;
      }
      cells.means[bounds.low == space_.axes[axis].low ? 0 : cells.cell(bounds.low) + 1] += weight;
      cells.means[bounds.high == space_.axes[axis].high ? cells.cuts.size() + 1
                                                        : cells.cell(bounds.high) + 1] -= weight;
    }
  }

  double alone(std::size_t axis) const {
    const Cells& cells = cells_[axis];
    const ImportanceAxis& whole = space_.axes[axis];
    double variance = 0;
    const auto add = [&](double mean, double share) {
      const double off = mean - cells.bounded;  // what does not bound it is the same everywhere
      variance += share * off * off;
    };
    if (whole.categorical()) {
      for (const double mean : cells.means) add(mean, 1 / static_cast<double>(whole.choices));
      return variance;
    }
    double mean = 0, low = whole.low;
    for (std::size_t cell = 0; cell <= cells.cuts.size(); ++cell) {
      const double high = cell < cells.cuts.size() ? cells.cuts[cell] : whole.high;
      mean += cells.means[cell];
      if (whole.high > whole.low) add(mean, (high - low) / (whole.high - whole.low));
      low = high;
    }
    return variance;
  }

  const ImportanceTree& tree_;
  const ImportanceSpace& space_;
  std::vector<Cells> cells_;
  std::vector<Bounds> bounds_;
  std::vector<std::size_t> bounded_;  // axes that the box at hand does not have whole
  double mean_ = 0, squares_ = 0;
};

}  // namespace

TreeVariance variance_of(const ImportanceTree& tree, const ImportanceSpace& space) {
  return Boxes(tree, space).variance();
}

}  // namespace lathe
