// The learning rate over a training, by name. Knows nothing about optimizers or graphs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lathe::run {

// Where a training stands, and how long it is.
struct SchedulePlace {
  std::int64_t step = 0, steps = 1;    // optimizer steps done, and those of the whole training
  std::int64_t epoch = 0, epochs = 1;  // likewise
};

class Schedule {
 public:
  // Throws usage_error for an unknown name. `floor` is where cosine_annealing ends.
  Schedule(std::string_view name, double initial, double floor, std::int64_t warmup_steps);

  // For the next optimizer step. In the first `warmup_steps` it rises linearly from 0.
  double learning_rate(const SchedulePlace& place) const;

 private:
  using Curve = double (*)(const Schedule& schedule, const SchedulePlace& place);
  struct Row {
    std::string_view name;
    Curve curve;
  };
  static const std::vector<Row>& rows();
  // Done of what comes after the warm-up, from 0 to 1.
  double progress(const SchedulePlace& place) const;

  double initial_, floor_;
  std::int64_t warmup_steps_;
  Curve curve_ = nullptr;
};

}  // namespace lathe::run
