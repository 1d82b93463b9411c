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

// Rows of an option table that rows_of() reads.
constexpr lathe::option split_option(const char* doc) {
  return lathe::choice_option("split", kSplits, doc);
}
inline constexpr lathe::option kDataLoader =
    lathe::choice_option("data_loader", kSplits, "MASE's word for 'split'; it wins over that.")
        .nullable()
        .by_default("NA");
inline constexpr lathe::option kNumSamples =
    lathe::int_option("num_samples", "Only the first so many rows; 0 means all.")
        .within("0..")
        .by_default("0");
constexpr lathe::option batch_size_option(const char* doc) {
  return lathe::int_option("batch_size", doc).within("0..2147483647").by_default("0");
}

inline lathe::rows rows_of(const lathe::options& o) {
  lathe::rows rows;
  rows.split = split_of(o.text_or("data_loader", o.text("split")));
  rows.samples = static_cast<std::uint64_t>(o.integer("num_samples"));
  rows.batch_size = static_cast<std::uint32_t>(o.integer("batch_size"));
  return rows;
}

}  // namespace analysis
