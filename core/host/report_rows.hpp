// Rows of a table that a pass publishes, as compact as they came: a row becomes values when
// somebody looks at it, because most tables of large networks and of trials nobody reads.
#pragma once

#include "core/base/value.hpp"

#include <initializer_list>

namespace lathe {

class ReportRows {
 public:
  using Row = std::vector<Value>;

  ReportRows() = default;
  ReportRows(std::initializer_list<Row> rows);
  void push_back(const Row& row);

  // Cell by cell; a row counts once it is ended.
  void add(std::int64_t number);
  void add(double number);
  void add(std::string_view text);
  void add(Value value);
  void end_row() { row_ends_.push_back(cells_.size()); }
  void drop_open_row();

  std::size_t size() const { return row_ends_.size(); }
  bool empty() const { return row_ends_.empty(); }
  Row operator[](std::size_t row) const;

  class Iterator {
   public:
    Iterator(const ReportRows& rows, std::size_t row) : rows_(&rows), row_(row) {}
    Row operator*() const { return (*rows_)[row_]; }
    Iterator& operator++() {
      ++row_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return row_ == other.row_; }

   private:
    const ReportRows* rows_;
    std::size_t row_;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

 private:
  enum class Kind : std::uint8_t { integer, real, text, other };
  struct Cell {
    Kind kind;
    std::uint32_t size;  // of a text
    union {
      std::int64_t integer;
      double real;
      std::uint64_t place;  // in texts_ or others_
    };
  };
  Value value_of(const Cell& cell) const;
  std::size_t row_begin(std::size_t row) const { return row == 0 ? 0 : row_ends_[row - 1]; }

  std::vector<Cell> cells_;
  std::vector<std::size_t> row_ends_;
  std::string texts_;
  std::vector<Value> others_;
};

}  // namespace lathe
