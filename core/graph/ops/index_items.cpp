#include "core/graph/ops/index_items.hpp"

#include "core/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

namespace {

using Kind = IndexItem::Kind;

std::optional<std::int64_t> bound(const Value& value, const Value& slice) {
  if (value.is_none()) return std::nullopt;
  if (value.is_int()) return value.as_int();
  throw usage_error(fmt::format(
      "a slice holds [start, stop, step], each an integer or none; found {}", slice.text()));
}

IndexItem parse_slice(const Value& slice) {
  if (!slice.is_list() || slice.as_list().size() != 3) {
    throw usage_error(fmt::format(
        "a slice holds [start, stop, step], each an integer or none; found {}", slice.text()));
  }
  IndexItem item;
  item.start = bound(slice.as_list()[0], slice);
  item.stop = bound(slice.as_list()[1], slice);
  item.step = bound(slice.as_list()[2], slice).value_or(1);
  // PyTorch's rule, unlike NumPy's.
  if (item.step < 1) {
    throw usage_error(fmt::format("a slice has the step {}; it must be positive", item.step));
  }
  return item;
}

IndexItem parse_item(const Value& value) {
  IndexItem item;
  if (value.is_none()) {
    item.kind = Kind::new_axis;
  } else if (value.is_int()) {
    item.kind = Kind::position;
    item.position = value.as_int();
  } else if (value.is_string() && value.as_string() == "...") {
    item.kind = Kind::ellipsis;
  } else if (value.is_map() && value.as_map().size() == 1 && value.find("slice") != nullptr) {
    item = parse_slice(*value.find("slice"));
  } else {
    throw usage_error(fmt::format("an index holds slices, integers, none and ...; found {} {}",
                                  value.kind_name(), value.text()));
  }
  return item;
}

// Python's rule: from the end if negative, and never beyond either end.
std::int64_t clamped(std::int64_t position, std::int64_t extent) {
  if (position < 0) position = position < -extent ? 0 : position + extent;
  return std::min(position, extent);
}

IndexStep step_of(const IndexItem& item, std::size_t dimension, std::int64_t extent) {
  IndexStep step;
  step.kind = item.kind;
  if (item.kind == Kind::position) {
    if (item.position < -extent || item.position >= extent) {
      throw usage_error(fmt::format("index {} is outside of dimension {}, which has {} elements",
                                    item.position, dimension, extent));
    }
    step.start = item.position < 0 ? item.position + extent : item.position;
    return step;
  }
  step.start = clamped(item.start.value_or(0), extent);
  step.stop = clamped(item.stop.value_or(extent), extent);
  step.step = item.step;
  if (step.stop <= step.start) {
    throw usage_error(fmt::format("the slice of dimension {}, which has {} elements, is empty",
                                  dimension, extent));
  }
  return step;
}

}  // namespace

std::vector<IndexItem> parse_index(const Value& index) {
  std::vector<IndexItem> items;
  if (index.is_list()) {
    for (const Value& item : index.as_list()) items.push_back(parse_item(item));
  } else {
    items.push_back(parse_item(index));
  }
  const auto ellipses = std::count_if(items.begin(), items.end(), [](const IndexItem& item) {
    return item.kind == Kind::ellipsis;
  });
  if (ellipses > 1) throw usage_error("an index may hold one ... only");
  return items;
}

std::vector<IndexStep> index_steps(const std::vector<IndexItem>& items, const Shape& shape) {
  const auto used =
      static_cast<std::size_t>(std::count_if(items.begin(), items.end(), [](const IndexItem& item) {
        return item.kind == Kind::slice || item.kind == Kind::position;
      }));
  if (used > shape.rank()) {
    throw usage_error(
        fmt::format("an index for {} dimensions does not fit shape {}", used, shape.text()));
  }
  std::vector<IndexStep> steps;
  std::size_t dimension = 0;
  for (const IndexItem& item : items) {
    if (item.kind == Kind::new_axis) {
      steps.push_back({Kind::new_axis});
    } else if (item.kind == Kind::ellipsis) {
      for (std::size_t rest = shape.rank() - used; rest > 0; --rest) {
        steps.push_back({Kind::slice, 0, shape[dimension++], 1});
      }
    } else {
      steps.push_back(step_of(item, dimension, shape[dimension]));
      ++dimension;
    }
  }
  return steps;
}

Shape indexed_shape(const std::vector<IndexStep>& steps, const Shape& shape) {
  std::vector<std::int64_t> out;
  std::size_t dimension = 0;
  for (const IndexStep& step : steps) {
    if (step.kind == Kind::new_axis) {
      out.push_back(1);
    } else {
      if (step.kind == Kind::slice) out.push_back((step.stop - step.start - 1) / step.step + 1);
      ++dimension;
    }
  }
  for (; dimension < shape.rank(); ++dimension) out.push_back(shape[dimension]);
  return Shape(std::move(out));
}

}  // namespace lathe
