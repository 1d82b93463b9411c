// Parameters as LibTorch tensors.
#include "core/engine/weights.hpp"

#include "core/engine/integer/levels.hpp"
#include "core/engine/quantize.hpp"
#include "core/engine/tensors.hpp"

#include <fmt/format.h>

namespace lathe::engine {

namespace {

// Parameters that no graph holds any more are let go each time this much has come in.
constexpr std::uint64_t kLetGoEvery = std::uint64_t{64} << 20;
// What holding a parameter costs at least.
constexpr std::uint64_t kOverhead = 1024;

// Throws an error if they are not what quantize() makes of the contents.
void check_codes(const IntegerCodes& codes, const run::Quantizer& format, const float* contents,
                 run::RandomPlace place) {
  const std::vector<float> of_codes = codes.values();
  std::vector<float> made(of_codes.size());
  format.quantize(contents, made.data(), codes.shape.dims(), false, place);
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (made[i] == of_codes[i]) continue;
    throw run_error(LATHE_INTERNAL,
                    fmt::format("number format '{}': quantize() makes {} of a weight, its codes "
                                "stand for {}: codes() and quantize() must agree",
                                format.format_id(), made[i], of_codes[i]));
  }
}

}  // namespace

at::Tensor Weights::tensor_of(const Parameter& parameter) {
  {
    std::lock_guard lock(mutex_);
    auto held = held_.find(parameter.content.get());
    if (held != held_.end()) return held->second.tensor;
  }
  at::Tensor tensor = share(parameter.content->tensor()).to(device_);
  std::lock_guard lock(mutex_);
  added_bytes_ += tensor.nbytes() + kOverhead;
  if (added_bytes_ > kLetGoEvery) {
    std::erase_if(held_, [](const auto& entry) { return entry.second.content.use_count() == 1; });
    added_bytes_ = 0;
  }
  held_.insert_or_assign(parameter.content.get(), Held{parameter.content, tensor});
  return tensor;
}

at::Tensor Weights::quantized(const PlanOperand& operand, const at::Tensor& contents,
                              std::uint64_t seed) {
  const run::RandomPlace place{seed, 0};
  const auto make = [&] { return engine::quantized(operand.format, contents, false, place); };
  if (operand.format.stochastic()) return make();
  Hasher on;
  on.add("engine").add(std::string_view(device_.str())).add(operand.format.identity());
  const run::CacheKey key{operand.parameter->content->hash(), on.finish()};
  if (const run::Stored known = cache_.find(key)) {
    return *static_cast<const at::Tensor*>(known.get());
  }
  auto made = std::make_shared<at::Tensor>(make());
  cache_.insert(key, made, made->nbytes());
  return *made;
}

void Weights::bind(const Plan& plan, const std::vector<bool>& wanted,
                   std::vector<at::Tensor>& bound) {
  bound.resize(plan.operands().size());
  for (std::size_t i = 0; i < bound.size(); ++i) {
    if (!wanted[i] || bound[i].defined()) continue;
    const PlanOperand& operand = plan.operands()[i];
    at::Tensor contents = tensor_of(*operand.parameter);
    bound[i] =
        operand.format ? quantized(operand, contents, plan.graph().seed()) : std::move(contents);
  }
}

std::shared_ptr<const integer::WeightLevels> Weights::levels(const Parameter& parameter,
                                                             const run::Quantizer& format,
                                                             std::uint64_t seed) {
  if (format.stochastic()) throw integer::Unfit("are drawn at random");
  if (!format.has_codes()) throw integer::Unfit("do not exist");
  Hasher on;
  on.add("levels").add(format.identity());
  const run::CacheKey key{parameter.content->hash(), on.finish()};
  if (const run::Stored known = cache_.find(key)) {
    return std::static_pointer_cast<const integer::WeightLevels>(known);
  }
  const float* contents = parameter.content->tensor().values<float>().data();
  const run::RandomPlace place{seed, 0};
  std::shared_ptr<const integer::WeightLevels> made;
  try {
    const IntegerCodes codes = format.codes(contents, parameter.shape.dims(), place);
    made = std::make_shared<integer::WeightLevels>(codes);
    check_codes(codes, format, contents, place);
  } catch (const Error& error) {
    // A NaN has no code; some options have none.
    if (error.code() != LATHE_UNIMPLEMENTED && error.code() != LATHE_INVALID_ARGUMENT) throw;
    throw integer::Unfit(fmt::format("do not exist: {}", error.message()));
  }
  cache_.insert(key, made, made->bytes());
  return made;
}

}  // namespace lathe::engine
