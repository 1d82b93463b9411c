#include "core/run/loss/criterion.hpp"

#include "core/host/scoring/ignored_target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace lathe::run {

// One row per loss. Shapes are those of one row of the data or of the output.
struct Criterion::Row {
  Loss loss;
  const char* needs;  // in words
  bool (*fits)(const Field& target, const Shape& output);
  void (*count)(const LossBatch& batch, Counts& counts);
  // Elements of a row whose value is none that the loss is defined for.
  bool (*takes)(double value, std::int64_t classes);
};

namespace {

bool is_float(DType dtype) { return dtype == DType::float32 || dtype == DType::float64; }

// A number a row is the same as a list of one.
bool alike(const Shape& a, const Shape& b) {
  return a == b || (a.numel() == 1 && b.numel() == 1 && a.rank() + b.rank() <= 1);
}

bool fits_cross_entropy(const Field& target, const Shape& output) {
  const auto &places = target.shape.dims(), &logits = output.dims();
  return target.dtype == DType::int64 && logits.size() == places.size() + 1 &&
         std::equal(places.begin(), places.end(), logits.begin());
}
bool fits_mse(const Field& target, const Shape& output) {
  return is_float(target.dtype) && alike(target.shape, output);
}
bool fits_bce(const Field& target, const Shape& output) {
  const bool truth =
      target.dtype == DType::boolean || is_float(target.dtype) ||
      (target.dtype != DType::float16 && target.dtype != DType::bfloat16 && target.classes == 2);
  return truth && alike(target.shape, output);
}

Shape without_batch(const Shape& shape) {
  const auto& dims = shape.dims();
  return Shape(std::vector<std::int64_t>(dims.begin() + (dims.empty() ? 0 : 1), dims.end()));
}

std::size_t place_of(const std::vector<Field>& fields, lathe_field_role role) {
  return static_cast<std::size_t>(std::ranges::find(fields, role, &Field::role) - fields.begin());
}

}  // namespace

const Criterion::Row& Criterion::row_of(Loss loss) {
  static constexpr Row kRows[] = {
      {Loss::cross_entropy,
       "a target that is one int64 class a row, and a network output of [classes] a row; or a "
       "target of int64 classes [length], and an output of [length, classes]",
       fits_cross_entropy, cross_entropy,
       [](double value, std::int64_t classes) {
         return value >= 0 && value < static_cast<double>(classes);
       }},
      {Loss::mse, "a target of floats, and a network output of its shape", fits_mse, mse,
       [](double, std::int64_t) { return true; }},
      {Loss::bce_with_logits,
       "a target of truth values, of floats from 0 to 1 or of 2 classes, and a network output of "
       "its shape",
       fits_bce, bce_with_logits,
       [](double value, std::int64_t) { return value >= 0 && value <= 1; }},
  };
  return *std::ranges::find(kRows, loss, &Row::loss);
}

NodeId result_of(const Graph& graph) {
  const std::vector<NodeId> results = graph.node(graph.output()).inputs();
  if (results.size() != 1) {
    throw usage_error(fmt::format(
        "the network has {} outputs; one, to compare with the target, is needed", results.size()));
  }
  return results[0];
}

Criterion::Criterion(std::optional<Loss> asked, const Graph& graph, const Dataset& data)
    : Criterion(asked, graph, data.info(), data.id()) {}

Criterion::Criterion(std::optional<Loss> asked, const Graph& graph, const DatasetInfo& info,
                     std::string data)
    : data_(std::move(data)),
      loss_(chosen_loss(asked, info, data_)),
      row_(&row_of(loss_)),
      fields_(info.fields),
      target_(place_of(fields_, LATHE_FIELD_TARGET)) {
  const Field& target = fields_[target_];
  const Result& output = graph.node(result_of(graph)).result;
  const Shape row = without_batch(output.shape);
  if (!output.is_tensor() || output.shape.rank() == 0 || !row_->fits(target, row)) {
    throw usage_error(fmt::format(
        "the loss {} needs {}; the target '{}' of data set '{}' is {} {}{} a row, and the "
        "network's output is {} a row",
        lathe::name(loss_), row_->needs, target.name, data_, lathe::name(target.dtype),
        target.shape.text(),
        target.classes > 0 ? fmt::format(" of {} classes", target.classes) : std::string(),
        output.is_tensor() ? row.text() : std::string("no tensor")));
  }
  elements_ = row.numel();
  target_elements_ = target.shape.numel();
  of_tokens_ = loss_ == Loss::cross_entropy && target.shape.rank() > 0;
  if (const std::size_t place = place_of(fields_, LATHE_FIELD_WEIGHT); place < fields_.size()) {
    const Field& weight = fields_[place];
    if (weight.dtype != DType::float32 || weight.shape.rank() != 0) {
      throw usage_error(fmt::format(
          "the weight '{}' of data set '{}' is {} {} a row; it must be one float32 number",
          weight.name, data_, lathe::name(weight.dtype), weight.shape.text()));
    }
    weight_ = place;
  }
}

void Criterion::add_identity(Hasher& hasher) const {
  hasher.add(lathe::name(loss_)).add(std::uint64_t{target_});
  hasher.add(std::uint64_t{weight_.value_or(fields_.size())});
}

Counts Criterion::counts_by_class(bool in_detail) const {
  Counts counts;
  // A vocabulary is no list of classes to tell about, and its logits are too many to keep.
  if (loss_ == Loss::mse || of_tokens_) return counts;
  const auto classes = static_cast<std::size_t>(elements_);
  for (auto* column : {&counts.correct, &counts.labelled, &counts.predicted}) {
    column->resize(classes);
  }
  counts.by_class = in_detail;
  if (!in_detail) return counts;
  if (loss_ == Loss::cross_entropy) {
    counts.confusion.resize(classes * classes);
  } else {
    counts.absent.resize(classes);
  }
  return counts;
}

void Criterion::keep(const LossBatch& batch, ScoredRows& scored) const {
  const float* output = batch.output;
  scored.outputs.insert(scored.outputs.end(), output, output + batch.rows * batch.elements);
  with_elements(batch.targets.dtype, batch.targets.data, [&](const auto* targets) {
    for (std::int64_t i = 0; i < batch.rows * batch.targets.elements; ++i) {
      scored.targets.push_back(loss_ == Loss::cross_entropy
                                   ? static_cast<std::int64_t>(targets[i])
                                   : (static_cast<double>(targets[i]) > 0.5 ? 1 : 0));
    }
  });
}

Targets Criterion::targets(const RowTensors& rows, std::int64_t first) const {
  const Tensor& target = rows.fields[target_];
  Targets out;
  out.dtype = target.dtype();
  out.elements = target_elements_;
  out.data = target.bytes().data() +
             static_cast<std::size_t>(first * target_elements_) * element_size(out.dtype);
  if (weight_) out.weights = rows.fields[*weight_].values<float>().data() + first;
  out.first = static_cast<std::uint64_t>(first);
  return out;
}

void Criterion::refuse_row(const Targets& targets, std::int64_t row, const std::string& has) const {
  throw run_error(LATHE_OUT_OF_RANGE,
                  fmt::format("row {} of data set '{}' has {}", targets.row(row), data_, has));
}

void Criterion::check(const Targets& targets, std::int64_t rows) const {
  const std::int64_t classes = elements_ / target_elements_;
  with_elements(targets.dtype, targets.data, [&](const auto* values) {
    for (std::int64_t i = 0; i < rows * targets.elements; ++i) {
      const auto value = static_cast<double>(values[i]);
      if (row_->takes(value, classes)) continue;
      if (of_tokens_ && value == static_cast<double>(kIgnoredTarget)) continue;
      const std::string where =
          of_tokens_ ? fmt::format(" at position {}", i % targets.elements) : std::string();
      refuse_row(targets, i / targets.elements,
                 loss_ == Loss::cross_entropy
                     ? fmt::format("label {}{}, but the network has {} outputs (0 to {})",
                                   values[i], where, classes, classes - 1)
                     : fmt::format("{} in '{}'; the loss {} takes values from 0 to 1", values[i],
                                   fields_[target_].name, lathe::name(loss_)));
    }
  });
  if (targets.weights == nullptr) return;
  for (std::int64_t i = 0; i < rows; ++i) {
    const float weight = targets.weights[i];
    if (std::isfinite(weight) && weight >= 0) continue;
    refuse_row(targets, i,
               fmt::format("{} in '{}'; a weight is a number of 0 or more", weight,
                           fields_[*weight_].name));
  }
}

double Criterion::counted(const Targets& targets, std::int64_t row) const {
  if (!of_tokens_) return 1.0;
  const auto* labels = reinterpret_cast<const std::int64_t*>(targets.data) + row * targets.elements;
  const auto ignored = std::count(labels, labels + targets.elements, kIgnoredTarget);
  return static_cast<double>(targets.elements - ignored);
}

double Criterion::total_weight(const LossBatch& batch) const {
  double total = 0, targets = 0;
  for (std::int64_t i = 0; i < batch.rows; ++i) {
    const double of_row = counted(batch.targets, i);
    targets += of_row;
    total += batch.weight(i) * of_row;
  }
  if (total != 0) return total;
  const std::string batch_text =
      fmt::format("a batch of {} rows of data set '{}', row {} among them", batch.rows, data_,
                  batch.targets.row(0));
  const char* way_out =
      "so it has no mean loss; choose a larger batch size, or leave such rows out";
  throw run_error(LATHE_OUT_OF_RANGE,
                  targets == 0
                      ? fmt::format("no target '{}' of {}, counts (all are {}), {}",
                                    fields_[target_].name, batch_text, kIgnoredTarget, way_out)
                      : fmt::format("the weights '{}' of {}, are all 0, {}", fields_[*weight_].name,
                                    batch_text, way_out));
}

void Criterion::count(LossBatch batch, Counts& counts) const {
  if (batch.gradient != nullptr) batch.total_weight = total_weight(batch);
  row_->count(batch, counts);
  if (of_tokens_) counts.elements = counts.judged;  // by which an Evaluation knows them
  if (counts.by_class) keep(batch, counts.scored);
  counts.rows += batch.rows;
}

void Criterion::check_weight(const Counts& counts, const std::string& of) const {
  if (counts.weight != 0) return;
  if (of_tokens_ && counts.judged == 0) {
    throw run_error(LATHE_OUT_OF_RANGE,
                    fmt::format("no target '{}' of {} of data set '{}' counts (all are {}), so "
                                "there is no mean loss",
                                fields_[target_].name, of, data_, kIgnoredTarget));
  }
  throw run_error(LATHE_OUT_OF_RANGE,
                  fmt::format("the weights '{}' of {} of data set '{}' are all 0, so there is no "
                              "mean loss; give some of them a weight",
                              fields_[*weight_].name, of, data_));
}

Targets GatheredTargets::gather(const Targets& all, std::span<const std::uint64_t> rows) {
  const std::size_t bytes = static_cast<std::size_t>(all.elements) * element_size(all.dtype);
  data_.resize(rows.size() * bytes);
  weights_.resize(all.weights == nullptr ? 0 : rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::memcpy(data_.data() + i * bytes, all.data + rows[i] * bytes, bytes);
    if (all.weights != nullptr) weights_[i] = all.weights[rows[i]];
  }
  Targets out = all;
  out.data = data_.data();
  out.weights = all.weights == nullptr ? nullptr : weights_.data();
  out.index = rows;
  return out;
}

}  // namespace lathe::run
