// The module's table and its stamp, both built at compile time from one list of components,
// services and needs, so that they cannot disagree and nothing runs when the file is loaded.
#pragma once

#include <lathe/hpp/component.hpp>
#include <lathe/hpp/service.hpp>

#pragma GCC visibility push(hidden)

namespace lathe::detail {

// Rows in the order in which they are added; one is always there, because no array is empty.
template <class Row, std::size_t Capacity>
struct row_list {
  Row data[Capacity == 0 ? 1 : Capacity] = {};
  std::uint64_t count = 0;
  constexpr void add(const Row& row) { data[count++] = row; }
  constexpr const Row* begin() const { return data; }
  constexpr const Row* end() const { return data + count; }
};

// What a LATHE_MODULE lists, by kind.
template <class... Part>
struct module_parts {
  template <class Row>
  static constexpr std::size_t count_of = (std::size_t{0} + ... + std::is_same_v<Part, Row>);
  row_list<lathe_component, count_of<lathe_component>> components;
  row_list<lathe_service, count_of<lathe_service>> services;
  row_list<lathe_need, count_of<lathe_need>> needs;

  constexpr void add(const lathe_component& c) { components.add(c); }
  constexpr void add(const lathe_service& s) { services.add(s); }
  constexpr void add(const lathe_need& n) { needs.add(n); }
};

template <class... Part>
constexpr module_parts<Part...> parts_of(Part... part) {
  module_parts<Part...> parts;
  (parts.add(part), ...);
  return parts;
}

template <class Parts>
constexpr auto pointers_to_components(const Parts& parts) {
  row_list<const lathe_component*, Parts::template count_of<lathe_component>> list;
  for (const lathe_component& c : parts.components) list.add(&c);
  return list;
}

constexpr bool is_kind(const lathe_component& c, const char* kind) {
  const char* own = c.kind;
  for (; *own != '\0' && *own == *kind; ++own) ++kind;
  return *own == *kind;
}

// Services without which the components cannot work, so that a host that lacks one says so when it
// loads the file. What a plugin can do without it asks for when it needs it.
template <std::size_t Capacity>
struct need_list : row_list<lathe_need, Capacity> {
  constexpr void add(bool needed, const char* service, std::uint64_t size) {
    if (needed) row_list<lathe_need, Capacity>::add({service, size});
  }
};

template <class Parts>
constexpr auto needs_of(const Parts& parts) {
  bool passes = false, models = false;
  lathe_component_flags flags = 0;
  for (const lathe_component& c : parts.components) {
    passes = passes || is_kind(c, LATHE_KIND_PASS);
    models = models || is_kind(c, LATHE_KIND_MODEL);
    flags |= c.flags;
  }
  const auto has = [flags](lathe_component_flags flag) { return (flags & flag) != 0; };
  need_list<16 + Parts::template count_of<lathe_need>> list;
  list.add(passes, LATHE_SVC_GRAPH, LATHE_SIZE_UP_TO(lathe_graph_api, op_facts));
  list.add(passes, LATHE_SVC_REPORT, LATHE_SIZE_UP_TO(lathe_report_api, file));
  list.add(models || has(LATHE_FLAG_MUTATES_GRAPH), LATHE_SVC_EDIT,
           LATHE_SIZE_UP_TO(lathe_edit_api, rollback));
  list.add(has(LATHE_FLAG_EXECUTES), LATHE_SVC_EXEC, LATHE_SIZE_UP_TO(lathe_exec_api, outputs));
  list.add(has(LATHE_FLAG_READS_WEIGHTS), LATHE_SVC_TENSOR,
           LATHE_SIZE_UP_TO(lathe_tensor_api, release));
  list.add(has(LATHE_FLAG_READS_DATA), LATHE_SVC_DATA, LATHE_SIZE_UP_TO(lathe_data_api, read));
  list.add(has(LATHE_FLAG_STOCHASTIC), LATHE_SVC_RNG, LATHE_SIZE_UP_TO(lathe_rng_api, stream));
  for (const lathe_need& need : parts.needs) list.add(true, need.service, need.struct_size);
  return list;
}

template <std::size_t Size>
struct stamp_text {
  char data[Size];
};

// Hands every character of the stamp to `put`.
template <class Parts, class Put>
constexpr void write_stamp(const Parts& parts, Put put) {
  const auto text = [&put](const char* c) {
    for (; *c != '\0'; ++c) put(*c);
  };
  static_assert(LATHE_ABI_VERSION >= 0 && LATHE_ABI_VERSION < 10, "one digit is written");
  text("abi=");
  put(static_cast<char>('0' + LATHE_ABI_VERSION));
  put('\0');
  for (const lathe_component& c : parts.components) {
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
  for (const lathe_service& s : parts.services) {
    text("service=");
    text(s.id);
    put('\0');
  }
}

template <class Parts>
constexpr std::size_t stamp_size(const Parts& parts) {
  std::size_t size = 0;
  write_stamp(parts, [&size](char) { ++size; });
  return size;
}

template <std::size_t Size, class Parts>
constexpr stamp_text<Size> stamp_of(const Parts& parts) {
  stamp_text<Size> stamp = {};
  std::size_t i = 0;
  write_stamp(parts, [&](char c) { stamp.data[i++] = c; });
  return stamp;
}

}  // namespace lathe::detail

#pragma GCC visibility pop

// Once per plugin file, outside every namespace: components, services that it offers
// (hpp/service.hpp) and services of other plugins that it needs, in any order.
//   LATHE_MODULE(lathe::pass<A>("a", "1.0.0", "Does a."), lathe::model<B>("b", "1.0.0", "A b."))
#define LATHE_MODULE(...)                                                                   \
  namespace {                                                                               \
  constexpr auto lathe_parts = ::lathe::detail::parts_of(__VA_ARGS__);                      \
  constexpr auto lathe_components = ::lathe::detail::pointers_to_components(lathe_parts);   \
  constexpr auto lathe_needs = ::lathe::detail::needs_of(lathe_parts);                      \
  LATHE_STAMP constexpr auto lathe_stamp =                                                  \
      ::lathe::detail::stamp_of<::lathe::detail::stamp_size(lathe_parts)>(lathe_parts);     \
  constexpr lathe_module lathe_description = {LATHE_SIZE_UP_TO(lathe_module, service_size), \
                                              LATHE_ABI_VERSION,                            \
                                              lathe_components.data,                        \
                                              lathe_components.count,                       \
                                              lathe_needs.data,                             \
                                              lathe_needs.count,                            \
                                              sizeof(lathe_need),                           \
                                              lathe_stamp.data,                             \
                                              sizeof(lathe_stamp),                          \
                                              lathe_parts.services.data,                    \
                                              lathe_parts.services.count,                   \
                                              sizeof(lathe_service)};                       \
  }                                                                                         \
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
