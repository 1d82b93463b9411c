// A table that is a CSV file as well.
#pragma once

#include <lathe/lathe.hpp>

#include <string>
#include <vector>

#include "../../option_values.hpp"
#include "../csv.hpp"

namespace analysis {

using Cells = std::vector<lathe::value>;

class Sheet {
 public:
  // The file is called by prefix and name.
  Sheet(lathe::report& out, std::string_view prefix, std::string_view name,
        std::initializer_list<std::string_view> columns)
      : table_(out.table(name, columns)), file_(lathe::join({prefix, name, ".csv"})) {
    for (const std::string_view column : columns) {
      csv_ += lathe::join({csv_.empty() ? "" : ",", column});
    }
    csv_ += "\n";
  }
  void row(const Cells& cells) {
    table_.row(cells);
    lathe::value::storage arrays;
    std::string line;
    for (const lathe::value& cell : cells) {
      const lathe_value c = cell.c_value(arrays);
      if (&cell != &cells.front()) line += ",";
      if (c.kind == LATHE_VALUE_FLOAT) {
        line += shortest(c.as.real);
      } else if (c.kind != LATHE_VALUE_NONE) {
        add_csv_field(line, option_values::text(&c));
      }
    }
    csv_ += line + "\n";
  }
  void write(lathe::report& out) const { out.file(file_, csv_); }

 private:
  lathe::table table_;
  std::string file_, csv_;
};

}  // namespace analysis
