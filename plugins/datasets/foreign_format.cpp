#include "foreign_format.hpp"

#include <algorithm>

namespace datasets {

namespace {

using std::string_view;

struct known_beginning {
  string_view bytes;
  bool binary;  // the bytes alone could be the first word of a text
  const char* words;
};

constexpr const char* kUnpack = ": unpack it first";

constexpr known_beginning kBeginnings[] = {
    {"version https://git-lfs.github.com/spec/", false,
     "it is a Git LFS pointer, which stands for the file: 'git lfs pull' gets the file itself"},
    {"\x1f\x8b", false, "it is packed by gzip: unpack it first"},
    {"BZh", true, "it is packed by bzip2: unpack it first"},
    {string_view("\xfd"
                 "7zXZ\0",
                 6),
     false, "it is packed by xz: unpack it first"},
    {"\x28\xb5\x2f\xfd", false, "it is packed by Zstandard: unpack it first"},
    {"7z\xbc\xaf\x27\x1c", false, "it is a 7z archive: unpack it first"},
    {"Rar!\x1a\x07", false, "it is a RAR archive: unpack it first"},
    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", false, "it is an Excel workbook (.xls): save it as CSV"},
    {"PAR1", true, "it is a Parquet file: write it as CSV or NPY"},
    {"ARROW1", true, "it is an Arrow file: write it as CSV or NPY"},
    {"FEA1", true, "it is a Feather file: write it as CSV or NPY"},
    {"SQLite format 3", true, "it is an SQLite database: write its table as CSV"},
    {"\x89HDF\r\n\x1a\n", false, "it is an HDF5 file"},
    {"\x93NUMPY", false, "it is an NPY file"},
    {"\x89PNG\r\n", false, "it is a PNG image"},
    {"\xff\xd8\xff", false, "it is a JPEG image"},
    {"GIF8", true, "it is a GIF image"},
    {"%PDF-", false, "it is a PDF document"},
    {"RIFF", true, "it is a RIFF file (sound, or a WebP image)"},
    {"\x7f"
     "ELF",
     false, "it is a program or library"},
};

bool has_controls(string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t';
  });
}

bool begins_as(string_view text, string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

// Past a byte order mark and blanks, in small letters.
bool is_web_page(string_view begin) {
  if (begins_as(begin, "\xef\xbb\xbf")) begin.remove_prefix(3);
  const std::size_t first = begin.find_first_not_of(" \t\r\n");
  if (first == string_view::npos || begin[first] != '<') return false;
  std::string word;
  for (const char c : begin.substr(first, 16)) {
    word += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  for (const string_view tag : {"<!doctype", "<html", "<head", "<body", "<script", "<?xml"}) {
    if (begins_as(word, tag)) return true;
  }
  return false;
}

// By the names of its first entries.
std::string what_zip_it_is(string_view begin) {
  const auto names = [begin](string_view text) { return begin.find(text) != string_view::npos; };
  if (names("[Content_Types].xml") || names("xl/")) {
    return "it is an Excel workbook (.xlsx): save it as CSV";
  }
  if (names(".npy")) return "it is an NPZ file, which the data set npy reads";
  if (names("data.pkl")) return "it is a PyTorch file: save its tensors as NPY or NPZ";
  return lathe::join({"it is a zip archive", kUnpack});
}

}  // namespace

bool is_pickle(string_view begin) {
  return begin.size() > 2 && begin[0] == '\x80' && begin[1] >= 2 && begin[1] <= 5;
}

std::string what_it_is(string_view begin) {
  begin = begin.substr(0, kTellingBytes);
  for (const known_beginning& row : kBeginnings) {
    if (begins_as(begin, row.bytes) && (!row.binary || has_controls(begin))) return row.words;
  }
  if (is_web_page(begin)) {
    return "it is a web page or XML, as servers send in place of a file: look at it in a browser, "
           "and get the file anew";
  }
  if (begins_as(begin, "PK\3\4")) return what_zip_it_is(begin);
  if (begin.size() > 262 && begin.substr(257, 5) == "ustar") {
    return lathe::join({"it is a tar archive", kUnpack});
  }
  if (is_pickle(begin)) {
    return "it is a Python pickle, which can run any code and is not loaded: save its arrays as "
           "NPY or NPZ";
  }
  return {};
}

lathe::error other_format(string_view expected, string_view begin, const std::string& path) {
  const std::string what = what_it_is(begin);
  return lathe::data_loss(lathe::join({expected, what.empty() ? "" : "; ", what})).at_file(path);
}

}  // namespace datasets
