// Which quantized layers were evaluated on integers: one line for people of what the report has.
#pragma once

#include "core/base/json.hpp"

namespace lathe {

// Of the provenance's "integer_kernels", eg: "20 of 21 quantized layers were evaluated on integers
// (AVX-512 VNNI); not fc: codes of its weight have 16 bits", or "quantized layers were evaluated on
// floats: AVX2 has no exact products of bytes". Empty if nobody looked for integers, of chains of
// dense layers, which have kernels of their own, or found no layer to tell of.
std::string integer_line(const Json& part);

}  // namespace lathe
