// Jet substructure classification: CERN's simulated jets, 16 features, 5 classes (hls4ml LHC jets,
// Pierini et al., doi 10.5281/zenodo.3602260). HDF5 as CERN ships it, CSV or NPY.
#include <lathe/lathe.hpp>

#include <algorithm>
#include <optional>

#include "../../file_bytes.hpp"
#include "../standard_scaler.hpp"
#include "jet_splits.hpp"

namespace {

using lathe::split;

constexpr const char* kOfficialFile =
    "processed-pythia82-lhc13-all-pt1-50k-r1_h022_e0175_t220_nonu_truth.z";
// Neither size nor hash is published.
constexpr lathe_source_file kFiles[] = {
    {kOfficialFile,
     "https://cernbox.cern.ch/index.php/s/jvFd5MoWhGs1l5v/download",
     nullptr,
     0,
     0,
     {datasets::kHdf5Begins.data(), datasets::kHdf5Begins.size()}}};
constexpr const char* kHowToGet =
    "; get CERN's HDF5 file by 'lathe data fetch jsc', or set --data-dir or LATHE_DATA_DIR to the "
    "folder that holds 'jsc', or name another file by the option 'file', or try synthetic jets "
    "with "
    "jsc-sim";

bool is_word_train(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return path.substr(slash == std::string::npos ? 0 : slash + 1) == "train" &&
         !datasets::is_file(path);
}

datasets::label_order order_of(const std::vector<std::string>& names) {
  datasets::label_order order;
  for (const std::string& name : names) {
    const std::size_t number = datasets::jet_class(name);
    const bool repeated = std::find(order.begin(), order.end(), number) != order.end();
    if (number == datasets::kJetClasses || repeated) break;
    order.push_back(number);
  }
  if (order.size() != datasets::kJetClasses || names.size() != datasets::kJetClasses) {
    throw lathe::invalid_argument("option 'label_order' names each of g, q, w, z, t once")
        .at_option("label_order");
  }
  return order;
}

struct Jsc : lathe::memory_dataset {
  static constexpr lathe_option options[] = {
      lathe::path_option("file",
                         "All jets in one file: duplicates are dropped, a seeded fifth becomes the "
                         "test, the rest is scaled by its own statistics, or by those that loaded "
                         "weights were trained with. Without any file, CERN's is looked for in the "
                         "folder 'jsc' of the data folder.")
          .nullable(),
      lathe::path_option("train", "Rows to train on, taken as they are (already standardised).")
          .nullable(),
      lathe::path_option("validation",
                         "Rows to validate on, taken as they are. The word train means the rows "
                         "trained on, as MASE had it. Without it, the last eighth of what is left "
                         "of 'file' after the test.")
          .nullable(),
      lathe::path_option("test", "Rows to test on, taken as they are.").nullable(),
      lathe::string_list_option("label_order",
                                "Classes by number, where a file has numbers or nameless columns.")
          .by_default("[g, q, w, z, t]"),
  };
  static constexpr lathe_dataset_source source = lathe::source(
      "simulated jets, 16 features, five classes (Pierini et al., doi 10.5281/zenodo.3602260), "
      "HDF5",
      "CC BY 4.0", nullptr, kFiles);

  Jsc(lathe::options o, std::string_view data_dir)
      : file_(o.text_or("file", "")),
        train_(o.text_or("train", "")),
        validation_(o.text_or("validation", "")),
        test_(o.text_or("test", "")),
        order_(order_of(o.texts("label_order"))),
        data_dir_(data_dir) {
    if (is_word_train(validation_)) {
      validation_.clear();
      validate_on_train_ = true;
    }
    const bool splits = !train_.empty() || !validation_.empty() || !test_.empty();
    if (splits && !file_.empty()) {
      throw lathe::invalid_argument(
          "option 'file' names all jets and cannot stand beside files of splits")
          .at_option("file");
    }
    if (validate_on_train_ && splits && train_.empty()) {
      throw lathe::invalid_argument("validation=train needs a train file beside the test file")
          .at_option("validation");
    }
    whole_ = !splits;
  }

  lathe::dataset_info info() const {
    lathe::dataset_info info{
        {static_cast<std::int64_t>(datasets::kJetFeatures)},
        static_cast<std::int64_t>(datasets::kJetClasses),
        {datasets::kJetClassNames, datasets::kJetClassNames + datasets::kJetClasses}};
    info.feature_names = feature_names();
    if (scaler_) {
      info.mean = scaler_->mean();
      info.deviation = scaler_->deviation();
    }
    return info;
  }

  void open(lathe::context context, const lathe::open_request& request) {
    std::vector<std::string> warnings;
    open_splits(request, warnings);
    for (const std::string& text : warnings) context.warning(text);
  }

  std::vector<std::string> files() const { return files_; }

 private:
  const std::string& path_of(split s) const {
    return s == split::train ? train_ : s == split::validation ? validation_ : test_;
  }

  static std::vector<std::string> feature_names() {
    return {datasets::kJetNames, datasets::kJetNames + datasets::kJetFeatures};
  }

  void open_splits(const lathe::open_request& request, std::vector<std::string>& warnings) {
    if (whole_) {
      // The splits are parts of one permutation, and are made together.
      if (files_.empty()) open_whole(request.trained_on(LATHE_FIELD_INPUT), warnings);
    } else {
      for (const split s : {split::train, split::validation, split::test}) {
        if (request.asks_for(s)) open_file(s, warnings);
      }
    }
    if (!validate_on_train_ || !request.asks_for(split::validation)) return;
    if (!whole_) open_file(split::train, warnings);
    rows_of(split::validation) = rows_of(split::train);
  }

  void open_file(split s, std::vector<std::string>& warnings) {
    const std::string& path = path_of(s);
    if (path.empty() || std::find(opened_.begin(), opened_.end(), s) != opened_.end()) return;
    const datasets::jets all = datasets::read_jets(path, order_, warnings);
    for (std::size_t i = 0; i < all.size(); i += datasets::kJetColumns) {
      datasets::push_jet(rows_of(s), all.data() + i);
    }
    files_.push_back(path);
    opened_.push_back(s);
  }

  void open_whole(const lathe::field* trained, std::vector<std::string>& warnings) {
    const std::string path = whole_file();
    datasets::jets all = datasets::read_jets(path, order_, warnings);
    files_.push_back(path);
    datasets::drop_duplicates(all);
    if (all.size() < 2 * datasets::kJetColumns) {
      throw lathe::data_loss("the file has one jet only; a train and a test split need more")
          .at_file(path);
    }
    datasets::jet_split parts = datasets::split_jets(all);
    if (trained != nullptr) {
      scaler_ = datasets::trained_scaler(*trained, feature_names(), datasets::kJetFeatures);
    }
    if (!scaler_) scaler_ = datasets::standard_scaler(parts.rest.samples, datasets::kJetFeatures);
    scaler_->apply(parts.rest.samples);
    scaler_->apply(parts.test.samples);
    if (!validate_on_train_) {
      rows_of(split::validation) = datasets::take_last_eighth(parts.rest);
    }
    rows_of(split::train) = std::move(parts.rest);
    rows_of(split::test) = std::move(parts.test);
  }

  std::string whole_file() const {
    if (!file_.empty()) {
      if (datasets::is_file(file_)) return file_;
      throw lathe::not_found(lathe::join({"there is no file '", file_, "'", kHowToGet}))
          .at_file(file_);
    }
    if (data_dir_.empty()) {
      throw lathe::not_found(lathe::join(
          {"no data folder is set in which '", kOfficialFile, "' could be looked for", kHowToGet}));
    }
    std::string path = lathe::join({data_dir_, "/jsc/", kOfficialFile});
    if (datasets::is_file(path)) return path;
    throw lathe::not_found(
        lathe::join({"'", kOfficialFile, "' was looked for in '", data_dir_, "/jsc'", kHowToGet}))
        .at_file(path);
  }

  std::string file_, train_, validation_, test_;
  datasets::label_order order_;
  std::string data_dir_;
  bool validate_on_train_ = false;
  bool whole_ = false;
  std::vector<std::string> files_;
  std::vector<split> opened_;  // of those that are files
  std::optional<datasets::standard_scaler> scaler_;
};

}  // namespace

LATHE_DATASET(Jsc, "jsc", "1.1.0",
              "Jet substructure: 16 features of simulated jets, classes g, q, w, z, t.")
