// Errors as exceptions inside a plugin, and the one place where they become codes: nothing unwinds
// out of a plugin. Knows nothing about graphs or kinds.
#pragma once

#include <lathe/lathe.h>

#include <cstdint>
#include <exception>
#include <initializer_list>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#pragma GCC visibility push(hidden)

namespace lathe {

inline lathe_str to_str(std::string_view text) { return {text.data(), text.size()}; }
// Concatenation that leaves no instantiation of the standard library in the plugin.
inline std::string join(std::initializer_list<std::string_view> parts) {
  std::string all;
  for (const std::string_view part : parts) all.append(part.data(), part.size());
  return all;
}
inline std::string to_string(std::string_view text) { return join({text}); }
inline std::string to_string(std::int64_t number) {
  char digits[20];
  char* end = digits + sizeof digits;
  char* first = end;
  auto rest =
      number < 0 ? ~static_cast<std::uint64_t>(number) + 1 : static_cast<std::uint64_t>(number);
  do *--first = static_cast<char>('0' + rest % 10);
  while ((rest /= 10) != 0);
  return join({number < 0 ? "-" : "", {first, static_cast<std::size_t>(end - first)}});
}

inline std::string_view to_view(lathe_str text) {
  return {text.data == nullptr ? "" : text.data, text.size};
}

// Why the last host function of this call failed; empty if none did. Valid until the call ends.
inline std::string_view last_error(lathe_call* call) {
  lathe_str text = {};
  call->host->last_error(call, &text);
  return to_view(text);
}

// What a plugin throws: `throw lathe::error(LATHE_INVALID_ARGUMENT, "...").at_node(node)`.
class error : public std::exception {
 public:
  error(lathe_code code, std::string text) : code_(code), text_(std::move(text)) {}

  error& at_node(std::string_view name) {
    node_.assign(name.data(), name.size());
    return *this;
  }
  template <class Node, class = decltype(std::declval<const Node&>().name())>
  error& at_node(const Node& node) {
    return at_node(std::string_view(node.name()));
  }
  error& at_option(std::string_view key) {
    option_.assign(key.data(), key.size());
    return *this;
  }
  error& at_file(std::string_view path, std::uint64_t line = 0, std::uint64_t column = 0) {
    file_.assign(path.data(), path.size());
    line_ = line;
    column_ = column;
    return *this;
  }

  lathe_code code() const { return code_; }
  const char* what() const noexcept override { return text_.c_str(); }

  // Tells the host, unless it was the host that said so: then the place it knows is kept.
  lathe_code tell(lathe_call* call) const noexcept {
    if (last_error(call) == text_ && node_.empty() && option_.empty() && file_.empty()) {
      return code_;
    }
    const lathe_where where = {sizeof where,  0,     to_str(node_), to_str(option_),
                               to_str(file_), line_, column_};
    return call->host->fail_at(call, code_, &where, to_str(text_));
  }

 private:
  lathe_code code_;
  std::string text_, node_, option_, file_;
  std::uint64_t line_ = 0, column_ = 0;
};

inline error invalid_argument(std::string text) {
  return error(LATHE_INVALID_ARGUMENT, std::move(text));
}
inline error not_found(std::string text) { return error(LATHE_NOT_FOUND, std::move(text)); }
inline error data_loss(std::string text) { return error(LATHE_DATA_LOSS, std::move(text)); }

namespace detail {

// REQUIRES: an exception is being handled.
inline lathe_code tell_current_exception(lathe_call* call) noexcept {
  const auto fail = [call](lathe_code code, std::string_view text) {
    return call->host->fail(call, code, to_str(text));
  };
  try {
    throw;
  } catch (const error& e) {
    return e.tell(call);
  } catch (const std::bad_alloc&) {
    return fail(LATHE_RESOURCE_EXHAUSTED, "the plugin ran out of memory");
  } catch (const std::exception& e) {
    return fail(LATHE_INTERNAL, e.what());
  } catch (...) {
    return fail(LATHE_INTERNAL, "the plugin threw something that is no std::exception");
  }
}

// Runs a piece of a plugin as a function of the ABI: exceptions become codes.
template <class Body>
lathe_code guarded(lathe_call* call, Body&& body) noexcept {
  try {
    body();
    return LATHE_OK;
  } catch (...) {
    return tell_current_exception(call);
  }
}

// Turns a code that a host function returned into an exception.
inline void check(lathe_call* call, lathe_code code) {
  if (code == LATHE_OK) return;
  const std::string_view text = last_error(call);
  throw error(code, text.empty()
                        ? join({"the host refused without a reason, code ", to_string(code)})
                        : to_string(text));
}

// Row i of a table whose rows are as wide as their writer knew them.
template <class Row>
const Row& row(const Row* rows, std::uint64_t row_size, std::uint64_t i) {
  return *reinterpret_cast<const Row*>(reinterpret_cast<const char*>(rows) + i * row_size);
}

// The table of a service, which must reach at least to `size`.
template <class Api>
const Api* service(lathe_call* call, const char* id, std::uint64_t size) {
  const auto* api = static_cast<const Api*>(call->host->service(call, id));
  if (api == nullptr) {
    throw error(LATHE_UNIMPLEMENTED,
                join({"this plugin needs the service ", id, ": ", last_error(call)}));
  }
  if (api->struct_size < size) {
    throw error(LATHE_UNIMPLEMENTED, join({"this plugin needs the service ", id,
                                           " of a newer lathe or plugin than this one"}));
  }
  return api;
}

}  // namespace detail

}  // namespace lathe

#pragma GCC visibility pop
