// A data set as the host sees it: three splits of (sample, label) rows, wherever they come from.
// An interface: core/data implements it over plugins and over tensors.
#pragma once

#include "core/host/split.hpp"
#include "core/tensor/tensor.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lathe {

struct DatasetInfo {
  Shape sample_shape;  // of one sample; rank 0 with known == false
  bool known_shape = false;
  std::int64_t classes = 0;  // 0: not known before open
  std::vector<std::string> class_names;
  bool augments = false;  // augment() changes rows
};

// The rows of a split in memory: samples (n x shape, float32) and labels (n, int64).
struct SplitTensors {
  Tensor samples;
  Tensor labels;
};

// Thread-safe after open.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual std::string id() const = 0;  // as the user named it, options included
  virtual bool synthetic() const = 0;
  virtual DatasetInfo info() const = 0;  // reads no data before open()
  virtual void open() = 0;               // idempotent; throws run_error
  virtual std::uint64_t count(Split split) const = 0;
  // Rows of a split by index, in that order.
  virtual SplitTensors read(Split split, std::span<const std::uint64_t> index) const = 0;
  // The whole split, read once and kept.
  virtual const SplitTensors& all(Split split) const = 0;
  virtual std::vector<std::string> files() const = 0;
  // Changes rows of the train split in place, for training only: crops, flips. What a row becomes
  // is a function of (seed, epoch, its index, its contents). Does nothing unless info().augments.
  virtual void augment(std::uint64_t /*seed*/, std::uint64_t /*epoch*/,
                       std::span<const std::uint64_t> /*index*/,
                       std::span<float> /*samples*/) const {}
};

}  // namespace lathe
