// lathe.report/0: what a pass publishes.

#include "core/base/file.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/host_table.hpp"

#include <fmt/format.h>

#include <algorithm>

// A table is named by its place in the report, so that rows may be added while others are opened.
struct lathe_table {
  std::size_t index;
};

namespace lathe {
namespace {

template <typename Body>
lathe_code report_call(lathe_call* call, const Body& body) noexcept {
  return service_call(call, [&](Call& c) {
    if (c.report == nullptr) {
      throw run_error(LATHE_FAILED_PRECONDITION, "only a running pass can publish results");
    }
    const std::lock_guard lock(c.mutex);
    body(c, *c.report);
  });
}

void add_cell(ReportRows& rows, const lathe_value& cell) {
  if (cell.kind == LATHE_VALUE_INT) {
    rows.add(cell.as.integer);
  } else if (cell.kind == LATHE_VALUE_FLOAT) {
    rows.add(cell.as.real);
  } else if (cell.kind == LATHE_VALUE_STRING && cell.as.text != nullptr) {
    rows.add(std::string_view(cell.as.text, cell.size));
  } else {
    rows.add(from_abi(cell));
  }
}

lathe_code scalar(lathe_call* call, lathe_str name, const lathe_value* value) noexcept {
  return report_call(call, [&](Call&, PassReport& report) {
    const std::string_view wanted = view_of(name);
    if (wanted.empty()) throw PluginMistake("a scalar needs a name");
    if (value == nullptr || (value->kind != LATHE_VALUE_INT && value->kind != LATHE_VALUE_FLOAT)) {
      throw PluginMistake(fmt::format("the scalar '{}' is no number", wanted));
    }
    const auto old = std::ranges::find(report.scalars, wanted,
                                       [](const auto& s) { return std::string_view(s.first); });
    if (old != report.scalars.end()) {
      old->second = from_abi(*value);
    } else {
      report.scalars.emplace_back(wanted, from_abi(*value));
    }
  });
}

lathe_code table(lathe_call* call, lathe_str name, const lathe_str* columns, std::uint64_t count,
                 lathe_table** out) noexcept {
  return report_call(call, [&](Call& c, PassReport& report) {
    if (count == 0) {
      throw PluginMistake(fmt::format("the table '{}' has no columns", view_of(name)));
    }
    required(columns, "columns");
    ReportTable fresh;
    fresh.name = view_of(name);
    for (std::uint64_t i = 0; i < count; ++i) fresh.columns.emplace_back(view_of(columns[i]));
    report.tables.push_back(std::move(fresh));
    required(out, "table") = new (c.memory().allocate(sizeof(lathe_table), alignof(lathe_table)))
        lathe_table{report.tables.size() - 1};
  });
}

lathe_code row(lathe_call* call, lathe_table* handle, const lathe_value* cells,
               std::uint64_t count) noexcept {
  return report_call(call, [&](Call&, PassReport& report) {
    if (handle == nullptr || handle->index >= report.tables.size()) {
      throw PluginMistake("that is no table of this call");
    }
    ReportTable& t = report.tables[handle->index];
    if (count != t.columns.size() || cells == nullptr) {
      throw PluginMistake(fmt::format("table '{}' has {} columns, but a row of {} cells came",
                                      t.name, t.columns.size(), count));
    }
    try {
      for (std::uint64_t i = 0; i < count; ++i) add_cell(t.rows, cells[i]);
    } catch (...) {
      t.rows.drop_open_row();
      throw;
    }
    t.rows.end_row();
  });
}

lathe_code text(lathe_call* call, lathe_str name, lathe_str contents) noexcept {
  return report_call(call, [&](Call&, PassReport& report) {
    report.texts.emplace_back(view_of(name), view_of(contents));
  });
}

lathe_code file(lathe_call* call, lathe_str path, lathe_str contents) noexcept {
  return report_call(call, [&](Call& c, PassReport& report) {
    namespace fs = std::filesystem;
    const fs::path wanted(view_of(path));
    const bool climbs = std::ranges::find(wanted, fs::path("..")) != wanted.end();
    if (!wanted.has_filename() || wanted.is_absolute() || climbs ||
        wanted.native().find('\0') != std::string::npos) {
      throw usage_error(
          fmt::format("'{}' is no path inside the pass's folder; it must be relative, without '..'",
                      wanted.string()));
    }
    if (c.context().drops_files) return;
    const fs::path& folder = c.context().folder;
    if (folder.empty()) {
      throw run_error(LATHE_FAILED_PRECONDITION,
                      fmt::format("this run has no folder to write '{}' into", wanted.string()));
    }
    const fs::path target = folder / c.component().id / wanted;
    make_folders(target.parent_path());
    // A count is repeated in milliseconds; waiting for the disk would be most of its time.
    write_atomically(target, view_of(contents), Sync::no_wait);
    if (std::ranges::find(report.files, target) == report.files.end()) {
      report.files.push_back(target);
    }
  });
}

}  // namespace

const lathe_report_api& service_table(HostService<lathe_report_api>) {
  static constexpr lathe_report_api kTable{
      LATHE_SIZE_UP_TO(lathe_report_api, file), 0, scalar, table, row, text, file,
  };
  return kTable;
}

}  // namespace lathe
