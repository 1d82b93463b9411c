#include "core/checkpoint/other_files.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <set>

namespace lathe {

namespace {

using namespace std::string_view_literals;

struct Row {
  std::string_view begins;
  std::string_view sentence;
};
constexpr std::array kRows{
    Row{"version https://git-lfs.github.com/spec/"sv,
        "this is a Git LFS pointer, which stands for the file; 'git lfs pull' in its repository "
        "fetches the file itself"},
    Row{"# xet version"sv,
        "this is a Xet pointer, which stands for the file; 'git xet' or 'hf download' fetches the "
        "file itself"},
    Row{"\x89HDF\r\n\x1a\n"sv,
        "this is an HDF5 file, as Keras writes them, which is not read as a checkpoint"},
    Row{"\x93NUMPY"sv, "this is one array of NumPy (.npy), not a checkpoint of named tensors"},
    Row{"\x1f\x8b"sv,
        "this file is packed by gzip; unpack it with 'gunzip' and name what is in it"},
    Row{"BZh"sv, "this file is packed by bzip2; unpack it with 'bunzip2' and name what is in it"},
    Row{"\xfd\x37zXZ\0"sv,
        "this file is packed by xz; unpack it with 'unxz' and name what is in it"},
    Row{"\x28\xb5\x2f\xfd"sv,
        "this file is packed by Zstandard; unpack it with 'unzstd' and name what is in it"},
    Row{"7z\xbc\xaf\x27\x1c"sv, "this is a 7z archive; unpack it and name the file in it"},
    Row{"Rar!"sv, "this is a RAR archive; unpack it and name the file in it"},
    Row{"GGUF"sv, "this is a GGUF file of llama.cpp, which is not read as a checkpoint"},
    Row{"\x80"sv,
        "this is a bare pickle, not a file of torch.save; save a state_dict() with torch.save or "
        "as safetensors"},
    Row{"(dp"sv,
        "this is a bare pickle, not a file of torch.save; save a state_dict() with "
        "torch.save or as safetensors"},
    Row{"ccollections\nOrderedDict"sv,
        "this is a bare pickle, not a file of torch.save; save a state_dict() with "
        "torch.save or as safetensors"},
};

constexpr std::size_t kMostNamed = 4;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view without_blanks(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const auto first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? "" : text.substr(first);
}

// model.safetensors.index.json, pytorch_model.bin.index.json: {"weight_map": {"fc.weight": FILE}}
std::string json_file(const InputFile& file) {
  constexpr std::uint64_t kLargest = std::uint64_t{64} << 20;
  constexpr const char* kOther = "this is a JSON file, which holds no tensors";
  if (file.size() > kLargest) return kOther;
  std::string text(file.size(), '\0');
  file.read(0, std::as_writable_bytes(std::span(text)));
  std::set<std::string> shards;
  std::string key;
  bool in_map = false;
  // Entries are looked at as they are read: nothing deep or large is kept.
  const auto seen = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    using Event = nlohmann::json::parse_event_t;
    if (event == Event::key && depth == 1) key = value.get<std::string>();
    if (event == Event::key && depth == 1) in_map = key == "weight_map";
    if (event == Event::value && depth == 2 && in_map && value.is_string())
      shards.insert(value.get<std::string>());
    return depth <= 2 && event != Event::value;
  };
  const bool is_json = !nlohmann::json::parse(text, seen, false).is_discarded();
  if (!is_json && shards.empty()) return "";
  if (shards.empty()) return kOther;
  return "this is the index of a checkpoint in " + std::to_string(shards.size()) +
         " parts, not the weights: they lie in " + quoted_names({shards.begin(), shards.end()}) +
         " beside it; load one of these, or put all tensors into one file";
}

// Protocol buffers have no magic number: ONNX begins with its version and the producer's name.
bool begins_like_onnx(std::string_view begin) {
  if (begin.size() < 8 || begin[0] != '\x08' || begin[1] < 1 || begin[1] > 32) return false;
  const auto length = static_cast<std::size_t>(static_cast<unsigned char>(begin[3]));
  if (begin[2] == '\x3a') return true;  // the graph itself
  if (begin[2] != '\x12' || length == 0 || length > 64 || begin.size() < 5 + length) return false;
  const std::string_view producer = begin.substr(4, length);
  return std::all_of(producer.begin(), producer.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_checkpoint_name(std::string_view name) {
  for (const std::string_view ending :
       {".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".th", ".pkl", ".tar", ".h5", ".onnx"})
    if (name.ends_with(ending)) return true;
  return false;
}

}  // namespace

std::string quoted_names(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNamed); ++i)
    text += (i == 0 ? "'" : ", '") + names[i] + "'";
  if (names.size() > kMostNamed)
    text += " and " + std::to_string(names.size() - kMostNamed) + " more";
  return text;
}

std::string other_file(const InputFile& file, std::string_view begin) {
  for (const Row& row : kRows)
    if (begin.starts_with(row.begins)) return std::string(row.sentence);
  if (begin.size() > 8 && begin.substr(4).starts_with("TFL3"))
    return "this is a TensorFlow Lite model, which is not read as a checkpoint";
  if (begins_like_onnx(begin))
    return "this is an ONNX model, which is not read as a checkpoint; save the state_dict() of the "
           "network that it was exported from";
  const std::string_view text = without_blanks(begin);
  const std::string small = lower(text.substr(0, 64));
  for (const std::string_view tag : {"<!doctype html", "<html", "<head", "<body", "<!--"})
    if (small.starts_with(tag))
      return "this is a web page (HTML), not the file that it may link to; download that file "
             "itself, with a login where it needs one";
  if (small.starts_with("<?xml"))
    return "this is an XML file, such as a server's error message, and holds no tensors";
  if (text.starts_with('{') || text.starts_with('[')) return json_file(file);
  return "";
}

std::string other_archive(const std::vector<std::string>& entries) {
  const auto any = [&](const auto& test) {
    return std::any_of(entries.begin(), entries.end(), test);
  };
  const auto ends = [&](std::string_view ending) {
    return any([&](const std::string& name) {
      return name == ending || name.ends_with("/" + std::string(ending));
    });
  };
  if (ends("constants.pkl") || (ends("model.json") && any([](const std::string& name) {
                                  return name.find("/code/") != std::string::npos;
                                })))
    return "this is a TorchScript program, not a checkpoint; load it with torch.jit.load and save "
           "its state_dict() with torch.save";
  if (ends("serialized_exported_program.json") || ends("archive_format"))
    return "this is a program of torch.export, not a checkpoint; load it with torch.export.load "
           "and "
           "save its state_dict with torch.save";
  if (ends("model.weights.h5"))
    return "this is a model of Keras (.keras), which is not read as a checkpoint";
  if (!entries.empty() && std::all_of(entries.begin(), entries.end(), [](const std::string& name) {
        return name.ends_with(".npy");
      }))
    return "this is an archive of NumPy arrays (.npz), not a checkpoint: " + quoted_names(entries);
  std::vector<std::string> inside;
  for (const std::string& name : entries)
    if (is_checkpoint_name(name) && !name.ends_with("data.pkl")) inside.push_back(name);
  if (!inside.empty())
    return "this is a zip archive around the file that is meant; unpack it and name what is in "
           "it: " +
           quoted_names(inside);
  if (ends("data.pkl")) return "";
  std::vector<std::string> files;
  for (const std::string& name : entries)
    if (!name.ends_with('/')) files.push_back(name);
  if (files.empty()) return "this is an empty zip archive";
  return "this zip archive is no PyTorch file: it has 0 entries named data.pkl in place of one, "
         "and "
         "holds " +
         quoted_names(files);
}

std::string beginning(std::string_view begin) {
  constexpr std::size_t kShownText = 40, kShownBytes = 8;
  const std::string_view text = begin.substr(0, kShownText);
  const bool readable = std::all_of(begin.begin(), begin.end(), [](char c) {
    return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t';
  });
  if (readable)
    return "it is a text file that begins with '" +
           std::string(text.substr(0, text.find_first_of("\r\n\t"))) + "'";
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "it begins with the bytes";
  for (const char c : begin.substr(0, kShownBytes)) {
    const auto b = static_cast<unsigned char>(c);
    out += ' ';
    out += kDigits[b >> 4];
    out += kDigits[b & 15];
  }
  return out;
}

}  // namespace lathe
