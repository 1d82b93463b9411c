// lathe.rng/0: counter-based random numbers.

#include "core/graph/io/abi_value.hpp"
#include "core/host/services/host_table.hpp"
#include "core/tensor/random.hpp"

namespace lathe {
namespace {

void fill(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter, double* out,
          std::uint64_t count) noexcept {
  uniform(seed, stream, counter, {out, count});
}

std::uint64_t stream(lathe_str text) noexcept { return stream_of(view_of(text)); }

}  // namespace

const lathe_rng_api& service_table(HostService<lathe_rng_api>) {
  static constexpr lathe_rng_api kTable{
      LATHE_SIZE_UP_TO(lathe_rng_api, stream),
      0,
      fill,
      stream,
  };
  return kTable;
}

}  // namespace lathe
