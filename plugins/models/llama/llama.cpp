// The model "llama": a folder as Hugging Face's libraries write it, config.json and safetensors.
// Weights are read when they are first needed.
#include "network.hpp"

#include <filesystem>

namespace {

class Llama {
 public:
  static constexpr lathe_option options[] = {
      lathe::path_option("config", "The folder with config.json and the weights.").required(),
      lathe::int_option("length",
                        "Tokens of a sequence; NA: as the data set has them, else as many as the "
                        "config has positions.")
          .within("1..")
          .by_default("NA")
          .nullable(),
      lathe::choice_option("weights", "folder|fresh",
                           "Those of the folder: model.safetensors, or shards with their index; or "
                           "random ones.")
          .by_default("folder"),
  };

  explicit Llama(lathe::options o)
      : folder_(o.text("config")),
        length_(o.integer_or("length", 0)),
        fresh_(o.text("weights") == "fresh") {}

  void build(lathe::tying_builder& m) {
    const llama::Config config =
        llama::read_config((std::filesystem::path(folder_) / "config.json").string());
    if (config.drops_attention) {
      m.host().warning("'attention_dropout' of config.json is left out in training");
    }
    if (!fresh_) weights_ = llama::Weights(config, llama::stored_tensors(folder_));
    llama::build(m, config, checked_length(m, config), weights_);
  }

  void contents(std::uint64_t source, lathe_tensor& out) const {
    llama::write(weights_.promised().at(source), out);
  }

 private:
  std::int64_t checked_length(const lathe::model_builder& m, const llama::Config& config) const {
    const auto text = [](std::int64_t number) { return lathe::to_string(number); };
    const std::vector<lathe::field> inputs = m.inputs();
    std::int64_t length = length_;
    if (!inputs.empty() && inputs[0].known_shape) {
      const lathe::field& tokens = inputs[0];
      if (tokens.shape.size() != 1 || tokens.dtype != LATHE_DTYPE_INT64) {
        throw lathe::invalid_argument(
            lathe::join({"this network takes tokens: samples of int64 [length]; the field '",
                         tokens.name, "' of the data set is something else"}));
      }
      if (length == 0) length = tokens.shape[0];
      if (length != tokens.shape[0]) {
        throw lathe::invalid_argument(
            lathe::join({"'length' is ", text(length), "; sequences of the data set have ",
                         text(tokens.shape[0]), " tokens"}))
            .at_option("length");
      }
    }
    if (length == 0) length = config.positions;
    if (length > config.positions) {
      throw lathe::invalid_argument(
          lathe::join({"sequences of ", text(length), " tokens are longer than the ",
                       text(config.positions),
                       " positions of the network "
                       "('max_position_embeddings'); choose shorter ones"}))
          .at_file(config.path);
    }
    const std::int64_t classes = classes_of(m);
    if (classes > config.vocabulary) {
      throw lathe::invalid_argument(
          lathe::join({"the data set has ", text(classes), " tokens, the network knows ",
                       text(config.vocabulary), " ('vocab_size'); do they belong together?"}))
          .at_file(config.path);
    }
    return length;
  }

  static std::int64_t classes_of(const lathe::model_builder& m) {
    for (const lathe::field& field : m.fields()) {
      if (field.of_classes()) return field.classes;
    }
    return 0;
  }

  std::string folder_;
  std::int64_t length_;
  bool fresh_;
  llama::Weights weights_;
};

}  // namespace

LATHE_MODULE(lathe::tying_model<Llama>(
    "llama", "1.0.0", "A Llama from a folder with Hugging Face's config.json, with its weights."))
