#include "objects.hpp"

#include <algorithm>
#include <stdexcept>

namespace {

constexpr int kMostLevels = 8;
constexpr std::size_t kMostListed = 20;
constexpr hsize_t kMostLinks = 1000;

struct known_filter {
  H5Z_filter_t id;
  const char* name;
};

// The registry of the HDF Group.
constexpr known_filter kFilters[] = {
    {H5Z_FILTER_SZIP, "SZIP"}, {305, "LZO"},   {307, "bzip2"},        {32000, "LZF"},
    {32001, "Blosc"},          {32004, "LZ4"}, {32008, "Bitshuffle"}, {32013, "ZFP"},
    {32015, "Zstandard"},      {32017, "SZ"},  {32026, "Blosc2"},
};

// The innermost reason on HDF5's error stack.
std::string reason() {
  std::string text;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned n, const H5E_error2_t* error, void* out) -> herr_t {
        if (n == 0 && error->desc != nullptr) *static_cast<std::string*>(out) = error->desc;
        return 0;
      },
      &text);
  return text.empty() ? "" : " (HDF5: " + text + ")";
}

std::string shown(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
  return "'" + name + "'";
}

std::string link_name(hid_t group, hsize_t index) {
  const ssize_t size =
      H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, nullptr, 0, H5P_DEFAULT);
  if (size <= 0) return {};
  std::string name(static_cast<std::size_t>(size) + 1, '\0');
  H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, name.data(), name.size(),
                     H5P_DEFAULT);
  name.pop_back();
  return name;
}

// "'jets' [10000, 59]" of each dataset in a group and in those within.
void list_datasets(hid_t group, const std::string& path, int level, std::vector<std::string>& out) {
  H5G_info_t info = {};
  if (level > kMostLevels || H5Gget_info(group, &info) < 0) return;
  for (hsize_t i = 0; i < std::min(info.nlinks, kMostLinks) && out.size() <= kMostListed; ++i) {
    const std::string name = link_name(group, i);
    if (name.empty()) continue;
    const handle object(H5Oopen(group, name.c_str(), H5P_DEFAULT), H5Oclose);
    if (!object.valid()) continue;
    const H5I_type_t type = H5Iget_type(object.id());
    if (type == H5I_GROUP) list_datasets(object.id(), path + name + "/", level + 1, out);
    if (type != H5I_DATASET) continue;
    std::string shape;
    for (const hsize_t extent : extents_of(object.id())) {
      shape += (shape.empty() ? "" : ", ") + std::to_string(extent);
    }
    out.push_back(shown(path + name) + " [" + shape + "]");
  }
}

std::string datasets_in(hid_t group) {
  std::vector<std::string> all;
  list_datasets(group, "", 0, all);
  if (all.empty()) return "no dataset at all";
  std::string text;
  for (std::size_t i = 0; i < all.size() && i < kMostListed; ++i)
    text += (i == 0 ? "" : ", ") + all[i];
  return text + (all.size() > kMostListed ? " and more" : "");
}

std::string filter_name(H5Z_filter_t id, const std::string& in_file) {
  for (const known_filter& row : kFilters) {
    if (row.id == id) return row.name;
  }
  return in_file.empty() ? "a filter without a name" : shown(in_file);
}

bool can_decode(H5Z_filter_t filter) {
  unsigned flags = 0;
  return H5Zfilter_avail(filter) > 0 && H5Zget_filter_info(filter, &flags) >= 0 &&
         (flags & H5Z_FILTER_CONFIG_DECODE_ENABLED) != 0;
}

void require_filters(hid_t dataset, const char* name) {
  const handle properties(H5Dget_create_plist(dataset), H5Pclose);
  const int count = properties.valid() ? H5Pget_nfilters(properties.id()) : 0;
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0, config = 0;
    std::size_t values = 0;
    char in_file[64] = "";
    const H5Z_filter_t filter = H5Pget_filter2(properties.id(), static_cast<unsigned>(i), &flags,
                                               &values, nullptr, sizeof in_file, in_file, &config);
    if (filter < 0 || can_decode(filter)) continue;
    throw std::runtime_error(called(name) + " is compressed by " + filter_name(filter, in_file) +
                             " (filter " + std::to_string(filter) +
                             "), which HDF5 here cannot read; write it again with gzip where it "
                             "can be read: h5repack -f "
                             "GZIP=4 IN OUT, or compression='gzip' in h5py");
  }
}

}  // namespace

void fail(const std::string& what) { throw std::runtime_error(what + reason()); }

std::string called(const std::string& dataset) { return "dataset " + shown(dataset); }

bool has(hid_t file, const char* name) { return H5Lexists(file, name, H5P_DEFAULT) > 0; }

std::vector<hsize_t> extents_of(hid_t dataset) {
  const handle space(H5Dget_space(dataset), H5Sclose);
  const int rank = space.valid() ? H5Sget_simple_extent_ndims(space.id()) : -1;
  std::vector<hsize_t> extents(rank > 0 ? static_cast<std::size_t>(rank) : 0);
  if (!extents.empty()) H5Sget_simple_extent_dims(space.id(), extents.data(), nullptr);
  return extents;
}

hid_t open_dataset(hid_t file, const char* name) {
  if (!has(file, name)) {
    throw std::runtime_error("the file has no " + called(name) + "; it has " + datasets_in(file));
  }
  const hid_t object = H5Oopen(file, name, H5P_DEFAULT);
  if (object < 0) fail(called(name) + " cannot be opened");
  if (H5Iget_type(object) == H5I_DATASET) {
    try {
      require_filters(object, name);
    } catch (...) {
      H5Oclose(object);
      throw;
    }
    return object;
  }
  const handle closing(object, H5Oclose);
  throw std::runtime_error("'" + std::string(name) +
                           "' is a group, as pandas and PyTables write, and a dataset of rows with "
                           "named columns is needed; in it are " +
                           datasets_in(object) +
                           "; write the table by h5py: create_dataset(name, data=df.to_records())");
}
