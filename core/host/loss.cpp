#include "core/host/loss.hpp"

#include "core/base/error.hpp"
#include "core/base/words/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lathe {

namespace {

constexpr std::array<std::string_view, 3> kNames{"cross_entropy", "mse", "bce_with_logits"};

}  // namespace

std::string_view name(Loss loss) { return kNames.at(static_cast<std::size_t>(loss)); }

Loss loss_from_name(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) {
    throw usage_error(fmt::format("there is no loss '{}'{}", name,
                                  suggestion(name, {kNames.begin(), kNames.end()})));
  }
  return static_cast<Loss>(found - kNames.begin());
}

std::optional<Loss> asked_loss(const std::optional<std::string>& option) {
  return option ? std::optional(loss_from_name(*option)) : std::nullopt;
}

Loss chosen_loss(std::optional<Loss> asked, const DatasetInfo& info, std::string_view data) {
  const Field* target = info.target();
  if (target == nullptr) {
    throw usage_error(fmt::format(
        "data set '{}' has no target, so nothing can be trained or scored on it", data));
  }
  if (asked) return *asked;
  switch (target->dtype) {
    case DType::boolean:
      return Loss::bce_with_logits;
    case DType::float32:
    case DType::float64:
      return target->classes > 0 ? Loss::bce_with_logits : Loss::mse;
    case DType::int8:
    case DType::int16:
    case DType::int32:
    case DType::int64:
    case DType::uint8:
      if (target->classes > 0) return Loss::cross_entropy;
      break;
    default:
      break;
  }
  throw usage_error(
      fmt::format("no loss is for the target '{}' of data set '{}', which is {}{}; there are "
                  "cross_entropy for integers that are classes, mse for float32 numbers, and "
                  "bce_with_logits for truth values",
                  target->name, data, name(target->dtype),
                  target->classes > 0 ? fmt::format(" of {} classes", target->classes)
                                      : std::string(" without classes")));
}

}  // namespace lathe
