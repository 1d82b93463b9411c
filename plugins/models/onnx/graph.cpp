#include "graph.hpp"

#include "known.hpp"

#include <lathe/lathe.hpp>

#include <algorithm>

namespace onnx_reader {

namespace {

const std::string kNothing;

// Only the graph's own nodes are read; what they name must be there, once.
class Checker {
 public:
  Checker(std::shared_ptr<const onnx::ModelProto> model, const std::string& folder)
      : proto_(model->graph()) {
    graph_.model = std::move(model);
    graph_.folder = folder;
    read_constants(folder);
    read_inputs();
    find_makers();
    read_output();
    graph_.opset = opset_of(*graph_.model);
  }

  Graph take() {
    const std::vector<const Operator*> rows = known_operators(*graph_.model, graph_.opset);
    for (const std::size_t at : order()) {
      const onnx::NodeProto& node = proto_.node(static_cast<int>(at));
      graph_.nodes.emplace_back(node, *rows[at], at);
    }
    note_readers();
    return std::move(graph_);
  }

 private:
  void read_constants(const std::string& folder) {
    if (proto_.sparse_initializer_size() > 0) {
      throw lathe::invalid_argument("it has sparse initialisers, which Lathe does not read");
    }
    for (const onnx::TensorProto& tensor : proto_.initializer()) {
      if (tensor.name().empty()) throw lathe::data_loss("an initialiser has no name");
      const bool fresh =
          graph_.constants.emplace(tensor.name(), constant_of(tensor, graph_.model, folder)).second;
      if (!fresh) twice(tensor.name());
    }
  }

  void read_inputs() {
    std::set<std::string> names;
    for (const onnx::ValueInfoProto& input : proto_.input()) {
      if (!names.insert(input.name()).second) twice(input.name());
      if (graph_.constants.count(input.name()) == 0) graph_.inputs.push_back(input_of(input));
    }
    if (graph_.inputs.empty()) throw lathe::data_loss("its graph has no input");
  }

  Input input_of(const onnx::ValueInfoProto& info) {
    const auto refused = [&](std::string_view why) {
      return lathe::invalid_argument(lathe::join({"input '", info.name(), "' ", why}));
    };
    if (info.name().empty()) throw lathe::data_loss("an input has no name");
    if (!info.type().has_tensor_type()) throw refused("is no tensor");
    const onnx::TypeProto::Tensor& type = info.type().tensor_type();
    if (!type.has_shape() || type.shape().dim_size() == 0) {
      throw refused("has no shape; Lathe needs one whose first dimension is the batch");
    }
    Input input{info.name(), type.elem_type(), {}};
    note_batch(type.shape().dim(0), refused);
    for (int d = 1; d < type.shape().dim_size(); ++d) {
      const auto& dim = type.shape().dim(d);
      if (!dim.has_dim_value()) {
        throw refused(lathe::join({"leaves its dimension ", lathe::to_string(std::int64_t{d}),
                                   " open; all but the first, the batch, must be fixed: export it "
                                   "with the extents that it is used with"}));
      }
      if (dim.dim_value() <= 0 || dim.dim_value() > kLargestExtent) {
        throw refused(lathe::join({"has the extent ", lathe::to_string(dim.dim_value())}));
      }
      input.row.push_back(dim.dim_value());
    }
    if (input.row.empty()) input.row = {};
    return input;
  }

  template <class Refused>
  void note_batch(const onnx::TensorShapeProto::Dimension& dim, const Refused& refused) {
    const std::int64_t batch = dim.has_dim_value() ? dim.dim_value() : 0;
    if (batch < 0) throw refused(lathe::join({"has a batch of ", lathe::to_string(batch)}));
    if (batch > 0 && graph_.batch > 0 && batch != graph_.batch) {
      throw refused("has another first dimension than the inputs before; the first is the batch");
    }
    if (batch > 0) graph_.batch = batch;
  }

  void find_makers() {
    for (int i = 0; i < proto_.node_size(); ++i) {
      for (const std::string& output : proto_.node(i).output()) {
        if (output.empty()) continue;
        const bool given = graph_.constants.count(output) > 0 || is_input(output);
        if (given || !makers_.emplace(output, static_cast<std::size_t>(i)).second) twice(output);
      }
    }
  }

  void read_output() {
    if (proto_.output_size() != 1) {
      std::string names;
      for (const onnx::ValueInfoProto& output : proto_.output()) {
        names += lathe::join({names.empty() ? "" : ", ", "'", output.name(), "'"});
      }
      throw lathe::invalid_argument(
          lathe::join({"its graph has ", names.empty() ? "no output" : "the outputs ", names,
                       "; Lathe's networks have one"}));
    }
    graph_.output = proto_.output(0).name();
    if (makers_.count(graph_.output) == 0) {
      throw lathe::data_loss(lathe::join({"nothing makes the output '", graph_.output, "'"}));
    }
  }

  // Nodes that the output needs, each after what it reads, without recursion.
  std::vector<std::size_t> order() const {
    enum class State : std::uint8_t { fresh, open, done };
    std::vector<State> states(static_cast<std::size_t>(proto_.node_size()), State::fresh);
    std::vector<std::size_t> out;
    struct Visit {
      std::size_t node;
      int next = 0;
    };
    std::vector<Visit> stack{{makers_.at(graph_.output)}};
    while (!stack.empty()) {
      Visit& visit = stack.back();
      const onnx::NodeProto& node = proto_.node(static_cast<int>(visit.node));
      states[visit.node] = State::open;
      if (visit.next == node.input_size()) {
        states[visit.node] = State::done;
        out.push_back(visit.node);
        stack.pop_back();
        continue;
      }
      const std::string& input = node.input(visit.next++);
      const auto maker = makers_.find(input);
      if (maker == makers_.end()) {
        check_given(input, node);
      } else if (states[maker->second] == State::open) {
        throw lathe::data_loss(
            lathe::join({described(node), " reads '", input, "', which follows from it: a cycle"}));
      } else if (states[maker->second] == State::fresh) {
        stack.push_back({maker->second});
      }
    }
    // As the file has them, where that is an order.
    std::vector<std::size_t> sorted = out;
    std::sort(sorted.begin(), sorted.end());
    return is_order(sorted) ? sorted : out;
  }

  bool is_order(const std::vector<std::size_t>& nodes) const {
    std::set<std::string> made;
    for (const std::size_t at : nodes) {
      const onnx::NodeProto& node = proto_.node(static_cast<int>(at));
      for (const std::string& input : node.input()) {
        if (makers_.count(input) > 0 && made.count(input) == 0) return false;
      }
      made.insert(node.output().begin(), node.output().end());
    }
    return true;
  }

  void check_given(const std::string& input, const onnx::NodeProto& node) const {
    if (input.empty() || graph_.constants.count(input) > 0 || is_input(input)) return;
    throw lathe::data_loss(
        lathe::join({described(node), " reads '", input, "', which nothing makes"}));
  }

  bool is_input(const std::string& name) const {
    return std::any_of(graph_.inputs.begin(), graph_.inputs.end(),
                       [&](const Input& input) { return input.name == name; });
  }

  void note_readers() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      std::set<std::string> seen;
      for (std::size_t k = 0; k < node.inputs(); ++k) {
        if (seen.insert(node.input(k)).second) graph_.readers[node.input(k)].push_back(i);
      }
      for (std::size_t k = 0; k < node.outputs(); ++k) graph_.makers[node.output(k)] = i;
    }
  }

  [[noreturn]] static void twice(const std::string& name) {
    throw lathe::data_loss(lathe::join({"the name '", name, "' is given twice"}));
  }

  Graph graph_;
  const onnx::GraphProto& proto_;
  std::map<std::string, std::size_t> makers_;
};

}  // namespace

const std::string& Node::input(std::size_t i) const {
  return i < inputs() ? proto_->input(static_cast<int>(i)) : kNothing;
}

const onnx::AttributeProto* Node::find(std::string_view attribute) const {
  for (const onnx::AttributeProto& a : proto_->attribute()) {
    if (a.name() == attribute) return &a;
  }
  return nullptr;
}

const onnx::AttributeProto* Node::of_type(std::string_view attribute, int type,
                                          const char* kind) const {
  const onnx::AttributeProto* found = find(attribute);
  if (found != nullptr && found->type() != type) {
    throw lathe::invalid_argument(lathe::join({"attribute '", attribute, "' is not ", kind}));
  }
  return found;
}

std::int64_t Node::integer(std::string_view attribute, std::int64_t otherwise) const {
  const auto* a = of_type(attribute, onnx::AttributeProto::INT, "an integer");
  return a == nullptr ? otherwise : a->i();
}

double Node::real(std::string_view attribute, double otherwise) const {
  const auto* a = of_type(attribute, onnx::AttributeProto::FLOAT, "a number");
  return a == nullptr ? otherwise : static_cast<double>(a->f());
}

std::string Node::word(std::string_view attribute, std::string_view otherwise) const {
  const auto* a = of_type(attribute, onnx::AttributeProto::STRING, "a text");
  return a == nullptr ? std::string(otherwise) : a->s();
}

std::vector<std::int64_t> Node::integers(std::string_view attribute,
                                         std::vector<std::int64_t> otherwise) const {
  const auto* a = of_type(attribute, onnx::AttributeProto::INTS, "a list of integers");
  return a == nullptr ? std::move(otherwise)
                      : std::vector<std::int64_t>(a->ints().begin(), a->ints().end());
}

std::string described(const onnx::NodeProto& node) {
  const bool named = !node.name().empty();
  const std::string made = node.output_size() > 0 ? node.output(0) : std::string();
  return lathe::join(
      {named ? "node '" : "node of '", named ? node.name() : made, "' (", node.op_type(), ")"});
}
std::string described(const Node& node) {
  const bool named = !node.name().empty();
  return lathe::join({named ? "node '" : "node of '",
                      named ? node.name() : (node.outputs() > 0 ? node.output(0) : kNothing), "' (",
                      node.op(), ")"});
}

const std::vector<std::size_t>& Graph::readers_of(const std::string& value) const {
  static const std::vector<std::size_t> none;
  const auto found = readers.find(value);
  return found == readers.end() ? none : found->second;
}

const Node* Graph::maker_of(const std::string& value) const {
  const auto found = makers.find(value);
  return found == makers.end() ? nullptr : &nodes[found->second];
}

Graph checked(std::shared_ptr<const onnx::ModelProto> model, const std::string& folder) {
  return Checker(std::move(model), folder).take();
}

}  // namespace onnx_reader
