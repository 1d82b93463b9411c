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

enum class TableStyle {
  plain,   // aligned columns under a rule: easy on the eye, and grep finds whole rows
  orgtbl,  // | a | b | with a |---+---| rule, as MASE logs its best trials
};

// Ends with a newline. A column is set to the right when all its cells are numbers. Control
// characters of cells are escaped. A table wider than `columns` (0: there is no bound) has its last
// column cut into lines, in the plain style and where the others leave room for it; else a line for
// each cell, behind the column's name, and an empty line between rows.
std::string render(const TextTable& table, TableStyle style = TableStyle::plain,
                   std::size_t columns = 0);

// A number with `digits` significant digits, whole numbers in full: 46408, 0.3267, 1.25e-07.
std::string number_text(double number, int digits = 6);
// A cell as a person reads it: numbers as above, also in lists, none as "-", texts without quotes.
std::string cell_text(const Value& value);
// With decimals cut to three, and other values to 20 characters: MASE's table of best trials.
std::string rounded_text(const Value& value);

TextTable text_table(const ReportTable& table);

}  // namespace lathe
