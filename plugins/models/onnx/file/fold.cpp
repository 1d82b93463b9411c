#include "fold.hpp"

#include <lathe/lathe.hpp>

#include <cmath>

namespace onnx_reader {

namespace {

std::vector<std::int64_t> strides(const std::vector<std::int64_t>& dims) {
  std::vector<std::int64_t> out(dims.size(), 1);
  for (std::size_t d = dims.size(); d-- > 1;) out[d - 1] = out[d] * dims[d];
  return out;
}

// Calls visit(from) for each element of `dims` in order, `from` being where it lies under `steps`.
template <class Visit>
void each_element(const std::vector<std::int64_t>& dims, const std::vector<std::int64_t>& steps,
                  std::int64_t count, const Visit& visit) {
  std::vector<std::int64_t> at(dims.size(), 0);
  std::int64_t from = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    visit(static_cast<std::size_t>(from));
    for (std::size_t d = dims.size(); d-- > 0;) {
      from += steps[d];
      if (++at[d] < dims[d]) break;
      from -= steps[d] * dims[d];
      at[d] = 0;
    }
  }
}

template <class T>
std::vector<T> picked(const std::vector<T>& all, const std::vector<std::int64_t>& dims,
                      const std::vector<std::int64_t>& steps, std::int64_t count) {
  std::vector<T> out;
  if (all.empty()) return out;
  out.reserve(static_cast<std::size_t>(count));
  each_element(dims, steps, count, [&](std::size_t from) { out.push_back(all[from]); });
  return out;
}

// Steps through a constant of `from` as it is broadcast to `to`.
std::vector<std::int64_t> broadcast_steps(const std::vector<std::int64_t>& from,
                                          const std::vector<std::int64_t>& to) {
  std::vector<std::int64_t> steps(to.size(), 0);
  const std::vector<std::int64_t> own = strides(from);
  const std::size_t shift = to.size() - from.size();
  for (std::size_t d = 0; d < from.size(); ++d) steps[shift + d] = from[d] == 1 ? 0 : own[d];
  return steps;
}

using Dims = std::vector<std::int64_t>;

Dims broadcast_dims(const Dims& a, const Dims& b) {
  const auto extents = [](const Dims& dims) {
    Extents out;
    for (const std::int64_t dim : dims) out.push_back({dim, false});
    return out;
  };
  std::vector<std::int64_t> dims;
  for (const Extent e : broadcast(extents(a), extents(b))) dims.push_back(e.number);
  return dims;
}

float computed(std::string_view op, float x, float y) {
  if (op == "Add") return x + y;
  if (op == "Sub") return x - y;
  if (op == "Mul") return x * y;
  if (op == "Div") return x / y;
  return std::pow(x, y);
}
std::int64_t computed(std::string_view op, std::int64_t x, std::int64_t y) {
  const auto wrap = [](std::uint64_t z) { return static_cast<std::int64_t>(z); };
  const auto a = static_cast<std::uint64_t>(x), b = static_cast<std::uint64_t>(y);
  if (op == "Add") return wrap(a + b);
  if (op == "Sub") return wrap(a - b);
  if (op == "Mul") return wrap(a * b);
  if (op == "Div" && y != 0 && y != -1) return x / y;
  if (op == "Div" && y == -1) return wrap(0 - a);
  throw lathe::invalid_argument(op == "Div" ? "integers are divided by zero"
                                            : "integers have no such power here");
}

}  // namespace

ConstantPtr transposed(const ConstantPtr& constant, const std::vector<std::size_t>& order) {
  if (order.size() != constant->rank()) {
    throw lathe::invalid_argument("it is reordered as if it had other dimensions");
  }
  const std::vector<std::int64_t> own = strides(constant->dims());
  std::vector<std::int64_t> dims, steps;
  for (const std::size_t d : order) {
    dims.push_back(constant->dims()[d]);
    steps.push_back(own[d]);
  }
  const std::int64_t count = constant->count();
  return derived(
      constant->type(), dims,
      [constant, dims, steps, count] {
        const Contents all = constant->contents();
        return Contents{picked(all.reals, dims, steps, count),
                        picked(all.integers, dims, steps, count)};
      },
      {constant}, constant->name());
}

ConstantPtr picked_from(
    const ConstantPtr& from, const std::vector<std::int64_t>& dims,
    const std::function<std::int64_t(const std::vector<std::int64_t>&)>& index_at) {
  return derived(from->type(), dims,
                 [from, dims, index_at] {
                   const Contents all = from->contents();
                   Contents out;
                   std::vector<std::int64_t> at(dims.size(), 0);
                   const std::int64_t count = product(dims).value_or(0);
                   for (std::int64_t i = 0; i < count; ++i) {
                     const auto index = static_cast<std::size_t>(index_at(at));
                     if (!all.reals.empty()) out.reals.push_back(all.reals.at(index));
                     if (!all.integers.empty()) out.integers.push_back(all.integers.at(index));
                     for (std::size_t d = dims.size(); d-- > 0 && ++at[d] == dims[d];) at[d] = 0;
                   }
                   return out;
                 },
                 {from});
}

ConstantPtr with_dims(const ConstantPtr& constant, std::vector<std::int64_t> dims) {
  return derived(
      constant->type(), std::move(dims), [constant] { return constant->contents(); }, {constant},
      constant->name());
}

ConstantPtr combined(std::string_view op, const ConstantPtr& a, const ConstantPtr& b) {
  const bool real = is_real(a->type());
  if (real != is_real(b->type())) {
    throw lathe::invalid_argument(
        lathe::join({"it combines ", type_name(a->type()), " and ", type_name(b->type())}));
  }
  const std::vector<std::int64_t> dims = broadcast_dims(a->dims(), b->dims());
  return derived(a->type(), dims,
                 [real, a, b, dims, name = std::string(op)] {
                   const Contents x = a->contents(), y = b->contents();
                   const std::vector<std::int64_t> left = broadcast_steps(a->dims(), dims);
                   const std::vector<std::int64_t> right = broadcast_steps(b->dims(), dims);
                   const std::int64_t count = product(dims).value_or(0);
                   Contents out{picked(x.reals, dims, left, count),
                                picked(x.integers, dims, left, count)};
                   std::size_t i = 0;
                   each_element(dims, right, count, [&](std::size_t from) {
                     if (real) out.reals[i] = computed(name, out.reals[i], y.reals[from]);
                     if (!real) out.integers[i] = computed(name, out.integers[i], y.integers[from]);
                     ++i;
                   });
                   return out;
                 },
                 {a, b});
}

ConstantPtr chosen_of(const ConstantPtr& condition, const ConstantPtr& x, const ConstantPtr& y) {
  if (x->type() != y->type() || is_real(condition->type())) {
    throw lathe::invalid_argument(
        lathe::join({"it chooses between ", type_name(x->type()), " and ", type_name(y->type()),
                     " by ", type_name(condition->type())}));
  }
  const std::vector<std::int64_t> dims =
      broadcast_dims(condition->dims(), broadcast_dims(x->dims(), y->dims()));
  return derived(x->type(), dims,
                 [condition, x, y, dims] {
                   const Contents bits = condition->contents(), a = x->contents(),
                                  b = y->contents();
                   const std::int64_t count = product(dims).value_or(0);
                   const auto spread = [&](const auto& numbers, const ConstantPtr& of) {
                     return picked(numbers, dims, broadcast_steps(of->dims(), dims), count);
                   };
                   Contents out{spread(a.reals, x), spread(a.integers, x)};
                   const Contents other{spread(b.reals, y), spread(b.integers, y)};
                   const std::vector<std::int64_t> chosen = spread(bits.integers, condition);
                   for (std::size_t i = 0; i < chosen.size(); ++i) {
                     if (chosen[i] != 0) continue;
                     if (!out.reals.empty()) out.reals[i] = other.reals[i];
                     if (!out.integers.empty()) out.integers[i] = other.integers[i];
                   }
                   return out;
                 },
                 {condition, x, y});
}

ConstantPtr mapped(const ConstantPtr& constant, float (*each)(float)) {
  return derived(constant->type(), constant->dims(),
                 [constant, each] {
                   Contents all = constant->contents();
                   for (float& x : all.reals) x = each(x);
                   return all;
                 },
                 {constant});
}

ConstantPtr converted(const ConstantPtr& constant, int type) {
  if (is_real(constant->type()) == is_real(type)) {
    return derived(
        type, constant->dims(), [constant] { return constant->contents(); }, {constant},
        constant->name());
  }
  return derived(
      type, constant->dims(),
      [constant, type] {
        Contents all = constant->contents();
        if (is_real(type)) return Contents{constant->reals(), {}};
        for (const float x : all.reals) {
          if (!(std::fabs(x) < 9e18F)) throw lathe::invalid_argument("a number fits no integer");
          all.integers.push_back(static_cast<std::int64_t>(x));
        }
        all.reals.clear();
        return all;
      },
      {constant}, constant->name());
}

}  // namespace onnx_reader
