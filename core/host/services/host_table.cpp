#include "core/host/services/host_table.hpp"

#include "core/base/log.hpp"
#include "core/graph/columns/symbols.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"

#include <tuple>

namespace lathe {
namespace {

LogLevel log_level(lathe_log_level level) {
  switch (level) {
    case LATHE_LOG_DEBUG:
      return LogLevel::debug;
    case LATHE_LOG_WARNING:
      return LogLevel::warning;
    case LATHE_LOG_ERROR:
      return LogLevel::error;
    default:
      return LogLevel::info;
  }
}

const void* service(lathe_call* call, const char* id) noexcept {
  if (id == nullptr) return nullptr;
  const void* table = find_service(id);
  if (table != nullptr || call == nullptr) return table;
  service_call(call, [&](Call& c) {
    if (is_host_service(id)) {
      throw run_error(LATHE_UNIMPLEMENTED, fmt::format("this lathe has no service '{}'", id));
    }
    table = c.plugin_service(id);
    if (table == nullptr) {
      throw run_error(LATHE_UNIMPLEMENTED, fmt::format("no plugin offers the service '{}'", id));
    }
  });
  return table;
}

lathe_code fail_at(lathe_call* call, lathe_code code, const lathe_where* where,
                   lathe_str message) noexcept {
  // A failure that says OK would look like a success.
  const lathe_code shown = code == LATHE_OK ? LATHE_UNKNOWN : code;
  try {
    return Call::of(call).record(shown, view_of(message), where);
  } catch (...) {
    return shown;
  }
}

lathe_code fail(lathe_call* call, lathe_code code, lathe_str message) noexcept {
  return fail_at(call, code, nullptr, message);
}

void last_error(lathe_call* call, lathe_str* text) noexcept {
  if (text == nullptr) return;
  *text = {"", 0};
  try {
    *text = Call::of(call).last_error();
  } catch (...) {
    // No memory for the copy: then it has no text.
  }
}

void log(lathe_call* call, lathe_log_level level, lathe_str message) noexcept {
  try {
    std::string_view text = view_of(message);
    while (text.ends_with('\n')) text.remove_suffix(1);
    lathe::log(log_level(level), fmt::format("{}: {}", Call::of(call).component().id, text));
  } catch (...) {
    // A log line is not worth a failure.
  }
}

void progress(lathe_call* call, std::uint64_t done, std::uint64_t total, lathe_str unit) noexcept {
  try {
    Call::of(call).progress(done, total, view_of(unit));
  } catch (...) {
    // Nor is a progress line.
  }
}

std::int32_t cancelled(lathe_call* call) noexcept { return Call::of(call).cancelled() ? 1 : 0; }

void* scratch(lathe_call* call, std::uint64_t size, std::uint64_t align) noexcept {
  void* memory = nullptr;
  service_call(call, [&](Call& c) { memory = c.scratch(size == 0 ? 1 : size, align); });
  return memory;
}

std::uint32_t symbol(lathe_call* call, lathe_str text) noexcept {
  std::uint32_t number = LATHE_NONE_ID;
  service_call(call, [&](Call&) { number = symbol_of(view_of(text)); });
  return number;
}

void text_of_symbol(lathe_call*, std::uint32_t number, lathe_str* text) noexcept {
  if (text != nullptr) *text = str_of(symbol_text(number));
}

}  // namespace

const void* find_service(std::string_view id) {
  const void* table = nullptr;
  const auto look = [&](const auto& known) {
    if (known.id == id) table = &service_table(known);
  };
  std::apply([&](const auto&... known) { (look(known), ...); }, kHostServices);
  return table;
}

const lathe_host& host_table() {
  static constexpr lathe_host kTable{
      LATHE_SIZE_UP_TO(lathe_host, symbol_text),
      LATHE_ABI_VERSION,
      service,
      fail,
      fail_at,
      last_error,
      log,
      progress,
      cancelled,
      scratch,
      symbol,
      text_of_symbol,
  };
  return kTable;
}

}  // namespace lathe
