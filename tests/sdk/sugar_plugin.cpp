// A plugin made of the sugar alone, linked into the test: what can go wrong in one, on demand.
#include <lathe/lathe.hpp>

#include <stdexcept>

namespace {

struct Fails {
  static constexpr lathe_option options[] = {
      lathe::choice_option("how", "error|place|memory|standard|number|host|cancel",
                           "What to throw.")
          .required(),
  };
  explicit Fails(lathe::options o) : how_(o.text("how")) {}

  void run(lathe::graph graph, lathe::report out) {
    if (how_ == "error") throw lathe::invalid_argument("it is wrong");
    if (how_ == "place") {
      throw lathe::error(LATHE_DATA_LOSS, "it is damaged").at_node(graph.nodes()[1]);
    }
    if (how_ == "memory") throw std::bad_alloc();
    if (how_ == "standard") throw std::runtime_error("a standard exception");
    if (how_ == "number") throw 42;
    if (how_ == "cancel") throw lathe::error(LATHE_CANCELLED, "stopped");
    out.table("t", {"one", "two"}).row({"only one"});
  }
  std::string how_;
};

struct FailsToStart {
  explicit FailsToStart(lathe::options) {
    throw lathe::not_found("there is nothing to start from");
  }
  void run() {}
};

// Edits, and then thinks better of it if it is told to.
struct Renames {
  static constexpr lathe_option options[] = {
      lathe::bool_option("regret", "Throw after editing.").by_default("false"),
  };
  explicit Renames(lathe::options o) : regret_(o.boolean("regret")) {}
  void run(lathe::graph graph, lathe::edit& edit) const {
    edit.rename(graph.nodes()[0], "renamed");
    if (regret_) throw lathe::error(LATHE_ABORTED, "no, not like this");
  }
  bool regret_;
};

struct EditsUnasked {
  void run(lathe::graph graph) { graph.edit(); }
};

struct EditsACopy {
  void run(lathe::graph graph, lathe::report out) const {
    const lathe::graph copy = graph.copy();
    lathe::edit edit = copy.edit();
    edit.rename(copy.nodes()[0], "renamed");
    edit.commit();
    out.text("copy", copy.nodes()[0].name());
    out.text("graph", graph.nodes()[0].name());
  }
};

// Makes operands float again, all at once.
struct Clears {
  void run(lathe::graph graph, lathe::edit& edit) const {
    const lathe::node_id fc = graph.find("fc");
    edit.set_formats({{fc, "data_in", ""}, {fc, "bias", ""}});
  }
};

// Uses a view after an edit was committed, and gives copies back.
struct Persists {
  static constexpr const char* authors = "Ada Lovelace";
  static constexpr const char* licence = "MIT";
  static constexpr const char* url = "https://example.org/persists";

  void run(lathe::graph graph, lathe::report out, lathe::weights weights) const {
    static const lathe::key relu("relu"), linear("linear");
    lathe::graph copy = graph.copy();
    std::string before;
    for (const auto node : copy.nodes()) {  // the view of the graph as it was, until the loop ends
      before += node.name();
      if (!node.is(relu)) continue;
      lathe::edit edit = copy.edit();
      edit.set_attributes({{node, "inplace", true}});
      edit.rename(node, "renamed");
      edit.commit();
    }
    out.text("before", before);
    const lathe::node renamed = copy.find("renamed");
    out.scalar("inplace", renamed.attribute("inplace").boolean() ? 1 : 0);
    out.scalar("linears", copy.nodes()[1].is(linear) ? 1 : 0);
    const lathe::node with_bias = copy.find("fc");
    lathe::edit bare = copy.edit();
    bare.set_attribute(with_bias, "bias", false);
    bare.commit();
    out.scalar("operands_before", with_bias.operands().size());
    out.scalar("operands_after", copy.find("fc").operands().size());
    copy.release();
    const auto& made = weights.zeros({1000});
    weights.release(made);
    std::string refusal;
    try {
      weights.release(made);
    } catch (const lathe::error& error) {
      refusal = error.what();
    }
    out.text("refusal", refusal);
    const auto weight = graph.find("fc").find_operand("weight");
    out.text("qualified", weight->qualified_name());
    out.scalar("has_storage", weight->storage_id() != 0 ? 1 : 0);
    out.scalar("no_format", weight->format_options().all().is_none() ? 1 : 0);
  }
};

// Calls a function by keywords, and changes them.
struct Keywords {
  void run(lathe::graph graph, lathe::report out, lathe::edit& edit) const {
    const lathe::node output = graph.nodes()[graph.nodes().size() - 1];
    const auto added = edit.add({"softmax",
                                 {},
                                 {output.input(0)},
                                 {},
                                 LATHE_OPCODE_CALL_FUNCTION,
                                 "soft",
                                 output.input(0),
                                 {{"dim", 1}}});
    edit.replace_uses(output.input(0), added);
    edit.commit();
    const lathe::node soft = graph.find("soft");
    out.scalar("dim", soft.kwargs().find("dim").integer());
    lathe::edit again = graph.edit();
    again.set_kwargs(soft, {{"dim", 0}});
    again.commit();
    out.scalar("changed", graph.find("soft").kwargs().find("dim").integer());
  }
};

// Leaves notes, and publishes a number.
struct Leaves {
  void run(lathe::graph graph, lathe::meta meta, lathe::report out) const {
    for (const auto node : graph.nodes()) meta.set(graph, node, "leaves/name", node.name());
    meta.set(graph, graph.find("fc"), "leaves/list", lathe::value::list({1, "two"}));
    out.scalar("nodes", graph.nodes().size());
  }
};

// Reads what Leaves left, also after an edit.
struct Finds {
  void run(lathe::graph graph, lathe::meta meta, lathe::edit& edit, lathe::report out) const {
    edit.rename(graph.find("act"), "active");
    edit.commit();
    const lathe::node act = graph.find("active");
    const lathe::value_view name = meta.get(graph, act, "leaves/name");
    out.text("name", name ? name.text() : "no note");
    out.text("list", to_text(meta.get(graph, graph.find("fc"), "leaves/list")));
    out.scalar("none", meta.get(graph, act, "leaves/nothing") ? 1 : 0);
    const lathe::value_view nodes = meta.scalar("leaves", "nodes");
    out.scalar("nodes", nodes ? nodes.integer() : -1);
    out.scalar("nobody", meta.scalar("nobody", "nodes") ? 1 : 0);
  }
  static std::string to_text(lathe::value_view list) {
    if (!list) return "no note";
    return lathe::to_string(list[0].integer()) + " " + lathe::to_string(list[1].text());
  }
};

// Reads rows with their labels.
struct ReadsRows {
  void run(lathe::data data, lathe::report out) const {
    const std::vector<lathe::field> fields = data.fields();
    out.scalar("fields", fields.size());
    out.text("target", fields[1].name);
    out.scalar("classes", fields[1].classes);
    out.scalar("rank", fields[0].shape.size());
    out.scalar("rows", data.count("train"));
    const auto rows = data.read("train", {2, 0});
    out.scalar("first", lathe::tensor<const float>(*rows[0])[0]);
    out.scalar("label", lathe::tensor<const std::int64_t>(*rows[1])[1]);
    data.release(rows);
    data.read("train", 3, 1);  // there is no such row
  }
};

// Says what it sees.
struct Looks {
  void run(lathe::graph graph, lathe::report out, lathe::weights weights) noexcept(false) {
    const lathe::node linear = graph.find("fc");
    out.scalar("found", linear ? 1 : 0);
    out.scalar("missing", graph.find("no_such_node") ? 1 : 0);
    out.scalar("in_features", linear.attribute("in_features").integer());
    out.scalar("users", linear.user_count());
    out.scalar("weight_elements", linear.find_operand("weight")->numel());
    out.scalar("computations", linear.cost().computations);
    out.scalar("quantizable", linear.can_quantize(LATHE_ROLE_BIAS) ? 1 : 0);
    out.scalar("profile_known", linear.profile() < graph.profile_count() ? 1 : 0);
    out.text("input_owner", linear.find_operand("data_in_0")->qualified_name());
    out.scalar("weights_read", weights.of(graph, linear, "weight").size());
    out.text("input", linear.input(0).name());
    out.text("user", linear.users()[0].name());
    out.text("module", linear.module_text());
    out.text("type", linear.metadata().find("common").find("mase_type").text());
    lathe::table table = out.table("shapes", {"node", "shape"});
    for (const auto node : graph.nodes()) {
      table.row({node.name(), lathe::value::list_of(node.shape())});
    }
  }
};

struct Net {
  void build(lathe::model_builder& m) {
    const auto x = m.placeholder("x", {4});
    m.output(m.relu("act", m.linear("fc", x, 4, 3)));
  }
};

struct Rows : lathe::memory_dataset {
  explicit Rows(std::string_view folder) : folder_(lathe::to_string(folder)) {}
  lathe::dataset_info info() const { return {{2}, 2, {"no", "yes"}}; }
  void open() {
    if (folder_.empty()) throw lathe::not_found("no file rows.csv").at_file("rows.csv", 3);
    rows_of(lathe::split::train) = {{1, 2, 3, 4, 5, 6}, {0, 1, 0}};
  }
  std::vector<std::string> files() const { return {folder_ + "/rows.csv"}; }
  std::string folder_;
};

struct Halves {
  void quantize(const lathe::format_context& context, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    if (context.op() == "nothing") throw lathe::invalid_argument("no kernel for this op");
    for (std::uint64_t i = 0; i < x.size(); ++i) y[i] = x[i] / 2;
  }
  double storage_bits(const lathe::site& site) const {
    return 16.0 * static_cast<double>(lathe::element_count(site.shape()));
  }
  std::vector<lathe::value> precision() const {
    return {16, "half", lathe::value(), lathe::value::list({1, 2})};
  }
};

struct TooPrecise : Halves {
  std::vector<lathe::value> precision() const { return std::vector<lathe::value>(65, 1); }
};

// A format of single elements: two methods are enough.
struct Signs {
  float nearest(float x) const { return x < 0 ? -1.0F : 1.0F; }
  double bits() const { return 1; }
};

// Codes of all forms, one scale a row, and options that follow from what was seen.
struct Coded : Halves {
  static constexpr lathe_option options[] = {
      lathe::float_list_option("top", "Largest of each row.").nullable().by_default("NA"),
      lathe::bool_option("levels", "Whether codes are numbers in a table.").by_default("false"),
  };
  explicit Coded(lathe::options o) : is_open_(!o.has("top")), levels_(o.boolean("levels")) {}
  lathe::integer_codes codes(const lathe::format_context& context, lathe::tensor<const float> x,
                             lathe::span<std::int64_t> codes) const {
    if (context.op() == "nothing") throw lathe::error(LATHE_UNIMPLEMENTED, "not for this op");
    for (std::uint64_t i = 0; i < x.size(); ++i) codes[i] = static_cast<std::int64_t>(x[i]);
    lathe::integer_codes out;
    out.width = 3;
    out.is_signed = false;
    out.block_shape = {1, x.shape()[1]};
    out.scale.assign(static_cast<std::size_t>(x.shape()[0]), 0.5);
    if (levels_) {
      out.levels = {0.0, 1.0, 3.0, 9.0};
    } else {
      out.zero_point.assign(out.scale.size(), 1);
    }
    return out;
  }
  std::optional<int> fit_axis(const lathe::site&) const {
    return is_open_ ? std::optional<int>(0) : std::nullopt;
  }
  lathe::value fit(const lathe::site&, lathe::span<const lathe::seen> rows) const {
    std::vector<lathe::value> all;
    for (const lathe::seen& row : rows) all.emplace_back(static_cast<double>(row.high));
    return lathe::value::map({{"top", lathe::value::list({all[0], all[1]})}});
  }
  bool is_open_, levels_;
};

// Counts up, and ends after as many trials as the first parameter has choices.
struct Counts {
  explicit Counts(lathe::space space) : space_(space) {}
  bool suggest(lathe::context, std::uint64_t trial, lathe::span<double> parameters) {
    if (trial == 1000) throw lathe::error(LATHE_OUT_OF_RANGE, "a list is shorter than expected");
    if (trial >= space_[0].choices) return false;
    parameters[0] = static_cast<double>(trial) + told_;
    return true;
  }
  void finished(const lathe::outcome& outcome) {
    told_ += outcome.complete() ? outcome.values()[0] : 0;
    for (const double x : outcome.intermediate()) told_ += 1000 * x;
  }
  lathe::space space_;
  double told_ = 0;
};

// The choice with the largest number, for as many trials as the search means to run and looks back;
// asked once more, the first parameter's choices in the order written. Tells how it knows a point.
struct Largest {
  explicit Largest(lathe::space space) : space_(space) {}
  bool suggest(lathe::context, lathe::ask ask, lathe::span<double> values) {
    for (std::uint64_t i = 0; i < values.size(); ++i) {
      if (!space_.exists(i, values)) continue;
      std::uint64_t best = 0;
      for (std::uint64_t c = 1; c < space_[i].choices; ++c) {
        if (space_.choice(i, c).real() > space_.choice(i, best).real()) best = c;
      }
      values[i] = static_cast<double>(best);
    }
    if (ask.attempt > 0) values[0] = static_cast<double>(ask.attempt - 1);
    return ask.trial < space_.trial_budget() + space_.lookahead();
  }
  lathe::facts explain(lathe::span<const double> values, const lathe::outcome& outcome) const {
    return {{"number", space_.choice(0, static_cast<std::uint64_t>(values[0])).real()},
            {std::string(space_.objective(0)), outcome.values()[0]},
            {"constraints", static_cast<double>(space_.constraints())},
            {"violated by", outcome.constraints()[0]}};
  }
  lathe::space space_;
};

}  // namespace

LATHE_MODULE(lathe::pass<Fails>("fails", "1.0.0", "Throws."),
             lathe::pass<FailsToStart>("fails_to_start", "1.0.0", "Throws at once."),
             lathe::pass<Renames>("renames", "1.0.0", "Renames the first node."),
             lathe::pass<EditsUnasked>("edits_unasked", "1.0.0", "Edits as an analysis."),
             lathe::pass<EditsACopy>("edits_a_copy", "1.0.0", "Edits a copy."),
             lathe::pass<Leaves>("leaves", "1.0.0", "Leaves notes."),
             lathe::pass<Finds>("finds", "1.0.0", "Finds notes."),
             lathe::pass<ReadsRows>("reads_rows", "1.0.0", "Reads rows."),
             lathe::pass<Looks>("looks", "1.0.0", "Looks at everything."),
             lathe::pass<Clears>("clears", "1.0.0", "Makes operands float."),
             lathe::pass<Persists>("persists", "1.0.0", "Keeps what it may keep."),
             lathe::pass<Keywords>("keywords", "1.0.0", "Changes keyword arguments."),
             lathe::model<Net>("net", "1.0.0", "One layer."),
             lathe::dataset<Rows>("rows", "1.0.0", "Three rows."),
             lathe::format<Halves>("halves", "1.0.0", "Halves numbers."),
             lathe::format<TooPrecise>("too_precise", "1.0.0", "Says too much."),
             lathe::format<Signs>("signs", "1.0.0", "The sign."),
             lathe::format<Coded>("coded", "1.0.0", "Has codes."),
             lathe::sampler<Counts>("counts", "1.0.0", "Counts up."),
             lathe::sampler<Largest>("largest", "1.0.0", "Takes the largest choice."))
