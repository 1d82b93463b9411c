// lathe export: what a checkpoint holds, and the same in another form; or a network as ONNX. Opens
// plugins for --codes, --trial and ONNX alone.

#include "core/base/log.hpp"
#include "core/base/words/suggest.hpp"
#include "core/checkpoint/checkpoint.hpp"
#include "core/checkpoint/load.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/cli/found_plugins.hpp"
#include "core/cli/interrupt.hpp"
#include "core/cli/run/saved/codes_file.hpp"
#include "core/cli/run/saved/loading.hpp"
#include "core/cli/run/saved/onnx_file.hpp"
#include "core/cli/run/searching/trial.hpp"
#include "core/host/instances/plugin_ops.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/options/export_options.hpp"
#include "core/report/json.hpp"
#include "core/report/table.hpp"
#include "core/report/terminal.hpp"
#include "core/tensor/hash.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

namespace {

using Write = void (*)(const std::filesystem::path&, const Checkpoint&);
struct Form {
  std::string_view extension;
  std::string_view name;
  Write write;
};

// PyTorch asks for what is tied under each of its names, which the metadata tell.
void as_torch(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  std::map<std::string, Tensor> tensors = checkpoint.tensors;
  for (const auto& [name, kept] : checkpoint.metadata) {
    const auto found = checkpoint.tensors.find(kept);
    if (found != checkpoint.tensors.end()) tensors.emplace(name, found->second);
  }
  write_torch(path, tensors);
}
void as_safetensors(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  write_safetensors(path, checkpoint.tensors, checkpoint.metadata);
}
constexpr Form kForms[] = {
    {".pt", "state_dict", as_torch},
    {".pth", "state_dict", as_torch},
    {".safetensors", "safetensors", as_safetensors},
    {".onnx", "onnx", nullptr},  // a network, not tensors
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
          ? fmt::format("'{}' has no extension to tell its form: .pt, .pth, .safetensors or .onnx",
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
    log_warning("a state_dict has no place for the metadata of '{}'; they are left out",
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

// `whose`: as the user named it; `input`: what is said of it.
void write_codes(const Registry& registry, const Graph& graph, const std::string& whose,
                 const std::string& input, const std::filesystem::path& output, bool json) {
  const std::vector<run::ParameterCodes> coded = run::parameter_codes(registry, graph);
  if (coded.empty())
    throw usage_error(
        fmt::format("no weight and no bias of '{}' has a number format, so there are "
                    "no codes to write; 'lathe transform' with the pass quantize "
                    "makes a network that has",
                    whose));
  Json names = Json::array(), without = Json::array();
  for (const run::ParameterCodes& parameter : coded) {
    (parameter.codes ? names : without).push_back(parameter.name);
    if (!parameter.codes)
      log_warning("'{}': {}; its values are written as float32", parameter.name,
                  parameter.why_none);
  }
  const CodesFile file = codes_file(graph, coded);
  write_safetensors(output, file.tensors, file.metadata);
  const auto bytes = std::filesystem::file_size(output);
  const std::string values =
      without.empty() ? "" : fmt::format(", and the quantized values of {} more", without.size());
  if (!json)
    return write_output(fmt::format(
        "'{}' ({} bytes) holds the network of '{}' with integer codes of {} weights and biases{}; "
        "its metadata '{}' says how to read them\n",
        output.string(), bytes, input, names.size(), values, kCodesMetadata));
  write_json({{"command", "export"},
              {"input", input},
              {"codes", std::move(names)},
              {"without_codes", std::move(without)},
              {"output",
               {{"file", output.string()},
                {"form", "safetensors"},
                {"bytes", bytes},
                {"sha256", sha256_of_file(output)}}}});
}

// What is said of a run names the file of its weights, as everywhere.
void export_codes(const Invocation& call, const std::filesystem::path& output) {
  const Registry registry = registry_of(call);
  const PluginOps ops(registry);
  const Loading loading = find_saved_network(call.words[0], registry, ops);
  const std::filesystem::path& weights = loading.files.weights;
  const Graph graph =
      load_parameters(rebuilt(*loading.network, 0, ops), read_weights(weights), weights).graph;
  write_codes(registry, graph, call.words[0], weights.string(), output, call.get(kJson));
}

void export_trial(const Invocation& call, const std::filesystem::path& output, const Form* form) {
  const bool json = call.get(kJson);
  Session session(read_settings(as_transform(call)), catch_interrupts());
  EarlierTrial trial(session);
  const Graph graph = trial.network(true);
  const std::string whose = *call.get(kTrial);
  if (call.get(kCodes)) return write_codes(session.registry(), graph, whose, whose, output, json);
  Checkpoint checkpoint;
  checkpoint.tensors = parameters_of(graph);
  checkpoint.metadata = describe_network(graph, session.origin(graph)).metadata;
  checkpoint.type = "trial";
  if (form == nullptr)
    list(whose, checkpoint, json);
  else
    convert(whose, checkpoint, output, *form, json);
}

}  // namespace

void run_export(const Invocation& call) {
  const std::vector<std::string>& words = call.words;
  const bool json = call.get(kJson), of_trial = call.get(kTrial).has_value();
  const std::size_t inputs = of_trial ? 0 : 1;
  // A model takes sizes from a data set, which only a network of it can need.
  const bool with_data = words.size() == 3 && !of_trial && is_onnx(words.back());
  if (words.size() < inputs || (words.size() > inputs + 1 && !with_data))
    throw usage_error(of_trial ? "usage: lathe export --trial RUN:NUMBER [OUTPUT]"
                               : "usage: lathe export INPUT [OUTPUT], or MODEL DATASET net.onnx");
  const bool writes = words.size() > inputs;
  const std::filesystem::path output = writes ? words.back() : std::string();
  const Form* form = writes ? &form_of(output) : nullptr;
  if (writes && std::filesystem::exists(output) && !call.get(kOverwrite))
    throw usage_error(
        fmt::format("'{}' is there already; say --overwrite to replace it", output.string()));
  if (call.get(kCodes) && (form == nullptr || form->write != as_safetensors))
    throw usage_error("--codes writes a safetensors file: name one that ends in .safetensors");
  if (form != nullptr && form->write == nullptr) return export_onnx(call, output);
  for (const std::string_view key : {kQuantization.key, kOpset.key, kExternalData.key})
    if (call.given.find(key) != nullptr)
      throw usage_error(
          "--quantization, --opset and --external-data say how a file of ONNX is written: name one "
          "that ends in .onnx");
  if (of_trial) return export_trial(call, output, form);
  if (call.get(kCodes)) return export_codes(call, output);

  const std::filesystem::path input = find_load_files(words[0]).weights;
  const Checkpoint checkpoint = read_checkpoint(input);
  for (const std::string& name : checkpoint.unread)
    log_warning("'{}' also holds what '{}' would make; it was not called and is left out",
                input.string(), name);
  for (const auto& [name, kind] : checkpoint.lacking)
    log_warning("'{}': tensor '{}' is {}, which Lathe has no type for; it is left out",
                input.string(), name, kind);
  if (form == nullptr)
    list(input, checkpoint, json);
  else
    convert(input, checkpoint, output, *form, json);
}

}  // namespace lathe
