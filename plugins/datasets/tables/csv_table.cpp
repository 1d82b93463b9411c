#include "csv_table.hpp"

#include "../text_file.hpp"
#include "column_doubts.hpp"
#include "csv_rows.hpp"
#include "label_numbers.hpp"
#include "numbers.hpp"

#include <cctype>
#include <cmath>
#include <map>
#include <set>

namespace datasets {

namespace {

std::size_t resolve(const column_choice& choice, const column_plan& plan, const char* option,
                    const std::string& path) {
  if (choice.by_name) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < plan.names.size(); ++i) {
      if (trimmed(plan.names[i]) == trimmed(choice.name)) found.push_back(i);
    }
    if (found.size() == 1) return found[0];
    if (found.size() > 1) {
      throw lathe::invalid_argument(
          lathe::join({"columns ", lathe::to_string(static_cast<std::int64_t>(found[0]) + 1),
                       " and ", lathe::to_string(static_cast<std::int64_t>(found[1]) + 1),
                       " are both called ", quoted(choice.name), " (option '", option,
                       "'); give the column's number, from 0"}))
          .at_file(path)
          .at_option(option);
    }
    throw lathe::invalid_argument(
        plan.names.empty()
            ? lathe::join({"option '", option, "' names the column '", choice.name,
                           "', but the file has no header; give the column's number, from 0"})
            : lathe::join({"there is no column '", choice.name, "' (option '", option,
                           "'); there are ", listing(plan.names)}))
        .at_file(path)
        .at_option(option);
  }
  const auto count = static_cast<std::int64_t>(plan.count);
  const std::int64_t index = choice.index < 0 ? choice.index + count : choice.index;
  if (index < 0 || index >= count) {
    throw lathe::invalid_argument(
        lathe::join({"there is no column ", lathe::to_string(choice.index), " (option '", option,
                     "'); there are ", lathe::to_string(count), ", counted from 0"}))
        .at_file(path)
        .at_option(option);
  }
  return static_cast<std::size_t>(index);
}

// A header is what does not look like the row below it: words above numbers.
bool looks_like_header(const std::vector<std::string>& first,
                       const std::vector<std::string_view>& second, const table_options& options) {
  const auto is_value = [](std::string_view cell) {
    double ignored = 0;
    return parse_number(cell, ignored) || parse_truth(cell, ignored);
  };
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (names_a_label(first[i])) return true;
    if (options.has_label && options.label.by_name && trimmed(first[i]) == options.label.name) {
      return true;
    }
    // A missing value above a number is a row, not a name; a column without a name has no word.
    const bool names = trimmed(first[i]).empty() || !is_missing(first[i]);
    if (i < second.size() && names && !is_value(first[i]) && is_value(second[i])) return true;
  }
  return false;
}

// The columns that are wanted, by name. REQUIRES: there is a header.
std::vector<std::size_t> wanted_columns(const table_options& options, const column_plan& plan,
                                        const std::string& path) {
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < plan.count; ++i) places.emplace(trimmed(plan.names[i]), i);
  std::vector<std::size_t> columns;
  for (const std::string& name : options.wanted) {
    const auto found = places.find(name);
    if (found == places.end()) {
      throw lathe::data_loss(lathe::join({"there is no column ", quoted(name), ", ",
                                          options.wanted_by, "; there are ", listing(plan.names),
                                          "; the option features takes columns by place, eg: "
                                          "features=[0, 1]"}))
          .at_file(path);
    }
    if (found->second == plan.label) {
      throw lathe::data_loss(
          lathe::join({column_text(plan.label, name), " is taken for the label, and is a feature ",
                       options.wanted_by, "; the option label says which column is the label"}))
          .at_file(path);
    }
    columns.push_back(found->second);
  }
  return columns;
}

std::vector<std::string> names_of_features(const column_plan& plan) {
  if (plan.names.empty()) return {};
  std::vector<std::string> names;
  std::set<std::string_view> seen;
  for (const std::size_t column : plan.features) {
    if (!seen.insert(trimmed(plan.names[column])).second) return {};
    names.push_back(lathe::to_string(trimmed(plan.names[column])));
  }
  return names;
}

// Decides from the first two rows of a text. `has_header` tells whether the first is one.
column_plan plan_columns(const table_options& options, const std::string& path,
                         const std::vector<std::string>& first,
                         const std::vector<std::string_view>& second, bool& has_header) {
  has_header = options.header == header_choice::automatic
                   ? looks_like_header(first, second, options)
                   : options.header == header_choice::yes;
  column_plan plan;
  plan.count = first.size();
  plan.header_is_asked = options.header != header_choice::automatic;
  plan.chosen = !options.features.empty();
  if (has_header) plan.names = first;
  plan.label = plan.count - 1;
  if (options.has_label) {
    plan.label = resolve(options.label, plan, "label", path);
  } else {
    for (std::size_t i = plan.names.size(); i-- > 0;) {
      if (names_a_label(plan.names[i])) plan.label = i;
    }
  }
  for (const column_choice& feature : options.features) {
    plan.features.push_back(resolve(feature, plan, "features", path));
    if (plan.features.back() == plan.label) {
      throw lathe::invalid_argument(lathe::join({column_text(plan.label, plan.name_of(plan.label)),
                                                 " is the label and cannot be a feature"}))
          .at_file(path)
          .at_option("features");
    }
  }
  if (options.features.empty() && has_header) {
    plan.features = wanted_columns(options, plan, path);
  }
  if (options.features.empty() && plan.features.empty()) {
    for (std::size_t i = 0; i < plan.count; ++i) {
      if (i != plan.label) plan.features.push_back(i);
    }
  }
  if (plan.features.empty()) {
    throw lathe::data_loss(
        "the file has one column only; features and a label are needed (cells that blanks separate "
        "are told apart by delimiter=space)")
        .at_file(path);
  }
  return plan;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool names_a_label(std::string_view name) {
  const std::string word = lower(trimmed(name));
  return word == "class" || word == "label" || word == "target";
}

std::string listing(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 30;
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kMost; ++i) {
    if (i > 0) out += ", ";
    out += quoted(names[i]);
  }
  if (names.size() > kMost) {
    out += lathe::join(
        {" and ", lathe::to_string(static_cast<std::int64_t>(names.size() - kMost)), " more"});
  }
  return out;
}

std::uint64_t features_by_first_line(const std::string& path, const table_options& options) {
  constexpr std::uint64_t kPrefix = 1 << 20;
  const std::string text = text_begin_of(path, kPrefix);
  csv_rows rows(text, options.delimiter, path);
  std::vector<std::string_view> cells;
  if (!options.features.empty()) return options.features.size();
  return rows.next(cells) && cells.size() > 1 ? cells.size() - 1 : 0;
}

namespace {

// The class of a label's cell.
std::int64_t class_of(std::string_view cell, label_numbers& numbers, const column_plan& plan,
                      const std::string& path, std::uint64_t line) {
  const bool empty = trimmed(cell).empty();
  double value = 0;
  const bool missing = empty || (parse_number(cell, value) && std::isnan(value));
  const std::int64_t label = missing ? -1 : numbers.of(cell);
  if (label >= 0) return label;
  const std::string where = column_text(plan.label, plan.name_of(plan.label));
  throw lathe::data_loss(
      empty     ? lathe::join({where, ": the label is an empty cell; leave the row out"})
      : missing ? lathe::join({where, ": the label ", quoted(cell),
                               " stands for a missing value; leave the row out"})
                : lathe::join({where, ": ", quoted(cell), " is none of the classes ",
                               listing(numbers.names())}))
      .at_file(path, line);
}

// Of a row that has other cells than the first row.
lathe::error ragged(std::size_t cells, const column_plan& plan, const std::string& path,
                    std::uint64_t line) {
  const bool row_names = !plan.names.empty() && cells == plan.count + 1;
  return lathe::data_loss(
             lathe::join({"this row has ", lathe::to_string(static_cast<std::int64_t>(cells)),
                          " cells; the first has ",
                          lathe::to_string(static_cast<std::int64_t>(plan.count)),
                          row_names ? "; if each row begins with its name, as R writes them, name "
                                      "that column in the header too"
                                    : ""}))
      .at_file(path, line);
}

void add_warnings(const csv_rows& rows, const column_plan& plan,
                  const std::vector<std::string>& first_row, const label_numbers& numbers,
                  bool of_classes, table& out) {
  const std::string& path = rows.path();
  rows.warn_of_comments(out.warnings);
  const auto add = [&out](std::vector<std::string> more) {
    for (std::string& doubt : more) out.doubts.push_back(std::move(doubt));
  };
  add(header_doubts(path, plan, first_row));
  add(feature_doubts(path, plan, out.rows.samples));
  if (of_classes) add(label_doubts(path, plan, numbers, out.count()));
}

}  // namespace

table read_table(const std::string& path, const table_options& options,
                 std::vector<std::string> classes) {
  table out;
  const std::string text = text_of(path, out.warnings);
  csv_rows rows(text, options.delimiter, path);
  std::vector<std::string_view> cells;
  if (!rows.next(cells)) throw lathe::data_loss("the file is empty").at_file(path);
  if (rows.comment_was_header() && options.header == header_choice::no) rows.next(cells);
  const std::vector<std::string> first(cells.begin(), cells.end());
  const std::uint64_t first_line = rows.line();
  bool more = rows.next(cells);
  bool has_header = false;
  const column_plan plan = plan_columns(options, path, first, cells, has_header);

  out.width = plan.features.size();
  out.feature_names = names_of_features(plan);
  label_numbers numbers(std::move(classes));
  const auto add = [&](const auto& row, std::uint64_t line) {
    if (row.size() != plan.count) throw ragged(row.size(), plan, path, line);
    // A text in the first row is most likely one of many.
    const std::string_view way_out =
        out.count() == 0 && !plan.chosen ? "; the option features leaves a column of text out" : "";
    for (const std::size_t column : plan.features) {
      out.rows.samples.push_back(
          number_of(row[column], path, line, column, plan.name_of(column), way_out));
    }
    const std::string_view cell = row[plan.label];
    if (options.numbers) {
      out.numbers.push_back(number_of(cell, path, line, plan.label, plan.name_of(plan.label)));
    } else {
      out.rows.labels.push_back(class_of(cell, numbers, plan, path, line));
    }
  };
  if (!has_header) add(first, first_line);
  for (; more; more = rows.next(cells)) add(cells, rows.line());
  if (out.count() == 0) throw lathe::data_loss("the file has a header and no rows").at_file(path);
  numbers.finish(out.rows.labels);
  out.classes = numbers.names();
  add_warnings(rows, plan, first, numbers, !options.numbers, out);
  return out;
}

}  // namespace datasets
