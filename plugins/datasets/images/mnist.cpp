// MNIST and Fashion-MNIST: 28 x 28 grey images in IDX files, plain or gzip; a file of images and a
// file of labels for each split. Or in an NPZ file of both splits, as Keras has MNIST.
#include <lathe/lathe.hpp>

#include <cmath>

#include "../file_bytes.hpp"
#include "../foreign_format.hpp"
#include "../tables/npz.hpp"
#include "idx.hpp"
#include "image_set.hpp"

namespace {

constexpr datasets::image_shape kShape{1, 28, 28};

// t10k-images-idx3-ubyte.gz -> t10k-labels-idx1-ubyte.gz; empty if the name names no images.
std::string labels_beside(const std::string& images) {
  const std::size_t slash = images.find_last_of('/');
  const std::size_t begin = slash == std::string::npos ? 0 : slash + 1;
  std::string labels = images;
  const std::size_t word = labels.find("images", begin);
  if (word == std::string::npos) return {};
  labels.replace(word, 6, "labels");
  const std::size_t rank = labels.find("idx3", word);
  if (rank != std::string::npos) labels.replace(rank, 4, "idx1");
  return labels;
}

std::vector<std::string> spellings(const std::string& stem, const char* rank) {
  // With a dot, as some programs unpack them.
  const std::string dash = lathe::join({stem, "-", rank, "-ubyte"});
  const std::string dot = lathe::join({stem, ".", rank, "-ubyte"});
  return {dash + ".gz", dash, dot, dot + ".gz"};
}

class Digits : public datasets::image_set {
 protected:
  using image_set::image_set;
  ~Digits() = default;

 private:
  std::vector<std::vector<std::string>> official_files(lathe::split s) const override {
    if (s == lathe::split::validation) return {};
    const std::string stem = s == lathe::split::train ? "train" : "t10k";
    return {spellings(stem + "-images", "idx3"), spellings(stem + "-labels", "idx1")};
  }

  // Images and labels are told by their headers; labels that are not named lie beside the images.
  // Afterwards `files` holds the images, then their labels in the same order.
  std::uint64_t count_rows(std::vector<std::string>& files, lathe::split s) const override {
    if (is_npz(files.front())) {
      files.resize(1);
      return digits_in_npz(files.front(), s, true).first.header.rows();
    }
    std::vector<std::string> images, labels;
    std::vector<std::uint64_t> image_rows;
    std::uint64_t rows = 0;
    for (const std::string& file : files) {
      const datasets::idx_header header = datasets::idx_header_of(file);
      if (header.shape.size() == 1) {
        labels.push_back(file);
        continue;
      }
      if (header.shape.size() != 3 || header.shape[1] != kShape.height ||
          header.shape[2] != kShape.width) {
        throw lathe::data_loss(lathe::join({"the IDX file holds an array of shape ",
                                            datasets::shape_text(header.shape),
                                            "; images are [rows, 28, 28] and labels [rows]"}))
            .at_file(file);
      }
      images.push_back(file);
      image_rows.push_back(header.shape[0]);
      rows += header.shape[0];
    }
    if (labels.empty()) {
      for (const std::string& file : images) labels.push_back(label_file_of(file));
    }
    if (images.size() != labels.size()) {
      throw lathe::invalid_argument(
          lathe::join({lathe::to_string(static_cast<std::int64_t>(images.size())),
                       " files of images and ",
                       lathe::to_string(static_cast<std::int64_t>(labels.size())),
                       " of labels are named; each file of images needs one of labels"}))
          .at_file(files.front());
    }
    for (std::size_t i = 0; i < images.size(); ++i) check_pair(images[i], image_rows[i], labels[i]);
    files = std::move(images);
    files.insert(files.end(), labels.begin(), labels.end());
    return rows;
  }

  // An archive of arrays, not of other files.
  static bool is_npz(const std::string& path) {
    const std::string begin = datasets::file_bytes(path, datasets::kTellingBytes);
    return datasets::is_zip(begin) && begin.find(".npy") != std::string::npos;
  }

  // The arrays x_train and y_train, or those of another split.
  static std::pair<datasets::stored_array, datasets::stored_array> digits_in_npz(
      const std::string& path, lathe::split s, bool header_only) {
    const auto array = [&](const char* word) {
      return datasets::array_of_npz(path, {lathe::join({word, "_", lathe::split_name(s)}), word},
                                    header_only);
    };
    std::pair<datasets::stored_array, datasets::stored_array> both{array("x"), array("y")};
    const datasets::npy_header& images = both.first.header;
    if (images.count == 0 || images.width() != kShape.pixels()) {
      throw lathe::data_loss(
          lathe::join({"the array has the shape ", datasets::shape_text(images.shape),
                       "; images are [rows, 28, 28]"}))
          .at_file(both.first.place);
    }
    if (both.second.header.count != images.rows()) {
      throw lathe::data_loss(
          lathe::join({"the array has the shape ", datasets::shape_text(both.second.header.shape),
                       "; each of the images needs one label"}))
          .at_file(both.second.place);
    }
    return both;
  }

  datasets::byte_images read_npz(const std::string& path, lathe::split s) const {
    const auto [images, labels] = digits_in_npz(path, s, false);
    datasets::byte_images out;
    append_bytes(images, out.pixels, 255);
    append_bytes(labels, out.labels, classes() - 1);
    return out;
  }

  static void append_bytes(const datasets::stored_array& array, std::vector<std::uint8_t>& out,
                           std::size_t most) {
    std::vector<float> row(array.header.width());
    out.reserve(array.header.count);
    for (std::uint64_t i = 0; i < array.header.rows(); ++i) {
      array.row(i, row.data());
      for (const float value : row) {
        if (!(value >= 0) || value > static_cast<float>(most) || value != std::floor(value)) {
          throw lathe::data_loss(
              lathe::join({"row ", lathe::to_string(static_cast<std::int64_t>(i)),
                           " holds a number that is none of 0 to ",
                           lathe::to_string(static_cast<std::int64_t>(most))}))
              .at_file(array.place);
        }
        out.push_back(static_cast<std::uint8_t>(value));
      }
    }
  }

  static std::string label_file_of(const std::string& images) {
    std::string labels = labels_beside(images);
    if (!labels.empty() && datasets::is_file(labels)) return labels;
    throw lathe::not_found(
        lathe::join({"the labels of these images are not named and ",
                     labels.empty() ? "cannot be guessed from this name"
                                    : lathe::join({"there is no '", labels, "'"}),
                     "; name both files, eg: test=[IMAGES, LABELS]"}))
        .at_file(images);
  }

  static void check_pair(const std::string& images, std::uint64_t rows, const std::string& labels) {
    const datasets::idx_header header = datasets::idx_header_of(labels);
    if (header.shape.size() == 1 && header.elements == rows) return;
    throw lathe::data_loss(
        lathe::join({"the IDX file holds an array of shape ", datasets::shape_text(header.shape),
                     "; '", images, "' has ", lathe::to_string(static_cast<std::int64_t>(rows)),
                     " images, and each needs one label"}))
        .at_file(labels);
  }

  datasets::byte_images read_rows(const std::vector<std::string>& files, std::uint64_t rows,
                                  lathe::split s) const override {
    if (is_npz(files.front())) return read_npz(files.front(), s);
    datasets::byte_images out;
    out.pixels.reserve(rows * kShape.pixels());
    const std::size_t pairs = files.size() / 2;
    for (std::size_t i = 0; i < pairs; ++i) {
      const std::string& labels = files[pairs + i];
      datasets::append_idx(files[i], datasets::idx_header_of(files[i]), out.pixels);
      const std::size_t first = out.labels.size();
      datasets::append_idx(labels, datasets::idx_header_of(labels), out.labels);
      for (std::size_t row = first; row < out.labels.size(); ++row) {
        if (out.labels[row] < classes()) continue;
        throw lathe::data_loss(
            lathe::join({"row ", lathe::to_string(static_cast<std::int64_t>(row - first)),
                         " has label ", lathe::to_string(std::int64_t{out.labels[row]}),
                         "; there are classes 0 to 9"}))
            .at_file(labels);
      }
    }
    return out;
  }
};

// Sizes and hashes are those of the checksum lists of tensorflow/datasets.
constexpr lathe_source_file kMnistFiles[] = {
    {"train-images-idx3-ubyte.gz",
     nullptr,
     "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
     9912422,
     0,
     {}},
    {"train-labels-idx1-ubyte.gz",
     nullptr,
     "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
     28881,
     0,
     {}},
    {"t10k-images-idx3-ubyte.gz",
     nullptr,
     "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
     1648877,
     0,
     {}},
    {"t10k-labels-idx1-ubyte.gz",
     nullptr,
     "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
     4542,
     0,
     {}}};
constexpr lathe_source_file kFashionFiles[] = {
    {"train-images-idx3-ubyte.gz",
     nullptr,
     "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
     26421880,
     0,
     {}},
    {"train-labels-idx1-ubyte.gz",
     nullptr,
     "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
     29515,
     0,
     {}},
    {"t10k-images-idx3-ubyte.gz",
     nullptr,
     "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
     4422102,
     0,
     {}},
    {"t10k-labels-idx1-ubyte.gz",
     nullptr,
     "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
     5148,
     0,
     {}}};

struct Mnist final : Digits {
  static constexpr lathe_option options[] = {datasets::kTrainOption, datasets::kValidationOption,
                                             datasets::kTestOption,
                                             datasets::kNormalizeOption.by_default("mnist")};
  static constexpr lathe_dataset_source source =
      lathe::source("70,000 handwritten digits of 28 x 28 (LeCun et al. 1998), IDX", "CC BY-SA 3.0",
                    "https://ossci-datasets.s3.amazonaws.com/mnist/", kMnistFiles);
  Mnist(lathe::options o, std::string_view data_dir)
      : Digits(o, data_dir, {"mnist", {"MNIST/raw", "raw"}, {"MNIST/raw"}, "mnist.npz"}, kShape,
               {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}) {}
};

struct FashionMnist final : Digits {
  static constexpr lathe_option options[] = {
      datasets::kTrainOption, datasets::kValidationOption, datasets::kTestOption,
      datasets::kNormalizeOption.by_default("fashion_mnist")};
  // Served without TLS only; the hashes are what vouches for the files.
  static constexpr lathe_dataset_source source =
      lathe::source("70,000 pictures of clothes of 28 x 28 (Xiao et al. 2017), IDX", "MIT",
                    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", kFashionFiles);
  FashionMnist(lathe::options o, std::string_view data_dir)
      : Digits(
            o, data_dir,
            {"fashion_mnist", {"FashionMNIST/raw", "raw"}, {"FashionMNIST/raw", "fashion-mnist"}},
            kShape,
            {"t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
             "ankle boot"}) {}
};

}  // namespace

LATHE_MODULE(lathe::dataset<Mnist>("mnist", "1.0.0",
                                   "MNIST: 70,000 handwritten digits of 28 x 28, in IDX files."),
             lathe::dataset<FashionMnist>(
                 "fashion_mnist", "1.0.0",
                 "Fashion-MNIST: 70,000 pictures of clothes of 28 x 28, in IDX files."))
