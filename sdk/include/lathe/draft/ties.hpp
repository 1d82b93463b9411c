// DRAFT: may change or go without notice. A model that ties weights: as in hpp/model.hpp, with
// `void build(lathe::tying_builder& m)`, and lathe::tying_model<T> in place of lathe::model<T>.
#pragma once

#include <lathe/draft/ties.h>
#include <lathe/lathe.hpp>

#pragma GCC visibility push(hidden)

namespace lathe {

class tying_builder : public model_builder {
 public:
  tying_builder(lathe_call *call, lathe_edit *e, const lathe_model_input &input)
      : model_builder(call, e, input), call_(call), edit_(e) {}

  // REQUIRES: no node is added yet.
  void tie(std::string_view name, std::string_view kept) {
    const auto *api = detail::service<lathe_ties_api>(call_, LATHE_SVC_TIES,
                                                      LATHE_SIZE_UP_TO(lathe_ties_api, tie));
    detail::check(call_, api->tie(call_, edit_, to_str(name), to_str(kept)));
  }

 private:
  lathe_call *call_;
  lathe_edit *edit_;
};

namespace detail {

template <class T>
lathe_code build_with_ties(lathe_call *call, void *self, const lathe_model_input *input,
                           lathe_edit *e) noexcept {
  return guarded(call, [&] {
    tying_builder builder(call, e, *input);
    static_cast<T *>(self)->build(builder);
  });
}

template <class T>
constexpr lathe_model tying_interface = {LATHE_SIZE_UP_TO(lathe_model, contents),
                                         0,
                                         model_thunks<T>::create,
                                         destroy<T>,
                                         build_with_ties<T>,
                                         model_thunks<T>::contents_or_null()};

}  // namespace detail

template <class T>
constexpr lathe_component tying_model(const char *id, const char *version, const char *doc) {
  return detail::component<T>(LATHE_KIND_MODEL, id, version, doc, &detail::tying_interface<T>);
}

}  // namespace lathe

#pragma GCC visibility pop
