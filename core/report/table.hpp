// Tables for people: columns as wide as their widest cell, numbers to the right. Knows nothing
// about where the rows come from or where the text goes.
#pragma once

#include "core/host/run.hpp"

#include <string>
#include <vector>

namespace lathe {

struct TextTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // as many cells as columns
};

// Aligned columns under a rule: easy on the eye, and grep finds whole rows. Ends with a newline. A
// column is set to the right when all its cells are numbers. Control characters of cells are
// escaped. A table wider than `columns` (0: there is no bound) has its last column cut into lines,
// where the others leave room for it; else a line for each cell, behind the column's name, and an
// empty line between rows.
std::string render(const TextTable& table, std::size_t columns = 0);

// Of its lines, where nothing bounds it.
std::size_t width_of(const TextTable& table);

// A number with `digits` significant digits, whole numbers in full: 46408, 0.3267, 1.25e-07.
std::string number_text(double number, int digits = 6);
// A cell as a person reads it: numbers as above, also in lists, none as "-", texts without quotes.
std::string cell_text(const Value& value);

TextTable text_table(const ReportTable& table);

}  // namespace lathe
