#include "config.hpp"

#include "json_file.hpp"

#include <cmath>
#include <limits>

namespace llama {

namespace {

struct Activation {
  const char *name, *op, *approximate;
};
constexpr Activation kActivations[] = {
    {"silu", "silu", ""},     {"swish", "silu", ""},        {"relu", "relu", ""},
    {"gelu", "gelu", "none"}, {"gelu_new", "gelu", "tanh"}, {"gelu_pytorch_tanh", "gelu", "tanh"},
};

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), json_(read_object(path)) {}

  [[noreturn]] void refuse(std::initializer_list<std::string_view> why) const {
    throw lathe::invalid_argument(lathe::join(why)).at_file(path_);
  }
  // Null: not there, or null.
  const Json* find(const char* key) const {
    const auto found = json_.find(key);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }
  std::int64_t count(const char* key) const {
    const Json* found = find(key);
    if (found == nullptr) refuse({"'", key, "' is missing: the network's sizes follow from it"});
    return positive(key, *found);
  }
  std::int64_t count(const char* key, std::int64_t otherwise) const {
    const Json* found = find(key);
    return found == nullptr ? otherwise : positive(key, *found);
  }
  double number(const char* key, double otherwise) const {
    const Json* found = find(key);
    return found == nullptr ? otherwise : positive_number(key, *found);
  }
  double positive_number(const char* key, const Json& value) const {
    const double x = value.is_number() ? value.get<double>() : 0.0;
    if (!(x > 0.0) || !std::isfinite(x)) {
      refuse({"'", key, "' is ", value.dump(), "; a positive number is expected"});
    }
    return x;
  }
  bool flag(const char* key) const {
    const Json* found = find(key);
    if (found == nullptr) return false;
    if (!found->is_boolean())
      refuse({"'", key, "' is ", found->dump(), "; expected true or false"});
    return found->get<bool>();
  }
  // A key with any other value than this makes another network.
  void expect(const char* key, const Json& only, std::string_view why) const {
    const Json* found = find(key);
    if (found == nullptr || *found == only) return;
    refuse({"'", key, "' is ", found->dump(), ": ", why});
  }

 private:
  std::int64_t positive(const char* key, const Json& value) const {
    constexpr std::int64_t kMost = std::int64_t{1} << 31;
    if (!value.is_number_integer() || value < 1 || value > kMost) {
      refuse({"'", key, "' is ", value.dump(), "; a positive integer is expected"});
    }
    return value.get<std::int64_t>();
  }

  std::string path_;
  Json json_;
};

void read_activation(const Reader& reader, Config& config) {
  const Json* given = reader.find("hidden_act");
  const Json name = given == nullptr ? Json("silu") : *given;
  std::string known;
  for (const Activation& row : kActivations) {
    if (name == row.name) {
      config.activation = row.op;
      config.approximate = row.approximate;
      return;
    }
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  reader.refuse({"'hidden_act' is ", name.dump(), "; known: ", known});
}

// Either of the forms that Hugging Face's libraries have written.
double read_theta(const Reader& reader) {
  double theta = reader.number("rope_theta", 10000.0);
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    const Json* found = reader.find(key);
    if (found == nullptr) continue;
    const Json type = found->is_object()
                          ? found->value("rope_type", found->value("type", Json("default")))
                          : *found;
    if (type != "default") {
      reader.refuse({"'", key, "' is ", found->dump(),
                     ": positions are scaled in a way that this model lacks; only the type "
                     "\"default\" is known"});
    }
    if (found->is_object() && found->contains("rope_theta"))
      theta = reader.positive_number("rope_theta", found->at("rope_theta"));
  }
  return theta;
}

void check_heads(const Reader& reader, Config& c) {
  const auto text = [](std::int64_t number) { return lathe::to_string(number); };
  if (reader.find("head_dim") == nullptr) {
    if (c.width % c.heads != 0) {
      reader.refuse({"'num_attention_heads' = ", text(c.heads), " does not divide 'hidden_size' = ",
                     text(c.width), ", and there is no 'head_dim'"});
    }
    c.head_width = c.width / c.heads;
  }
  if (c.heads % c.key_value_heads != 0) {
    reader.refuse({"'num_key_value_heads' = ", text(c.key_value_heads),
                   " does not divide 'num_attention_heads' = ", text(c.heads)});
  }
  if (c.head_width % 2 != 0) {
    reader.refuse({"heads of ", text(c.head_width),
                   " features cannot be turned in pairs (rope): 'head_dim' must be even"});
  }
}

}  // namespace

Config read_config(const std::string& path) {
  const Reader reader(path);
  reader.expect("model_type", "llama", "this model reads \"llama\"");
  reader.expect("partial_rotary_factor", 1.0, "all features of a head are turned here");
  const Json* quantized = reader.find("quantization_config");
  if (quantized != nullptr) {
    reader.refuse(
        {"'quantization_config': the checkpoint holds codes of a quantizer, not weights; "
         "take the original one"});
  }
  Config c;
  c.path = path;
  c.vocabulary = reader.count("vocab_size");
  c.width = reader.count("hidden_size");
  c.hidden = reader.count("intermediate_size");
  c.layers = reader.count("num_hidden_layers");
  c.heads = reader.count("num_attention_heads");
  c.key_value_heads = reader.count("num_key_value_heads", c.heads);
  c.head_width = reader.count("head_dim", 0);
  c.positions = reader.count("max_position_embeddings", 2048);
  c.eps = reader.number("rms_norm_eps", 1e-6);
  c.deviation = reader.number("initializer_range", 0.02);
  c.theta = read_theta(reader);
  c.tied = reader.flag("tie_word_embeddings");
  c.attention_bias = reader.flag("attention_bias");
  c.mlp_bias = reader.flag("mlp_bias");
  const Json* dropout = reader.find("attention_dropout");
  c.drops_attention = dropout != nullptr && *dropout != 0.0;
  read_activation(reader, c);
  check_heads(reader, c);
  return c;
}

}  // namespace llama
