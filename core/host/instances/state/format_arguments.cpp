#include "core/host/instances/state/format_arguments.hpp"

#include "core/graph/operands.hpp"
#include "core/tensor/random.hpp"

#include <fmt/format.h>

namespace lathe {

std::vector<FormatState> format_states(const Node& node, FormatSite site) {
  std::vector<FormatState> out;
  for (const Parameter& parameter : node.parameters) {
    if (parameter.is_state() && parameter.site == site) out.push_back({&parameter});
  }
  return out;
}

std::uint64_t random_stream(const Node& node, const SiteTensor& tensor) {
  return stream_of(
      fmt::format("{}/{}/{}", node.name, role_name(tensor.site.role), tensor.site.input));
}

FormatArguments::FormatArguments(const Node& node, const SiteTensor& tensor,
                                 std::span<const FormatState> state, Mode mode)
    : site_(abi_site(node, *node.row, tensor.site, tensor.shape)) {
  for (const FormatState& kept : state) {
    const Parameter& parameter = *kept.parameter;
    const float* value =
        kept.value != nullptr ? kept.value : parameter.content->tensor().values<float>().data();
    const bool writes = mode.training && mode.writes && kept.value != nullptr;
    tensors_.emplace_back(DType::float32, value, parameter.shape.dims(),
                          writes ? 0 : LATHE_TENSOR_READ_ONLY);
    state_.push_back(&tensors_.back().view());
  }
  context_ = {sizeof context_, mode.training ? 1U : 0U, &site_,       mode.seed,
              mode.counter,    state_.data(),           state_.size()};
}

}  // namespace lathe
