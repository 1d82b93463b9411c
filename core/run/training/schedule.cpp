// cosine_annealing is PyTorch's CosineAnnealingLR, stepped by epoch; the others are those that
// transformers' get_scheduler knows by the same names, stepped by optimizer step.
#include "core/run/training/schedule.hpp"

#include "core/base/error.hpp"
#include "core/base/words/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lathe::run {

const std::vector<Schedule::Row>& Schedule::rows() {
  static const std::vector<Row> rows{
      // Loshchilov and Hutter, "SGDR", 2017.
      {"cosine_annealing",
       [](const Schedule& s, const SchedulePlace& place) {
         const double phase = std::numbers::pi * static_cast<double>(place.epoch) /
                              static_cast<double>(place.epochs);
         return s.floor_ + (s.initial_ - s.floor_) * (1.0 + std::cos(phase)) / 2.0;
       }},
      {"cosine",
       [](const Schedule& s, const SchedulePlace& place) {
         return s.initial_ *
                std::max(0.0, 0.5 * (1.0 + std::cos(std::numbers::pi * s.progress(place))));
       }},
      {"linear",
       [](const Schedule& s, const SchedulePlace& place) {
         return s.initial_ * std::max(0.0, 1.0 - s.progress(place));
       }},
      {"constant", [](const Schedule& s, const SchedulePlace&) { return s.initial_; }},
      {"constant_with_warmup", [](const Schedule& s, const SchedulePlace&) { return s.initial_; }},
  };
  return rows;
}

Schedule::Schedule(std::string_view name, double initial, double floor, std::int64_t warmup_steps)
    : initial_(initial), floor_(floor), warmup_steps_(warmup_steps) {
  std::vector<std::string> known;
  for (const Row& row : rows()) {
    if (row.name == name) curve_ = row.curve;
    known.emplace_back(row.name);
  }
  if (curve_ == nullptr)
    throw usage_error(
        fmt::format("there is no lr_scheduler '{}'{}", name, suggestion(name, known)));
  if (warmup_steps < 0)
    throw usage_error(fmt::format("num_warmup_steps is {}; it must be 0 or more", warmup_steps));
}

double Schedule::progress(const SchedulePlace& place) const {
  return static_cast<double>(place.step - warmup_steps_) /
         static_cast<double>(std::max<std::int64_t>(1, place.steps - warmup_steps_));
}

double Schedule::learning_rate(const SchedulePlace& place) const {
  if (place.step >= warmup_steps_) return curve_(*this, place);
  const double risen = static_cast<double>(place.step) / static_cast<double>(warmup_steps_);
  // The annealing goes on by epoch while the rate still rises; the other curves begin afterwards.
  const bool annealing = curve_ == rows().front().curve;
  return risen * (annealing ? curve_(*this, place) : initial_);
}

}  // namespace lathe::run
