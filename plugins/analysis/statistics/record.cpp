#include "families.hpp"

#include "stored.hpp"

namespace statistics {

namespace {

class Record final : public Stored {
 public:
  explicit Record(bool has_new_dimension) : has_new_dimension_(has_new_dimension) {}
  std::unique_ptr<Statistic> fresh() const override {
    return std::make_unique<Record>(has_new_dimension_);
  }

  lathe::value result() const override {
    lathe::value result = lathe::value::map();
    result.set("count", count());
    result.set("size_in_bytes", values().size() * sizeof(float));
    result.set("data_shape", lathe::value::list_of(shape()));
    if (nonfinite() > 0) result.set("nonfinite", nonfinite());
    return result;
  }

  // Format 1.0 of .npy: its header is padded to a multiple of 64 bytes.
  std::string file() const override {
    std::string extents;
    for (const std::int64_t extent : shape()) extents += lathe::to_string(extent) + ", ";
    std::string header =
        lathe::join({"{'descr': '<f4', 'fortran_order': False, 'shape': (", extents, "), }"});
    constexpr std::size_t kPrefix = 10;
    header.append(63 - (kPrefix + header.size()) % 64, ' ');
    header += '\n';
    std::string bytes("\x93NUMPY\x01\x00", 8);
    bytes += static_cast<char>(header.size() & 0xFF);
    bytes += static_cast<char>(header.size() >> 8);
    bytes += header;
    bytes.append(reinterpret_cast<const char*>(values().data()), values().size() * sizeof(float));
    return bytes;
  }

 private:
  // Samples are joined along their first dimension; those that have none, along a new one.
  std::vector<std::int64_t> shape() const {
    std::vector<std::int64_t> shape = sample_shape().to_vector();
    const auto samples = static_cast<std::int64_t>(count());
    if (has_new_dimension_ || shape.empty()) {
      shape.insert(shape.begin(), samples);
    } else {
      shape[0] *= samples;
    }
    return shape;
  }

  bool has_new_dimension_;
};

}  // namespace

std::unique_ptr<Statistic> record(const lathe::options& options) {
  return std::make_unique<Record>(options.boolean("add_new_dim_before_concat"));
}

}  // namespace statistics
