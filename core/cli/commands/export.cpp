// lathe export: what a checkpoint holds, and the same in another form. Opens plugins for --codes
// alone.

#include "core/base/words/suggest.hpp"
#include "core/checkpoint/checkpoint.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/cli/found_plugins.hpp"
#include "core/cli/run/saved/codes_file.hpp"
#include "core/cli/run/saved/loading.hpp"
#include "core/host/instances/plugin_ops.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/report/json.hpp"
#include "core/report/table.hpp"
#include "core/report/terminal.hpp"
#include "core/tensor/hash.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace lathe {

namespace {

using Write = void (*)(const std::filesystem::path&, const Checkpoint&);
struct Form {
  std::string_view extension;
  std::string_view name;
  Write write;
};

void as_torch(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  write_torch(path, checkpoint.tensors);
}
void as_safetensors(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  write_safetensors(path, checkpoint.tensors, checkpoint.metadata);
}
constexpr Form kForms[] = {
    {".pt", "state_dict", as_torch},
    {".pth", "state_dict", as_torch},
    {".safetensors", "safetensors", as_safetensors},
};

const Form& form_of(const std::filesystem::path& output) {
  const std::string extension = output.extension().string();
  std::vector<std::string> known;
  for (const Form& form : kForms) {
    if (form.extension == extension) return form;
    known.emplace_back(form.extension);
  }
  throw usage_error(
      extension.empty()
          ? fmt::format("'{}' has no extension to tell its form: .pt, .pth or .safetensors",
                        output.string())
          : fmt::format("'{}' cannot be written: unknown extension '{}'{}", output.string(),
                        extension, suggestion(extension, known)));
}

std::int64_t elements_of(const Checkpoint& checkpoint) {
  std::int64_t elements = 0;
  for (const auto& [name, tensor] : checkpoint.tensors) elements += tensor.numel();
  return elements;
}

Json json_of(const std::filesystem::path& input, const Checkpoint& checkpoint) {
  Json tensors = Json::array();
  for (const auto& [name, tensor] : checkpoint.tensors)
    tensors.push_back(
        {{"name", name}, {"dtype", lathe::name(tensor.dtype())}, {"shape", tensor.shape().dims()}});
  Json out{{"command", "export"}, {"input", input.string()}, {"type", checkpoint.type}};
  out["elements"] = elements_of(checkpoint);
  out["tensors"] = std::move(tensors);
  if (!checkpoint.metadata.empty()) out["metadata"] = checkpoint.metadata;
  if (!checkpoint.unread.empty()) out["unread"] = checkpoint.unread;
  if (!checkpoint.lacking.empty()) out["lacking"] = checkpoint.lacking;
  return out;
}

void list(const std::filesystem::path& input, const Checkpoint& checkpoint, bool json) {
  if (json) return write_json(json_of(input, checkpoint));
  TextTable table{{"tensor", "dtype", "shape"}, {}};
  for (const auto& [name, tensor] : checkpoint.tensors)
    table.rows.push_back({name, std::string(lathe::name(tensor.dtype())), tensor.shape().text()});
  write_output(fmt::format("'{}' is a {} file of {} tensors, {} elements\n\n{}", input.string(),
                           checkpoint.type, checkpoint.tensors.size(), elements_of(checkpoint),
                           output_table(table)));
}

void convert(const std::filesystem::path& input, const Checkpoint& checkpoint,
             const std::filesystem::path& output, const Form& form, bool json) {
  form.write(output, checkpoint);
  if (form.write == as_torch && !checkpoint.metadata.empty())
    spdlog::warn("a state_dict has no place for the metadata of '{}'; they are left out",
                 input.string());
  const auto bytes = std::filesystem::file_size(output);
  if (!json)
    return write_output(fmt::format("'{}' ({} bytes) holds the {} tensors of '{}', {} elements\n",
                                    output.string(), bytes, checkpoint.tensors.size(),
                                    input.string(), elements_of(checkpoint)));
  Json out = json_of(input, checkpoint);
  out["output"] = {{"file", output.string()},
                   {"form", form.name},
                   {"bytes", bytes},
                   {"sha256", sha256_of_file(output)}};
  write_json(out);
}

// What is said of a run names the file of its weights, as everywhere.
void write_codes(const Invocation& call, const std::filesystem::path& output) {
  const Registry registry = registry_of(call);
  const PluginOps ops(registry);
  const Loading loading = find_saved_network(call.words[0], registry, ops);
  const std::filesystem::path& weights = loading.files.weights;
  const Graph graph =
      load_parameters(rebuilt(*loading.network, 0, ops), read_weights(weights), weights).graph;
  const std::vector<run::ParameterCodes> coded = run::parameter_codes(registry, graph);
  if (coded.empty())
    throw usage_error(
        fmt::format("no weight and no bias of '{}' has a number format, so there are "
                    "no codes to write; 'lathe transform' with the pass quantize "
                    "makes a network that has",
                    call.words[0]));
  Json names = Json::array(), without = Json::array();
  for (const run::ParameterCodes& parameter : coded) {
    (parameter.codes ? names : without).push_back(parameter.name);
    if (!parameter.codes)
      spdlog::warn("'{}': {}; its values are written as float32", parameter.name,
                   parameter.why_none);
  }
  const CodesFile file = codes_file(graph, coded);
  write_safetensors(output, file.tensors, file.metadata);
  const auto bytes = std::filesystem::file_size(output);
  const std::string values =
      without.empty() ? "" : fmt::format(", and the quantized values of {} more", without.size());
  if (!call.get(kJson))
    return write_output(fmt::format(
        "'{}' ({} bytes) holds the network of '{}' with integer codes of {} weights and biases{}; "
        "its metadata '{}' says how to read them\n",
        output.string(), bytes, weights.string(), names.size(), values, kCodesMetadata));
  write_json({{"command", "export"},
              {"input", weights.string()},
              {"codes", std::move(names)},
              {"without_codes", std::move(without)},
              {"output",
               {{"file", output.string()},
                {"form", "safetensors"},
                {"bytes", bytes},
                {"sha256", sha256_of_file(output)}}}});
}

}  // namespace

void run_export(const Invocation& call) {
  const std::vector<std::string>& words = call.words;
  const bool json = call.get(kJson);
  const Form* form = words.size() == 2 ? &form_of(words[1]) : nullptr;
  if (form != nullptr && std::filesystem::exists(words[1]) && !call.get(kOverwrite))
    throw usage_error(
        fmt::format("'{}' is there already; say --overwrite to replace it", words[1]));

  if (call.get(kCodes)) {
    if (form == nullptr || form->write != as_safetensors)
      throw usage_error("--codes writes a safetensors file: name one that ends in .safetensors");
    return write_codes(call, words[1]);
  }

  const std::filesystem::path input = find_load_files(words[0]).weights;
  const Checkpoint checkpoint = read_checkpoint(input);
  for (const std::string& name : checkpoint.unread)
    spdlog::warn("'{}' also holds what '{}' would make; it was not called and is left out",
                 input.string(), name);
  for (const auto& [name, kind] : checkpoint.lacking)
    spdlog::warn("'{}': tensor '{}' is {}, which Lathe has no type for; it is left out",
                 input.string(), name, kind);
  if (form == nullptr)
    list(input, checkpoint, json);
  else
    convert(input, checkpoint, words[1], *form, json);
}

}  // namespace lathe
