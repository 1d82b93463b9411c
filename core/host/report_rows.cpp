#include "core/host/report_rows.hpp"

#include <limits>

namespace lathe {

ReportRows::ReportRows(std::initializer_list<Row> rows) {
  for (const Row& row : rows) push_back(row);
}

void ReportRows::push_back(const Row& row) {
  for (const Value& value : row) {
    if (value.is_int()) {
      add(value.as_int());
    } else if (value.is_float()) {
      add(value.as_float());
    } else if (value.is_string()) {
      add(std::string_view(value.as_string()));
    } else {
      add(value);
    }
  }
  end_row();
}

void ReportRows::add(std::int64_t number) {
  cells_.push_back({Kind::integer, 0, {.integer = number}});
}

void ReportRows::add(double number) { cells_.push_back({Kind::real, 0, {.real = number}}); }

void ReportRows::add(std::string_view text) {
  if (text.size() > std::numeric_limits<std::uint32_t>::max()) return add(Value(text));
  cells_.push_back({Kind::text, static_cast<std::uint32_t>(text.size()), {.place = texts_.size()}});
  texts_ += text;
}

void ReportRows::add(Value value) {
  cells_.push_back({Kind::other, 0, {.place = others_.size()}});
  others_.push_back(std::move(value));
}

void ReportRows::drop_open_row() { cells_.resize(row_begin(size())); }

ReportRows::Row ReportRows::operator[](std::size_t row) const {
  Row out;
  for (std::size_t i = row_begin(row); i < row_ends_.at(row); ++i) {
    out.push_back(value_of(cells_[i]));
  }
  return out;
}

Value ReportRows::value_of(const Cell& cell) const {
  switch (cell.kind) {
    case Kind::integer:
      return Value(cell.integer);
    case Kind::real:
      return Value(cell.real);
    case Kind::text:
      return Value(std::string_view(texts_).substr(cell.place, cell.size));
    default:
      return others_[cell.place];
  }
}

}  // namespace lathe
