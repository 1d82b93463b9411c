// One row per set. Sizes and hashes of cifar10, mnist and fashion_mnist are those of the checksum
// lists of tensorflow/datasets.
#include "core/data/known_sets.hpp"

#include "core/base/error.hpp"
#include "core/base/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace lathe {

namespace {

// MNIST and its heirs: four files of fixed names, whose unpacked form is read as well.
std::vector<KnownContent> contents_of(const std::vector<KnownFile>& files) {
  std::vector<KnownContent> contents;
  for (const KnownFile& file : files) contents.push_back({file.name, file.size});
  return contents;
}

KnownSet cifar10() {
  const std::string folder = "cifar-10-batches-bin/";
  KnownSet set{
      "cifar10",
      "60,000 colour images of 32 x 32 in ten classes (Krizhevsky 2009), binary records",
      "none stated; the authors ask to cite their report",
      {{"cifar-10-binary.tar.gz", "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        170052171, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd", true,
        200'000'000}},
      {{folder + "test_batch.bin", 30'730'000}}};
  for (int batch = 1; batch <= 5; ++batch)
    set.contents.push_back({fmt::format("{}data_batch_{}.bin", folder, batch), 30'730'000});
  return set;
}

// The four files of MNIST and its heirs in IDX, under one address.
KnownSet idx_set(std::string name, std::string doc, std::string licence, const std::string& from,
                 std::vector<KnownFile> files) {
  for (KnownFile& file : files) file.url = from + file.name;
  std::vector<KnownContent> contents = contents_of(files);
  return {std::move(name), std::move(doc), std::move(licence), std::move(files),
          std::move(contents)};
}

KnownSet mnist() {
  return idx_set("mnist", "70,000 handwritten digits of 28 x 28 (LeCun et al. 1998), IDX",
                 "CC BY-SA 3.0", "https://ossci-datasets.s3.amazonaws.com/mnist/",
                 {{"train-images-idx3-ubyte.gz", "", 9912422,
                   "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
                  {"train-labels-idx1-ubyte.gz", "", 28881,
                   "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
                  {"t10k-images-idx3-ubyte.gz", "", 1648877,
                   "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
                  {"t10k-labels-idx1-ubyte.gz", "", 4542,
                   "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"}});
}

KnownSet fashion_mnist() {
  // Served without TLS only; the hashes are what vouches for the files.
  return idx_set("fashion_mnist", "70,000 pictures of clothes of 28 x 28 (Xiao et al. 2017), IDX",
                 "MIT", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                 {{"train-images-idx3-ubyte.gz", "", 26421880,
                   "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"},
                  {"train-labels-idx1-ubyte.gz", "", 29515,
                   "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
                  {"t10k-images-idx3-ubyte.gz", "", 4422102,
                   "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"},
                  {"t10k-labels-idx1-ubyte.gz", "", 5148,
                   "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"}});
}

KnownSet jsc() {
  const std::string name = "processed-pythia82-lhc13-all-pt1-50k-r1_h022_e0175_t220_nonu_truth.z";
  return {"jsc",
          "simulated jets, 16 features, five classes (Pierini et al., doi 10.5281/zenodo.3602260), "
          "HDF5",
          "CC BY 4.0",
          {{name, "https://cernbox.cern.ch/index.php/s/jvFd5MoWhGs1l5v/download", 0, "", false, 0,
            "\x89HDF\r\n\x1a\n"}},
          {{name, 0}}};
}

}  // namespace

std::uint64_t KnownSet::size() const {
  std::uint64_t all = 0;
  for (const KnownFile& file : files) {
    if (file.size == 0) return 0;
    all += file.size;
  }
  return all;
}

const std::vector<KnownSet>& known_sets() {
  static const std::vector<KnownSet> sets{cifar10(), fashion_mnist(), jsc(), mnist()};
  return sets;
}

const KnownSet& known_set(std::string_view name) {
  std::vector<std::string> names;
  for (const KnownSet& set : known_sets()) {
    if (set.name == name) return set;
    names.push_back(set.name);
  }
  throw usage_error(fmt::format("no set called '{}' is known{}; 'lathe data list' shows them", name,
                                suggestion(name, names)));
}

bool is_complete(const KnownSet& set, const std::filesystem::path& data_dir) {
  return std::all_of(set.contents.begin(), set.contents.end(), [&](const KnownContent& content) {
    std::error_code error;
    const auto size = std::filesystem::file_size(data_dir / set.name / content.path, error);
    return !error && (content.size == 0 ? size > 0 : size == content.size);
  });
}

std::filesystem::path default_data_dir() {
  const auto environment = [](const char* name) {
    const char* value = std::getenv(name);
    return std::filesystem::path(value == nullptr ? "" : value);
  };
  std::filesystem::path user = environment("XDG_DATA_HOME");
  if (!user.is_absolute()) {
    const std::filesystem::path home = environment("HOME");
    if (!home.is_absolute()) return {};
    user = home / ".local" / "share";
  }
  return user / "lathe" / "data";
}

std::filesystem::path data_dir_from(const std::string& given) {
  if (!given.empty()) return given;
  const char* variable = std::getenv("LATHE_DATA_DIR");
  if (variable != nullptr && *variable != '\0') return variable;
  return default_data_dir();
}

}  // namespace lathe
