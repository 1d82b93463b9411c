// lathe.data/0: rows of the run's data set.

#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/field_table.hpp"
#include "core/host/services/host_table.hpp"
#include "core/host/services/tensor_pool.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

const Dataset& dataset(Call& call) {
  call.require(LATHE_FLAG_READS_DATA, "LATHE_FLAG_READS_DATA");
  return call.dataset();
}

lathe_code fields(lathe_call* call, lathe_field_table* out) noexcept {
  return service_call(call, [&](Call& c) { fill(out, field_table(c, dataset(c).info().fields)); });
}

lathe_code count(lathe_call* call, lathe_str split, std::uint64_t* rows) noexcept {
  return service_call(call, [&](Call& c) {
    required(rows, "rows") = dataset(c).count(known_split(view_of(split)));
  });
}

lathe_code read(lathe_call* call, lathe_str split, const std::uint64_t* index, std::uint64_t count,
                const lathe_tensor* const** tensors, std::uint64_t* tensor_count) noexcept {
  return service_call(call, [&](Call& c) {
    if (count > 0) required(index, "index");
    const RowTensors rows = dataset(c).read(known_split(view_of(split)), {index, count});
    auto** views = c.kept<const lathe_tensor*>(rows.fields.size());
    for (std::size_t i = 0; i < rows.fields.size(); ++i) {
      views[i] = c.tensors().keep(rows.fields[i], LATHE_TENSOR_READ_ONLY);
    }
    required(tensors, "tensors") = views;
    required(tensor_count, "tensor_count") = rows.fields.size();
  });
}

}  // namespace

const lathe_data_api& service_table(HostService<lathe_data_api>) {
  static constexpr lathe_data_api kTable{LATHE_SIZE_UP_TO(lathe_data_api, read), 0, fields, count,
                                         read};
  return kTable;
}

}  // namespace lathe
