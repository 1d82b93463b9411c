// What sets of small images share: splits that share no rows, bytes kept as bytes until they are
// read, scaling. Knows no file format: a derived class counts the rows of files and reads them.
#ifndef LATHE_DATASETS_IMAGE_SET_HPP
#define LATHE_DATASETS_IMAGE_SET_HPP

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
  lathe::dataset_info info() const {
    return {{static_cast<std::int64_t>(shape_.channels), static_cast<std::int64_t>(shape_.height),
             static_cast<std::int64_t>(shape_.width)},
            static_cast<std::int64_t>(class_names_.size()),
            class_names_};
  }

  // Finds the files and counts their rows; the rows themselves are read when they are asked for.
  void open() {
    const bool official = !names_any_file();
    for (part& p : {std::ref(train_), std::ref(validation_), std::ref(test_)}) find(p, official);
    require_source(validate_on_test_, test_, "test");
    require_source(part_of_train_ > 0, train_, "train");
    std::uint64_t validation = 0;
    if (part_of_train_ > 0 ||
        (official && part_of_train_ < 0 && validation_.files.empty() && !validate_on_test_)) {
      const double share = part_of_train_ < 0 ? 0.1 : part_of_train_;
      validation = static_cast<std::uint64_t>(share * static_cast<double>(train_.rows) + 1e-9);
    }
    ranges_[0] = {&train_, 0, train_.rows - validation};
    ranges_[1] = validate_on_test_ ? range{&test_, 0, test_.rows}
                 : !validation_.files.empty()
                     ? range{&validation_, 0, validation_.rows}
                     : range{&train_, train_.rows - validation, validation};
    ranges_[2] = {&test_, 0, test_.rows};
  }

  std::uint64_t count(lathe::split s) const { return ranges_[static_cast<int>(s)].rows; }

  void read(lathe::split s, lathe::span<const std::uint64_t> index, float* samples,
            std::int64_t* labels) {
    const range& rows = ranges_[static_cast<int>(s)];
    load(*rows.from);
    const byte_images& images = rows.from->images;
    const std::size_t plane = shape_.height * shape_.width;
    for (const std::uint64_t row : index) {
      if (row >= rows.rows) {
        throw lathe::error(LATHE_OUT_OF_RANGE,
                           lathe::join({"row ", lathe::to_string(static_cast<std::int64_t>(row)),
                                        " of split '", lathe::split_name(s), "', which has ",
                                        lathe::to_string(static_cast<std::int64_t>(rows.rows))}));
      }
      const std::uint8_t* from = images.pixels.data() + (rows.first + row) * shape_.pixels();
      for (std::size_t c = 0; c < shape_.channels; ++c) {
        const auto& number_of = scale_.of_channel(c);
        for (std::size_t i = 0; i < plane; ++i) *samples++ = number_of[*from++];
      }
      *labels++ = images.labels[rows.first + row];
    }
  }

  std::vector<std::string> files() const {
    std::vector<std::string> all;
    for (const part* p : {&train_, &validation_, &test_}) {
      all.insert(all.end(), p->files.begin(), p->files.end());
    }
    return all;
  }

 protected:
  image_set(lathe::options o, std::string_view data_dir, known_set known, image_shape shape,
            std::vector<std::string> class_names)
      : shape_(shape),
        class_names_(std::move(class_names)),
        scale_(o["normalize"], shape.channels),
        where_(std::move(known), data_dir) {
    if (o.has("train")) train_.names = named_files::from_option(o["train"], "train");
    if (o.has("test")) test_.names = named_files::from_option(o["test"], "test");
    if (o.has("validation")) read_validation(o["validation"]);
  }
  image_set(const image_set&) = delete;
  image_set& operator=(const image_set&) = delete;
  ~image_set() = default;

  // The names of each file of an official split; one of a file's names must be there.
  virtual std::vector<std::vector<std::string>> official_files(lathe::split s) const = 0;
  // Checks sizes and headers; may add files that belong to those named. Returns the rows.
  virtual std::uint64_t count_rows(std::vector<std::string>& files) const = 0;
  // Reads all rows of the files, as counted.
  virtual byte_images read_rows(const std::vector<std::string>& files,
                                std::uint64_t rows) const = 0;

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
    bool loaded = false;
    byte_images images = {};
  };
  struct range {
    part* from = nullptr;
    std::uint64_t first = 0, rows = 0;
  };

  bool names_any_file() const {
    return !train_.names.empty() || !validation_.names.empty() || !test_.names.empty();
  }

  void read_validation(lathe::value_view value) {
    if (value.kind() == LATHE_FLOAT || value.kind() == LATHE_INT) {
      part_of_train_ = value.real();
      if (!(part_of_train_ >= 0 && part_of_train_ < 1)) {
        throw lathe::invalid_argument(
            "option 'validation': a part of the training rows is 0 or more and below 1")
            .at_option("validation");
      }
      return;
    }
    if (value.kind() == LATHE_STRING && value.text() == "test" && !is_file("test")) {
      validate_on_test_ = true;
      return;
    }
    validation_.names = named_files::from_option(value, "validation");
  }

  static void require_source(bool needed, const part& p, const char* option) {
    if (!needed || !p.files.empty()) return;
    throw lathe::invalid_argument(lathe::join({"the validation is to come from the ", option,
                                               " rows, and no file of them is "
                                               "named; give one by the option '",
                                               option, "'"}))
        .at_option("validation");
  }

  void find(part& p, bool official) {
    for (const std::string& name : p.names) p.files.push_back(where_.find(name));
    if (official) {
      for (const auto& names : official_files(p.split)) {
        p.files.push_back(where_.find_official(names));
      }
    }
    if (!p.files.empty()) p.rows = count_rows(p.files);
  }

  void load(part& p) {
    if (p.loaded) return;
    p.images = read_rows(p.files, p.rows);
    if (p.images.labels.size() != p.rows) {
      throw lathe::data_loss("the file changed while it was in use").at_file(p.files.back());
    }
    p.loaded = true;
  }

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

#endif
