// Publishing what a pass found: numbers, tables, texts, files.
#pragma once

#include <lathe/hpp/context.hpp>

#pragma GCC visibility push(hidden)

namespace lathe {

class table {
 public:
  table(lathe_call* call, const lathe_report_api* api, lathe_table* t)
      : call_(call), api_(api), table_(t) {}

  // As many cells as there are columns: table.row({node.name(), node.op(), 3.0}).
  void row(const std::vector<value>& cells) {
    value::storage arrays;
    std::vector<lathe_value> list;
    for (const value& cell : cells) list.push_back(cell.c_value(arrays));
    detail::check(call_, api_->row(call_, table_, list.data(), list.size()));
  }
  // The same as C values, where a row is made for each of many nodes.
  void row(const lathe_value* cells, std::uint64_t count) {
    detail::check(call_, api_->row(call_, table_, cells, count));
  }

 private:
  lathe_call* call_;
  const lathe_report_api* api_;
  lathe_table* table_;
};

class report {
 public:
  explicit report(lathe_call* call)
      : call_(call),
        api_(detail::service<lathe_report_api>(call, LATHE_SVC_REPORT,
                                               LATHE_SIZE_UP_TO(lathe_report_api, file))) {}

  // A metric: what a search can optimise. A name published twice keeps the last.
  template <class Number, std::enable_if_t<std::is_arithmetic_v<Number>, int> = 0>
  void scalar(std::string_view name, Number number) {
    lathe_value v = {};
    if constexpr (std::is_floating_point_v<Number>) {
      v.kind = LATHE_VALUE_FLOAT;
      v.as.real = static_cast<double>(number);
    } else {
      v.kind = LATHE_VALUE_INT;
      v.as.integer = static_cast<std::int64_t>(number);
    }
    detail::check(call_, api_->scalar(call_, to_str(name), &v));
  }
  // The same with a number that is whole or not as it comes.
  void scalar(std::string_view name, const value& number) {
    value::storage arrays;
    const lathe_value c = number.c_value(arrays);
    detail::check(call_, api_->scalar(call_, to_str(name), &c));
  }
  lathe::table table(std::string_view name, std::initializer_list<std::string_view> columns) {
    return table(name, columns.begin(), columns.size());
  }
  lathe::table table(std::string_view name, const std::vector<std::string_view>& columns) {
    return table(name, columns.data(), columns.size());
  }
  lathe::table table(std::string_view name, const std::string_view* columns, std::size_t count) {
    std::vector<lathe_str> list;
    for (std::size_t i = 0; i < count; ++i) list.push_back(to_str(columns[i]));
    lathe_table* made = nullptr;
    detail::check(call_, api_->table(call_, to_str(name), list.data(), list.size(), &made));
    return {call_, api_, made};
  }
  // A text for the user's screen.
  void text(std::string_view name, std::string_view contents) {
    detail::check(call_, api_->text(call_, to_str(name), to_str(contents)));
  }
  // A file in the pass's own folder of the run. `path` is relative, without "..".
  void file(std::string_view path, std::string_view contents) {
    detail::check(call_, api_->file(call_, to_str(path), to_str(contents)));
  }

 private:
  lathe_call* call_;
  const lathe_report_api* api_;
};

}  // namespace lathe

#pragma GCC visibility pop
