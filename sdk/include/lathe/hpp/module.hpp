// The module's table and its stamp, both built at compile time from one list of components, so that
// they cannot disagree and nothing runs when the file is loaded.
#pragma once

#include <lathe/hpp/component.hpp>

#pragma GCC visibility push(hidden)

namespace lathe::detail {

template <std::size_t Count>
struct component_list {
  const lathe_component* data[Count];
};

template <std::size_t Count>
constexpr component_list<Count> list_of(const lathe_component (&components)[Count]) {
  component_list<Count> list = {};
  for (std::size_t i = 0; i < Count; ++i) list.data[i] = &components[i];
  return list;
}

constexpr bool is_kind(const lathe_component& c, const char* kind) {
  const char* own = c.kind;
  for (; *own != '\0' && *own == *kind; ++own) ++kind;
  return *own == *kind;
}

// Services without which the components cannot work, so that a host that lacks one says so when it
// loads the file. What a plugin can do without it asks for when it needs it.
struct need_list {
  lathe_need data[8] = {};
  std::uint64_t count = 0;
  constexpr void add(bool needed, const char* service, std::uint64_t size) {
    if (needed) data[count++] = {service, size};
  }
};

template <std::size_t Count>
constexpr need_list needs_of(const lathe_component (&components)[Count]) {
  bool passes = false, models = false;
  lathe_component_flags flags = 0;
  for (const lathe_component& c : components) {
    passes = passes || is_kind(c, LATHE_KIND_PASS);
    models = models || is_kind(c, LATHE_KIND_MODEL);
    flags |= c.flags;
  }
  const auto has = [flags](lathe_component_flags flag) { return (flags & flag) != 0; };
  need_list list;
  list.add(passes, LATHE_SVC_GRAPH, LATHE_SIZE_UP_TO(lathe_graph_api, op_facts));
  list.add(passes, LATHE_SVC_REPORT, LATHE_SIZE_UP_TO(lathe_report_api, file));
  list.add(models || has(LATHE_FLAG_MUTATES_GRAPH), LATHE_SVC_EDIT,
           LATHE_SIZE_UP_TO(lathe_edit_api, rollback));
  list.add(has(LATHE_FLAG_EXECUTES), LATHE_SVC_EXEC, LATHE_SIZE_UP_TO(lathe_exec_api, statistics));
  list.add(has(LATHE_FLAG_READS_WEIGHTS), LATHE_SVC_TENSOR,
           LATHE_SIZE_UP_TO(lathe_tensor_api, release));
  list.add(has(LATHE_FLAG_READS_DATA), LATHE_SVC_DATA, LATHE_SIZE_UP_TO(lathe_data_api, read));
  list.add(has(LATHE_FLAG_STOCHASTIC), LATHE_SVC_RNG, LATHE_SIZE_UP_TO(lathe_rng_api, stream));
  return list;
}

template <std::size_t Size>
struct stamp_text {
  char data[Size];
};

// Hands every character of the stamp to `put`.
template <std::size_t Count, class Put>
constexpr void write_stamp(const lathe_component (&components)[Count], Put put) {
  const auto text = [&put](const char* c) {
    for (; *c != '\0'; ++c) put(*c);
  };
  static_assert(LATHE_ABI_VERSION >= 0 && LATHE_ABI_VERSION < 10, "one digit is written");
  text("abi=");
  put(static_cast<char>('0' + LATHE_ABI_VERSION));
  put('\0');
  for (const lathe_component& c : components) {
    text("component=");
    text(c.kind);
    put(':');
    text(c.id);
    put(':');
    text(c.version);
    put('\0');
    if ((c.flags & LATHE_FLAG_HAS_SOURCE) == 0) continue;
    text("source=");
    text(c.id);
    put('\0');
  }
}

template <std::size_t Count>
constexpr std::size_t stamp_size(const lathe_component (&components)[Count]) {
  std::size_t size = 0;
  write_stamp(components, [&size](char) { ++size; });
  return size;
}

template <std::size_t Size, std::size_t Count>
constexpr stamp_text<Size> stamp_of(const lathe_component (&components)[Count]) {
  stamp_text<Size> stamp = {};
  std::size_t i = 0;
  write_stamp(components, [&](char c) { stamp.data[i++] = c; });
  return stamp;
}

}  // namespace lathe::detail

#pragma GCC visibility pop

// Once per plugin file, outside every namespace:
//   LATHE_MODULE(lathe::pass<A>("a", "1.0.0", "Does a."), lathe::model<B>("b", "1.0.0", "A b."))
#define LATHE_MODULE(...)                                                                         \
  namespace {                                                                                     \
  constexpr lathe_component lathe_components[] = {__VA_ARGS__};                                   \
  constexpr auto lathe_component_list = ::lathe::detail::list_of(lathe_components);               \
  constexpr auto lathe_needs = ::lathe::detail::needs_of(lathe_components);                       \
  LATHE_STAMP constexpr auto lathe_stamp =                                                        \
      ::lathe::detail::stamp_of<::lathe::detail::stamp_size(lathe_components)>(lathe_components); \
  constexpr lathe_module lathe_description = {LATHE_SIZE_UP_TO(lathe_module, stamp_size),         \
                                              LATHE_ABI_VERSION,                                  \
                                              lathe_component_list.data,                          \
                                              sizeof(lathe_components) / sizeof(lathe_component), \
                                              lathe_needs.data,                                   \
                                              lathe_needs.count,                                  \
                                              sizeof(lathe_need),                                 \
                                              lathe_stamp.data,                                   \
                                              sizeof(lathe_stamp)};                               \
  }                                                                                               \
  extern "C" LATHE_EXPORT const lathe_module* LATHE_ENTRY(void) { return &lathe_description; }

// The same for a file that brings one component.
#define LATHE_ANALYSIS(Type, id, version, doc) LATHE_MODULE(::lathe::pass<Type>(id, version, doc))
#define LATHE_TRANSFORM(Type, id, version, doc) \
  LATHE_MODULE(::lathe::transform<Type>(id, version, doc))
#define LATHE_MODEL(Type, id, version, doc) LATHE_MODULE(::lathe::model<Type>(id, version, doc))
#define LATHE_DATASET(Type, id, version, doc) LATHE_MODULE(::lathe::dataset<Type>(id, version, doc))
#define LATHE_FORMAT(Type, id, version, doc) LATHE_MODULE(::lathe::format<Type>(id, version, doc))
#define LATHE_SAMPLER(Type, id, version, doc) LATHE_MODULE(::lathe::sampler<Type>(id, version, doc))
#define LATHE_OP(Type, id, version, doc) LATHE_MODULE(::lathe::op<Type>(id, version, doc))
