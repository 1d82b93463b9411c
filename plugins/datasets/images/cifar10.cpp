// CIFAR-10 in its binary form (Krizhevsky 2009): records of one label byte and 3 x 32 x 32 bytes,
// red, green, blue; or as the pickles for Python. The official batches, or any files of such
// records.
#include <lathe/lathe.hpp>

#include "../file_bytes.hpp"
#include "../foreign_format.hpp"
#include "cifar_pickle.hpp"
#include "crop_flip.hpp"
#include "image_set.hpp"

namespace {

constexpr datasets::image_shape kShape{3, 32, 32};
constexpr std::uint64_t kRecord = 1 + 3 * 32 * 32;

bool is_pickled(const std::string& path) {
  return datasets::is_pickle(datasets::file_bytes(path, datasets::kTellingBytes));
}

std::uint64_t records_in(const std::string& path) {
  if (is_pickled(path)) {
    const std::string bytes = datasets::file_bytes(path);
    return datasets::read_cifar_pickle(bytes, path).labels.size();
  }
  const std::uint64_t size = datasets::file_size(path);
  if (size != 0 && size % kRecord == 0) return size / kRecord;
  throw datasets::other_format(
      lathe::join({"the file has ", lathe::to_string(static_cast<std::int64_t>(size)),
                   " bytes, which is no whole number of CIFAR-10 records of 3073 (a label and "
                   "3 x 32 x 32 bytes); it is truncated, packed, or of another format"}),
      datasets::file_bytes(path, datasets::kTellingBytes), path);
}

// Adds the rows of a file.
void append_rows(const std::string& path, datasets::byte_images& out) {
  const std::string bytes = datasets::file_bytes(path);
  if (datasets::is_pickle(bytes)) {
    const datasets::cifar_batch batch = datasets::read_cifar_pickle(bytes, path);
    out.pixels.insert(out.pixels.end(), batch.pixels.begin(), batch.pixels.end());
    out.labels.insert(out.labels.end(), batch.labels.begin(), batch.labels.end());
    return;
  }
  if (bytes.size() % kRecord != 0) {
    throw lathe::data_loss("the file changed while it was in use").at_file(path);
  }
  for (std::size_t at = 0; at < bytes.size(); at += kRecord) {
    out.labels.push_back(static_cast<std::uint8_t>(bytes[at]));
    const auto pixels = bytes.begin() + static_cast<std::ptrdiff_t>(at) + 1;
    out.pixels.insert(out.pixels.end(), pixels, pixels + static_cast<std::ptrdiff_t>(kRecord) - 1);
  }
}

// Size and hash are those of the checksum lists of tensorflow/datasets.
constexpr lathe_source_file kFiles[] = {
    {"cifar-10-binary.tar.gz",
     nullptr,
     "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
     170052171,
     200'000'000,
     {}}};
constexpr lathe_source_content kContents[] = {
    {"cifar-10-batches-bin/test_batch.bin", 30'730'000},
    {"cifar-10-batches-bin/data_batch_1.bin", 30'730'000},
    {"cifar-10-batches-bin/data_batch_2.bin", 30'730'000},
    {"cifar-10-batches-bin/data_batch_3.bin", 30'730'000},
    {"cifar-10-batches-bin/data_batch_4.bin", 30'730'000},
    {"cifar-10-batches-bin/data_batch_5.bin", 30'730'000}};

struct Cifar10 final : datasets::image_set {
  static constexpr lathe_option options[] = {
      datasets::kTrainOption,
      datasets::kValidationOption,
      datasets::kTestOption,
      datasets::kNormalizeOption.by_default("imagenet"),
      lathe::choice_option("augment", "none|crop_flip",
                           "What training rows go through, anew in each epoch: crop_flip pads them "
                           "by 4 black pixels, crops 32 x 32 and flips half of them.")
          .by_default("none"),
  };
  static constexpr lathe_dataset_source source = lathe::source(
      "60,000 colour images of 32 x 32 in ten classes (Krizhevsky 2009), binary records",
      "none stated; the authors ask to cite their report", "https://www.cs.toronto.edu/~kriz/",
      kFiles, kContents);

  Cifar10(lathe::options o, std::string_view data_dir, lathe::context context)
      : image_set(o, data_dir,
                  {"cifar10",
                   {"cifar-10-batches-bin", "cifar-10-batches-py"},
                   {"cifar-10-batches-bin", "cifar-10-batches-py",
                    "cifar-10-batches-py-target/cifar-10-batches-py"}},
                  kShape,
                  {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship",
                   "truck"}),
        augments_(o.text("augment") == "crop_flip"),
        crop_flip_(kShape,
                   {scale().of_channel(0)[0], scale().of_channel(1)[0], scale().of_channel(2)[0]}),
        rng_(context) {}

  lathe::dataset_info info() const {
    lathe::dataset_info info = image_set::info();
    info.augments = augments_;
    return info;
  }

  void augment(lathe::context, lathe::epoch_of_training when,
               lathe::span<const std::uint64_t> index, float* samples) {
    crop_flip_.apply(rng_, when, index, samples);
  }

 private:
  std::vector<std::vector<std::string>> official_files(lathe::split s) const override {
    if (s == lathe::split::test) return {{"test_batch.bin", "test_batch"}};
    if (s == lathe::split::validation) return {};
    return {{"data_batch_1.bin", "data_batch_1"},
            {"data_batch_2.bin", "data_batch_2"},
            {"data_batch_3.bin", "data_batch_3"},
            {"data_batch_4.bin", "data_batch_4"},
            {"data_batch_5.bin", "data_batch_5"}};
  }

  std::uint64_t count_rows(std::vector<std::string>& files, lathe::split) const override {
    std::uint64_t rows = 0;
    for (const std::string& file : files) rows += records_in(file);
    return rows;
  }

  datasets::byte_images read_rows(const std::vector<std::string>& files, std::uint64_t rows,
                                  lathe::split) const override {
    datasets::byte_images images;
    images.pixels.reserve(rows * kShape.pixels());
    images.labels.reserve(rows);
    for (const std::string& file : files) {
      const std::size_t first = images.labels.size();
      append_rows(file, images);
      for (std::size_t row = first; row < images.labels.size(); ++row) {
        if (images.labels[row] < classes()) continue;
        throw lathe::data_loss(
            lathe::join({"record ", lathe::to_string(static_cast<std::int64_t>(row - first)),
                         " has label ", lathe::to_string(std::int64_t{images.labels[row]}),
                         "; CIFAR-10 has classes 0 to 9"}))
            .at_file(file);
      }
    }
    return images;
  }

  bool augments_;
  datasets::crop_flip crop_flip_;
  lathe::rng rng_;
};

}  // namespace

LATHE_DATASET(Cifar10, "cifar10", "1.0.0",
              "CIFAR-10: 60,000 colour images of 32 x 32, ten classes.")
