// Kind "sampler". A pure function of space, seed, trial number and what it was told:
//   Sampler(lathe::options, lathe::space)     either may be left out
//   bool suggest(lathe::context, std::uint64_t trial, lathe::span<double> values)
//                                             false: the space is exhausted; an exception: an error
//   bool suggest(lathe::context, lathe::ask, lathe::span<double> values)
//                                             instead: ask.attempt counts how often the answer was
//                                             a point that an earlier trial has
//   void started(std::uint64_t trial, lathe::span<const double> values)       optional
//   void finished(const lathe::outcome&)                                      optional
//   lathe::facts explain(lathe::span<const double> values, const lathe::outcome&)         optional
//                                             numbers that results show beside a trial's values
// A value is the index of a choice, or the number; lathe::absent for a parameter that does not
// exist in the trial, which all values are before suggest() writes them.
#pragma once

#include <lathe/kind/sampler.h>
#include <lathe/hpp/component.hpp>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)

namespace lathe {

constexpr double absent = std::numeric_limits<double>::quiet_NaN();

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
  std::string_view name(std::uint64_t i) const { return to_view((*this)[i].name); }
  // What choice `choice` of a categorical parameter is, eg: 8; none if nobody knows.
  value_view choice(std::uint64_t i, std::uint64_t choice) const {
    const lathe_parameter& p = (*this)[i];
    if (p.choice_values == nullptr || choice >= p.choices) return {};
    return &p.choice_values[choice];
  }
  // Whether a parameter exists in a trial, given the values of those before it.
  bool exists(std::uint64_t i, span<const double> values) const {
    const lathe_parameter& p = (*this)[i];
    if (p.parent == LATHE_NONE_ID) return true;
    for (std::uint64_t k = 0; k < p.parent_value_count; ++k) {
      if (values[p.parent] == p.parent_values[k]) return true;
    }
    return false;
  }
  std::uint64_t seed() const { return s_->seed; }
  std::uint64_t objectives() const { return s_->objective_count; }
  lathe_direction direction(std::uint64_t objective) const { return s_->directions[objective]; }
  std::uint64_t lookahead() const {
    return LATHE_HAS(lathe_space, s_, lookahead) ? s_->lookahead : 0;
  }
  std::uint64_t trial_budget() const {  // 0: unknown
    return LATHE_HAS(lathe_space, s_, trial_budget) ? s_->trial_budget : 0;
  }
  std::string_view objective(std::uint64_t o) const {  // eg: "accuracy"; empty: nobody knows
    return LATHE_HAS(lathe_space, s_, objectives) && s_->objectives != nullptr
               ? to_view(s_->objectives[o])
               : std::string_view{};
  }
  std::uint64_t constraints() const {
    return LATHE_HAS(lathe_space, s_, constraint_count) ? s_->constraint_count : 0;
  }
  const lathe_space& raw() const { return *s_; }

 private:
  const lathe_space* s_;
};

struct ask {
  std::uint64_t trial = 0;
  std::uint64_t attempt = 0;  // lathe_ask
};

// Numbers by name, eg: {"gap", 0.02}.
using facts = std::vector<std::pair<std::string, double>>;

// How a trial ended. Valid for the call.
class outcome {
 public:
  explicit outcome(const lathe_outcome& o) : o_(&o) {}
  std::uint64_t trial() const { return o_->trial; }
  lathe_trial_state state() const { return o_->state; }
  bool complete() const { return o_->state == LATHE_STATE_COMPLETE; }
  span<const double> values() const { return {o_->values, o_->value_count}; }
  // What was reported while it ran, by rising step.
  span<const std::int64_t> steps() const { return {o_->steps, o_->intermediate_count}; }
  span<const double> intermediate() const { return {o_->intermediate, o_->intermediate_count}; }
  span<const double> constraints() const {
    if (!LATHE_HAS(lathe_outcome, o_, constraint_count)) return {};
    return {o_->constraints, o_->constraint_count};
  }
  const lathe_outcome& raw() const { return *o_; }

 private:
  const lathe_outcome* o_;
};

namespace detail {

template <class T, class = void>
constexpr bool has_suggest = false;
template <class T>
constexpr bool
    has_suggest<T, std::enable_if_t<std::is_convertible_v<
                       decltype(std::declval<T&>().suggest(std::declval<context>(), std::uint64_t{},
                                                           std::declval<span<double>>())),
                       bool>>> = true;
template <class T, class = void>
constexpr bool suggests_again = false;
template <class T>
constexpr bool suggests_again<
    T, std::enable_if_t<
           std::is_convertible_v<decltype(std::declval<T&>().suggest(std::declval<context>(), ask{},
                                                                     std::declval<span<double>>())),
                                 bool>>> = true;
template <class T, class = void>
constexpr bool has_explain = false;
template <class T>
constexpr bool has_explain<T, std::void_t<decltype(&T::explain)>> = true;
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
  facts told = {};  // what explain() answered
  std::vector<lathe_fact> rows = {};
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
  static lathe_code suggest(lathe_call* call, void* self, const lathe_ask* asked,
                            lathe_suggestion* out) noexcept {
    return guarded(call, [&] {
      instance& i = of(self);
      const span<double> values(out->values, i.space.size());
      bool found = false;
      if constexpr (suggests_again<T>) {
        const std::uint64_t attempt = LATHE_HAS(lathe_ask, asked, attempt) ? asked->attempt : 0;
        found = i.object->suggest(context(call), ask{asked->trial, attempt}, values);
      } else if constexpr (has_suggest<T>) {
        found = i.object->suggest(context(call), asked->trial, values);
      }
      out->status = found ? LATHE_SUGGESTED : LATHE_EXHAUSTED;
      out->value_count = found ? values.size() : 0;
    });
  }
  static lathe_code started(lathe_call* call, void* self, const lathe_started* begun) noexcept {
    return guarded(call, [&] {
      if constexpr (has_started<T>) {
        of(self).object->started(begun->trial,
                                 span<const double>(begun->values, begun->value_count));
      }
    });
  }
  static lathe_code finished(lathe_call* call, void* self, const lathe_outcome* ended) noexcept {
    return guarded(call, [&] {
      if constexpr (has_finished<T>) of(self).object->finished(outcome(*ended));
    });
  }
  static lathe_code explain(lathe_call* call, void* self, const lathe_started* point,
                            const lathe_outcome* ended, lathe_explanation* out) noexcept {
    return guarded(call, [&] {
      if constexpr (has_explain<T>) {
        instance& i = of(self);
        i.told = i.object->explain(span<const double>(point->values, point->value_count),
                                   outcome(*ended));
        i.rows.clear();
        for (const auto& [name, value] : i.told)
          i.rows.push_back({{name.data(), name.size()}, value});
        out->facts = i.rows.data();
        out->fact_count = i.rows.size();
      }
    });
  }
};

template <class T>
constexpr lathe_sampler sampler_interface = {
    LATHE_SIZE_UP_TO(lathe_sampler, explain),
    0,
    sampler_thunks<T>::create,
    destroy<sampler_instance<T>>,
    sampler_thunks<T>::suggest,
    has_started<T> ? sampler_thunks<T>::started : nullptr,
    has_finished<T> ? sampler_thunks<T>::finished : nullptr,
    has_explain<T> ? sampler_thunks<T>::explain : nullptr};

}  // namespace detail

template <class T>
constexpr lathe_component sampler(const char* id, const char* version, const char* doc) {
  static_assert(detail::has_suggest<T> || detail::suggests_again<T>,
                "a sampler needs bool suggest(lathe::context, std::uint64_t trial, "
                "lathe::span<double> values)");
  return detail::component<T>(LATHE_KIND_SAMPLER, id, version, doc, &detail::sampler_interface<T>);
}

}  // namespace lathe

#pragma GCC visibility pop
