// Rows of the jet substructure set: 16 features, then one column per class, in fixed order, from
// any of the formats in which they come. Knows nothing about splits or scaling.
#ifndef LATHE_DATASETS_JETS_HPP
#define LATHE_DATASETS_JETS_HPP

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "csv_table.hpp"
#include "hdf5_reader.hpp"
#include "npy_array.hpp"

namespace datasets {

constexpr std::size_t kJetFeatures = 16, kJetClasses = 5;
constexpr std::size_t kJetColumns = kJetFeatures + kJetClasses;
constexpr std::string_view kHdf5Begins = "\x89HDF\r\n\x1a\n";
constexpr const char* kJetDataset = "t_allpar_new";
// Names in CERN's file; other files often leave the j_ out.
constexpr const char* kJetNames[kJetColumns] = {"j_zlogz",
                                                "j_c1_b0_mmdt",
                                                "j_c1_b1_mmdt",
                                                "j_c1_b2_mmdt",
                                                "j_c2_b1_mmdt",
                                                "j_c2_b2_mmdt",
                                                "j_d2_b1_mmdt",
                                                "j_d2_b2_mmdt",
                                                "j_d2_a1_b1_mmdt",
                                                "j_d2_a1_b2_mmdt",
                                                "j_m2_b1_mmdt",
                                                "j_m2_b2_mmdt",
                                                "j_n2_b1_mmdt",
                                                "j_n2_b2_mmdt",
                                                "j_mass_mmdt",
                                                "j_multiplicity",
                                                "j_g",
                                                "j_q",
                                                "j_w",
                                                "j_z",
                                                "j_t"};
constexpr const char* kJetClassNames[kJetClasses] = {"g", "q", "w", "z", "t"};

// kJetColumns numbers per row.
using jets = std::vector<float>;

// "J_G" -> "g"
inline std::string bare_name(std::string_view name) {
  std::string word = lower(trimmed(name));
  return word.compare(0, 2, "j_") == 0 ? word.substr(2) : word;
}

// The class of a word, or kJetClasses.
inline std::size_t jet_class(std::string_view word) {
  const std::string name = bare_name(word);
  for (std::size_t i = 0; i < kJetClasses; ++i) {
    if (name == kJetClassNames[i]) return i;
  }
  return kJetClasses;
}

// What class a number means, or what class a nameless column of a one-hot label stands for: item i
// is a class by its place in kJetClassNames.
using label_order = std::vector<std::size_t>;

inline void push_one_hot(jets& out, std::size_t label) {
  for (std::size_t i = 0; i < kJetClasses; ++i) out.push_back(i == label ? 1.0F : 0.0F);
}

// Class of a number in [0, 5), or kJetClasses.
inline std::size_t class_of_number(double number, const label_order& order) {
  if (!(number >= 0 && number < static_cast<double>(kJetClasses)) || number != std::floor(number)) {
    return kJetClasses;
  }
  return order[static_cast<std::size_t>(number)];
}

namespace detail {

// Where features and labels are in a CSV file.
struct jet_columns {
  std::size_t features[kJetFeatures];
  bool one_hot = false;
  std::size_t classes[kJetClasses];  // by class, if one_hot
  std::size_t label = 0;             // otherwise
  std::size_t count = 0;
};

inline jet_columns named_jet_columns(const std::vector<std::string>& names,
                                     const std::string& path) {
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
inline jet_columns nameless_jet_columns(std::size_t count, const label_order& order,
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

}  // namespace detail

inline jets jets_from_csv(const std::string& path, const label_order& order) {
  const std::string text = file_bytes(path);
  if (text.substr(0, 4096).find('\0') != std::string::npos) {
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
  const detail::jet_columns columns = header && known
                                          ? detail::named_jet_columns(names, path)
                                          : detail::nameless_jet_columns(names.size(), order, path);
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
  return out;
}

namespace detail {

// X_test.npy -> y_test.npy; empty for other names.
inline std::string label_file_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
  if (path.size() < name + 2 || (path[name] != 'X' && path[name] != 'x') || path[name + 1] != '_') {
    return {};
  }
  std::string labels = path;
  labels[name] = 'y';
  return labels;
}

}  // namespace detail

inline jets jets_from_npy(const std::string& path, const label_order& order) {
  const npy_array array = read_npy(path);
  npy_array labels;
  std::string labels_path = path;
  std::size_t label_at = kJetFeatures;
  if (array.width() == kJetFeatures) {
    labels_path = detail::label_file_of(path);
    if (labels_path.empty() || !is_file(labels_path)) {
      throw lathe::not_found(
          lathe::join({"the array has 16 columns and no label; its labels are looked for in ",
                       labels_path.empty() ? "y_NAME.npy beside a file named X_NAME.npy"
                                           : quoted(labels_path)}))
          .at_file(path);
    }
    labels = read_npy(labels_path);
    label_at = 0;
    if (labels.rows() != array.rows()) {
      throw lathe::data_loss(
          lathe::join({"there are ", lathe::to_string(static_cast<std::int64_t>(labels.rows())),
                       " labels for ", lathe::to_string(static_cast<std::int64_t>(array.rows())),
                       " rows of '", path, "'"}))
          .at_file(labels_path);
    }
  }
  const npy_array& from = label_at == 0 ? labels : array;
  const std::uint64_t label_width = from.width() - label_at;
  if (array.width() < kJetFeatures || (label_width != 1 && label_width != kJetClasses)) {
    throw lathe::data_loss(
        lathe::join({"the array has ", lathe::to_string(static_cast<std::int64_t>(from.width())),
                     " columns; 16 features and a label, or 16 features and five columns of ones "
                     "and zeros, are needed"}))
        .at_file(labels_path);
  }
  if (array.rows() == 0) throw lathe::data_loss("the array has no rows").at_file(path);
  jets out;
  out.reserve(array.rows() * kJetColumns);
  for (std::uint64_t row = 0; row < array.rows(); ++row) {
    const float* features = array.values.data() + row * array.width();
    const float* label = from.values.data() + row * from.width() + label_at;
    out.insert(out.end(), features, features + kJetFeatures);
    if (label_width == kJetClasses) {
      out.resize(out.size() + kJetClasses);
      float* one_hot = out.data() + out.size() - kJetClasses;
      for (std::size_t i = 0; i < kJetClasses; ++i) one_hot[order[i]] = label[i];
      continue;
    }
    const std::size_t number = class_of_number(static_cast<double>(*label), order);
    if (number == kJetClasses) {
      throw lathe::data_loss(lathe::join({"row ", lathe::to_string(static_cast<std::int64_t>(row)),
                                          " has a label that "
                                          "is no class number from 0 to 4"}))
          .at_file(labels_path);
    }
    push_one_hot(out, number);
  }
  return out;
}

inline jets jets_from_hdf5(const std::string& path) {
  jets out = read_hdf5(path, kJetDataset, {kJetNames, kJetNames + kJetColumns});
  if (out.empty()) throw lathe::data_loss("the dataset has no rows").at_file(path);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!std::isfinite(out[i])) {
      throw lathe::data_loss(
          lathe::join({"row ", lathe::to_string(static_cast<std::int64_t>(i / kJetColumns)),
                       " of dataset '", kJetDataset, "' has a number in '",
                       kJetNames[i % kJetColumns], "' that is not finite"}))
          .at_file(path);
    }
  }
  return out;
}

// The contents of the file decide, not its name: CERN's HDF5 file ends in .z.
inline jets read_jets(const std::string& path, const label_order& order) {
  const std::string begin = file_bytes(path, kHdf5Begins.size());
  if (begin == kHdf5Begins) return jets_from_hdf5(path);
  return is_npy(begin) ? jets_from_npy(path, order) : jets_from_csv(path, order);
}

}  // namespace datasets

#endif
