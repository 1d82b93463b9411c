#include "array_doubts.hpp"

#include "column_doubts.hpp"

#include <lathe/lathe.hpp>

#include <algorithm>

namespace datasets {

namespace {

// Fewer rows say nothing about a column; wider samples are no tables.
constexpr std::uint64_t kTellingRows = 10;
constexpr std::uint64_t kMostColumns = 1024;

}  // namespace

std::vector<std::string> sample_doubts(const stored_array& samples) {
  const std::uint64_t width = samples.header.width(), rows = samples.header.rows();
  if (samples.header.shape.size() != 2 || width < 2 || width > kMostColumns ||
      rows < kTellingRows) {
    return {};
  }
  // Most columns are told by their first rows.
  std::vector<float> begin(kTellingRows * width);
  for (std::uint64_t i = 0; i < kTellingRows; ++i) samples.row(i, begin.data() + i * width);
  std::vector<std::string> doubts;
  for (std::uint64_t column = 0; column < width; ++column) {
    const auto whole = [&](std::uint64_t i) {
      const float value = begin[i * width + column];
      return value >= 0 && value <= static_cast<float>(rows) &&
             value == static_cast<float>(static_cast<std::uint64_t>(value));
    };
    std::uint64_t same = 0;
    while (same < kTellingRows && whole(same)) ++same;
    if (same < kTellingRows) continue;
    std::vector<float> values, row(width);
    for (std::uint64_t i = 0; i < rows; ++i) {
      samples.row(i, row.data());
      values.push_back(row[column]);
    }
    if (!numbers_the_rows(values.data(), 1, rows)) continue;
    doubts.push_back(lathe::join(
        {"'", samples.place, "': column ", lathe::to_string(static_cast<std::int64_t>(column)),
         ", counted from 0, holds each number up to ",
         lathe::to_string(static_cast<std::int64_t>(rows)),
         " once, as an index does, and is read as a feature; if it only numbers the rows, save the "
         "array without it"}));
  }
  return doubts;
}

std::vector<std::string> class_doubts(const std::string& place,
                                      const std::vector<std::int64_t>& labels) {
  if (labels.size() < 2) return {};
  const auto [least, most] = std::minmax_element(labels.begin(), labels.end());
  if (*least == *most) {
    return {lathe::join({"'", place, "': all ",
                         lathe::to_string(static_cast<std::int64_t>(labels.size())), " labels are ",
                         lathe::to_string(*least), "; there is nothing to tell apart"})};
  }
  if (*least == 0) return {};
  return {lathe::join({"'", place, "': no label is below ", lathe::to_string(*least),
                       ", and classes are counted from 0; if the first class is ",
                       lathe::to_string(*least), ", subtract ", lathe::to_string(*least),
                       " from the labels, or say how many classes there are by classes="})};
}

}  // namespace datasets
