// Where tensors may lie in a pickle, and what else may lie beside them: made by hand.
#include "files.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;
using namespace lathe_test::pickled;

namespace {

struct Pickles : Files {
  // A file of a pickle and one storage of six numbers, 0 to 5.
  std::string of(const std::string& value) const {
    return torch_file(value, {{"0", packed<float>({0, 1, 2, 3, 4, 5})}});
  }
  Checkpoint read(const std::string& value) const { return Files::read(of(value)); }
  std::string fails(const std::string& value) const { return Files::fails(of(value)); }
  // The names and first numbers of the tensors: "a=0 b.c=3 ".
  std::string told(const std::string& value) {
    std::string text;
    for (const auto& [name, tensor] : read(value).tensors)
      text += name + "=" + std::to_string(static_cast<int>(tensor.values<float>()[0])) + " ";
    return text;
  }
};

// The element of the storage at a place.
std::string number(std::int64_t at) {
  return tensor(storage("FloatStorage", "0", 6), at, {1}, {1});
}
std::string list(const std::vector<std::string>& items) {
  std::string out = "](";
  for (const std::string& item : items) out += item;
  return out + "e";
}
std::string under(const std::string& key, const std::string& value) {
  return "}" + key + value + "s";
}
std::string made(const std::string& module, const std::string& name) {
  return global(module, name) + ")\x81";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(torch_values)

BOOST_AUTO_TEST_CASE(items_of_lists_and_tuples_are_named_by_their_places) {
  Pickles files;
  BOOST_TEST(files.told(list({number(3), number(4)})) == "0=3 1=4 ");
  BOOST_TEST(files.told(tuple({number(3), "N", number(4)})) == "0=3 2=4 ");
  BOOST_TEST(files.told(dict({{"layers", list({dict({{"w", number(1)}}), number(2)})}})) ==
             "layers.0.w=1 layers.1=2 ");
}

BOOST_AUTO_TEST_CASE(keys_that_are_not_text_are_named_as_python_prints_them) {
  Pickles files;
  const std::pair<std::string, const char*> rows[] = {
      {integer(7), "7=1 "},
      {integer(-7), "-7=1 "},
      {"N", "None=1 "},
      {"\x88", "True=1 "},
      {std::string("G\x3f\xe0\0\0\0\0\0\0", 9), "0.5=1 "},
      {std::string("G\x40\x08\0\0\0\0\0\0", 9), "3.0=1 "},
      {tuple({text("params"), text("fc"), text("kernel")}), "params.fc.kernel=1 "},
      {tuple({integer(1), tuple({text("a"), "N"})}), "1.a.None=1 "},
      {std::string("C\x02") + "ab", "ab=1 "},
      {call(global("my", "Part"), {text("head")}), "head=1 "},
      {call(global("builtins", "getattr"), {global("my", "Part"), text("head")}), "head=1 "},
      {call(global("_codecs", "encode"), {text("ab"), text("latin1")}), "ab=1 "},
      {"]", "0=1 "},
  };
  for (const auto& [key, told] : rows) BOOST_TEST(files.told(under(key, number(1))) == told);
  BOOST_TEST(
      files.told(
          dict({{"optimizer", dict({{"state", under(integer(0), dict({{"exp_avg", number(2)}}))}})},
                {"model", dict({{"w", number(1)}})}})) == "model.w=1 optimizer.state.0.exp_avg=2 ");
}

BOOST_AUTO_TEST_CASE(classes_of_a_users_own_hold_what_they_were_filled_with) {
  Pickles files;
  const std::string items = "(" + text("w") + number(1) + "u";
  const std::string some = dict({{"w", number(1)}});
  const std::string reconstructor = global("copy_reg", "_reconstructor");
  const std::pair<std::string, const char*> rows[] = {
      {made("__main__", "MyDict") + items, "w=1 "},
      {global("__main__", "MyOrderedDict") + ")R" + items, "w=1 "},
      {made("easydict", "EasyDict") + items + some + "b", "w=1 "},
      {made("argparse", "Namespace") + dict({{"model", some}, {"lr", "N"}}) + "b", "model.w=1 "},
      {global("types", "SimpleNamespace") + ")R" + dict({{"model", some}}) + "b", "model.w=1 "},
      {made("my", "Slots") + tuple({"N", some}) + "b", "w=1 "},
      {made("my", "Both") + tuple({dict({{"a", number(2)}}), some}) + "b", "a=2 w=1 "},
      {made("my", "List") + "(" + number(4) + "Ne", "0=4 "},
      {global("my", "Tuple") + tuple({tuple({number(4), number(5)})}) + "\x81", "0=4 1=5 "},
      {global("my", "NamedTuple") + tuple({number(4), number(5)}) + "\x81", "0=4 1=5 "},
      {call(reconstructor, {global("my", "Dict"), global("__builtin__", "dict"), some}), "w=1 "},
      // Python 2's OrderedDict.
      {call(global("my", "OD"), {list({list({text("w"), number(1)})})}), "w=1 "},
      {call(global("collections", "deque"), {list({number(3)})}), "0=3 "},
      // (class, module, name): old-style instances of Python 2, without and with a mark.
      {"(imy\nOld\n" + some + "b", "w=1 "},
      {"(" + global("my", "Old") + "o" + some + "b", "w=1 "},
      {std::string("\x82\x05)\x81") + some + "b", "w=1 "},
  };
  for (const auto& [value, told] : rows) BOOST_TEST(files.told(value) == told, value);
  BOOST_TEST(files.read(made("my", "Dict") + items).unread.empty());
}

// Protocol 0 is lines of text, and has a persistent id as Python prints it.
BOOST_AUTO_TEST_CASE(protocols_0_and_1_and_what_python_2_wrote_are_read) {
  Pickles files;
  const std::string stored = "P('storage', <class 'torch.FloatStorage'>, '0', 'cpu', 6)\n";
  const auto numbered = [&](const std::string& at) {
    return "ctorch._utils\n_rebuild_tensor_v2\n(" + stored + "I" + at +
           "\n(I1\nt(I1\ntI00\nccollections\nOrderedDict\n(tRtR";
  };
  const std::string five = numbered("5");
  const std::pair<std::string, const char*> rows[] = {
      {"(dp0\nVw\np1\n" + five + "s", "w=5 "},
      {"(dS'w'\n" + five + "s", "w=5 "},
      {"(dS\"it's\"\n" + five + "sS'\\x77\\t\\\\'\n" + five + "s", "it's=5 w\t\\=5 "},
      {"(dV\\u00e9\\U0001f600\xe9\n" + five + "s", "\xc3\xa9\xf0\x9f\x98\x80\xc3\xa9=5 "},
      {"(dI12\n" + five + "sL34L\n" + five + "sI01\n" + five + "sF1.5\n" + five + "sN" + five + "s",
       "1.5=5 12=5 34=5 None=5 True=5 "},
      {"(lp0\n" + five + "aL123456789012345678901234567890L\naF1e-05\naI99999999999999999999\na",
       "0=5 "},
      {"(" + five + numbered("4") + "l", "0=5 1=4 "},
      {"(Va\n" + five + "Vb\n" + numbered("3") + "d", "a=5 b=3 "},
      {"(dVw\n" + five + "p7\ns0(dVv\ng7\ns", "v=5 "},
      {"(imy\nOld\n(dVw\n" + five + "sb", "w=5 "},
      {"ccopy_reg\n_reconstructor\n(cmy\nD\nc__builtin__\ndict\n(dVw\n" + five + "stR", "w=5 "},
      {"}(U\x01wctorch._utils\n_rebuild_tensor\n((U\x07storagectorch\nFloatStorage\nU\x01"
       "0U\x03"
       "cpuI6\ntQK\x02(K\x01t(K\x01ttRu",
       "w=2 "},
  };
  for (const auto& [pickle, told] : rows) BOOST_TEST(files.told(pickle) == told, pickle);
  // The forms as a whole: a magic number as text, and an id that tells a part of a storage.
  const std::string legacy = "L119547037146038801333356L\n.I1001\n.(dp0\n.(dVw\n" + numbered("2") +
                             "s.(lp0\nV0\np1\na." + little<std::int64_t>(6) +
                             packed<float>({0, 1, 2, 3, 4, 5});
  std::string part = legacy;
  part.replace(part.find("'cpu', 6)"), 9, "'cpu', 6, ('1', 3, 3))");
  for (const auto& [bytes, first] : {std::pair{legacy, 2.0F}, {part, 5.0F}}) {
    write_file(files.path, bytes);
    BOOST_TEST(read_checkpoint(files.path).tensors.at("w").values<float>()[0] == first);
  }
}

BOOST_AUTO_TEST_CASE(what_lies_beside_the_weights_may_be_deep_circular_or_large) {
  Pickles files;
  std::string deep = "N";
  for (int i = 0; i < 3000; ++i) deep = "}" + text("k") + deep + "s";
  const std::string circle = std::string("}q\x01") + text("me") + "h\x01s";
  std::string numbers = "}(";
  for (int i = 0; i < 100'000; ++i)
    numbers += "M" + little(static_cast<std::uint16_t>(i)) + "K\x01";
  numbers += "u";
  const std::string own = made("my", "Node") + "q\x02" + dict({{"parent", "h\x02"}}) + "b";
  for (const std::string& config : {deep, circle, numbers, own})
    BOOST_TEST(files.told(dict({{"model", dict({{"w", number(1)}})}, {"config", config}})) ==
               "model.w=1 ");
  // Nested, but not deeper than Python itself could write: tensors and all.
  std::string nested = number(1);
  for (int i = 0; i < 900; ++i) nested = "}" + text("k") + nested + "s";
  BOOST_TEST(files.read(nested).tensors.begin()->first.size() == 900U + 899U);
}

BOOST_AUTO_TEST_CASE(a_negative_bit_negates_every_element) {
  Pickles files;
  const auto with_bits = [](const std::string& bits) {
    return call(global("torch._utils", "_rebuild_tensor_v2"),
                {storage("FloatStorage", "0", 6), integer(1), integers({2}), integers({2}), "\x89",
                 ordered_dict({}), bits});
  };
  const std::string negative = with_bits(dict({{"neg", "\x88"}}));
  const std::string v3 =
      call(global("torch._utils", "_rebuild_tensor_v3"),
           {storage("UntypedStorage", "0", 24), integer(1), integers({2}), integers({2}), "\x89",
            ordered_dict({}), global("torch", "float32"), dict({{"neg", "\x88"}})});
  const Checkpoint read =
      files.read(dict({{"plain", with_bits(dict({{"neg", "\x89"}}))},
                       {"negative", negative},
                       {"parameter", call(global("torch._utils", "_rebuild_parameter"),
                                          {negative, "\x88", ordered_dict({})})},
                       {"untyped", v3}}));
  const auto values = [&](const char* name) { return values_of<float>(read.tensors.at(name)); };
  BOOST_TEST(values("plain") == (std::vector<float>{1, 3}), boost::test_tools::per_element());
  for (const char* name : {"negative", "parameter", "untyped"})
    BOOST_TEST(values(name) == (std::vector<float>{-1, -3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(tensors_of_kinds_that_lathe_lacks_are_named_beside_those_it_reads) {
  Pickles files;
  const Checkpoint read = files.read(
      dict({{"w", number(1)},
            {"c", tensor(storage("ComplexFloatStorage", "0", 3), 0, {3}, {1})},
            {"u", call(global("torch._utils", "_rebuild_tensor_v3"),
                       {storage("UntypedStorage", "0", 24), integer(0), integers({2}),
                        integers({1}), "\x89", ordered_dict({}), global("torch", "uint16")})},
            {"s", call(global("torch._utils", "_rebuild_sparse_tensor"), {"N"})},
            {"q", call(global("torch._utils", "_rebuild_qtensor"), {"N"})}}));
  BOOST_TEST(read.tensors.size() == 1U);
  BOOST_TEST(read.lacking.size() == 4U);
  BOOST_TEST(contains(read.lacking.at("c"), "ComplexFloatStorage"));
  BOOST_TEST(contains(read.lacking.at("u"), "uint16"));
  BOOST_TEST(contains(read.lacking.at("s"), "_rebuild_sparse_tensor"));
  BOOST_TEST(read.unread.empty());
}

BOOST_AUTO_TEST_CASE(only_exact_names_of_functions_are_attacks) {
  Pickles files;
  const auto beside = [](const std::string& value) {
    return dict({{"w", number(1)}, {"x", value}});
  };
  for (const auto& [module, name] : {std::pair{"os", "system"},
                                     {"nt", "system"},
                                     {"posix", "popen"},
                                     {"subprocess", "run"},
                                     {"commands", "Popen"},
                                     {"commands", "getoutput"},
                                     {"popen2", "popen3"},
                                     {"builtins", "eval"},
                                     {"__builtin__", "execfile"},
                                     {"runpy", "run_path"},
                                     {"webbrowser", "open"},
                                     {"code", "interact"},
                                     {"pip", "main"},
                                     {"shutil", "rmtree"}}) {
    const std::string error = files.fails(beside(call(global(module, name), {text("x")})));
    BOOST_TEST(contains(error, std::string("it calls '") + module + "." + name + "'"), error);
  }
  for (const auto& [module, name] : {std::pair{"code.models", "Cfg"},
                                     {"code", "Cfg"},
                                     {"os_utils", "system"},
                                     {"commands_x", "Popen"},
                                     {"my.os", "system"},
                                     {"sys_config", "exit"},
                                     {"pickle.config", "Cfg"},
                                     {"pip_models", "main"},
                                     {"os.path", "join"},
                                     {"subprocess", "CompletedProcess"},
                                     {"my", "os.path"}})
    BOOST_TEST(files.told(beside(call(global(module, name), {text("x")}))) == "w=1 ");
  // Through what another module imports, through what calls for it, and with its source.
  for (const std::string& hidden :
       {text("torch.serialization") + text("os.system") + "\x93" + tuple({text("x")}) + "R",
        call(global("builtins", "map"), {global("os", "system"), "]"}),
        tuple({text("module"), global("os", "system"), text("f.py"), text("")}) + "Q)R"})
    BOOST_TEST(contains(files.fails(beside(hidden)), "os.system'"));
  // Only told of, not called.
  BOOST_TEST(files.told(beside(global("os", "remove"))) == "w=1 ");
}

BOOST_AUTO_TEST_CASE(a_state_dict_stands_for_the_file_unless_others_are_like_it) {
  Pickles files;
  const std::string weights = dict({{"a", number(1)}, {"b", number(2)}});
  BOOST_TEST(files.told(dict({{"state_dict", weights}, {"loss", number(3)}})) == "a=1 b=2 ");
  BOOST_TEST(files.read(dict({{"state_dict", weights}})).outer == "state_dict.");
  const std::string ema = dict({{"module.a", number(3)}, {"module.b", number(4)}});
  BOOST_TEST(files.told(dict({{"state_dict", weights}, {"ema_state_dict", ema}})) ==
             "ema_state_dict.module.a=3 ema_state_dict.module.b=4 state_dict.a=1 state_dict.b=2 ");
  BOOST_TEST(files.told(dict({{"state_dict", weights},
                              {"optimizer", dict({{"a.exp_avg", number(3)}})}})) == "a=1 b=2 ");
  // Of a namespace and of a dictionary of another class.
  BOOST_TEST(files.told(made("argparse", "Namespace") + dict({{"state_dict", weights}}) + "b") ==
             "a=1 b=2 ");
  BOOST_TEST(files.told(dict({{"state_dict",
                               made("my", "OD") + "(" + text("a") + number(5) + "u"}})) == "a=5 ");
}

BOOST_AUTO_TEST_CASE(a_file_without_tensors_says_what_is_in_it) {
  Pickles files;
  const std::pair<std::string, const char*> rows[] = {
      {"}", "only an empty dict"},
      {"]", "only an empty list"},
      {"N", "only a value of type None"},
      {list({integer(1), text("x")}), "only a list of 2 items: int, str"},
      {dict({{"epoch", integer(1)}, {"config", dict({})}}),
       "only a dict of 2 entries: 'epoch' (int), 'config' (dict)"},
      {dict({{"c", tensor(storage("ComplexFloatStorage", "0", 3), 0, {3}, {1})}}),
       "no tensors of a type that Lathe has: 'c' is of 'torch.ComplexFloatStorage'"},
  };
  for (const auto& [value, told] : rows)
    BOOST_TEST(contains(files.fails(value), told), files.fails(value));
}

BOOST_AUTO_TEST_SUITE_END()
