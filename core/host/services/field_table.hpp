// What a data set's rows are made of, as plugins read it.
#pragma once

#include "core/host/dataset.hpp"

namespace lathe {

class Call;

// Valid until the call ends.
lathe_field_table field_table(Call& call, std::span<const Field> fields);

}  // namespace lathe
