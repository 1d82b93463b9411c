// A table of features and one label per row, from CSV text: which columns, whether there is a
// header, which classes. Knows nothing about splits.
#ifndef LATHE_DATASETS_CSV_TABLE_HPP
#define LATHE_DATASETS_CSV_TABLE_HPP

#include "../file_bytes.hpp"
#include "csv_rows.hpp"
#include "numbers.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <string>
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
};

struct table {
  std::vector<std::string> classes;  // given, or found, in their order
  std::uint64_t width = 0;
  lathe::sample_rows rows;
};

inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

inline bool names_a_label(std::string_view name) {
  const std::string word = lower(trimmed(name));
  return word == "class" || word == "label" || word == "target";
}

// "'a', 'b' and 3 more"
inline std::string listing(const std::vector<std::string>& names) {
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

// Class numbers of label texts. Without given classes they are collected, and put in order at the
// end: numbers by value, words by letter.
class label_numbers {
 public:
  explicit label_numbers(std::vector<std::string> classes) : names_(std::move(classes)) {
    fixed_ = !names_.empty();
    for (std::size_t i = 0; i < names_.size(); ++i) {
      numbers_.emplace(names_[i], static_cast<std::int64_t>(i));
    }
  }

  // -1 if it is none of the given classes.
  std::int64_t of(std::string_view cell) {
    const std::string_view label = trimmed(cell);
    const auto known = numbers_.find(label);
    if (known != numbers_.end()) return known->second;
    // 1.0 is class 1.
    double number = 0;
    if (parse_number(label, number) && number == std::floor(number) && std::fabs(number) < 1e15) {
      const std::string whole = lathe::to_string(static_cast<std::int64_t>(number));
      const auto same = numbers_.find(whole);
      if (same != numbers_.end()) return same->second;
      if (!fixed_) return added(whole);
    }
    return fixed_ ? -1 : added(lathe::to_string(label));
  }

  const std::vector<std::string>& names() const { return names_; }

  // Puts collected classes in order; labels already given out are renumbered.
  void finish(std::vector<std::int64_t>& labels) {
    if (fixed_) return;
    double ignored = 0;
    const bool numeric = std::all_of(names_.begin(), names_.end(), [&](const std::string& name) {
      return parse_number(name, ignored);
    });
    std::vector<std::string> ordered = names_;
    std::sort(ordered.begin(), ordered.end(), [&](const std::string& a, const std::string& b) {
      if (!numeric) return a < b;
      double x = 0, y = 0;
      parse_number(a, x);
      parse_number(b, y);
      return x < y;
    });
    std::vector<std::int64_t> renumbered(names_.size());
    for (std::size_t i = 0; i < ordered.size(); ++i) {
      renumbered[static_cast<std::size_t>(numbers_.find(ordered[i])->second)] =
          static_cast<std::int64_t>(i);
    }
    for (std::int64_t& label : labels) label = renumbered[static_cast<std::size_t>(label)];
    names_ = std::move(ordered);
  }

 private:
  std::int64_t added(std::string name) {
    const auto number = static_cast<std::int64_t>(names_.size());
    numbers_.emplace(name, number);
    names_.push_back(std::move(name));
    return number;
  }
  std::vector<std::string> names_;
  std::map<std::string, std::int64_t, std::less<>> numbers_;
  bool fixed_ = false;
};

// Which columns are what.
struct column_plan {
  std::vector<std::string> names;  // empty without a header
  std::size_t count = 0;
  std::size_t label = 0;
  std::vector<std::size_t> features;
  std::string_view name_of(std::size_t column) const {
    return column < names.size() ? std::string_view(names[column]) : std::string_view();
  }
};

inline std::size_t resolve(const column_choice& choice, const column_plan& plan, const char* option,
                           const std::string& path) {
  if (choice.by_name) {
    for (std::size_t i = 0; i < plan.names.size(); ++i) {
      if (trimmed(plan.names[i]) == choice.name) return i;
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
inline bool looks_like_header(const std::vector<std::string>& first,
                              const std::vector<std::string_view>& second,
                              const table_options& options) {
  double ignored = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (names_a_label(first[i])) return true;
    if (options.has_label && options.label.by_name && trimmed(first[i]) == options.label.name) {
      return true;
    }
    if (i < second.size() && !parse_number(first[i], ignored) && parse_number(second[i], ignored)) {
      return true;
    }
  }
  return false;
}

// Decides from the first two rows of a text. `has_header` tells whether the first is one.
inline column_plan plan_columns(const table_options& options, const std::string& path,
                                const std::vector<std::string>& first,
                                const std::vector<std::string_view>& second, bool& has_header) {
  has_header = options.header == header_choice::automatic
                   ? looks_like_header(first, second, options)
                   : options.header == header_choice::yes;
  column_plan plan;
  plan.count = first.size();
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
  if (options.features.empty()) {
    for (std::size_t i = 0; i < plan.count; ++i) {
      if (i != plan.label) plan.features.push_back(i);
    }
  }
  if (plan.features.empty()) {
    throw lathe::data_loss("the file has one column only; features and a label are needed")
        .at_file(path);
  }
  return plan;
}

// Number of features in a file, from its first line alone.
inline std::uint64_t features_by_first_line(const std::string& path, const table_options& options) {
  constexpr std::uint64_t kPrefix = 1 << 20;
  const std::string text = file_bytes(path, kPrefix);
  csv_rows rows(text, options.delimiter, path);
  std::vector<std::string_view> cells;
  if (!options.features.empty()) return options.features.size();
  return rows.next(cells) && cells.size() > 1 ? cells.size() - 1 : 0;
}

inline table read_table(const std::string& path, const table_options& options,
                        std::vector<std::string> classes) {
  const std::string text = file_bytes(path);
  csv_rows rows(text, options.delimiter, path);
  std::vector<std::string_view> cells;
  if (!rows.next(cells)) throw lathe::data_loss("the file is empty").at_file(path);
  const std::vector<std::string> first(cells.begin(), cells.end());
  const std::uint64_t first_line = rows.line();
  bool more = rows.next(cells);
  bool has_header = false;
  const column_plan plan = plan_columns(options, path, first, cells, has_header);

  table out;
  out.width = plan.features.size();
  label_numbers numbers(std::move(classes));
  const auto add = [&](const auto& row, std::uint64_t line) {
    if (row.size() != plan.count) {
      throw lathe::data_loss(
          lathe::join({"this row has ", lathe::to_string(static_cast<std::int64_t>(row.size())),
                       " cells; the first has ",
                       lathe::to_string(static_cast<std::int64_t>(plan.count))}))
          .at_file(path, line);
    }
    for (const std::size_t column : plan.features) {
      out.rows.samples.push_back(number_of(row[column], path, line, column, plan.name_of(column)));
    }
    const std::string_view cell = row[plan.label];
    const bool empty = trimmed(cell).empty();
    const std::int64_t label = empty ? -1 : numbers.of(cell);
    if (label < 0) {
      const std::string where = column_text(plan.label, plan.name_of(plan.label));
      throw lathe::data_loss(
          empty ? lathe::join({where, ": the label is an empty cell"})
                : lathe::join({where, ": ", quoted(cell), " is none of the classes ",
                               listing(numbers.names())}))
          .at_file(path, line);
    }
    out.rows.labels.push_back(label);
  };
  if (!has_header) add(first, first_line);
  for (; more; more = rows.next(cells)) add(cells, rows.line());
  if (out.rows.labels.empty()) {
    throw lathe::data_loss("the file has a header and no rows").at_file(path);
  }
  numbers.finish(out.rows.labels);
  out.classes = numbers.names();
  return out;
}

}  // namespace datasets

#endif
