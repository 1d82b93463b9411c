// An array of numbers in an NPY file (numpy.save): little-endian, row by row. Format:
// numpy.lib.format, versions 1 to 3.
#pragma once

#include "core/tensor/tensor.hpp"

#include <filesystem>

namespace lathe {

// As float32: integers and float64 are rounded to nearest. Takes float16, float32, float64, bool
// and integers with and without sign. Throws run_error with what is wrong, at the file: other
// types, Fortran's order, a number beyond float32, a size that does not fit.
Tensor read_npy(const std::filesystem::path& path);

}  // namespace lathe
