// Reads columns of a table in blocks of rows: of a dataset with named members, or of a matrix
// beside the names of its columns. Knows nothing about jets.
#include "table.h"

#include "objects.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr hsize_t kBlockNumbers = 1 << 21;

struct sink_of {
  lathe_hdf5_sink sink;
  void* user;
};

hsize_t rows_per_block(std::size_t width) {
  return std::max<hsize_t>(1, kBlockNumbers / std::max<std::size_t>(width, 1));
}

// Reads `count` rows from `at` on, of all columns or members that `type` has.
void read_block(hid_t set, const std::string& name, hid_t type, const std::vector<hsize_t>& extents,
                hsize_t at, hsize_t count, void* out) {
  std::vector<hsize_t> begin(extents.size(), 0), block = extents;
  begin[0] = at;
  block[0] = count;
  const int rank = static_cast<int>(extents.size());
  const handle space(H5Dget_space(set), H5Sclose);
  const handle memory(H5Screate_simple(rank, block.data(), nullptr), H5Sclose);
  if (H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, begin.data(), nullptr, block.data(),
                          nullptr) < 0 ||
      H5Dread(set, type, memory.id(), space.id(), H5P_DEFAULT, out) < 0) {
    fail(called(name) + ": rows from " + std::to_string(at) +
         " on cannot be read; the file is damaged");
  }
}

[[noreturn]] void lacks(const std::string& name, const char* column,
                        const std::vector<std::string>& there) {
  constexpr std::size_t kMostListed = 30;
  std::string list;
  for (std::size_t i = 0; i < there.size() && i < kMostListed; ++i) {
    list += (i == 0 ? "'" : ", '") + there[i] + "'";
  }
  throw std::runtime_error(called(name) + " lacks the column '" + column + "'; there are " + list +
                           (there.size() > kMostListed ? " and more" : ""));
}

// What a member that is no number holds.
const char* other_contents(H5T_class_t kind) {
  return kind == H5T_STRING     ? "text"
         : kind == H5T_ARRAY    ? "an array in each row"
         : kind == H5T_VLEN     ? "lists of different lengths"
         : kind == H5T_COMPOUND ? "members of its own"
                                : "something else";
}

// A compound type with a slot of a float for each of the columns; truth values as PyTables writes
// them are bits and stay bytes, those of h5py are an enumeration of 0 and 1.
class member_types {
 public:
  member_types(hid_t file_type, const lathe_hdf5_wanted& wanted)
      : type_(H5Tcreate(H5T_COMPOUND, wanted.column_count * sizeof(float)), H5Tclose) {
    std::vector<std::string> there;
    for (int i = 0; i < H5Tget_nmembers(file_type); ++i) {
      char* name = H5Tget_member_name(file_type, static_cast<unsigned>(i));
      there.emplace_back(name == nullptr ? "" : name);
      H5free_memory(name);
    }
    for (std::uint64_t i = 0; i < wanted.column_count; ++i) {
      const char* column = wanted.columns[i];
      const auto found = std::find(there.begin(), there.end(), column);
      if (found == there.end()) lacks(wanted.dataset, column, there);
      const H5T_class_t kind =
          H5Tget_member_class(file_type, static_cast<unsigned>(found - there.begin()));
      const bool bits = kind == H5T_BITFIELD;
      if (kind != H5T_FLOAT && kind != H5T_INTEGER && kind != H5T_ENUM && !bits) {
        throw std::runtime_error("column '" + std::string(column) + "' of " +
                                 called(wanted.dataset) + " holds " + other_contents(kind) +
                                 "; numbers are needed");
      }
      if (bits) bits_.push_back(i);
      H5Tinsert(type_.id(), column, i * sizeof(float), bits ? H5T_NATIVE_B8 : H5T_NATIVE_FLOAT);
    }
  }

  hid_t id() const { return type_.id(); }

  void finish(std::vector<float>& rows, std::size_t width) const {
    for (std::size_t row = 0; row < rows.size() / width; ++row) {
      for (const std::uint64_t column : bits_) {
        float& slot = rows[row * width + column];
        unsigned char byte = 0;
        std::memcpy(&byte, &slot, 1);
        slot = byte;
      }
    }
  }

 private:
  handle type_;
  std::vector<std::uint64_t> bits_;
};

void read_members(hid_t file, const lathe_hdf5_wanted& wanted, const sink_of& out) {
  const handle set(open_dataset(file, wanted.dataset), H5Oclose);
  const handle file_type(H5Dget_type(set.id()), H5Tclose);
  if (!file_type.valid()) fail(called(wanted.dataset) + " cannot be read");
  if (H5Tget_class(file_type.id()) != H5T_COMPOUND) {
    throw std::runtime_error(called(wanted.dataset) + " is no table with named columns");
  }
  const std::vector<hsize_t> extents = extents_of(set.id());
  if (extents.size() != 1) {
    throw std::runtime_error(called(wanted.dataset) + " is no list of rows");
  }
  const member_types types(file_type.id(), wanted);
  const hsize_t per_block = rows_per_block(wanted.column_count);
  std::vector<float> block;
  for (hsize_t at = 0; at < extents[0]; at += per_block) {
    const hsize_t count = std::min(per_block, extents[0] - at);
    block.assign(count * wanted.column_count, 0.0F);
    read_block(set.id(), wanted.dataset, types.id(), extents, at, count, block.data());
    types.finish(block, wanted.column_count);
    out.sink(out.user, block.data(), count);
  }
}

// Texts of fixed or variable length.
std::vector<std::string> read_texts(hid_t file, const char* name) {
  const handle set(open_dataset(file, name), H5Oclose);
  const handle type(H5Dget_type(set.id()), H5Tclose);
  const std::vector<hsize_t> extents = extents_of(set.id());
  constexpr hsize_t kMostNames = 1 << 16;
  if (!type.valid() || H5Tget_class(type.id()) != H5T_STRING || extents.size() != 1 ||
      extents[0] > kMostNames) {
    throw std::runtime_error(called(name) + " holds no names of columns");
  }
  std::vector<std::string> texts;
  if (H5Tis_variable_str(type.id()) > 0) {
    std::vector<char*> all(extents[0], nullptr);
    read_block(set.id(), name, type.id(), extents, 0, extents[0], all.data());
    for (const char* text : all) texts.emplace_back(text == nullptr ? "" : text);
    const handle space(H5Dget_space(set.id()), H5Sclose);
    H5Dvlen_reclaim(type.id(), space.id(), H5P_DEFAULT, all.data());
    return texts;
  }
  const std::size_t size = H5Tget_size(type.id());
  if (size == 0 || size > kMostNames) throw std::runtime_error(called(name) + " holds no names");
  std::vector<char> all(extents[0] * size);
  read_block(set.id(), name, type.id(), extents, 0, extents[0], all.data());
  for (hsize_t i = 0; i < extents[0]; ++i) {
    std::string text(all.data() + i * size, size);
    text.erase(std::find(text.begin(), text.end(), '\0'), text.end());
    text.erase(text.find_last_not_of(' ') + 1);
    texts.push_back(std::move(text));
  }
  return texts;
}

void read_matrix(hid_t file, const lathe_hdf5_wanted& wanted, const sink_of& out) {
  const handle set(open_dataset(file, wanted.matrix), H5Oclose);
  const handle type(H5Dget_type(set.id()), H5Tclose);
  const H5T_class_t kind = type.valid() ? H5Tget_class(type.id()) : H5T_NO_CLASS;
  const std::vector<hsize_t> extents = extents_of(set.id());
  if ((kind != H5T_FLOAT && kind != H5T_INTEGER) || extents.size() != 2) {
    throw std::runtime_error(called(wanted.matrix) + " is no matrix of numbers, rows x columns");
  }
  const std::vector<std::string> names = read_texts(file, wanted.matrix_names);
  std::vector<std::size_t> places;
  for (std::uint64_t i = 0; i < wanted.column_count; ++i) {
    const auto found = std::find(names.begin(), names.end(), wanted.columns[i]);
    const auto place = static_cast<std::size_t>(found - names.begin());
    if (found == names.end() || place >= extents[1]) {
      lacks(wanted.matrix, wanted.columns[i], names);
    }
    places.push_back(place);
  }
  constexpr hsize_t kMostColumns = 1 << 20;
  if (extents[1] > kMostColumns) throw std::runtime_error(called(wanted.matrix) + " is too wide");
  const auto width = static_cast<std::size_t>(extents[1]);
  const hsize_t per_block = rows_per_block(width);
  std::vector<float> block, picked;
  for (hsize_t at = 0; at < extents[0]; at += per_block) {
    const hsize_t count = std::min(per_block, extents[0] - at);
    block.resize(count * width);
    read_block(set.id(), wanted.matrix, H5T_NATIVE_FLOAT, extents, at, count, block.data());
    picked.clear();
    for (hsize_t row = 0; row < count; ++row) {
      for (const std::size_t place : places) picked.push_back(block[row * width + place]);
    }
    out.sink(out.user, picked.data(), count);
  }
}

void read_table(const char* path, const lathe_hdf5_wanted& wanted, const sink_of& out) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const handle file(H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (!file.valid()) fail("this is no HDF5 file that can be read; it may be truncated");
  const bool as_matrix = !has(file.id(), wanted.dataset) && has(file.id(), wanted.matrix) &&
                         has(file.id(), wanted.matrix_names);
  as_matrix ? read_matrix(file.id(), wanted, out) : read_members(file.id(), wanted, out);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int lathe_hdf5_read_table(
    const char* path, const lathe_hdf5_wanted* wanted, lathe_hdf5_sink sink, void* user,
    char* error, uint64_t error_size) {
  try {
    read_table(path, *wanted, {sink, user});
    return 0;
  } catch (const std::exception& e) {
    std::snprintf(error, error_size, "%s", e.what());
    return 1;
  }
}
