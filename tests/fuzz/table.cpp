// Any bytes as a table: CSV with the options that the first byte tells, NPY, NPZ, or a batch of
// CIFAR-10 as a pickle. What is read must be whole; what is thrown must be an error of the reader's
// own, in one line.
#include "plugins/datasets/foreign_format.hpp"
#include "plugins/datasets/images/cifar_pickle.hpp"
#include "plugins/datasets/tables/csv_table.hpp"
#include "plugins/datasets/tables/jets/jet_csv.hpp"
#include "plugins/datasets/tables/npz.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace {

// One file, written anew for each input.
struct MemoryFile {
  int descriptor = ::memfd_create("table", MFD_CLOEXEC);
  std::string path = "/proc/self/fd/" + std::to_string(descriptor);

  void hold(std::string_view bytes) const {
    if (::ftruncate(descriptor, 0) != 0 ||
        ::pwrite(descriptor, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
      std::abort();
  }
};

void require(bool holds) {
  if (!holds) std::abort();
}

template <class Read>
void reading(const Read& read) {
  try {
    read();
  } catch (const lathe::error& error) {
    const std::string_view text = error.what();
    require(!text.empty());
    for (const char c : text) require(static_cast<unsigned char>(c) >= 0x20);
  }
}

void read_rows(const datasets::stored_array& array) {
  std::vector<float> row(array.header.width());
  for (std::uint64_t i = 0; i < array.header.rows() && array.header.count > 0; ++i) {
    array.row(i, row.data());
  }
}

void read_arrays(const std::string& path, std::string_view bytes) {
  if (!datasets::is_zip(bytes)) {
    reading([&] { datasets::array_of_npy(path, true); });
    reading([&] { read_rows(datasets::array_of_npy(path, false)); });
    reading([&] { datasets::read_npy(path); });
    return;
  }
  std::vector<std::string> names;
  reading([&] { names = datasets::npz_names(path); });
  for (const std::string& name : names) {
    reading([&] { read_rows(datasets::array_of_npz(path, {name}, false)); });
  }
}

void read_csv(const std::string& path, unsigned char choice) {
  datasets::table_options options;
  options.delimiter = "\0,; "[choice & 3];
  options.header = static_cast<datasets::header_choice>((choice >> 2) % 3);
  options.numbers = (choice & 16) != 0;
  if ((choice & 32) != 0) options.features = {{"", 0, false}, {"x", 0, true}};
  reading([&] {
    const datasets::table table = datasets::read_table(path, options, {});
    require(table.width > 0 && table.count() > 0);
    require(table.rows.samples.size() == table.width * table.count());
    require(table.width == datasets::features_by_first_line(path, options));
    for (const std::int64_t label : table.rows.labels) {
      require(label >= 0 && static_cast<std::size_t>(label) < table.classes.size());
    }
  });
  reading([&] {
    std::vector<std::string> warnings;
    const datasets::jets jets = datasets::jets_from_csv(path, {0, 1, 2, 3, 4}, warnings);
    require(!jets.empty() && jets.size() % datasets::kJetColumns == 0);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile file;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  file.hold(bytes);
  if (datasets::is_npy(bytes) || datasets::is_zip(bytes)) {
    read_arrays(file.path, bytes);
  } else if (datasets::is_pickle(bytes)) {
    reading([&] { datasets::read_cifar_pickle(bytes, file.path); });
  } else {
    read_csv(file.path, data[0]);
  }
  return 0;
}
