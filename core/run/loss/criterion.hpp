// A loss on the fields of a data set and the output of a network: what a training minimises, and
// what an evaluation counts. PyTorch's word.
#pragma once

#include "core/graph/graph.hpp"
#include "core/run/loss/kernels.hpp"

namespace lathe::run {

class Criterion {
 public:
  // The loss asked for, or the one for the data set's first target. Throws usage_error, naming
  // loss, field and shapes, if it does not fit the target or the output of the graph.
  Criterion(std::optional<Loss> asked, const Graph& graph, const Dataset& data);

  Loss loss() const { return loss_; }
  std::int64_t elements() const { return elements_; }  // of a row of the output
  // What the result depends on besides the output and the rows.
  void add_identity(Hasher& hasher) const;
  // Of no rows. `in_detail`: with what the statistics on request are made of.
  Counts counts_by_class(bool in_detail = false) const;

  // Targets and weights of rows of the data set, from `first` on, which must outlive them.
  Targets targets(const RowTensors& rows, std::int64_t first = 0) const;
  // Throws run_error naming the first row whose target is no class or no truth value, or whose
  // weight is none.
  void check(const Targets& targets, std::int64_t rows) const;

  // Counts the rows of a batch that check() took. Throws run_error if its gradient is asked for and
  // its rows weigh nothing, or none of their targets counts, because there is no mean then.
  void count(LossBatch batch, Counts& counts) const;
  // Throws run_error saying so if the rows counted, those of `of`, weigh nothing or none of their
  // targets counts.
  void check_weight(const Counts& counts, const std::string& of) const;

 private:
  struct Row;  // what is known of one loss
  Criterion(std::optional<Loss> asked, const Graph& graph, const DatasetInfo& info,
            std::string data);
  static const Row& row_of(Loss loss);
  void keep(const LossBatch& batch, ScoredRows& scored) const;
  // Of a row with several targets only those that count.
  double counted(const Targets& targets, std::int64_t row) const;
  double total_weight(const LossBatch& batch) const;
  [[noreturn]] void refuse_row(const Targets& targets, std::int64_t row,
                               const std::string& has) const;

  std::string data_;  // the set, for messages
  Loss loss_;
  const Row* row_;
  std::vector<Field> fields_;
  std::size_t target_ = 0;                  // places in fields_
  std::optional<std::size_t> weight_ = {};  // likewise
  std::int64_t elements_ = 0, target_elements_ = 0;
  bool of_tokens_ = false;  // several classes a row
};

// Copies of targets of rows anywhere in a split, one after the other.
class GatheredTargets {
 public:
  // Valid until the next call.
  Targets gather(const Targets& all, std::span<const std::uint64_t> rows);

 private:
  std::vector<std::byte> data_;
  std::vector<float> weights_;
};

// The one result that the output of a graph reads. Throws usage_error if there are more.
NodeId result_of(const Graph& graph);

}  // namespace lathe::run
