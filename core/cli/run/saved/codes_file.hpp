// What `lathe export --codes` writes: the weights of a quantized network as integer codes, and in
// words how values are made of them, so that whoever reads the file needs no Lathe.
#pragma once

#include "core/run/codes/parameter_codes.hpp"

#include <map>

namespace lathe {

// Metadata: a JSON object, docs/commands.md says of what.
constexpr const char* kCodesMetadata = "lathe.codes";

struct CodesFile {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

// `coded`: what formats make of some of the parameters of `graph`; the others are taken as they
// are. Throws usage_error for a parameter that has the name of what is written beside the codes of
// another one.
CodesFile codes_file(const Graph& graph, const std::vector<run::ParameterCodes>& coded);

}  // namespace lathe
