// What is common to components of every kind: making and destroying instances, what a type declares
// about itself (options, flags), the row in the module's table.
#pragma once

#include <lathe/hpp/context.hpp>
#include <lathe/hpp/option.hpp>

#pragma GCC visibility push(hidden)

namespace lathe::detail {

// A type's constructor takes what it needs, in this order: options, what its kind adds (a data
// set's folder, a sampler's space), context. Any tail, and all of it, may be left out.
template <class T, class... Added>
T* construct(lathe_call* call, const lathe_value* given, Added... added) {
  const options o{value_view(given)};
  const context c(call);
  if constexpr (std::is_constructible_v<T, options, Added..., context>) {
    return new T(o, added..., c);
  } else if constexpr (std::is_constructible_v<T, options, Added...>) {
    return new T(o, added...);
  } else if constexpr (std::is_constructible_v<T, options, context>) {
    return new T(o, c);
  } else if constexpr (std::is_constructible_v<T, options>) {
    return new T(o);
  } else if constexpr (sizeof...(Added) > 0 && std::is_constructible_v<T, Added..., context>) {
    return new T(added..., c);
  } else if constexpr (sizeof...(Added) > 0 && std::is_constructible_v<T, Added...>) {
    return new T(added...);
  } else {
    static_assert(std::is_default_constructible_v<T>,
                  "a component's constructor takes (lathe::options) or nothing");
    return new T();
  }
}

template <class T>
void destroy(void* self) noexcept {
  delete static_cast<T*>(self);
}

// Static members that a type may declare.
template <class T, class = void>
constexpr lathe_component_flags declared_flags = 0;
template <class T>
constexpr lathe_component_flags declared_flags<T, std::void_t<decltype(T::flags)>> = T::flags;

// False, but not before T is known: what a static_assert says where a type lacks a method.
template <class T>
constexpr bool lacks = false;

template <class T, class = void>
constexpr const char* declared_targets = nullptr;
template <class T>
constexpr const char* declared_targets<T, std::void_t<decltype(T::targets)>> = T::targets;

template <class T, class = void>
constexpr const char* declared_scalars = nullptr;
template <class T>
constexpr const char* declared_scalars<T, std::void_t<decltype(T::scalars)>> = T::scalars;

template <class T, class = void>
constexpr const char* declared_authors = nullptr;
template <class T>
constexpr const char* declared_authors<T, std::void_t<decltype(T::authors)>> = T::authors;

template <class T, class = void>
constexpr const char* declared_licence = nullptr;
template <class T>
constexpr const char* declared_licence<T, std::void_t<decltype(T::licence)>> = T::licence;

template <class T, class = void>
constexpr const char* declared_url = nullptr;
template <class T>
constexpr const char* declared_url<T, std::void_t<decltype(T::url)>> = T::url;

template <class T, class = void>
constexpr const char* declared_details = nullptr;
template <class T>
constexpr const char* declared_details<T, std::void_t<decltype(T::details)>> = T::details;

template <class T, class = void>
struct declared_options {
  static constexpr const lathe_option* data = nullptr;
  static constexpr std::uint64_t count = 0;
};
template <class T>
struct declared_options<T, std::void_t<decltype(T::options)>> {
  static constexpr const lathe_option* data = T::options;
  static constexpr std::uint64_t count = std::extent_v<decltype(T::options)>;
};

template <class T>
constexpr lathe_component component(const char* kind, const char* id, const char* version,
                                    const char* doc, const void* iface,
                                    lathe_component_flags flags = 0) {
  return {LATHE_SIZE_UP_TO(lathe_component, details),
          0,
          kind,
          id,
          version,
          doc,
          flags | declared_flags<T>,
          0,
          declared_options<T>::data,
          declared_options<T>::count,
          sizeof(lathe_option),
          iface,
          declared_authors<T>,
          declared_licence<T>,
          declared_url<T>,
          declared_details<T>};
}

}  // namespace lathe::detail

#pragma GCC visibility pop
