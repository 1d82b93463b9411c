#include "core/report/importance/tree.hpp"

#include <algorithm>

namespace lathe {
namespace {

struct Cut {
  std::size_t axis = ImportanceTree::Node::kLeaf;
  double at = 0;
  double gain = 0;  // of the sum of squares that means explain
};

struct Sums {
  double sum = 0;
  double count = 0;

  void add(double value) {
    sum += value;
    ++count;
  }
  double explained() const { return count == 0 ? 0 : sum * sum / count; }
};

class Grower {
 public:
  Grower(const ImportanceSpace& space, std::span<const double> values,
         std::span<const std::size_t> order)
      : space_(space), values_(values), order_(order) {}

  std::size_t grow(std::span<std::size_t> rows, std::size_t depth) {
    const std::size_t self = tree_.nodes.size();
    tree_.nodes.emplace_back();
    Sums all;
    for (const std::size_t row : rows) all.add(values_[row]);
    tree_.nodes[self].value = all.sum / all.count;
    const Cut split = depth == 0 || alike(rows) ? Cut{} : best_split(rows, all);
    if (split.axis == ImportanceTree::Node::kLeaf) return self;
    const auto right = std::partition(rows.begin(), rows.end(), [&](std::size_t row) {
      return goes_left(split, space_.columns[split.axis][row]);
    });
    const auto count = static_cast<std::size_t>(right - rows.begin());
    const std::size_t left_node = grow(rows.first(count), depth - 1);
    const std::size_t right_node = grow(rows.subspan(count), depth - 1);
    ImportanceTree::Node& node = tree_.nodes[self];
    node.axis = split.axis;
    node.at = split.at;
    node.left = left_node;
    node.right = right_node;
    return self;
  }

  ImportanceTree taken() { return std::move(tree_); }

 private:
  bool goes_left(const Cut& split, double number) const {
    return space_.axes[split.axis].categorical() ? number == split.at : number < split.at;
  }

  bool alike(std::span<const std::size_t> rows) const {
    return std::ranges::all_of(
        rows, [&](std::size_t row) { return values_[row] == values_[rows.front()]; });
  }

  Cut best_split(std::span<const std::size_t> rows, const Sums& all) {
    Cut best;
    for (const std::size_t axis : order_) {
      if (!space_.axes[axis].used) continue;
      if (space_.axes[axis].categorical())
        try_choices(axis, rows, all, best);
      else
        try_numbers(axis, rows, all, best);
    }
    return best;
  }

  static void try_split(std::size_t axis, double at, const Sums& left, const Sums& all, Cut& best) {
    const Sums right{all.sum - left.sum, all.count - left.count};
    if (left.count == 0 || right.count == 0) return;
    // What rounding leaves is no gain.
    const double gain = left.explained() + right.explained() - all.explained();
    if (gain > best.gain * (1 + 1e-12) + 1e-300) best = {axis, at, gain};
  }

  void try_choices(std::size_t axis, std::span<const std::size_t> rows, const Sums& all,
                   Cut& best) {
    choices_.assign(space_.axes[axis].choices, {});
    for (const std::size_t row : rows)
      choices_[static_cast<std::size_t>(space_.columns[axis][row])].add(values_[row]);
    for (std::size_t choice = 0; choice < choices_.size(); ++choice)
      try_split(axis, static_cast<double>(choice), choices_[choice], all, best);
  }

  void try_numbers(std::size_t axis, std::span<const std::size_t> rows, const Sums& all,
                   Cut& best) {
    const std::vector<double>& column = space_.columns[axis];
    sorted_.assign(rows.begin(), rows.end());
    std::ranges::sort(sorted_, {}, [&](std::size_t row) { return std::pair(column[row], row); });
    Sums left;
    for (std::size_t i = 0; i + 1 < sorted_.size(); ++i) {
      left.add(values_[sorted_[i]]);
      const double below = column[sorted_[i]], above = column[sorted_[i + 1]];
      if (below < above) try_split(axis, below + (above - below) / 2, left, all, best);
    }
  }

  const ImportanceSpace& space_;
  std::span<const double> values_;
  std::span<const std::size_t> order_;
  ImportanceTree tree_;
  std::vector<Sums> choices_;
  std::vector<std::size_t> sorted_;
};

}  // namespace

ImportanceTree grown_tree(const ImportanceSpace& space, std::span<const double> values,
                          std::vector<std::size_t> rows, std::span<const std::size_t> order,
                          std::size_t depth) {
  Grower grower(space, values, order);
  grower.grow(rows, depth);
  return grower.taken();
}

}  // namespace lathe
