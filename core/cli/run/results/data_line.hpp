// The data that a run works on: one line for people, and the same as a part of the report.
#pragma once

#include "core/base/json.hpp"
#include "core/host/dataset.hpp"

namespace lathe {

// Of an open data set; only the rows of those splits are counted, which of a stream reads them.
// {"rows": {"train": 700, ...}, "inputs": [{"name", "dtype", "shape", "feature_names"}],
//  "target": {"name", "dtype", "shape", "classes", "class_names"}, "weight": "name"}: what there
//  is.
Json data_part(const Dataset& data, std::span<const Split> splits);

// Such a part as a line, eg: "rows: 700 train, 100 validation, 200 test; features: x float32 [16]
// (pt, eta, phi, mass and 12 more); target: y, 5 classes (g, q, w, z, t)".
std::string data_line(const Json& part);

}  // namespace lathe
