// A model: two hidden layers with dropout, for vectors of any length.
//   lathe train 'two-layers<width=32>' spiral --plugin ./two_layers.so --plugin ./spiral.so
#include <lathe/lathe.hpp>

class TwoLayers {
 public:
  static constexpr lathe_option options[] = {
      lathe::int_option("width", "Width of the hidden layers.").by_default("16").within("1..4096"),
      lathe::float_option("dropout", "Share of values dropped.").by_default("0.1").within("0..<1"),
  };

  explicit TwoLayers(lathe::options o) : width_(o.integer("width")), dropout_(o.real("dropout")) {}

  void build(lathe::model_builder& m) {
    const std::int64_t features = m.features();
    auto x = m.placeholder("x", {features});
    x = m.relu("hidden.1", m.linear("hidden.0", x, features, width_));
    x = m.dropout("hidden.2", x, dropout_);
    x = m.relu("hidden.4", m.linear("hidden.3", x, width_, width_));
    x = m.dropout("hidden.5", x, dropout_);
    m.output(m.linear("head", x, width_, m.outputs()));
  }

 private:
  std::int64_t width_;
  double dropout_;
};
LATHE_MODEL(TwoLayers, "two-layers", "1.0.0", "Two hidden layers with dropout.")
