#include "core/graph/node.hpp"

#include "core/tensor/mask.hpp"

#include <array>

namespace lathe {

std::string_view name(Opcode opcode) {
  constexpr std::array<std::string_view, 6> kNames{"placeholder", "get_attr",    "call_function",
                                                   "call_method", "call_module", "output"};
  return kNames.at(static_cast<std::size_t>(opcode));
}

ParameterContent::ParameterContent(Initialiser initialiser, DType dtype, Shape shape,
                                   std::uint64_t seed, std::string qualified_name)
    : initialiser_(initialiser),
      dtype_(dtype),
      shape_(std::move(shape)),
      seed_(seed),
      qualified_name_(std::move(qualified_name)) {}

ParameterContent::ParameterContent(Tensor tensor, bool trained)
    : dtype_(tensor.dtype()), given_(true), trained_(trained), tensor_(std::move(tensor)) {}

ParameterContent::ParameterContent(std::function<Tensor()> read)
    : given_(true), trained_(true), read_(std::move(read)) {}

ParameterContent::ParameterContent(const ParameterContent& whole,
                                   std::shared_ptr<const ParameterContent> mask)
    : ParameterContent(masked(whole.tensor(), mask->tensor()), whole.trained()) {
  mask_ = std::move(mask);
}

const Tensor& ParameterContent::tensor() const {
  std::call_once(made_, [this] {
    if (read_) tensor_ = read_();
    if (!given_) tensor_ = initialise(initialiser_, dtype_, shape_, seed_, qualified_name_);
  });
  return tensor_;
}

const ContentHash& ParameterContent::hash() const {
  std::call_once(hashed_, [this] {
    if (given_) {
      hash_ = hash_of(tensor());
      return;
    }
    Hasher hasher;
    hasher.add("initialised").add(std::uint64_t{static_cast<std::uint8_t>(initialiser_.kind)});
    hasher.add(initialiser_.a)
        .add(initialiser_.b)
        .add(name(dtype_))
        .add(std::uint64_t{shape_.rank()});
    for (std::int64_t dim : shape_) hasher.add(dim);
    // Constants are the same whatever the seed.
    if (initialiser_.kind != Initialiser::Kind::constant) hasher.add(seed_).add(qualified_name_);
    hash_ = hasher.finish();
  });
  return hash_;
}

std::vector<NodeId> Node::inputs() const {
  std::vector<NodeId> out;
  for_each_input([&](NodeId input) { out.push_back(input); });
  return out;
}

bool OperandFormat::operator==(const OperandFormat& other) const {
  const bool known = storage != nullptr || other.storage != nullptr;
  return role == other.role && format == other.format && options == other.options &&
         precision == other.precision && plugin_hash == other.plugin_hash && state == other.state &&
         (known || saved_bits == other.saved_bits);
}

const OperandFormat* Node::format(std::string_view role) const {
  for (const OperandFormat& format : formats) {
    if (format.role == role) return &format;
  }
  return nullptr;
}

const ChosenInitialiser* Node::chosen_initialiser(std::string_view parameter) const {
  for (const ChosenInitialiser& chosen : initialisers) {
    if (chosen.parameter == parameter) return &chosen;
  }
  return nullptr;
}

const Parameter* Node::parameter(std::string_view name) const {
  for (const Parameter& parameter : parameters) {
    if (parameter.name == name) return &parameter;
  }
  return nullptr;
}

}  // namespace lathe
