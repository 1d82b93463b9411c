#include "image_set.hpp"

#include "../file_bytes.hpp"

namespace datasets {

lathe::dataset_info image_set::info() const {
  lathe::dataset_info info{
      {static_cast<std::int64_t>(shape_.channels), static_cast<std::int64_t>(shape_.height),
       static_cast<std::int64_t>(shape_.width)},
      static_cast<std::int64_t>(class_names_.size()),
      class_names_};
  info.mean = scale_.mean();
  info.deviation = scale_.deviation();
  return info;
}

void image_set::open(const lathe::open_request& request) {
  const bool validates = request.asks_for(lathe::split::validation);
  const bool on_train = validates_on_train();
  if (request.asks_for(lathe::split::train) || (validates && on_train)) find(train_);
  if (request.asks_for(lathe::split::test) || (validates && validate_on_test_)) find(test_);
  if (validates) {
    find(validation_);
    require_source(validate_on_test_, test_, "test");
    require_source(part_of_train_ > 0, train_, "train");
  }
  std::uint64_t validation = 0;
  if (on_train) {
    const double share = part_of_train_ < 0 ? 0.1 : part_of_train_;
    validation = static_cast<std::uint64_t>(share * static_cast<double>(train_.rows) + 1e-9);
  }
  ranges_[0] = {&train_, 0, train_.rows - validation};
  ranges_[1] = validate_on_test_            ? range{&test_, 0, test_.rows}
               : !validation_.files.empty() ? range{&validation_, 0, validation_.rows}
                                            : range{&train_, train_.rows - validation, validation};
  ranges_[2] = {&test_, 0, test_.rows};
}

std::uint64_t image_set::count(lathe::split s) const { return ranges_[static_cast<int>(s)].rows; }

void image_set::read(lathe::split s, lathe::span<const std::uint64_t> index, float* samples,
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

std::vector<std::string> image_set::files() const {
  std::vector<std::string> all;
  for (const part* p : {&train_, &validation_, &test_}) {
    all.insert(all.end(), p->files.begin(), p->files.end());
  }
  return all;
}

image_set::image_set(lathe::options o, std::string_view data_dir, known_set known,
                     image_shape shape, std::vector<std::string> class_names)
    : shape_(shape),
      class_names_(std::move(class_names)),
      scale_(o["normalize"], shape.channels),
      where_(std::move(known), data_dir) {
  if (o.has("train")) train_.names = named_files::from_option(o["train"], "train");
  if (o.has("test")) test_.names = named_files::from_option(o["test"], "test");
  if (o.has("validation")) read_validation(o["validation"]);
}

bool image_set::names_any_file() const {
  return !train_.names.empty() || !validation_.names.empty() || !test_.names.empty();
}

bool image_set::validates_on_train() const {
  return part_of_train_ > 0 || (part_of_train_ < 0 && !names_any_file() && !validate_on_test_);
}

void image_set::read_validation(lathe::value_view value) {
  if (value.kind() == LATHE_VALUE_FLOAT || value.kind() == LATHE_VALUE_INT) {
    part_of_train_ = value.real();
    if (!(part_of_train_ >= 0 && part_of_train_ < 1)) {
      throw lathe::invalid_argument(
          "option 'validation': a part of the training rows is 0 or more and below 1")
          .at_option("validation");
    }
    return;
  }
  if (value.kind() == LATHE_VALUE_STRING && value.text() == "test" && !is_file("test")) {
    validate_on_test_ = true;
    return;
  }
  validation_.names = named_files::from_option(value, "validation");
}

void image_set::require_source(bool needed, const part& p, const char* option) {
  if (!needed || !p.files.empty()) return;
  throw lathe::invalid_argument(lathe::join({"the validation is to come from the ", option,
                                             " rows, and no file of them is "
                                             "named; give one by the option '",
                                             option, "'"}))
      .at_option("validation");
}

void image_set::find(part& p) {
  if (p.found) return;
  for (const std::string& name : p.names) p.files.push_back(where_.find(name));
  if (!names_any_file()) {
    for (const auto& names : official_files(p.split)) {
      p.files.push_back(where_.find_official(names));
    }
  }
  if (!p.files.empty()) p.rows = count_rows(p.files, p.split);
  p.found = true;
}

void image_set::load(part& p) {
  if (p.loaded) return;
  p.images = read_rows(p.files, p.rows, p.split);
  if (p.images.labels.size() != p.rows) {
    throw lathe::data_loss("the file changed while it was in use").at_file(p.files.back());
  }
  p.loaded = true;
}

}  // namespace datasets
