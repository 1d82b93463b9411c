// The split of a data set that a pass sees: Lathe's word, or MASE's name of the loader.
#pragma once

#include <lathe/lathe.hpp>

namespace analysis {

// MASE's names of data loaders beside the names of the splits.
inline constexpr const char* kSplits =
    "train|validation|test|train_dataloader|val_dataloader|test_dataloader";

inline std::string split_of(const std::string& word) {
  if (word == "train_dataloader") return "train";
  if (word == "val_dataloader") return "validation";
  if (word == "test_dataloader") return "test";
  return word;
}

// The options `split`, `data_loader`, `num_samples` and `batch_size`.
inline lathe::rows rows_of(const lathe::options& o) {
  lathe::rows rows;
  rows.split = split_of(o.text_or("data_loader", o.text("split")));
  rows.samples = static_cast<std::uint64_t>(o.integer("num_samples"));
  const std::int64_t batch = o.integer("batch_size");
  if (batch > INT32_MAX) {
    throw lathe::invalid_argument("'batch_size' is more than 2147483647").at_option("batch_size");
  }
  rows.batch_size = static_cast<std::uint32_t>(batch);
  return rows;
}

}  // namespace analysis
