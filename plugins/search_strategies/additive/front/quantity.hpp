// A positive quantity learned from rows: curves, and a process for what they leave over. What a
// draw of it foretells is cheap to tell of a point, and cheaper of a neighbour of one.
// Knows nothing of objectives or trials.
#pragma once

#include "residuals.hpp"

namespace search_strategies {

// A draw of the curves, with the process' mean.
struct Drawn {
  Contributions drawn;
  // Of the quantity, which has to outlive this and learn nothing meanwhile: pairs are too many to
  // copy for every point.
  const Contributions& fitted;
  const Corrections& corrections;

  // What the value at a point is made of.
  struct Parts {
    double drawn = 0, fitted = 0, corrections = 0;

    double value() const;
    double logarithm() const;
    Parts& operator+=(const Parts& other);

   private:
    double correction() const;  // of the logarithm
  };
  Parts parts(const Columns& columns) const;
  // What another choice of one parameter changes; of two, the changes and this besides.
  Parts change(const Columns& columns, std::size_t p, std::uint32_t to) const;
  double joint_correction(const Columns& columns, std::size_t p, std::uint32_t to, std::size_t q,
                          std::uint32_t other) const;

  // About what a choice adds by itself.
  double alone(std::uint32_t column) const;
};

class Quantity {
 public:
  // REQUIRES: choices outlive it.
  explicit Quantity(const Choices& choices);

  void add(Row row);
  std::size_t rows() const { return rows_.size(); }
  // Chooses anew what is fitted to all rows. Due at numbers of them that grow by a quarter.
  bool due() const { return rows_.size() >= due_; }
  void fit();

  // REQUIRES: fit() was called.
  Drawn draw(double scale, Draws& draws) const;

 private:
  // So many rows at most are remembered, the last ones, which are the ones near the front; and so
  // many are left when they become more.
  static constexpr std::size_t kMostRows = 512, kRowsLeft = 384;
  // The process' mean is told anew after so many rows, which cost less than it does.
  static constexpr std::size_t kBatch = 4;

  std::vector<Row> rows_;
  std::size_t due_ = 0, pending_ = 0;
  bool exact_ = false;  // curves tell it all
  Curves curves_;
  Residuals residuals_;
  Corrections corrections_;
};

}  // namespace search_strategies
