// Any table in CSV: one file per split, numeric features, one column that is the target: a class,
// or a number for regression.
#include <lathe/lathe.hpp>

#include <algorithm>
#include <optional>

#include "../file_bytes.hpp"
#include "csv_table.hpp"
#include "numbers.hpp"
#include "standard_scaler.hpp"

namespace {

using lathe::split;

constexpr split kSplits[] = {split::train, split::validation, split::test};

datasets::column_choice column_of(lathe::value_view value, const char* option) {
  datasets::column_choice choice;
  if (value.kind() == LATHE_VALUE_INT) {
    choice.index = value.integer();
  } else if (value.kind() == LATHE_VALUE_STRING) {
    choice.name = lathe::to_string(value.text());
    choice.by_name = true;
  } else {
    throw lathe::invalid_argument(
        lathe::join({"option '", option, "': a column is a name or a whole number"}))
        .at_option(option);
  }
  return choice;
}

char delimiter_of(const std::string& word) {
  return word == "comma"       ? ','
         : word == "semicolon" ? ';'
         : word == "tab"       ? '\t'
         : word == "pipe"      ? '|'
         : word == "space"     ? ' '
                               : '\0';
}

// What the numbers are scaled by.
enum class scaling { none, train, of_weights };

struct Csv {
  static constexpr lathe_option options[] = {
      lathe::path_option("train", "File with the rows to train on.").nullable(),
      lathe::path_option("validation", "File with the rows to validate on.").nullable(),
      lathe::path_option("test", "File with the rows to test on.").nullable(),
      lathe::any_option(
          "label",
          "Target column: a name, or a number from 0 (negative from the end). Without "
          "it, the column called class, label or target, else the last.")
          .nullable(),
      lathe::choice_option("target", "class|float",
                           "What the target is: class, one of some labels; float, a number, for "
                           "regression.")
          .by_default("class"),
      lathe::any_option("classes",
                        "The classes in their order, eg: [A, B, C]. Without it, those that loaded "
                        "weights were trained on, else those of the train file: numbers by value, "
                        "words by letter.")
          .nullable(),
      lathe::any_option("features",
                        "Feature columns, names or numbers, in their order. Without it, all but "
                        "the label.")
          .nullable(),
      lathe::choice_option("header", "auto|yes|no", "Whether the first row names the columns.")
          .by_default("auto"),
      lathe::choice_option("delimiter", "auto|comma|semicolon|tab|pipe|space",
                           "What separates the cells.")
          .by_default("auto"),
      lathe::choice_option("standardize", "auto|none|train",
                           "train scales all splits by mean and deviation of the train file, or by "
                           "those that loaded weights were trained with; auto only by the latter; "
                           "none takes the numbers as they are.")
          .by_default("auto"),
  };

  explicit Csv(lathe::options o) {
    for (const split s : kSplits) path(s) = o.text_or(lathe::split_name(s), "");
    table_.delimiter = delimiter_of(o.text("delimiter"));
    const std::string header = o.text("header");
    table_.header = header == "yes"  ? datasets::header_choice::yes
                    : header == "no" ? datasets::header_choice::no
                                     : datasets::header_choice::automatic;
    table_.has_label = o.has("label");
    if (table_.has_label) table_.label = column_of(o["label"], "label");
    table_.numbers = o.text("target") == "float";
    if (table_.numbers && o.has("classes")) {
      throw lathe::invalid_argument("target=float is a number and has no classes")
          .at_option("classes");
    }
    read_features(o["features"]);
    read_classes(o["classes"]);
    scaling_ = o.text("standardize") == "train"  ? scaling::train
               : o.text("standardize") == "none" ? scaling::none
                                                 : scaling::of_weights;
    if (first_path().empty()) {
      throw lathe::invalid_argument(
          "no file is named: give csv<train=FILE, validation=FILE, test=FILE>, or those of them "
          "that are needed")
          .at_option("train");
    }
  }

  std::vector<lathe::field> fields() const {
    lathe::field samples = lathe::input_field<float>("samples", {});
    const std::uint64_t width = width_before_or_after_open();
    samples.known_shape = width > 0;
    if (width > 0) samples.shape = {static_cast<std::int64_t>(width)};
    if (opened_) samples.feature_names = names_;
    if (scaler_) {
      samples.mean = scaler_->mean();
      samples.deviation = scaler_->deviation();
    }
    if (table_.numbers) return {samples, lathe::target_field<float>("targets", {1})};
    return {samples,
            lathe::class_field("labels", static_cast<std::int64_t>(classes_.size()), classes_)};
  }

  void open(lathe::context context, const lathe::open_request& request) {
    if (!opened_) {
      take_over(request);
      require_scaling();
    }
    // The train file comes first: it decides what no weights say.
    if (request.asks_for(split::train) || (!opened_ && is_decided_by_train(context))) {
      load(split::train, context);
    }
    for (const split s : {split::validation, split::test}) {
      if (request.asks_for(s)) load(s, context);
    }
    // Nothing that is asked for is named: what a row is made of must be known all the same.
    for (const split s : kSplits) {
      if (!opened_ && datasets::is_file(path(s))) load(s, context);
    }
    for (const split s : kSplits) {
      if (!opened_) load(s, context);
    }
    scale();
  }

  std::uint64_t count(split s) const { return tables_[static_cast<int>(s)].count(); }

  void read(split s, lathe::span<const std::uint64_t> index, lathe::batch out) const {
    const datasets::table& table = tables_[static_cast<int>(s)];
    float* samples = out.values<float>(0).data();
    const auto targets = table_.numbers ? out.values<float>(1) : lathe::span<float>();
    const auto labels = table_.numbers ? lathe::span<std::int64_t>() : out.values<std::int64_t>(1);
    for (std::uint64_t i = 0; i < index.size(); ++i) {
      if (index[i] >= table.count()) {
        throw lathe::error(
            LATHE_OUT_OF_RANGE,
            lathe::join({"row ", lathe::to_string(static_cast<std::int64_t>(index[i])),
                         " of split '", lathe::split_name(s), "' is not there"}));
      }
      samples = std::copy_n(table.rows.samples.data() + index[i] * width_, width_, samples);
      if (table_.numbers) {
        targets[i] = table.numbers[index[i]];
      } else {
        labels[i] = table.rows.labels[index[i]];
      }
    }
  }

  std::vector<std::string> files() const {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < 3; ++i) {
      if (loaded_[i]) all.push_back(paths_[i]);
    }
    return all;
  }

 private:
  std::string& path(split s) { return paths_[static_cast<int>(s)]; }
  const std::string& path(split s) const { return paths_[static_cast<int>(s)]; }
  std::string first_path() const {
    for (const std::string& file : paths_) {
      if (!file.empty()) return file;
    }
    return {};
  }

  // What the loaded weights were trained on goes before what the files would tell.
  void take_over(const lathe::open_request& request) {
    if (const lathe::field* samples = request.trained_on(LATHE_FIELD_INPUT)) {
      trained_ = *samples;
      table_.wanted = trained_.feature_names;
      table_.wanted_by = "which the network was trained on";
    }
    const lathe::field* labels = request.trained_on(LATHE_FIELD_TARGET);
    if (labels == nullptr || table_.numbers || !labels->of_classes()) return;
    trained_classes_ = labels->class_names;
  }

  void require_scaling() const {
    const std::string& train = path(split::train);
    if (scaling_ != scaling::train || !trained_.mean.empty() || datasets::is_file(train)) return;
    throw lathe::not_found(
        lathe::join(
            {"standardize=train needs a train file, whose mean and deviation it uses, ",
             train.empty() ? "and none is named" : lathe::join({"and there is no '", train, "'"}),
             "; the weights do not say what they were trained with"}))
        .at_option("standardize");
  }

  // Whether the train file is read though nobody asks for its rows.
  bool is_decided_by_train(lathe::context context) const {
    const std::string& train = path(split::train);
    if (scaling_ == scaling::train && trained_.mean.empty()) return true;
    const bool known = table_.numbers || !classes_.empty() || !trained_classes_.empty();
    if (known || train.empty()) return false;
    if (datasets::is_file(train)) return true;
    context.warning(
        lathe::join({"'", train,
                     "', whose classes count, is not there, and no weights name theirs: the "
                     "classes are numbered as the files at hand have them; the option classes "
                     "names them in their order"}));
    return false;
  }

  // Reads a file, unless that is done. The first decides classes, width and names of columns.
  void load(split s, lathe::context context) {
    const auto i = static_cast<std::size_t>(s);
    if (loaded_[i] || path(s).empty()) return;
    datasets::table table = datasets::read_table(path(s), table_, classes_);
    for (const std::string& text : table.warnings) context.warning(text);
    if (!opened_) {
      for (const std::string& text : table.doubts) context.warning(text);
      name_classes(table);
      width_ = table.width;
      if (goes_by_names(table.feature_names)) names_ = table.feature_names;
      decided_by_ = path(s);
      if (table_.wanted.empty() && !names_.empty()) {
        table_.wanted = names_;
        table_.wanted_by = lathe::join({"which '", path(s), "' has"});
      }
      opened_ = true;
    } else if (table.width != width_) {
      throw lathe::data_loss(
          lathe::join({"this file has ", lathe::to_string(static_cast<std::int64_t>(table.width)),
                       " features; '", decided_by_, "' has ",
                       lathe::to_string(static_cast<std::int64_t>(width_))}))
          .at_file(path(s));
    }
    tables_[i] = std::move(table);
    loaded_[i] = true;
  }

  // Columns that the user counts are taken as they are, unless they are those of the weights.
  bool goes_by_names(const std::vector<std::string>& names) const {
    const std::vector<std::string>& known = trained_.feature_names;
    const bool counted =
        std::any_of(table_.features.begin(), table_.features.end(),
                    [](const datasets::column_choice& choice) { return !choice.by_name; });
    return !counted || std::all_of(known.begin(), known.end(), [&names](const std::string& name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    });
  }

  // Those of the weights come first, in their order; those that the weights do not know follow.
  void name_classes(datasets::table& table) {
    if (!classes_.empty()) return;
    classes_ = trained_classes_;
    std::vector<std::int64_t> numbers;
    for (const std::string& name : table.classes) {
      auto at = std::find(classes_.begin(), classes_.end(), name);
      numbers.push_back(at - classes_.begin());
      if (at == classes_.end()) classes_.push_back(name);
    }
    for (std::int64_t& label : table.rows.labels) label = numbers[static_cast<std::size_t>(label)];
  }

  void scale() {
    if (!scaler_ && scaling_ != scaling::none) {
      scaler_ = datasets::trained_scaler(trained_, names_, width_);
      if (!scaler_ && scaling_ == scaling::train && trained_.mean.empty()) {
        scaler_ = datasets::standard_scaler(tables_[0].rows.samples, width_);
      }
    }
    for (std::size_t i = 0; i < 3; ++i) {
      if (scaler_ && loaded_[i] && !scaled_[i]) scaler_->apply(tables_[i].rows.samples);
      scaled_[i] = loaded_[i];
    }
  }

  // 0: not known, before open.
  std::uint64_t width_before_or_after_open() const {
    if (opened_) return width_;
    if (!table_.features.empty()) return table_.features.size();
    return datasets::is_file(first_path()) ? datasets::features_by_first_line(first_path(), table_)
                                           : 0;
  }

  void read_features(lathe::value_view list) {
    if (list.is_none()) return;
    if (list.kind() != LATHE_VALUE_LIST || list.size() == 0) {
      throw lathe::invalid_argument(
          "option 'features' is a list of columns, eg: [x1, x2] or [0, 1]")
          .at_option("features");
    }
    for (std::uint64_t i = 0; i < list.size(); ++i) {
      table_.features.push_back(column_of(list[i], "features"));
    }
  }

  void read_classes(lathe::value_view list) {
    if (list.is_none()) return;
    if (list.kind() != LATHE_VALUE_LIST || list.size() == 0) {
      throw lathe::invalid_argument("option 'classes' is a list, eg: [A, B, C] or [0, 1]")
          .at_option("classes");
    }
    for (std::uint64_t i = 0; i < list.size(); ++i) {
      std::string name = list[i].kind() == LATHE_VALUE_INT ? lathe::to_string(list[i].integer())
                                                           : lathe::to_string(list[i].text());
      for (const std::string& other : classes_) {
        if (other != name) continue;
        throw lathe::invalid_argument(
            lathe::join({"option 'classes' names ", datasets::quoted(name), " twice"}))
            .at_option("classes");
      }
      classes_.push_back(std::move(name));
    }
  }

  std::string paths_[3];
  datasets::table_options table_;
  datasets::table tables_[3];
  std::vector<std::string> classes_;
  std::string decided_by_;          // the first file that was read
  std::vector<std::string> names_;  // of the features; empty: none, or not to be gone by
  std::uint64_t width_ = 0;
  scaling scaling_ = scaling::of_weights;
  std::optional<datasets::standard_scaler> scaler_;
  bool loaded_[3] = {}, scaled_[3] = {};
  bool opened_ = false;  // any file
  // Of the loaded weights; empty: not known.
  lathe::field trained_;
  std::vector<std::string> trained_classes_;
};

}  // namespace

LATHE_DATASET(Csv, "csv", "1.2.0",
              "Any table in CSV files: numeric features, and one column of classes or numbers.")
