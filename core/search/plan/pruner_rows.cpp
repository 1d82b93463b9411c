#include "core/search/plan/pruner_rows.hpp"

namespace lathe {

Option integer_option(std::string key, std::string_view range, std::int64_t standard,
                      std::string doc) {
  Option option;
  option.key = std::move(key);
  option.type = LATHE_OPTION_INT;
  option.range = parse_range(range);
  option.default_value = Value(standard);
  option.doc = std::move(doc);
  return option;
}

Option watch_option() {
  Option option;
  option.key = "watch";
  option.type = LATHE_OPTION_STRING;
  option.flags = LATHE_OPTION_FLAG_NULLABLE;
  option.doc =
      "What is compared: validation_loss, validation_accuracy, validation_mae or validation_r2 of "
      "each epoch, or a metric, for which the runners run after each epoch. By default the first "
      "metric if it is one of these, as the epoch's validation has it; else validation_loss.";
  return option;
}

bool better(lathe_direction direction, double a, double b) {
  return direction == LATHE_DIRECTION_MAXIMIZE ? a > b : a < b;
}

}  // namespace lathe
