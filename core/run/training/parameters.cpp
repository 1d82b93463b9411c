// Flat storage of what is trained.
#include "core/run/training/parameters.hpp"

#include "core/base/error.hpp"
#include "core/run/needed.hpp"
#include "core/tensor/mask.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace lathe::run {

namespace {

std::span<float> values_of(const TrainedParameters::Piece& piece) {
  return {piece.value, static_cast<std::size_t>(piece.parameter->shape.numel())};
}

std::span<std::byte> bytes_of(TrainedParameters::Piece& piece) {
  return piece.parameter->is_buffer ? std::span(piece.buffer)
                                    : std::as_writable_bytes(values_of(piece));
}

}  // namespace

TrainedParameters::TrainedParameters(const Graph& graph, const std::vector<NodeId>& also)
    : graph_(graph) {
  std::vector<NodeId> wanted = graph_.node(graph_.output()).inputs();
  wanted.insert(wanted.end(), also.begin(), also.end());
  const std::vector<Need> need = needed_for(graph_, wanted);
  std::set<std::string_view> known;
  std::vector<std::size_t> begins;
  std::size_t size = 0;
  for (NodeId id : graph_.order()) {
    if (need[index_of(id)] != Need::compute) continue;
    for (const Parameter& parameter : graph_.node(id).parameters) {
      if (!known.insert(parameter.qualified_name).second) continue;
      pieces_.push_back({id, &parameter, nullptr, nullptr, {}});
      begins.push_back(size);
      if (parameter.is_buffer) continue;
      if (parameter.dtype != DType::float32) {
        throw usage_error(fmt::format("parameter '{}' is {}; only float32 can be trained",
                                      parameter.qualified_name, name(parameter.dtype)));
      }
      size += static_cast<std::size_t>(parameter.shape.numel());
    }
  }
  for (const auto& [id, parameter] : graph_.parameters()) {
    if (known.contains(parameter->qualified_name)) continue;
    untrained_.emplace(parameter->qualified_name, parameter->content->tensor());
  }
  values_.resize(size);
  gradients_.resize(size);
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    Piece& piece = pieces_[i];
    const std::span<const std::byte> contents = piece.parameter->content->tensor().bytes();
    if (piece.parameter->is_buffer) {
      piece.buffer.resize(contents.size());
    } else {
      piece.value = values_.data() + begins[i];
      piece.gradient = gradients_.data() + begins[i];
    }
    std::copy(contents.begin(), contents.end(), bytes_of(piece).begin());
    const Parameter& parameter = *piece.parameter;
    if (!parameter.is_mask()) continue;
    const Parameter* of = graph_.node(piece.node).parameter(parameter.masks);
    masks_.push_back(
        {i, static_cast<std::size_t>(&this->piece(of->qualified_name) - pieces_.data())});
  }
}

void TrainedParameters::mask() {
  for (const Mask& mask : masks_) {
    const auto* kept = reinterpret_cast<const float*>(pieces_[mask.mask].buffer.data());
    const std::span<float> values = values_of(pieces_[mask.of]);
    mask_values(values, {kept, values.size()});
  }
}

TrainedParameters::Piece& TrainedParameters::piece(std::string_view qualified_name) {
  return *std::find_if(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
    return piece.parameter->qualified_name == qualified_name;
  });
}

std::map<std::string, Tensor> TrainedParameters::contents() const {
  std::map<std::string, Tensor> out = untrained_;
  for (const Piece& piece : pieces_) {
    const std::span<const std::byte> bytes = piece.parameter->is_buffer
                                                 ? std::span<const std::byte>(piece.buffer)
                                                 : std::as_bytes(values_of(piece));
    out.emplace(piece.parameter->qualified_name,
                Tensor::of(piece.parameter->dtype, piece.parameter->shape, bytes));
  }
  return out;
}

void TrainedParameters::assign(const std::map<std::string, Tensor>& contents) {
  for (Piece& piece : pieces_) {
    const Tensor& given = contents.at(piece.parameter->qualified_name);
    std::copy(given.bytes().begin(), given.bytes().end(), bytes_of(piece).begin());
  }
  for (auto& [name, content] : untrained_) content = contents.at(name);
}

}  // namespace lathe::run
