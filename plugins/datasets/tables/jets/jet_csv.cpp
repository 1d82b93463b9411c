#include "jet_csv.hpp"

#include "../../text_file.hpp"
#include "../csv_rows.hpp"
#include "../csv_table.hpp"
#include "../numbers.hpp"

namespace datasets {

namespace {

// Where features and labels are in a CSV file.
struct jet_columns {
  std::size_t features[kJetFeatures];
  bool one_hot = false;
  std::size_t classes[kJetClasses];  // by class, if one_hot
  std::size_t label = 0;             // otherwise
  std::size_t count = 0;
};

jet_columns named_jet_columns(const std::vector<std::string>& names, const std::string& path) {
  jet_columns columns;
  columns.count = names.size();
  std::size_t places[kJetColumns];
  for (std::size_t i = 0; i < kJetColumns; ++i) {
    places[i] = names.size();
    for (std::size_t j = names.size(); j-- > 0;) {
      if (bare_name(names[j]) == bare_name(kJetNames[i])) places[i] = j;
    }
  }
  for (std::size_t i = 0; i < kJetFeatures; ++i) {
    if (places[i] == names.size()) {
      throw lathe::data_loss(
          lathe::join({"the column '", kJetNames[i], "' (or '", bare_name(kJetNames[i]),
                       "') is missing; there are ", listing(names)}))
          .at_file(path, 1);
    }
    columns.features[i] = places[i];
  }
  columns.one_hot = true;
  for (std::size_t i = 0; i < kJetClasses; ++i) {
    columns.classes[i] = places[kJetFeatures + i];
    if (columns.classes[i] == names.size()) columns.one_hot = false;
  }
  columns.label = names.size();
  for (std::size_t j = names.size(); j-- > 0;) {
    if (names_a_label(names[j])) columns.label = j;
  }
  if (!columns.one_hot && columns.label == names.size()) {
    throw lathe::data_loss(lathe::join({"there is no column 'class' (or 'label') and not all of "
                                        "j_g, j_q, j_w, j_z, j_t; there are ",
                                        listing(names)}))
        .at_file(path, 1);
  }
  return columns;
}

// Without names: 16 features, then a label or five columns of ones and zeros.
jet_columns nameless_jet_columns(std::size_t count, const label_order& order,
                                 const std::string& path) {
  jet_columns columns;
  columns.count = count;
  if (count != kJetFeatures + 1 && count != kJetColumns) {
    throw lathe::data_loss(
        lathe::join({"there are ", lathe::to_string(static_cast<std::int64_t>(count)),
                     " columns without the names of the jet features; 16 features and a label, or "
                     "16 features and five columns of ones and zeros, are needed"}))
        .at_file(path);
  }
  for (std::size_t i = 0; i < kJetFeatures; ++i) columns.features[i] = i;
  columns.one_hot = count == kJetColumns;
  columns.label = kJetFeatures;
  for (std::size_t i = 0; i < kJetClasses; ++i) columns.classes[order[i]] = kJetFeatures + i;
  return columns;
}

}  // namespace

jets jets_from_csv(const std::string& path, const label_order& order,
                   std::vector<std::string>& warnings) {
  const std::string text = text_of(path, warnings);
  if (std::string_view(text).substr(0, 4096).find('\0') != std::string_view::npos) {
    throw lathe::data_loss("this is neither an HDF5 nor an NPY file nor text").at_file(path);
  }
  csv_rows rows(text, 0, path);
  std::vector<std::string_view> cells;
  if (!rows.next(cells)) throw lathe::data_loss("the file is empty").at_file(path);

  // A row of data has one word at most, its label.
  const std::vector<std::string> names(cells.begin(), cells.end());
  double ignored = 0;
  std::size_t words = 0;
  bool known = false, label_named = false;
  for (const std::string& name : names) {
    if (!parse_number(name, ignored)) ++words;
    label_named |= names_a_label(name);
    for (std::size_t i = 0; i < kJetFeatures; ++i)
      known |= bare_name(name) == bare_name(kJetNames[i]);
  }
  const bool header = words > 1 || label_named;
  const jet_columns columns = header && known ? named_jet_columns(names, path)
                                              : nameless_jet_columns(names.size(), order, path);
  const auto name_of = [&](std::size_t column) {
    return header ? std::string_view(names[column]) : std::string_view();
  };

  jets out;
  bool more = !header || rows.next(cells);
  for (; more; more = rows.next(cells)) {
    if (cells.size() != columns.count) {
      throw lathe::data_loss(
          lathe::join({"this row has ", lathe::to_string(static_cast<std::int64_t>(cells.size())),
                       " cells; the first has ",
                       lathe::to_string(static_cast<std::int64_t>(columns.count))}))
          .at_file(path, rows.line());
    }
    for (const std::size_t column : columns.features) {
      out.push_back(number_of(cells[column], path, rows.line(), column, name_of(column)));
    }
    if (columns.one_hot) {
      for (const std::size_t column : columns.classes) {
        out.push_back(number_of(cells[column], path, rows.line(), column, name_of(column)));
      }
      const float* classes = out.data() + out.size() - kJetClasses;
      if (class_of_one_hot(classes) == kJetClasses) {
        throw lathe::data_loss(one_hot_trouble(classes)).at_file(path, rows.line());
      }
      continue;
    }
    const std::string_view cell = cells[columns.label];
    double number = 0;
    const std::size_t label =
        parse_number(cell, number) ? class_of_number(number, order) : jet_class(cell);
    if (label == kJetClasses) {
      throw lathe::data_loss(lathe::join({column_text(columns.label, name_of(columns.label)), ": ",
                                          quoted(cell), " is none of the classes g, q, w, z, t"}))
          .at_file(path, rows.line());
    }
    push_one_hot(out, label);
  }
  if (out.empty()) throw lathe::data_loss("the file has a header and no rows").at_file(path);
  rows.warn_of_comments(warnings);
  return out;
}

}  // namespace datasets
