// vit (Dosovitskiy et al. 2021): an image as a sequence of patches, for which a token that is
// learned, or their mean, tells the class. Shapes and names are torchvision's; its vit_b_16 is what
// the options say where nothing is given.
#include "encoder.hpp"
#include "images.hpp"

namespace {

using models::child;

class Vit {
 public:
  static constexpr lathe_option options[] = {
      lathe::int_option("image", "Height and width of an image; NA: the data set's, else 224.")
          .within("1..")
          .by_default("NA")
          .nullable(),
      lathe::int_option("patch", "Height and width of a patch; it divides those of the image.")
          .within("1..")
          .by_default("16"),
      lathe::int_option("width", "Numbers that a patch becomes (hidden_dim).")
          .within("1..")
          .by_default("768"),
      lathe::int_option("depth", "Layers of attention and two linear layers each (num_layers).")
          .within("1..")
          .by_default("12"),
      lathe::int_option("heads", "Heads of attention; they divide the width.")
          .within("1..")
          .by_default("12"),
      lathe::int_option("hidden", "Units between the two (mlp_dim); NA: 4 times the width.")
          .within("1..")
          .by_default("NA")
          .nullable(),
      lathe::int_option("classes", "Outputs; NA: the data set's, else 1000.")
          .within("1..")
          .by_default("NA")
          .nullable(),
      lathe::choice_option("pooling", "token|mean",
                           "What is classified: the class token, or the mean of the patches.")
          .by_default("token"),
      lathe::float_option("dropout", "Share of values dropped in training.")
          .by_default("0")
          .within("0..<1"),
  };

  explicit Vit(lathe::options o)
      : size_(o.integer_or("image", 0)),
        patch_(o.integer("patch")),
        w_{o.integer("width"), o.integer("heads")},
        depth_(o.integer("depth")),
        hidden_(o.integer_or("hidden", 4 * w_.width)),
        classes_(o.integer_or("classes", 0)),
        token_(o.text("pooling") == "token"),
        dropout_(o.real("dropout")) {
    models::check_heads(w_);
  }

  void build(lathe::model_builder& m) {
    const models::ImageInput image = image_of(m);
    const std::int64_t patches = (image.height / patch_) * (image.width / patch_);
    const auto pixels = m.placeholder("x", image.shape(), models::kTensor);
    const auto batch = m.size(pixels, 0);
    auto x = m.conv2d("conv_proj", pixels, image.channels, w_.width, patch_, {{"stride", patch_}});
    x = m.method("reshape", {x, batch, w_.width, patches});
    x = m.method("permute", {x, 0, 2, 1});
    if (token_) {
      auto token = models::parameter(m, "class_token", {1, 1, w_.width}, 0.0);
      token = m.method("expand", {token, batch, -1, -1});
      x = m.cat({token, x}, 1);
    }
    x = m.add(x, models::parameter(m, "encoder.pos_embedding",
                                   {1, patches + (token_ ? 1 : 0), w_.width}, 0.02));
    x = dropped(m, "encoder.dropout", x);
    for (std::int64_t i = 0; i < depth_; ++i)
      x = layer(m, lathe::join({"encoder.layers.encoder_layer_", lathe::to_string(i)}), x);
    x = norm(m, "encoder.ln", x);
    x = token_ ? m.getitem(x, {lathe::slice(), 0}) : m.mean(x, {1});
    m.output(m.linear("heads.head", x, w_.width, classes_ > 0 ? classes_ : image.classes));
  }

 private:
  models::ImageInput image_of(const lathe::model_builder& m) const {
    models::ImageInput image = models::image_input(m, models::kImageNet);
    const auto text = [](std::int64_t number) { return lathe::to_string(number); };
    if (size_ > 0) {
      if (m.knows_anything() && (image.height != size_ || image.width != size_)) {
        throw lathe::invalid_argument(
            lathe::join({"'image' is ", text(size_), "; images of the data set have ",
                         text(image.height), " x ", text(image.width)}))
            .at_option("image");
      }
      image.height = image.width = size_;
    }
    if (image.height % patch_ != 0 || image.width % patch_ != 0) {
      throw lathe::invalid_argument(
          lathe::join({"'patch' = ", text(patch_), " does not divide images of ",
                       text(image.height), " x ", text(image.width)}))
          .at_option("patch");
    }
    return image;
  }

  // torchvision's eps.
  lathe::node_id norm(lathe::model_builder& m, const std::string& target, lathe::node_id x) const {
    return m.module("layer_norm", target, {x},
                    {{"normalized_shape", lathe::value::list({w_.width})}, {"eps", 1e-6}});
  }

  lathe::node_id dropped(lathe::model_builder& m, const std::string& target,
                         lathe::node_id x) const {
    return dropout_ > 0 ? m.dropout(target, x, dropout_) : x;
  }

  lathe::node_id layer(lathe::model_builder& m, const std::string& name, lathe::node_id x) const {
    auto y = norm(m, child(name, "ln_1"), x);
    y = models::self_attention(m, child(name, "self_attention"), y, w_, 0.0);
    x = m.add(x, dropped(m, child(name, "dropout"), y));
    const std::string mlp = child(name, "mlp");
    y = norm(m, child(name, "ln_2"), x);
    y = m.linear(child(mlp, 0), y, w_.width, hidden_);
    y = m.module("gelu", child(mlp, 1), {y});
    y = m.linear(child(mlp, 3), dropped(m, child(mlp, 2), y), hidden_, w_.width);
    return m.add(x, dropped(m, child(mlp, 4), y));
  }

  std::int64_t size_, patch_;
  models::Width w_;
  std::int64_t depth_, hidden_, classes_;
  bool token_;
  double dropout_;
};

}  // namespace

LATHE_MODEL(Vit, "vit", "1.0.0", "Vision Transformer, as in torchvision.")
