// An operand whose format leaves options open: the formats that are tried on it, and what was seen
// of its tensors.
#pragma once

#include "choice.hpp"
#include "runs.hpp"

#include <cmath>
#include <limits>

namespace quantize {

// What was seen of one index of an operand's axis, or of all of it; numbers that are not finite
// aside.
struct Range {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  double magnitudes = 0;  // sum of abs(x)
  std::int64_t count = 0;

  bool seen() const { return low <= high; }
  // As of values that are that part of their size.
  lathe_seen narrowed(double part) const {
    return {static_cast<float>(low * part), static_cast<float>(high * part),
            count == 0 ? 0 : part * magnitudes / static_cast<double>(count)};
  }
};

// A format with one set of options on all tensors of an operand.
struct Trial {
  double part = 1;  // of the range that was seen
  lathe::value_view options;
  std::vector<lathe::used_format> used;  // one for each of the operand's inputs
};

class Operand {
 public:
  // None: the format leaves nothing open there. Throws what the format refuses.
  static std::optional<Operand> open(const lathe::graph& graph, const lathe::formats& formats,
                                     const Choice& choice, std::size_t index);

  std::size_t choice() const { return choice_; }
  lathe::node_id node() const { return node_; }
  lathe_role role() const { return role_; }
  bool is_parameter() const { return parameter_; }
  // Which of the node's tensors that is, as an index into Trial::used; none: not of this operand.
  std::optional<std::size_t> which(std::string_view name) const;
  std::size_t tensor_count() const { return inputs_.size(); }
  std::string_view name_of(std::size_t which) const { return inputs_[which].name; }
  bool seen_once(std::size_t which) const { return inputs_[which].is_constant; }
  int axis() const { return axis_; }
  std::uint64_t extent() const { return extent_; }
  std::uint64_t rank() const { return rank_; }
  // Values below zero are none that matter: those that a ReLU is given.
  bool is_unsigned() const { return is_unsigned_; }
  std::string_view format() const { return format_; }

  void see_range(lathe::tensor<const float> x);
  const std::vector<Range>& ranges() const { return ranges_; }
  std::int64_t not_finite() const { return not_finite_; }
  // "nan at [0, 3]", the first of a parameter.
  const std::string& first_not_finite() const { return first_not_finite_; }
  Range whole() const;

  // The format with the options that suit what is given of each index.
  Trial fitted(const std::vector<lathe_seen>& rows) const;
  // The same with the whole range, or a part of it.
  Trial fitted(double part) const;

  // y = what a format makes of x, in memory that is used again; which: of Trial::used.
  lathe::tensor<const float> quantized(const lathe::used_format& used, const lathe_tensor& x);
  // The same of x by rows of indexes along the axis: `columns` of them each, x[index * columns +
  // i]. None stands for more than itself, so they do not lie in one block.
  std::vector<float> quantized(const lathe::used_format& used, const std::vector<float>& x,
                               std::uint64_t columns) const;

 private:
  struct Input {
    std::string_view name;
    std::uint32_t index;
    bool is_constant;  // a tensor of the model: every batch shows it again
  };
  Operand(const lathe::graph& graph, const lathe::formats& formats, const Choice& choice,
          std::size_t index);
  void check_extents(const lathe::node& node, const std::vector<lathe::shape>& shapes);
  std::vector<lathe::used_format> made(const lathe_value& options) const;
  std::vector<float> quantized_in_whole(const lathe::used_format& used, const std::vector<float>& x,
                                        std::uint64_t columns) const;

  const lathe::graph* graph_;
  const lathe::formats* formats_;
  std::size_t choice_;
  lathe::node_id node_;
  lathe_role role_;
  std::string_view format_;
  std::vector<Input> inputs_;
  std::vector<lathe::used_format> given_;  // with the options as they are
  bool parameter_ = false, is_unsigned_ = false;
  bool is_open_ = false;
  int axis_ = -1;
  std::uint64_t extent_ = 1, rank_ = 0;
  std::vector<std::int64_t> shape_;  // of the first tensor, with a batch of one
  bool in_whole_ = false;            // the format takes tensors of that shape only
  std::vector<Range> ranges_;
  std::int64_t not_finite_ = 0;
  std::string first_not_finite_;
  std::vector<float> buffer_;
};

}  // namespace quantize
