#include "jets.hpp"

#include "../../file_bytes.hpp"
#include "../csv_table.hpp"
#include "../npy_array.hpp"
#include "../numbers.hpp"
#include "hdf5_reader.hpp"
#include "jet_csv.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace datasets {

namespace {

// X_test.npy -> y_test.npy; empty for other names.
std::string label_file_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
  if (path.size() < name + 2 || (path[name] != 'X' && path[name] != 'x') || path[name + 1] != '_') {
    return {};
  }
  std::string labels = path;
  labels[name] = 'y';
  return labels;
}

lathe::error at_row(std::uint64_t row, std::string_view what, const std::string& path) {
  return lathe::data_loss(
             lathe::join({"row ", lathe::to_string(static_cast<std::int64_t>(row)), ": ", what}))
      .at_file(path);
}

jets jets_from_npy(const std::string& path, const label_order& order) {
  const npy_array array = read_npy(path);
  npy_array labels;
  std::string labels_path = path;
  std::size_t label_at = kJetFeatures;
  if (array.width() == kJetFeatures) {
    labels_path = label_file_of(path);
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
      if (class_of_one_hot(one_hot) == kJetClasses)
        throw at_row(row, one_hot_trouble(one_hot), labels_path);
      continue;
    }
    const std::size_t number = class_of_number(static_cast<double>(*label), order);
    if (number == kJetClasses) {
      throw at_row(row, "the label is no class number from 0 to 4", labels_path);
    }
    push_one_hot(out, number);
  }
  return out;
}

jets jets_from_hdf5(const std::string& path) {
  jets out = read_hdf5(path, {kJetDataset, kJetMatrix, kJetMatrixNames},
                       {kJetNames, kJetNames + kJetColumns});
  if (out.empty()) throw lathe::data_loss("the dataset has no rows").at_file(path);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!std::isfinite(out[i])) {
      throw at_row(i / kJetColumns,
                   lathe::join({"the number in '", kJetNames[i % kJetColumns], "' is not finite"}),
                   path);
    }
  }
  for (std::size_t row = 0; row < out.size() / kJetColumns; ++row) {
    const float* classes = out.data() + row * kJetColumns + kJetFeatures;
    if (class_of_one_hot(classes) == kJetClasses) throw at_row(row, one_hot_trouble(classes), path);
  }
  return out;
}

}  // namespace

std::string bare_name(std::string_view name) {
  std::string word = lower(trimmed(name));
  return word.compare(0, 2, "j_") == 0 ? word.substr(2) : word;
}

std::size_t jet_class(std::string_view word) {
  const std::string name = bare_name(word);
  for (std::size_t i = 0; i < kJetClasses; ++i) {
    if (name == kJetClassNames[i]) return i;
  }
  return kJetClasses;
}

void push_one_hot(jets& out, std::size_t label) {
  for (std::size_t i = 0; i < kJetClasses; ++i) out.push_back(i == label ? 1.0F : 0.0F);
}

std::size_t class_of_one_hot(const float* numbers) {
  std::size_t label = kJetClasses;
  for (std::size_t i = 0; i < kJetClasses; ++i) {
    if (numbers[i] == 0.0F) continue;
    if (numbers[i] != 1.0F || label != kJetClasses) return kJetClasses;
    label = i;
  }
  return label;
}

std::string one_hot_trouble(const float* numbers) {
  std::string list;
  for (std::size_t i = 0; i < kJetClasses; ++i) {
    // The fewest digits that read back as the same.
    char digits[32] = "";
    for (int precision = 1; precision <= 9; ++precision) {
      std::snprintf(digits, sizeof digits, "%.*g", precision, static_cast<double>(numbers[i]));
      if (std::strtof(digits, nullptr) == numbers[i]) break;
    }
    list += lathe::join({i == 0 ? "" : i + 1 == kJetClasses ? " and " : ", ", digits});
  }
  return lathe::join({"the columns of the classes g, q, w, z, t hold ", list,
                      "; one of them has to be 1 and the others 0"});
}

std::size_t class_of_number(double number, const label_order& order) {
  if (!(number >= 0 && number < static_cast<double>(kJetClasses)) || number != std::floor(number)) {
    return kJetClasses;
  }
  return order[static_cast<std::size_t>(number)];
}

jets read_jets(const std::string& path, const label_order& order,
               std::vector<std::string>& warnings) {
  const std::string begin = file_bytes(path, kHdf5Begins.size());
  if (begin == kHdf5Begins) return jets_from_hdf5(path);
  return is_npy(begin) ? jets_from_npy(path, order) : jets_from_csv(path, order, warnings);
}

}  // namespace datasets
