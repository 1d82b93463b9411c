// What a table's columns look like that they should not be: an index among the features, numbers as
// a header, decimals as classes. Sentences for the user; nothing is changed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "label_numbers.hpp"

namespace datasets {

// Which columns of a file are what.
struct column_plan {
  std::vector<std::string> names;  // empty without a header
  std::size_t count = 0;
  std::size_t label = 0;
  std::vector<std::size_t> features;
  bool chosen = false;           // the user has said which columns the features are
  bool header_is_asked = false;  // the user has said whether there is a header
  std::string_view name_of(std::size_t column) const {
    return column < names.size() ? std::string_view(names[column]) : std::string_view();
  }
};

// About the first row alone, which is the header or, without one, a row.
std::vector<std::string> header_doubts(const std::string& path, const column_plan& plan,
                                       const std::vector<std::string>& first_row);

// About features, row by row as they were read: those that only number the rows, and those that
// never change.
std::vector<std::string> feature_doubts(const std::string& path, const column_plan& plan,
                                        const std::vector<float>& samples);

std::vector<std::string> label_doubts(const std::string& path, const column_plan& plan,
                                      const label_numbers& labels, std::uint64_t rows);

// True if the values, `stride` apart, are 0 to rows - 1 or 1 to rows, each once, in any order.
bool numbers_the_rows(const float* values, std::size_t stride, std::uint64_t rows);

}  // namespace datasets
