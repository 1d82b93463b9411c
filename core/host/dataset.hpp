// A data set as the host sees it: three splits of rows made of fields, wherever they come from.
// An interface: core/data implements it over plugins and over tensors.
#pragma once

#include "core/host/split.hpp"
#include "core/tensor/tensor.hpp"

#include <lathe/field.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lathe {

// One part of every row: an input of the network, a target, or the row's weight in the loss.
struct Field {
  std::string name;  // "samples", "labels", "attention_mask"
  lathe_field_role role = LATHE_FIELD_INPUT;
  DType dtype = DType::float32;
  Shape shape;               // of one row's part; a number has rank 0
  bool known_shape = false;  // false: not known before open
  // Of a target of integers: 0 to classes - 1; 0: not (yet) known. Of another target: its last
  // extent if each number says whether a class holds.
  std::int64_t classes = 0;
  std::vector<std::string> class_names;  // empty, or one per class
  // Of an input of rank 1: empty, or one per number.
  std::vector<std::string> feature_names = {};
  // Of an input: the scaling that was applied, (x - mean) / deviation, per index of the first
  // extent (number of a row, channel of an image); empty: none.
  std::vector<double> mean = {}, deviation = {};

  // A target of integers; one of any other type is made of numbers.
  bool of_classes() const;
};

struct DatasetInfo {
  std::vector<Field> fields;  // in the plugin's order
  bool augments = false;      // augment() changes rows

  // The first of that role; null if there is none.
  const Field* first(lathe_field_role role) const;
  const Field* input() const { return first(LATHE_FIELD_INPUT); }
  const Field* target() const { return first(LATHE_FIELD_TARGET); }
  std::int64_t classes() const { return target() == nullptr ? 0 : target()->classes; }
  // The input that a placeholder takes, as an index of `fields`: that of its name, else the one at
  // its place among the placeholders.
  std::optional<std::size_t> input_for(std::string_view placeholder, std::size_t place) const;
  bool complete() const;  // nothing is known only after open
};

// Rows in memory: one tensor (rows x the field's shape, contiguous, on the CPU) per field, in the
// order of DatasetInfo::fields. Copies share the tensors.
struct RowTensors {
  std::vector<Tensor> fields;
  std::int64_t rows() const { return fields.empty() ? 0 : fields.front().shape()[0]; }
};

struct OpenRequest {
  std::vector<Split> splits;      // that will be asked for; empty: all
  std::vector<Field> trained_on;  // of the weights; empty: not known
};

// Thread-safe after open.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual std::string id() const = 0;  // as the user named it, options included
  virtual bool synthetic() const = 0;
  virtual DatasetInfo info() const = 0;  // reads no data before open()
  // Idempotent; throws run_error. A split that was not asked for is opened when it is needed: by a
  // later request, or by count(), read() or all(). What the weights were trained on is told by the
  // first request.
  virtual void open(const OpenRequest& request) = 0;
  virtual std::uint64_t count(Split split) const = 0;  // of a stream: reads it
  // Rows of a split by index, in that order.
  virtual RowTensors read(Split split, std::span<const std::uint64_t> index) const = 0;
  // The whole split, read once and kept.
  virtual const RowTensors& all(Split split) const = 0;
  virtual std::vector<std::string> files() const = 0;
  // Rows of the train split as training sees them: cropped, flipped. `rows` are those of `index`.
  // What a row becomes is a function of (seed, epoch, its index, its contents). The same rows
  // unless info().augments.
  virtual RowTensors augment(std::uint64_t /*seed*/, std::uint64_t /*epoch*/,
                             std::span<const std::uint64_t> /*index*/,
                             const RowTensors& rows) const {
    return rows;
  }
};

}  // namespace lathe
