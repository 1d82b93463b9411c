// Kind "pass". A type with a method `run`, which takes whatever it needs of: lathe::graph,
// lathe::report, lathe::edit&, lathe::executor, lathe::weights, lathe::data, lathe::meta,
// lathe::formats, lathe::search_space, lathe::context.
// With an edit& the changes are committed when run returns, and dropped when it throws.
#pragma once

#include <lathe/hpp/component.hpp>
#include <lathe/hpp/data.hpp>
#include <lathe/hpp/edit.hpp>
#include <lathe/hpp/execute.hpp>
#include <lathe/hpp/formats.hpp>
#include <lathe/hpp/report.hpp>

#pragma GCC visibility push(hidden)

namespace lathe {

namespace detail {

// Becomes whichever argument `run` asks for.
struct run_argument {
  lathe_call* call;
  lathe_graph* g;
  operator graph() const { return {call, g}; }
  operator report() const { return report(call); }
  operator edit() const { return {call, g}; }
  operator executor() const { return executor(call); }
  operator weights() const { return weights(call); }
  operator data() const { return data(call); }
  operator meta() const { return meta(call); }
  operator formats() const { return formats(call); }
  operator search_space() const { return search_space(call); }
  operator context() const { return context(call); }
};

template <class Argument>
constexpr lathe_component_flags implied_flags = 0;
template <>
constexpr inline lathe_component_flags implied_flags<edit> = LATHE_FLAG_MUTATES_GRAPH;
template <>
constexpr inline lathe_component_flags implied_flags<executor> = LATHE_FLAG_EXECUTES;
template <>
constexpr inline lathe_component_flags implied_flags<weights> = LATHE_FLAG_READS_WEIGHTS;
template <>
constexpr inline lathe_component_flags implied_flags<data> = LATHE_FLAG_READS_DATA;

template <class T>
void commit_if_open(T&) {}
inline void commit_if_open(edit& e) {
  if (e.open()) e.commit();
}

template <class T, class... Arguments>
struct run_call {
  static_assert((!std::is_same_v<Arguments, edit> && ...), "take the edit by reference: edit&");
  static constexpr lathe_component_flags flags =
      (lathe_component_flags{0} | ... | implied_flags<std::decay_t<Arguments>>);

  static void call(T& object, [[maybe_unused]] lathe_call* call, [[maybe_unused]] lathe_graph* g) {
    with(object, argument<Arguments>(call, g)...);
  }

 private:
  template <class>
  static run_argument argument(lathe_call* call, lathe_graph* g) {
    return {call, g};
  }
  static void with(T& object, std::decay_t<Arguments>... arguments) {
    object.run(static_cast<Arguments&&>(arguments)...);
    (commit_if_open(arguments), ...);
  }
};

template <class Method>
struct run_of;
template <class T, class... A>
struct run_of<void (T::*)(A...)> : run_call<T, A...> {};
template <class T, class... A>
struct run_of<void (T::*)(A...) const> : run_call<T, A...> {};
template <class T, class... A>
struct run_of<void (T::*)(A...) noexcept> : run_call<T, A...> {};
template <class T, class... A>
struct run_of<void (T::*)(A...) const noexcept> : run_call<T, A...> {};

template <class T, class = void>
constexpr bool has_run = false;
template <class T>
constexpr bool has_run<T, std::void_t<decltype(&T::run)>> = true;

template <class T>
struct pass_thunks {
  static lathe_code create(lathe_call* call, const lathe_value* options, void** self) noexcept {
    return guarded(call, [&] { *self = construct<T>(call, options); });
  }
  static lathe_code run(lathe_call* call, void* self, lathe_graph* g) noexcept {
    return guarded(call, [&] { run_of<decltype(&T::run)>::call(*static_cast<T*>(self), call, g); });
  }
};

template <class T>
constexpr lathe_pass pass_interface = {LATHE_SIZE_UP_TO(lathe_pass, scalars),
                                       0,
                                       pass_thunks<T>::create,
                                       destroy<T>,
                                       pass_thunks<T>::run,
                                       declared_targets<T>,
                                       declared_scalars<T>};

}  // namespace detail

// T may declare `options`, `flags`, `targets` ("linear|relu"), `scalars` ("a|b"), `authors`,
// `licence` and `url`.
template <class T>
constexpr lathe_component pass(const char* id, const char* version, const char* doc) {
  if constexpr (detail::has_run<T>) {
    return detail::component<T>(LATHE_KIND_PASS, id, version, doc, &detail::pass_interface<T>,
                                detail::run_of<decltype(&T::run)>::flags);
  } else {
    static_assert(detail::lacks<T>,
                  "a pass needs one method: void run(lathe::graph, lathe::report)");
    return detail::component<T>(LATHE_KIND_PASS, id, version, doc, nullptr);
  }
}

// A pass that changes the graph, also where it opens its edits itself (graph.edit()).
template <class T>
constexpr lathe_component transform(const char* id, const char* version, const char* doc) {
  lathe_component c = pass<T>(id, version, doc);
  c.flags |= LATHE_FLAG_MUTATES_GRAPH;
  return c;
}

}  // namespace lathe

#pragma GCC visibility pop
