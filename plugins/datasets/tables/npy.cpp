// Any samples in numpy's files: an array of samples and an array of labels for each split, as two
// NPY files or in one NPZ file.
#include <lathe/lathe.hpp>

#include <algorithm>
#include <cmath>

#include "../file_bytes.hpp"
#include "../named_files.hpp"
#include "array_doubts.hpp"
#include "npz.hpp"

namespace {

using lathe::split;

constexpr split kSplits[] = {split::train, split::validation, split::test};

// The words that stand for samples and for labels in the names of arrays.
const std::vector<const char*> kSampleWords{"x", "X", "images", "data", "features", "samples"};
const std::vector<const char*> kLabelWords{"y", "Y", "labels", "label", "targets", "target"};

struct Npy {
  static constexpr lathe_option options[] = {
      lathe::any_option("train",
                        "Rows to train on: an NPZ file, or two NPY files, [samples, labels].")
          .nullable(),
      lathe::any_option("validation", "Rows to validate on, likewise.").nullable(),
      lathe::any_option("test", "Rows to test on, likewise.").nullable(),
      lathe::path_option("file",
                         "One NPZ file with the arrays of all splits: x_train, y_train, "
                         "x_validation (or x_val), y_validation, x_test, y_test; or train_images, "
                         "train_labels and so on.")
          .nullable(),
      lathe::string_option(
          "samples",
          "The array of samples in NPZ files. Without it x_SPLIT, SPLIT_images and their "
          "like, x or X.")
          .nullable(),
      lathe::string_option("labels",
                           "The array of labels in NPZ files: class numbers, or a row of zeros and "
                           "a one each. Without it y_SPLIT, SPLIT_labels and their like, y or Y.")
          .nullable(),
      lathe::any_option("classes",
                        "How many classes there are, or their names in order. Without it, as many "
                        "as loaded weights were trained on, else one more than the largest label.")
          .nullable(),
      lathe::int_list_option("shape",
                             "The shape of a sample, where the file's is another one of as "
                             "many numbers, eg: [1, 28, 28].")
          .nullable(),
      lathe::float_option("scale", "What numbers are divided by, eg: 255 for bytes.")
          .by_default("1")
          .within("0<.."),
      lathe::choice_option("dtype", "float32|int64",
                           "What samples are: numbers, or (int64) whole numbers that are looked "
                           "up, such as tokens.")
          .by_default("float32"),
  };

  Npy(lathe::options o, std::string_view data_dir)
      : where_({"npy", {}}, data_dir),
        samples_name_(o.text_or("samples", "")),
        labels_name_(o.text_or("labels", "")),
        scale_(static_cast<float>(o.real("scale"))),
        whole_(o.text("dtype") == "int64") {
    if (whole_ && scale_ != 1.0F) {
      throw lathe::invalid_argument("whole numbers are looked up, and cannot be scaled")
          .at_option("scale");
    }
    const std::string file = o.text_or("file", "");
    for (const split s : kSplits) {
      const char* key = lathe::split_name(s);
      if (!o.has(key)) continue;
      part_of(s).names = datasets::named_files::from_option(o[key], key);
      if (part_of(s).names.size() > 2) {
        throw lathe::invalid_argument(
            lathe::join(
                {"option '", key, "' is an NPZ file, or two NPY files: samples and labels"}))
            .at_option(key);
      }
      if (!file.empty()) {
        throw lathe::invalid_argument(
            "option 'file' names all splits and cannot stand beside files of splits")
            .at_option("file");
      }
    }
    file_ = file;
    if (!file_.empty() && (o.has("samples") || o.has("labels"))) {
      throw lathe::invalid_argument(
          "options 'samples' and 'labels' name the arrays of files of one split; those of 'file' "
          "are x_train, y_train and so on")
          .at_option(o.has("samples") ? "samples" : "labels");
    }
    if (file_.empty() && first() == nullptr) {
      throw lathe::invalid_argument(
          "no file is named: give npy<train=FILE.npz, ...>, npy<train=[X.npy, Y.npy], ...>, or "
          "npy<file=FILE.npz>")
          .at_option("train");
    }
    if (o.has("shape")) shape_ = o.integers("shape");
    for (const std::int64_t extent : shape_) {
      if (extent >= 1 && extent <= 1'000'000) continue;
      throw lathe::invalid_argument("option 'shape' holds extents of 1 and more")
          .at_option("shape");
    }
    if (o.has("classes")) read_classes(o["classes"]);
  }

  std::vector<lathe::field> fields() const {
    lathe::field samples = whole_ ? lathe::input_field<std::int64_t>("samples", {})
                                  : lathe::input_field<float>("samples", {});
    samples.shape = !opened_ && shape_.empty() ? shape_by_header() : shape_;
    samples.known_shape = !samples.shape.empty();
    if (opened_ && scale_ != 1.0F) {
      samples.mean.assign(static_cast<std::size_t>(shape_[0]), 0.0);
      samples.deviation.assign(samples.mean.size(), static_cast<double>(scale_));
    }
    return {samples, lathe::class_field("labels", classes_, class_names_)};
  }

  void open(lathe::context context, const lathe::open_request& request) {
    const lathe::field* trained = request.trained_on(LATHE_FIELD_TARGET);
    if (!opened_ && classes_ == 0 && trained != nullptr && trained->of_classes()) {
      classes_ = trained->classes;
      class_names_ = trained->class_names;
    }
    for (const split s : kSplits) {
      if (request.asks_for(s)) {
        open_part(s);
      } else if (classes_ == 0) {
        open_for_classes(s, context);
      }
    }
    // Nothing that is asked for is named: what a row is made of must be known all the same.
    for (const split s : kSplits) {
      if (!any_file()) opens(s);
    }
    for (const split s : kSplits) {
      if (!any_file()) open_part(s);
    }
    if (!file_.empty() && !any_file()) {
      throw lathe::data_loss(
          lathe::join({"the NPZ file has none of the arrays x_train, x_validation and x_test, or "
                       "train_images and so on; it has ",
                       datasets::npz_listing(where_.find(file_)),
                       "; name a file for each split, and its arrays by samples and labels"}))
          .at_file(file_);
    }
    if (!opened_) tell_doubts(context);
    if (classes_ == 0) {
      for (const part& p : parts_) {
        for (const std::int64_t label : p.labels) classes_ = std::max(classes_, label + 1);
      }
    }
    opened_ = true;
  }

  std::uint64_t count(split s) const { return part_of(s).labels.size(); }

  void read(split s, lathe::span<const std::uint64_t> index, lathe::batch out) const {
    const part& p = part_of(s);
    const std::uint64_t width = p.samples.header.width();
    const lathe::span<std::int64_t> labels = out.values<std::int64_t>(1);
    std::vector<float> numbers(whole_ ? width : 0);
    for (std::uint64_t i = 0; i < index.size(); ++i) {
      if (index[i] >= p.labels.size()) {
        throw lathe::error(LATHE_OUT_OF_RANGE,
                           lathe::join({"row ", number(index[i]), " of split '",
                                        lathe::split_name(s), "' is not there"}));
      }
      float* row = whole_ ? numbers.data() : out.values<float>(0).data() + i * width;
      p.samples.row(index[i], row);
      for (std::uint64_t k = 0; scale_ != 1.0F && k < width; ++k) row[k] /= scale_;
      if (whole_) to_whole(numbers, out.values<std::int64_t>(0).data() + i * width, index[i], p);
      labels[i] = p.labels[index[i]];
    }
  }

  std::vector<std::string> files() const {
    std::vector<std::string> all;
    for (const part& p : parts_) {
      for (const std::string& file : p.files) {
        if (std::find(all.begin(), all.end(), file) == all.end()) all.push_back(file);
      }
    }
    return all;
  }

 private:
  struct part {
    std::vector<std::string> names = {};  // as options give them
    std::vector<std::string> files = {};  // as they were found
    datasets::stored_array samples = {};
    std::vector<std::int64_t> labels = {};
  };

  static void to_whole(const std::vector<float>& numbers, std::int64_t* out, std::uint64_t row,
                       const part& p) {
    constexpr float kMost = 1 << 24;  // float32 has every whole number below
    for (const float x : numbers) {
      if (!(std::fabs(x) <= kMost) || x != std::floor(x)) {
        throw lathe::data_loss(
            lathe::join({"row ", number(row), " of the samples holds ", std::to_string(x),
                         ", and dtype=int64 asks for whole numbers"}))
            .at_file(p.samples.place);
      }
      *out++ = static_cast<std::int64_t>(x);
    }
  }

  part& part_of(split s) { return parts_[static_cast<int>(s)]; }
  const part& part_of(split s) const { return parts_[static_cast<int>(s)]; }
  const part* first() const {
    for (const part& p : parts_) {
      if (!p.names.empty()) return &p;
    }
    return nullptr;
  }

  // Of the first part that there is; where the classes are given, nothing about labels.
  void tell_doubts(lathe::context context) const {
    for (const part& p : parts_) {
      if (p.labels.empty()) continue;
      std::vector<std::string> doubts;
      if (!whole_) doubts = datasets::sample_doubts(p.samples);
      const std::vector<std::string> more = classes_ == 0
                                                ? datasets::class_doubts(p.files.back(), p.labels)
                                                : std::vector<std::string>();
      doubts.insert(doubts.end(), more.begin(), more.end());
      for (const std::string& text : doubts) context.warning(text);
      return;
    }
  }

  bool any_file() const {
    return std::any_of(std::begin(parts_), std::end(parts_),
                       [](const part& p) { return !p.files.empty(); });
  }

  void open_part(split s) {
    part& p = part_of(s);
    if (!p.files.empty()) return;
    std::vector<std::string> files;
    if (!file_.empty()) {
      const std::string path = where_.find(file_);
      if (has_split(path, s)) files = {path};
    }
    for (const std::string& name : p.names) files.push_back(where_.find(name));
    if (files.empty()) return;
    p.files = std::move(files);
    read_part(s);
  }

  // Rows that nobody asked for, whose labels tell how many classes there are.
  void open_for_classes(split s, lathe::context context) {
    if (opens(s)) return;
    context.warning(lathe::join(
        {"the ", lathe::split_name(s),
         " files are not there, and no weights say how many classes "
         "there are: those of the labels at hand are counted; the option classes names a "
         "number"}));
  }

  // False if a file is not there.
  bool opens(split s) {
    try {
      open_part(s);
      return true;
    } catch (const lathe::error& error) {
      if (error.code() != LATHE_NOT_FOUND) throw;
      return false;
    }
  }

  void read_classes(lathe::value_view value) {
    if (value.kind() == LATHE_VALUE_INT) {
      classes_ = value.integer();
    } else if (value.kind() == LATHE_VALUE_LIST) {
      class_names_ = value.texts();
      classes_ = static_cast<std::int64_t>(class_names_.size());
    }
    if (classes_ > 0) return;
    throw lathe::invalid_argument(
        "option 'classes' is a number of classes, or a list of their names")
        .at_option("classes");
  }

  std::vector<std::string> sample_names(split s) const {
    if (!samples_name_.empty()) return {samples_name_};
    return datasets::usual_names(kSampleWords, "arr_0", s, file_.empty());
  }
  std::vector<std::string> label_names(split s) const {
    if (!labels_name_.empty()) return {labels_name_};
    return datasets::usual_names(kLabelWords, "arr_1", s, file_.empty());
  }

  bool has_split(const std::string& path, split s) const {
    const std::vector<std::string> names = sample_names(s);
    const std::vector<std::string> found = datasets::npz_names(path);
    return std::any_of(found.begin(), found.end(), [&names](const std::string& name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    });
  }

  static datasets::stored_array array(const std::string& path,
                                      const std::vector<std::string>& names, bool header_only) {
    return datasets::is_zip(datasets::file_bytes(path, 4))
               ? datasets::array_of_npz(path, names, header_only)
               : datasets::array_of_npy(path, header_only);
  }

  static std::vector<std::int64_t> sample_shape(const datasets::npy_header& header) {
    std::vector<std::int64_t> shape;
    for (std::size_t i = 1; i < header.shape.size(); ++i) {
      shape.push_back(static_cast<std::int64_t>(header.shape[i]));
    }
    return shape.empty() ? std::vector<std::int64_t>{1} : shape;
  }

  // Of the first file, if it is there; reads no rows.
  std::vector<std::int64_t> shape_by_header() const {
    try {
      const part* p = first();
      const split s = p == nullptr ? split::train : static_cast<split>(p - parts_);
      const std::string path = where_.find(p == nullptr ? file_ : p->names.front());
      return sample_shape(array(path, sample_names(s), true).header);
    } catch (const lathe::error&) {
      return {};  // open() says what is wrong
    }
  }

  void read_part(split s) {
    part& p = part_of(s);
    p.samples = array(p.files.front(), sample_names(s), false);
    const bool one_file = p.files.size() == 1;
    if (one_file && !datasets::is_zip(datasets::file_bytes(p.files.front(), 4))) {
      throw lathe::invalid_argument(
          "an NPY file holds one array; name the labels too, [samples, labels]")
          .at_file(p.files.front());
    }
    const datasets::stored_array labels = array(p.files.back(), label_names(s), false);
    require_numbers(p.samples);
    require_numbers(labels);
    check_shape(p.samples);
    if (labels.header.rows() != p.samples.header.rows()) {
      throw lathe::data_loss(
          lathe::join({"there are ", number(labels.header.rows()), " labels for the ",
                       number(p.samples.header.rows()), " samples of '", p.samples.place, "'"}))
          .at_file(labels.place);
    }
    std::vector<float> row(labels.header.width());
    p.labels.reserve(labels.header.rows());
    for (std::uint64_t i = 0; i < labels.header.rows(); ++i) {
      labels.row(i, row.data());
      p.labels.push_back(label_of(row, i, labels.place));
    }
  }

  static void require_numbers(const datasets::stored_array& array) {
    if (array.header.count == 0)
      throw lathe::data_loss("the array has no numbers").at_file(array.place);
  }

  static std::string number(std::uint64_t n) {
    return lathe::to_string(static_cast<std::int64_t>(n));
  }

  // A class number, or the place of the one among zeros.
  std::int64_t label_of(const std::vector<float>& row, std::uint64_t index,
                        const std::string& place) const {
    std::int64_t label = -1;
    if (row.size() == 1) {
      const float value = row[0];
      // More classes than this no network here has, and float32 tells them apart.
      if (value >= 0 && value < 1e6F && value == std::floor(value)) {
        label = static_cast<std::int64_t>(value);
      }
    } else {
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (row[i] == 1.0F && label == -1) {
          label = static_cast<std::int64_t>(i);
        } else if (row[i] != 0.0F) {
          label = -1;
          break;
        }
      }
    }
    if (label >= 0 && (classes_ == 0 || label < classes_)) return label;
    throw lathe::data_loss(
        lathe::join(
            {"row ", number(index), " has no label that is a class number",
             classes_ == 0 ? "" : lathe::join({" from 0 to ", lathe::to_string(classes_ - 1)}),
             row.size() == 1 ? "" : ", one 1 among zeros"}))
        .at_file(place);
  }

  void check_shape(const datasets::stored_array& samples) {
    const std::vector<std::int64_t> found = sample_shape(samples.header);
    if (shape_.empty()) {
      shape_ = found;
      return;
    }
    std::uint64_t wanted = 1, there = 1;
    for (const std::int64_t extent : shape_) wanted *= static_cast<std::uint64_t>(extent);
    for (const std::int64_t extent : found) there *= static_cast<std::uint64_t>(extent);
    if (wanted == there) return;
    throw lathe::data_loss(lathe::join({"a sample has ", number(there),
                                        " numbers; the shape wanted, or that of the "
                                        "first file, has ",
                                        number(wanted)}))
        .at_file(samples.place);
  }

  datasets::named_files where_;
  std::string file_, samples_name_, labels_name_;
  float scale_;
  bool whole_;
  std::vector<std::int64_t> shape_;
  std::int64_t classes_ = 0;
  std::vector<std::string> class_names_;
  part parts_[3];
  bool opened_ = false;
};

}  // namespace

LATHE_DATASET(Npy, "npy", "1.1.0", "Any samples and labels in numpy's NPY and NPZ files.")
