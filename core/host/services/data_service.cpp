// lathe.data/0: rows of the run's data set.

#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/host_table.hpp"
#include "core/host/services/tensor_pool.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

const Dataset& dataset(Call& call) {
  call.require(LATHE_FLAG_READS_DATA, "LATHE_FLAG_READS_DATA");
  return call.dataset();
}

// What the rows of every data set are made of so far.
lathe_code fields(lathe_call* call, lathe_field_table* out) noexcept {
  return service_call(call, [&](Call& c) {
    const DatasetInfo info = dataset(c).info();
    auto* rows = c.kept<lathe_field>(2);
    auto* shape = c.kept<std::int64_t>(info.sample_shape.rank());
    std::copy(info.sample_shape.begin(), info.sample_shape.end(), shape);
    auto* names = c.kept<lathe_str>(info.class_names.size());
    for (std::size_t i = 0; i < info.class_names.size(); ++i) {
      names[i] = c.kept_text(info.class_names[i]);
    }
    rows[0] = {str_of("samples"),
               LATHE_FIELD_INPUT,
               LATHE_DTYPE_FLOAT32,
               {},
               static_cast<std::uint32_t>(info.sample_shape.rank()),
               shape,
               0,
               nullptr};
    rows[1] = {str_of("labels"),
               LATHE_FIELD_TARGET,
               LATHE_DTYPE_INT64,
               {},
               0,
               nullptr,
               info.classes,
               info.class_names.empty() ? nullptr : names};
    fill(out, {0, sizeof(lathe_field), rows, 2});
  });
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
    const SplitTensors rows = dataset(c).read(known_split(view_of(split)), {index, count});
    auto** views = c.kept<const lathe_tensor*>(2);
    views[0] = c.tensors().keep(rows.samples, LATHE_TENSOR_READ_ONLY);
    views[1] = c.tensors().keep(rows.labels, LATHE_TENSOR_READ_ONLY);
    required(tensors, "tensors") = views;
    required(tensor_count, "tensor_count") = 2;
  });
}

}  // namespace

const lathe_data_api& service_table(HostService<lathe_data_api>) {
  static constexpr lathe_data_api kTable{LATHE_SIZE_UP_TO(lathe_data_api, read), 0, fields, count,
                                         read};
  return kTable;
}

}  // namespace lathe
