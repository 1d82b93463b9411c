// What the pickle of a PyTorch file says: the tensors of state dicts and modules by their names.
// Imports and calls nothing; what is made by calls it does not know stays unread, by name.
#pragma once

#include "core/checkpoint/torch/views.hpp"

#include <map>
#include <string>
#include <vector>

namespace lathe {

// A storage that a pickle mentions, be it of no tensor or of a type that Lathe lacks.
struct MentionedStorage {
  std::int64_t count = 0;    // elements
  std::int64_t element = 0;  // bytes of one; 0: not known
  std::string type;          // eg: "torch.FloatStorage"
};

struct TorchObjects {
  std::map<std::string, TensorView> tensors;   // by dotted name
  std::map<std::string, std::string> lacking;  // tensors of kinds that Lathe lacks: of which
  std::string type;                            // "state_dict", "lightning", "module"
  std::string outer;  // what the names would begin with had it not been left out: "state_dict."
  std::vector<std::string> unread;  // classes and functions of values that were left alone
  std::string contents;             // where there are no tensors: what there is
  std::map<std::string, MentionedStorage> storages;  // by key
  std::uint64_t pickle_size = 0;                     // bytes
};

// Parses the pickle that `bytes` begin with and finds its tensors in dicts, lists, tuples, modules,
// namespaces and other objects, whatever their class. A name is the keys on the way, joined by
// dots: "optimizer.state.0.exp_avg"; the place of an item counts from 0. The value of "state_dict"
// stands for all, without its own key, unless something beside it holds weights of the same names.
// Throws PickleError, or std::runtime_error that names the tensor; also for calls that only an
// attack makes.
TorchObjects read_torch_pickle(std::span<const std::byte> bytes, const SavedTensors& saved = {});

}  // namespace lathe
