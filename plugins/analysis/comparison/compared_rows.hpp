// Which of a data set's rows two networks are compared on, what their outputs are, and which places
// of them count.
#pragma once

#include "outputs.hpp"

#include <lathe/lathe.hpp>

#include <string>

namespace analysis {

// What a network's output is taken for: `by_target`, classes unless the data set's target is made
// of numbers.
enum class OutputKind { by_target, classes, numbers };

class ComparedRows {
 public:
  // Throws failed_precondition for a network with other than one output, or none that is a tensor.
  ComparedRows(const lathe::graph& network, const lathe::data& data, const lathe::rows& rows,
               OutputKind kind);

  std::uint64_t count() const { return count_; }
  bool of_classes() const { return of_classes_; }
  OutputComparison comparison() const { return comparison(of_classes_); }
  OutputComparison comparison(bool of_classes) const { return {places_, width_, of_classes}; }
  std::size_t width() const { return width_; }               // numbers of a place
  std::size_t row_size() const { return places_ * width_; }  // of all places
  // What the places of a row are to be, some ignored; null: all of them count.
  const std::int64_t* targets(std::uint64_t row) const {
    return targets_.empty() ? nullptr : targets_.data() + row * places_;
  }

 private:
  void read_targets(const lathe::data& data, const lathe::rows& rows,
                    const std::vector<lathe::field>& fields);

  std::uint64_t count_ = 0;
  std::size_t places_ = 1, width_ = 1;
  std::vector<std::int64_t> place_shape_;
  bool of_classes_ = false;
  std::vector<std::int64_t> targets_;
};

// Both networks' outputs on those rows: calls see(row, original, now) for each in order. Of up to
// 128 MiB the host computes and remembers all of the original's at once; of more both are run batch
// by batch.
class OutputPairs {
 public:
  OutputPairs(const ComparedRows& rows, const lathe::rows& which, const lathe::executor& executor,
              const lathe::data& data, const lathe::context& context)
      : rows_(rows), which_(which), executor_(executor), data_(data), context_(context) {}

  template <class See>
  void each(const lathe::graph& original, const lathe::graph& now, See see) const {
    constexpr std::uint64_t kMostBytes = std::uint64_t{128} << 20;
    if (rows_.count() * rows_.row_size() * sizeof(float) > kMostBytes) {
      return batch_by_batch(original, now, see);
    }
    const lathe_tensor& a = executor_.outputs(original, which_);
    const lathe_tensor& b = executor_.outputs(now, which_);
    show(a, b, 0, rows_.count(), see);
    executor_.release({&a, &b});
  }

 private:
  template <class See>
  void batch_by_batch(const lathe::graph& original, const lathe::graph& now, See see) const {
    const std::uint64_t batch = batch_size();
    for (std::uint64_t first = 0; first < rows_.count(); first += batch) {
      context_.stop_if_cancelled();
      const std::uint64_t count = std::min(batch, rows_.count() - first);
      const std::vector<const lathe_tensor*> fields = data_.read(which_.split, first, count);
      const auto a = executor_.run(original, fed(original, fields));
      const auto b = executor_.run(now, fed(now, fields));
      show(*a.at(0), *b.at(0), first, count, see);
      executor_.release(a);
      executor_.release(b);
      data_.release(fields);
      context_.progress(first + count, rows_.count(), "rows");
    }
  }

  template <class See>
  void show(const lathe_tensor& original, const lathe_tensor& now, std::uint64_t first,
            std::uint64_t count, See& see) const {
    const lathe::tensor<const float> a(original), b(now);
    check_size(a.size(), count);
    check_size(b.size(), count);
    for (std::uint64_t row = 0; row < count; ++row) {
      const std::uint64_t at = row * rows_.row_size();
      see(first + row, &a[at], &b[at]);
    }
  }

  std::uint64_t batch_size() const;
  void check_size(std::uint64_t numbers, std::uint64_t rows) const;
  std::vector<const lathe_tensor*> fed(const lathe::graph& network,
                                       const std::vector<const lathe_tensor*>& fields) const;

  const ComparedRows& rows_;
  const lathe::rows& which_;
  const lathe::executor& executor_;
  const lathe::data& data_;
  const lathe::context& context_;
};

}  // namespace analysis
