// A data set whose rows have two inputs of different sizes, and a network that joins them: class 1
// if the numbers on the left add up to more than those on the right. Synthetic.
//   lathe train example.two_inputs_model example.two_inputs --plugin ./two_inputs.so
#include <lathe/lathe.hpp>

class TwoInputs {
 public:
  static constexpr lathe_option options[] = {
      lathe::int_option("rows", "Rows of the train split; the others have a quarter.")
          .by_default("1024")
          .within("4..1000000"),
      lathe::int_option("seed", "Another seed, other numbers.").by_default("0").within("0.."),
  };
  static constexpr lathe_component_flags flags = LATHE_FLAG_SYNTHETIC | LATHE_FLAG_PARALLEL;

  TwoInputs(lathe::options o, lathe::context context)
      : random_(context),
        rows_(static_cast<std::uint64_t>(o.integer("rows"))),
        seed_(static_cast<std::uint64_t>(o.integer("seed"))) {}

  std::vector<lathe::field> fields() const {
    return {lathe::input_field<float>("left", {kLeft}),
            lathe::input_field<float>("right", {kRight}),
            lathe::class_field("labels", 2, {"right", "left"})};
  }
  void open() {}
  std::uint64_t count(lathe::split split) const {
    return split == lathe::split::train ? rows_ : rows_ / 4;
  }

  void read(lathe::split split, lathe::span<const std::uint64_t> index, lathe::batch out) const {
    float* left = out.values<float>("left").data();
    float* right = out.values<float>("right").data();
    std::int64_t* labels = out.values<std::int64_t>("labels").data();
    const std::uint64_t stream = random_.stream(lathe::split_name(split));
    for (const std::uint64_t row : index) {
      double u[kLeft + kRight], difference = 0;
      random_.uniform(seed_, stream, row * (kLeft + kRight), {u, kLeft + kRight});
      for (int i = 0; i < kLeft + kRight; ++i) {
        const double number = 2 * u[i] - 1;
        difference += i < kLeft ? number : -number;
        *(i < kLeft ? left++ : right++) = static_cast<float>(number);
      }
      *labels++ = difference > 0 ? 1 : 0;
    }
  }

 private:
  static constexpr int kLeft = 3, kRight = 2;
  lathe::rng random_;
  std::uint64_t rows_, seed_;
};

class TwoInputsModel {
 public:
  void build(lathe::model_builder& m) {
    // The first and the second input, whatever their names.
    std::int64_t width = 0;
    std::vector<lathe::value> parts;
    for (const lathe::field& input : m.inputs()) {
      parts.push_back(m.placeholder(input.name));
      width += input.elements();
    }
    auto x = m.relu("act", m.linear("hidden", m.cat(parts), width, 8));
    m.output(m.linear("head", x, 8, m.outputs()));
  }
};

LATHE_MODULE(lathe::dataset<TwoInputs>("example.two_inputs", "1.0.0",
                                       "Three numbers against two; synthetic."),
             lathe::model<TwoInputsModel>("example.two_inputs_model", "1.0.0",
                                          "One hidden layer over all inputs, joined."))
