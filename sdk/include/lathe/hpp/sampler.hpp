// Kind "sampler". A pure function of space, seed, trial number and what it was told:
//   Sampler(lathe::options, lathe::space)     either may be left out
//   bool suggest(lathe::context, std::uint64_t trial, lathe::span<double> parameters)
//                                             false: the space is exhausted
//   void started(std::uint64_t trial, lathe::span<const double> parameters)          optional
//   void finished(std::uint64_t trial, lathe_trial_state, lathe::span<const double> values,
//                 std::int64_t step)          optional; values are empty for a failed trial
#pragma once

#include <lathe/kind/sampler.h>
#include <lathe/hpp/component.hpp>

#pragma GCC visibility push(hidden)

namespace lathe {

// The host's until the sampler is destroyed: an instance may keep it.
class space {
 public:
  explicit space(const lathe_space& s) : s_(&s) {}
  std::uint64_t size() const { return s_->parameter_count; }  // parameters
  // Rows are as wide as the host knows them, which may be wider than here.
  const lathe_parameter& operator[](std::uint64_t i) const {
    const char* rows = reinterpret_cast<const char*>(s_->parameters);
    return *reinterpret_cast<const lathe_parameter*>(rows + i * s_->parameter_size);
  }
  std::uint64_t seed() const { return s_->seed; }
  std::uint64_t objectives() const { return s_->objective_count; }
  lathe_direction direction(std::uint64_t objective) const { return s_->directions[objective]; }
  // A conditional parameter exists if its parent, earlier in the space, has the value it asks for.
  bool exists(std::uint64_t i, span<const double> parameters) const {
    const lathe_parameter& p = (*this)[i];
    return p.parent == LATHE_NONE_ID || parameters[p.parent] == p.parent_value;
  }
  const lathe_space& raw() const { return *s_; }

 private:
  const lathe_space* s_;
};

namespace detail {

template <class T, class = void>
constexpr bool has_started = false;
template <class T>
constexpr bool has_started<T, std::void_t<decltype(&T::started)>> = true;
template <class T, class = void>
constexpr bool has_finished = false;
template <class T>
constexpr bool has_finished<T, std::void_t<decltype(&T::finished)>> = true;

template <class T>
struct sampler_instance {
  lathe::space space;
  T* object;
  ~sampler_instance() { delete object; }
};

template <class T>
struct sampler_thunks {
  using instance = sampler_instance<T>;
  static instance& of(void* self) { return *static_cast<instance*>(self); }

  static lathe_code create(lathe_call* call, const lathe_value* options, const lathe_space* s,
                           void** self) noexcept {
    return guarded(call, [&] {
      auto* made = new instance{space(*s), nullptr};
      try {
        made->object = construct<T>(call, options, made->space);
      } catch (...) {
        delete made;
        throw;
      }
      *self = made;
    });
  }
  static lathe_code suggest(lathe_call* call, void* self, std::uint64_t trial,
                            double* parameters) noexcept {
    bool found = true;
    const lathe_code code = guarded(call, [&] {
      instance& i = of(self);
      found = i.object->suggest(context(call), trial, span<double>(parameters, i.space.size()));
    });
    if (code != LATHE_OK || found) return code;
    return call->host->fail(call, LATHE_OUT_OF_RANGE, to_str("the space is exhausted"));
  }
  static lathe_code started(lathe_call* call, void* self, std::uint64_t trial,
                            const double* parameters) noexcept {
    return guarded(call, [&] {
      instance& i = of(self);
      if constexpr (has_started<T>) {
        i.object->started(trial, span<const double>(parameters, i.space.size()));
      }
    });
  }
  static lathe_code finished(lathe_call* call, void* self, std::uint64_t trial,
                             lathe_trial_state state, const double* values,
                             std::int64_t step) noexcept {
    return guarded(call, [&] {
      instance& i = of(self);
      const std::uint64_t count = values == nullptr             ? 0
                                  : state == LATHE_STATE_PRUNED ? 1
                                                                : i.space.objectives();
      if constexpr (has_finished<T>) {
        i.object->finished(trial, state, span<const double>(values, count), step);
      }
    });
  }
};

template <class T>
constexpr lathe_sampler sampler_interface = {
    LATHE_SIZE_UP_TO(lathe_sampler, finished),
    0,
    sampler_thunks<T>::create,
    destroy<sampler_instance<T>>,
    sampler_thunks<T>::suggest,
    has_started<T> ? sampler_thunks<T>::started : nullptr,
    has_finished<T> ? sampler_thunks<T>::finished : nullptr};

}  // namespace detail

template <class T>
constexpr lathe_component sampler(const char* id, const char* version, const char* doc) {
  return detail::component<T>(LATHE_KIND_SAMPLER, id, version, doc, &detail::sampler_interface<T>);
}

}  // namespace lathe

#pragma GCC visibility pop
