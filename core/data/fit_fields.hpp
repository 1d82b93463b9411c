// How rows of a data set become rows as a network was trained on: classes and features by their
// names, where both sides have names, else by their numbers. Knows no plugin and no file.
#pragma once

#include "core/host/dataset.hpp"

namespace lathe {

// Of one field. Both empty: it stays as it is.
struct FieldFit {
  std::vector<std::int64_t> classes;  // of each class here, its number there; -1: not known there
  std::vector<std::size_t> columns;   // of each number there, its place here: along the last extent
  bool changes() const { return !classes.empty() || !columns.empty(); }
};

struct Fit {
  std::vector<Field> fields;   // as the network knows them
  std::vector<FieldFit> rows;  // likewise
  std::vector<Field> own;      // as the data set has them
  bool changes() const;
};

// Throws usage_error unless names and scaling are as many as classes and numbers. What weights say
// comes from a file.
void check_trained(std::span<const Field> trained_on);

// Throws run_error, in words that name class, column or count, for a data set `id` that cannot be
// brought into the form of `trained_on`. A class that is not known there is refused when a row has
// it. Warns of another scaling. REQUIRES: check_trained() let `trained_on` pass.
Fit fit_fields(std::vector<Field> own, std::span<const Field> trained_on, std::string_view id);

// Which rows these are, for messages.
struct RowsOf {
  std::string_view id;
  Split split;
  std::span<const std::uint64_t> index;  // empty: the first
  std::span<const std::string> files;
};
// The rows as the network knows them. Throws run_error for a class that it does not know.
RowTensors fit_rows(const Fit& fit, const RowTensors& rows, const RowsOf& place);

}  // namespace lathe
