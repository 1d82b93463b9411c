#include "column_doubts.hpp"

#include "csv_table.hpp"
#include "numbers.hpp"

#include <lathe/lathe.hpp>

#include <algorithm>
#include <map>

namespace datasets {

namespace {

// Fewer rows say nothing about a column.
constexpr std::uint64_t kTellingRows = 10;
constexpr std::size_t kMostNamed = 5;

std::string count_text(std::uint64_t n) { return lathe::to_string(static_cast<std::int64_t>(n)); }

// "'t.csv': column 1 ('Id')"
std::string place(const std::string& path, const column_plan& plan, std::size_t column) {
  return lathe::join({"'", path, "': ", column_text(column, plan.name_of(column))});
}

bool is_index_name(std::string_view name) {
  const std::string word = lower(trimmed(name));
  for (const char* known : {"id", "index", "idx", "row", "rowid", "row_id", "rownames", "row_names",
                            "row number", "row_number", "#", "nr", "no."}) {
    if (word == known) return true;
  }
  return word.compare(0, 8, "unnamed:") == 0;
}

// Why the column is taken for an index; empty if it is not.
std::string index_reason(const column_plan& plan, std::size_t column, const float* values,
                         std::size_t width, std::uint64_t rows) {
  if (rows >= kTellingRows && numbers_the_rows(values, width, rows)) {
    return lathe::join({" holds each number up to ", count_text(rows), " once, as an index does,"});
  }
  if (plan.names.empty()) return {};
  const std::string_view name = trimmed(plan.name_of(column));
  if (name.empty()) return " has no name, as the index that pandas writes,";
  return is_index_name(name) ? " has the name of an index" : "";
}

// "features=[x1, x2]": all features but some, by name where names need no quotes.
std::string features_without(const column_plan& plan, const std::vector<std::size_t>& without) {
  std::vector<std::size_t> kept;
  for (const std::size_t column : plan.features) {
    if (std::find(without.begin(), without.end(), column) == without.end()) kept.push_back(column);
  }
  constexpr std::size_t kMostListed = 20;
  if (kept.empty() || kept.size() > kMostListed) return "features=[...]";
  const bool by_name = std::all_of(kept.begin(), kept.end(), [&](std::size_t column) {
    const std::string_view name = trimmed(plan.name_of(column));
    double ignored = 0;
    return !name.empty() && !parse_number(name, ignored) &&
           std::all_of(name.begin(), name.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_';
           });
  });
  std::string list;
  for (const std::size_t column : kept) {
    list += lathe::join(
        {list.empty() ? "" : ", ",
         by_name ? lathe::to_string(trimmed(plan.name_of(column))) : count_text(column)});
  }
  return lathe::join({"features=[", list, "]"});
}

bool counts_up(const std::vector<std::string>& row) {
  double first = 0, value = 0;
  if (row.size() < 3 || !parse_number(row[0], first) || (first != 0 && first != 1)) return false;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!parse_number(row[i], value) || value != first + static_cast<double>(i)) return false;
  }
  return true;
}

std::vector<std::string> repeated_names(const std::string& path, const column_plan& plan) {
  std::vector<std::string> doubts;
  std::map<std::string, std::size_t, std::less<>> seen;
  for (std::size_t i = 0; i < plan.names.size() && doubts.size() < kMostNamed; ++i) {
    const std::string_view name = trimmed(plan.names[i]);
    if (name.empty()) continue;
    const auto [known, is_new] = seen.emplace(std::string(name), i);
    if (is_new) continue;
    doubts.push_back(lathe::join(
        {place(path, plan, i), " has the same name as column ", count_text(known->second + 1)}));
  }
  return doubts;
}

}  // namespace

bool numbers_the_rows(const float* values, std::size_t stride, std::uint64_t rows) {
  // Above, float32 does not tell whole numbers apart.
  if (rows > std::uint64_t{1} << 24) return false;
  std::vector<bool> seen(rows + 1);
  for (std::uint64_t i = 0; i < rows; ++i) {
    const float value = values[i * stride];
    if (!(value >= 0) || value > static_cast<float>(rows)) return false;
    const auto whole = static_cast<std::uint64_t>(value);
    if (static_cast<float>(whole) != value || seen[whole]) return false;
    seen[whole] = true;
  }
  return !(seen[0] && seen[rows]);
}

std::vector<std::string> header_doubts(const std::string& path, const column_plan& plan,
                                       const std::vector<std::string>& first_row) {
  std::vector<std::string> doubts = repeated_names(path, plan);
  double ignored = 0;
  if (plan.names.empty()) {
    if (!plan.header_is_asked && counts_up(first_row)) {
      doubts.push_back(lathe::join({"'", path,
                                    "': the first row counts its columns and is read as data; if "
                                    "it is a header, say header=yes"}));
    }
    return doubts;
  }
  for (std::size_t i = 0; i < plan.names.size(); ++i) {
    if (!parse_number(plan.names[i], ignored)) continue;
    doubts.push_back(
        lathe::join({place(path, plan, i),
                     ": the first row is read as the header, and this name is a number; if the row "
                     "is data, say header=no"}));
    break;
  }
  for (std::size_t i = 0; i < plan.names.size() && !plan.chosen; ++i) {
    if (i == plan.label || !names_a_label(plan.names[i])) continue;
    doubts.push_back(lathe::join({place(path, plan, i),
                                  " is a feature, and its name is that of a "
                                  "label; the label is ",
                                  column_text(plan.label, plan.name_of(plan.label)),
                                  ": choose by label=... and features=[...]"}));
  }
  return doubts;
}

std::vector<std::string> feature_doubts(const std::string& path, const column_plan& plan,
                                        const std::vector<float>& samples) {
  std::vector<std::string> doubts;
  const std::size_t width = plan.features.size();
  const std::uint64_t rows = samples.size() / width;
  if (plan.chosen || rows == 0) return doubts;
  std::vector<std::size_t> indices, constants;
  std::vector<std::string> reasons;
  for (std::size_t i = 0; i < width; ++i) {
    const float* values = samples.data() + i;
    std::string reason = index_reason(plan, plan.features[i], values, width, rows);
    if (!reason.empty()) {
      indices.push_back(plan.features[i]);
      reasons.push_back(std::move(reason));
      continue;
    }
    std::uint64_t same = 1;
    while (same < rows && values[same * width] == values[0]) ++same;
    if (same == rows && rows >= kTellingRows) constants.push_back(plan.features[i]);
  }
  for (std::size_t i = 0; i < indices.size() && i < kMostNamed; ++i) {
    doubts.push_back(lathe::join({place(path, plan, indices[i]), reasons[i],
                                  " and is read as a feature; if it only numbers the rows, leave "
                                  "it out: ",
                                  features_without(plan, indices)}));
  }
  if (!constants.empty()) {
    const std::string others = count_text(constants.size() - 1);
    doubts.push_back(lathe::join(
        {place(path, plan, constants[0]),
         constants.size() == 1 ? std::string() : lathe::join({" and ", others, " more"}),
         constants.size() == 1 ? " holds" : " hold",
         " one value in every row, from which nothing can be learned"}));
  }
  return doubts;
}

std::vector<std::string> label_doubts(const std::string& path, const column_plan& plan,
                                      const label_numbers& labels, std::uint64_t rows) {
  if (labels.fixed()) return {};
  const std::size_t classes = labels.names().size();
  const std::string where = place(path, plan, plan.label);
  if (classes == 1 && rows > 1) {
    return {lathe::join({where, ": all ", count_text(rows), " rows are of one class, ",
                         quoted(labels.names()[0]), "; there is nothing to tell apart"})};
  }
  const bool many = rows >= 2 * kTellingRows && classes > rows / 2;
  if (labels.decimal().empty() && !many) return {};
  return {lathe::join(
      {where, ": the labels ",
       labels.decimal().empty() ? std::string("differ in most rows")
                                : lathe::join({"are decimals, such as ", quoted(labels.decimal())}),
       ", and become ", count_text(classes),
       " classes; for a number to predict, say target=float; for another column, label=..."})};
}

}  // namespace datasets
