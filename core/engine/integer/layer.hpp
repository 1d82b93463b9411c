// A layer that runs on integers: its weights as bytes, sums of its data's levels with theirs, and
// how sums become results. Knows nothing about what follows it.
#pragma once

#include "core/engine/integer/levels.hpp"
#include "core/engine/integer/settings.hpp"
#include "core/engine/plan.hpp"

#include <map>

namespace lathe::engine {
class Weights;
}

namespace lathe::engine::integer {

// linear, conv1d, conv2d: weights that are known, and data.
class Layer {
 public:
  // Throws Unfit, the reason why it stays on floats. Asks `weights` for levels.
  Layer(const Plan& plan, std::uint32_t step, Weights& weights, const Settings& settings);

  // Its place among the step's tensor inputs, and what it is there.
  std::uint32_t data_input() const { return data_input_; }
  const run::Quantizer& data_format() const { return *data_format_; }
  // None: levels follow from the data of each batch.
  const std::optional<DataForm>& data_form() const { return form_; }
  // Whether data lie as images (N C H W in channels last); else channels are the last dimension.
  bool on_images() const { return order_ == Order::channels_second; }
  // Around its data: the padding, where that is not left to the kernel.
  const Border& border() const { return border_; }
  const std::string& kernel() const { return kernel_; }
  // Operands of the plan that it needs no floats of.
  std::optional<std::size_t> weight_operand() const { return weight_operand_; }
  void set_bias(const at::Tensor& bias);  // undefined: none; REQUIRES before finish()
  std::optional<std::size_t> bias_operand() const { return bias_operand_; }

  // Of data without a form.
  DataBytes bytes_of(const at::Tensor& x, run::RandomPlace place, std::int64_t rows) const;

  std::int64_t channels() const { return shape_.out_channels; }
  // Rows whose sums are worth making at once, and positions of the result that a row gives (1 where
  // rows are positions).
  std::int64_t rows_at_once(const DataBytes& x) const;
  std::int64_t positions_of_row(const DataBytes& x) const;
  at::DimVector result_sizes(const DataBytes& x) const;

  // Sums of rows [first, first + count), positions x channels. For one thread at a time. Throws
  // NoCode where oneDNN has no exact kernel for so many rows.
  void sums(const DataBytes& x, std::int64_t first, std::int64_t count, std::int32_t* out);
  // The results of those positions; `first` counts positions.
  void finish(const DataBytes& x, const std::int32_t* sums, std::int64_t first, std::int64_t count,
              float* out) const;

 private:
  struct Prepared {
    std::unique_ptr<ByteConvolution> convolution;
    std::vector<std::shared_ptr<const PackedWeights>> weights;  // of each part
    bool is_exact = false;
  };
  void read_convolution(const KernelNode& node, std::size_t dims);
  void read_weight(const Plan& plan, const Step& step, const KernelNode& node, Weights& weights);
  void check_sums(LevelRange data) const;
  // Of data of these sizes, so many of their rows.
  ConvolutionShape shape_of(at::IntArrayRef sizes, std::int64_t rows, bool is_signed) const;
  bool takes(const ByteConvolution& convolution) const;
  const Prepared& prepared(const ConvolutionShape& shape, int largest);

  std::uint32_t data_input_ = 0;
  const run::Quantizer* data_format_ = nullptr;
  std::optional<DataForm> form_;
  Order order_ = Order::channels_last;
  bool pads_to_same_ = false;
  Border border_;
  ConvolutionShape shape_;  // but for rows and extents
  std::optional<std::size_t> weight_operand_, bias_operand_;
  std::shared_ptr<const WeightLevels> weight_;
  std::vector<double> scale_;  // of each output; times the data's, where that is known
  bool exact_in_float_ = false;
  std::vector<float> bias_;
  bool inexact_too_ = false;
  std::string kernel_;
  // By rows, extents, sign and magnitude of the data.
  std::map<std::array<std::int64_t, 5>, Prepared> prepared_;
};

}  // namespace lathe::engine::integer
