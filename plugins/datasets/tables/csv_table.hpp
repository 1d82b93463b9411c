// A table of features and a target per row, from CSV text: which columns, whether there is a
// header, which classes. Knows nothing about splits.
#pragma once

#include <lathe/lathe.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace datasets {

// A column by name or by number; negative numbers count from the end.
struct column_choice {
  std::string name;
  std::int64_t index = 0;
  bool by_name = false;
};

enum class header_choice { automatic, yes, no };

struct table_options {
  char delimiter = 0;  // 0: found out
  header_choice header = header_choice::automatic;
  bool has_label = false;  // false: a column called class, label or target, else the last
  column_choice label;
  std::vector<column_choice> features;  // empty: all but the label
  // Names of the feature columns, for files that have a header and where `features` names none;
  // `wanted_by` is who wants them, eg: "which the network was trained on".
  std::vector<std::string> wanted;
  std::string wanted_by;
  bool numbers = false;  // the label is a number, not a class
};

struct table {
  std::vector<std::string> classes;  // given, or found, in their order
  std::uint64_t width = 0;
  // One per feature; empty without a header, and where two are the same.
  std::vector<std::string> feature_names;
  lathe::sample_rows rows;            // without labels, if they are numbers
  std::vector<float> numbers;         // the labels, if they are numbers
  std::vector<std::string> warnings;  // about the text, for the user
  std::vector<std::string> doubts;    // about columns, which are the same in every file of a set

  std::uint64_t count() const { return numbers.empty() ? rows.labels.size() : numbers.size(); }
};

std::string lower(std::string_view text);

bool names_a_label(std::string_view name);

// "'a', 'b' and 3 more"
std::string listing(const std::vector<std::string>& names);

// Number of features in a file, from its first line alone.
std::uint64_t features_by_first_line(const std::string& path, const table_options& options);

table read_table(const std::string& path, const table_options& options,
                 std::vector<std::string> classes);

}  // namespace datasets
