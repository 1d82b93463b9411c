// A data set of two inputs, tokens and which of them count, and a network that reads both. Rows
// are sentences of varying length, padded to one: class 1 if most of their words are odd numbers.
// They are invented (the flag says so).
//   lathe train example.tokens_model example.tokens --plugin ./tokens.so
#include <lathe/lathe.hpp>

class Tokens {
 public:
  static constexpr lathe_option options[] = {
      lathe::int_option("rows", "Rows of the train split; the others have a quarter.")
          .by_default("1024")
          .within("4..1000000"),
      lathe::int_option("length", "Tokens of the longest sentence.")
          .by_default("9")
          .within("1..512"),
      lathe::int_option("vocabulary", "Words are numbers from 1 to below this; 0 is padding.")
          .by_default("32")
          .within("3..100000"),
      lathe::int_option("seed", "Another seed, other sentences.").by_default("0").within("0.."),
  };
  static constexpr lathe_component_flags flags = LATHE_FLAG_SYNTHETIC | LATHE_FLAG_PARALLEL;

  Tokens(lathe::options o, lathe::context context)
      : random_(context),
        rows_(static_cast<std::uint64_t>(o.integer("rows"))),
        length_(static_cast<std::uint64_t>(o.integer("length"))),
        vocabulary_(o.integer("vocabulary")),
        seed_(static_cast<std::uint64_t>(o.integer("seed"))) {}

  // Every row has the same shape: the mask tells what of it is padding.
  std::vector<lathe::field> fields() const {
    const auto length = static_cast<std::int64_t>(length_);
    return {lathe::input_field<std::int64_t>("tokens", {length}),
            lathe::input_field<float>("attention_mask", {length}),
            lathe::class_field("labels", 2, {"even", "odd"})};
  }
  void open() {}
  std::uint64_t count(lathe::split split) const {
    return split == lathe::split::train ? rows_ : rows_ / 4;
  }

  void read(lathe::split split, lathe::span<const std::uint64_t> index, lathe::batch out) const {
    const auto tokens = out.values<std::int64_t>("tokens");
    const auto mask = out.values<float>("attention_mask");
    const auto labels = out.values<std::int64_t>("labels");
    const std::uint64_t stream = random_.stream(lathe::split_name(split));
    std::vector<double> u(length_ + 1);
    for (std::uint64_t i = 0; i < index.size(); ++i) {
      random_.uniform(seed_, stream, index[i] * u.size(), {u.data(), u.size()});
      // An odd number of words: one kind is always in the majority.
      const auto words = 2 * static_cast<std::uint64_t>(u[length_] * double((length_ + 1) / 2)) + 1;
      std::uint64_t odd = 0;
      for (std::uint64_t k = 0; k < length_; ++k) {
        const bool counts = k < words;
        const auto word = 1 + static_cast<std::int64_t>(u[k] * double(vocabulary_ - 1));
        tokens[i * length_ + k] = counts ? word : 0;
        mask[i * length_ + k] = counts ? 1.0F : 0.0F;
        odd += counts && word % 2 == 1;
      }
      labels[i] = 2 * odd > words ? 1 : 0;
    }
  }

 private:
  lathe::rng random_;
  std::uint64_t rows_, length_;
  std::int64_t vocabulary_;
  std::uint64_t seed_;
};

// The mean of the words' vectors, in which padding counts as zeros, and one linear layer.
class TokensModel {
 public:
  static constexpr lathe_option options[] = {
      lathe::int_option("vocabulary", "Rows of the table of words.").by_default("32").within("1.."),
      lathe::int_option("width", "Numbers that a word becomes.").by_default("8").within("1..4096"),
  };
  explicit TokensModel(lathe::options o)
      : vocabulary_(o.integer("vocabulary")), width_(o.integer("width")) {}

  void build(lathe::model_builder& m) {
    // Named as the data set's inputs: whose shapes and element types they take.
    const std::int64_t length = m.field("tokens").elements();
    const auto tokens = m.placeholder("tokens");
    const auto mask = m.placeholder("attention_mask");
    auto x = m.embedding("embedding", tokens, vocabulary_, width_);
    x = m.mul(x, m.view(mask, {m.size(mask, 0), length, 1}));
    m.output(m.linear("head", m.mean(x, {1}), width_, m.outputs()));
  }

 private:
  std::int64_t vocabulary_, width_;
};

LATHE_MODULE(lathe::dataset<Tokens>("example.tokens", "1.0.0",
                                    "Sentences of numbers with a mask; synthetic."),
             lathe::model<TokensModel>("example.tokens_model", "1.0.0",
                                       "The mean of embeddings, and one linear layer."))
