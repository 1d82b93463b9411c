// What sets of small images share: splits that share no rows, bytes kept as bytes until they are
// read, scaling. Knows no file format: a derived class counts the rows of files and reads them.
#pragma once

#include <lathe/lathe.hpp>

#include <string>
#include <utility>
#include <vector>

#include "../named_files.hpp"
#include "image_shape.hpp"
#include "pixel_scale.hpp"

namespace datasets {

// Images as bytes, channel by channel, and their labels.
struct byte_images {
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> labels;
};

// The options that every such set has.
constexpr lathe::option kTrainOption =
    lathe::any_option("train",
                      "File or list of files with the rows to train on. If none of train, "
                      "validation and test names a file, the official files are looked for in the "
                      "data folder.")
        .nullable();
constexpr lathe::option kValidationOption =
    lathe::any_option("validation",
                      "File or files with the rows to validate on; or the part of the training "
                      "rows, from their end, that becomes the validation, eg: 0.2; or the word "
                      "test: the rows of the test, as MASE has it. Without it, the last tenth of "
                      "the official training rows.")
        .nullable();
constexpr lathe::option kTestOption =
    lathe::any_option("test", "File or files with the rows to test on.").nullable();
constexpr lathe::option kNormalizeOption =
    lathe::any_option("normalize",
                      "Statistics by name (none, imagenet, cifar10, mnist, fashion_mnist), or "
                      "[[mean], [deviation]] with a number per channel. Bytes are divided by 255 "
                      "first.");

class image_set {
 public:
  lathe::dataset_info info() const;

  // Finds the files of the splits that are asked for and counts their rows; the rows themselves are
  // read when they are asked for.
  void open(const lathe::open_request& request);

  std::uint64_t count(lathe::split s) const;

  void read(lathe::split s, lathe::span<const std::uint64_t> index, float* samples,
            std::int64_t* labels);

  std::vector<std::string> files() const;

 protected:
  image_set(lathe::options o, std::string_view data_dir, known_set known, image_shape shape,
            std::vector<std::string> class_names);
  image_set(const image_set&) = delete;
  image_set& operator=(const image_set&) = delete;
  ~image_set() = default;

  // The names of each file of an official split; one of a file's names must be there.
  virtual std::vector<std::vector<std::string>> official_files(lathe::split s) const = 0;
  // Checks sizes and headers; may add files that belong to those named. Returns the rows.
  virtual std::uint64_t count_rows(std::vector<std::string>& files, lathe::split s) const = 0;
  // Reads all rows of the files, as counted.
  virtual byte_images read_rows(const std::vector<std::string>& files, std::uint64_t rows,
                                lathe::split s) const = 0;

  const image_shape& shape() const { return shape_; }
  std::size_t classes() const { return class_names_.size(); }
  const pixel_scale& scale() const { return scale_; }
  const named_files& where() const { return where_; }

 private:
  struct part {
    explicit part(lathe::split s) : split(s) {}
    lathe::split split;
    std::vector<std::string> names = {};  // as options give them
    std::vector<std::string> files = {};  // as they were found
    std::uint64_t rows = 0;
    bool found = false;
    bool loaded = false;
    byte_images images = {};
  };
  struct range {
    part* from = nullptr;
    std::uint64_t first = 0, rows = 0;
  };

  bool names_any_file() const;
  bool validates_on_train() const;
  void read_validation(lathe::value_view value);
  static void require_source(bool needed, const part& p, const char* option);
  void find(part& p);
  void load(part& p);

  image_shape shape_;
  std::vector<std::string> class_names_;
  pixel_scale scale_;
  named_files where_;
  double part_of_train_ = -1;  // below 0: not given
  bool validate_on_test_ = false;
  part train_{lathe::split::train};
  part validation_{lathe::split::validation};
  part test_{lathe::split::test};
  range ranges_[3];
};

}  // namespace datasets
