// Services that plugins offer to each other: a table of C functions, found by its id. Whoever
// offers one publishes a header with the table's type and one line that ties the type to its id:
//
//   typedef struct stats_api {
//     uint32_t struct_size;
//     uint32_t reserved;
//     lathe_code (*mean)(lathe_call *call, const lathe_tensor *x, double *mean);
//   } stats_api;
//   LATHE_SERVICE_ID(stats_api, "org.example.stats/1")
//
// It offers:  void mean(lathe::context, const lathe_tensor* x, double* mean) { ... may throw ... }
//             constexpr stats_api kStats = {sizeof(stats_api), 0, lathe::served<mean>};
//             LATHE_MODULE(lathe::offers(kStats), ...)
// Others use: LATHE_MODULE(lathe::needs<stats_api>(), ...)
//             const lathe::service<stats_api> stats(context);
//             stats(&stats_api::mean, &x, &mean);
#pragma once

#include <lathe/hpp/context.hpp>

#pragma GCC visibility push(hidden)

namespace lathe {

namespace detail {
template <class Api>
struct service_id;  // LATHE_SERVICE_ID

template <auto Function>
struct served_function;
template <class... A, void (*Function)(context, A...)>
struct served_function<Function> {
  static lathe_code call(lathe_call* call, A... arguments) noexcept {
    return guarded(call, [&] { Function(context(call), arguments...); });
  }
};
}  // namespace detail

// A function of C++ as one of a service's table: what it throws becomes a code with its text.
template <auto Function>
constexpr auto served = &detail::served_function<Function>::call;

// A service that the file offers, for LATHE_MODULE. The table is constexpr, outside of functions.
template <class Api>
constexpr lathe_service offers(const Api& table) {
  return {detail::service_id<Api>::text, &table};
}

// A service of another plugin without which the file cannot work, for LATHE_MODULE: a host that
// finds none says so when it loads the file. `size`: the part of the table that is called.
template <class Api>
constexpr lathe_need needs(std::uint64_t size = sizeof(Api)) {
  return {detail::service_id<Api>::text, size};
}

// A service of another plugin. Valid for the call it was found in.
template <class Api>
class service {
 public:
  // Loads the plugin that offers it; throws if there is none, or its table is shorter than `size`.
  explicit service(context c, std::uint64_t size = sizeof(Api))
      : call_(c.raw()), api_(detail::service<Api>(c.raw(), detail::service_id<Api>::text, size)) {}

  // Calls a function of the table and throws what it fails with.
  template <class... Parameters, class... Arguments>
  void operator()(lathe_code (*Api::*function)(lathe_call*, Parameters...),
                  Arguments&&... arguments) const {
    detail::check(call_, (api_->*function)(call_, std::forward<Arguments>(arguments)...));
  }
  const Api* operator->() const { return api_; }

 private:
  lathe_call* call_;
  const Api* api_;
};

}  // namespace lathe

#pragma GCC visibility pop

// Once for each type of table, outside every namespace.
#define LATHE_SERVICE_ID(Api, id)           \
  template <>                               \
  struct lathe::detail::service_id<Api> {   \
    static constexpr const char* text = id; \
  };
