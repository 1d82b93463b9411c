// PyTorch zip files made by hand: views, wrappers, hostile pickles, damage at every byte.
#include "files.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;
using namespace lathe_test::pickled;

namespace {

const std::string kSix = packed<float>({0, 1, 2, 3, 4, 5});

std::string simple() {
  return torch_file(ordered_dict({{"w", tensor(storage("FloatStorage", "0", 6), 0, {2, 3}, {3, 1})},
                                  {"b", tensor(storage("LongStorage", "1", 1), 0, {}, {})}}),
                    {{"0", kSix}, {"1", packed<std::int64_t>({42})}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(torch_zip)

BOOST_AUTO_TEST_CASE(a_state_dict_gives_its_tensors_whatever_the_file_is_called) {
  Files files;
  const Checkpoint read = files.read(simple());
  BOOST_TEST(read.type == "state_dict");
  BOOST_TEST((read.tensors.at("w").shape() == Shape{2, 3}));
  BOOST_TEST(values_of<float>(read.tensors.at("w")) == (std::vector<float>{0, 1, 2, 3, 4, 5}),
             boost::test_tools::per_element());
  BOOST_TEST(read.tensors.at("b").values<std::int64_t>()[0] == 42);
}

BOOST_AUTO_TEST_CASE(views_of_one_storage_become_contiguous_tensors) {
  Files files;
  const std::string shared = storage("FloatStorage", "0", 6);
  const Checkpoint read =
      files.read(torch_file(dict({{"transposed", tensor(shared, 0, {3, 2}, {1, 3})},
                                  {"slice", tensor(shared, 2, {3}, {1})},
                                  {"step", tensor(shared, 1, {3}, {2})},
                                  {"expanded", tensor(shared, 5, {2, 2}, {0, 0})},
                                  {"empty", tensor(shared, 6, {0, 9}, {9, 1})}}),
                            {{"0", kSix}}));
  const auto expect = [&](const char* name, const std::vector<float>& values) {
    BOOST_TEST(values_of<float>(read.tensors.at(name)) == values, boost::test_tools::per_element());
  };
  expect("transposed", {0, 3, 1, 4, 2, 5});
  expect("slice", {2, 3, 4});
  expect("step", {1, 3, 5});
  expect("expanded", {5, 5, 5, 5});
  expect("empty", {});
}

BOOST_AUTO_TEST_CASE(every_way_torch_writes_a_tensor_is_understood) {
  Files files;
  const std::string plain = tensor(storage("FloatStorage", "0", 6), 0, {6}, {1});
  const std::string untyped = tuple({text("storage"), global("torch.storage", "UntypedStorage"),
                                     text("0"), text("cpu"), integer(24)}) +
                              "Q";
  const Checkpoint read = files.read(torch_file(
      dict({{"parameter",
             call(global("torch._utils", "_rebuild_parameter"), {plain, "\x88", ordered_dict({})})},
            {"subclass", call(global("torch._tensor", "_rebuild_from_type_v2"),
                              {global("torch._utils", "_rebuild_tensor_v2"),
                               global("torch.nn.parameter", "Buffer"),
                               tuple({storage("FloatStorage", "0", 6), integer(0), integers({6}),
                                      integers({1}), "\x89", ordered_dict({})}),
                               dict({})})},
            {"untyped", call(global("torch._utils", "_rebuild_tensor_v3"),
                             {untyped, integer(0), call(global("torch", "Size"), {integers({6})}),
                              integers({1}), "\x89", ordered_dict({}), global("torch", "float32"),
                              dict({})})}}),
      {{"0", kSix}}));
  for (const char* name : {"parameter", "subclass", "untyped"})
    BOOST_TEST(values_of<float>(read.tensors.at(name)) == (std::vector<float>{0, 1, 2, 3, 4, 5}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(lightning_files_give_the_state_dict_and_leave_the_rest_opaque) {
  Files files;
  const std::string weight = tensor(storage("FloatStorage", "0", 6), 0, {6}, {1});
  // Optimizer states of a type Lathe lacks, and classes that exist nowhere, do not matter.
  const std::string strange = call(global("my.module", "Callback"), {text("anything")});
  const Checkpoint read = files.read(torch_file(
      dict({{"pytorch-lightning_version", text("2.2.0")},
            {"callbacks", strange},
            {"hyper_parameters", call(global("my.module", "Config"), {}) + dict({}) + "b"},
            {"optimizer_states", tensor(storage("ComplexFloatStorage", "1", 6), 0, {6}, {1})},
            {"state_dict", ordered_dict({{"model.w", weight}})}}),
      {{"0", kSix}}));
  BOOST_TEST(read.type == "lightning");
  BOOST_TEST(read.tensors.size() == 1U);
  BOOST_TEST(read.tensors.count("model.w") == 1U);
}

BOOST_AUTO_TEST_CASE(calls_that_attack_are_refused_however_they_are_written_and_never_made) {
  Files files;
  const std::string touch = "touch " + (files.folder.path() / "pwned").string();
  const std::string weight = tensor(storage("FloatStorage", "0", 6), 0, {6}, {1});
  const std::string attacks[] = {
      call(global("os", "system"), {text(touch)}),
      call(global("posix", "system"), {text(touch)}),
      call(global("subprocess", "Popen"), {text(touch)}),
      call(global("builtins", "eval"), {text("__import__('os').system('" + touch + "')")}),
      call(global("__builtin__", "exec"), {text("import os; os.system('" + touch + "')")}),
      "(ios\nsystem\n",
      "(" + text(touch) + "ios\nsystem\n",
      "(" + global("os", "system") + text(touch) + "o",
      global("os", "system") + tuple({text(touch)}) + "\x81",
      text("os") + text("system") + "\x93" + tuple({text(touch)}) + "R",
      // As a key, as a state, as an argument, and dropped at once.
      "}" + call(global("os", "system"), {text(touch)}) + "Ns",
      call(global("my", "Class"), {}) + call(global("os", "system"), {text(touch)}) + "b",
      call(global("my", "Class"), {call(global("os", "system"), {text(touch)})}),
      call(global("os", "system"), {text(touch)}) + "0N",
  };
  for (const std::string& attack : attacks)
    for (const std::string& value :
         {attack, dict({{"w", weight}, {"x", attack}}), dict({{"w", attack}})}) {
      const std::string error = files.fails(torch_file(value, {{"0", kSix}}));
      BOOST_TEST(contains(error, "it calls '"), error);
      BOOST_TEST(contains(error, "nothing was called"), error);
    }
  BOOST_TEST(!std::filesystem::exists(files.folder.path() / "pwned"));
}

BOOST_AUTO_TEST_CASE(calls_that_are_unknown_stay_unread_by_name) {
  Files files;
  const std::string strange = call(global("my.module", "Config"), {}) + dict({}) + "b";
  const Checkpoint read = files.read(torch_file(
      dict({{"w", tensor(storage("FloatStorage", "0", 6), 0, {6}, {1})}, {"config", strange}}),
      {{"0", kSix}}));
  BOOST_TEST(read.tensors.size() == 1U);
  BOOST_TEST(read.unread == std::vector<std::string>{"my.module.Config"},
             boost::test_tools::per_element());
  const std::string alone = files.fails(torch_file(strange, {}));
  BOOST_TEST(contains(alone, "holds no tensors, only what 'my.module.Config' would make"), alone);
  const std::string inside = files.fails(torch_file(dict({{"config", strange}}), {}));
  BOOST_TEST(contains(inside,
                      "holds no tensors, only a dict of 1 entry: 'config' (what "
                      "'my.module.Config' would make)"),
             inside);
}

BOOST_AUTO_TEST_CASE(buffers_that_a_module_does_not_save_are_left_out) {
  Files files;
  const std::string weight = tensor(storage("FloatStorage", "0", 6), 0, {6}, {1});
  const auto module = [&](const std::string& set) {
    return global("nowhere", "Net") + ")\x81" +
           dict({{"_parameters", dict({})},
                 {"_buffers", dict({{"kept", weight}, {"mask", weight}, {"none", "N"}})},
                 {"_non_persistent_buffers_set", set},
                 {"_modules", dict({{"sub", "N"}})}}) +
           "b";
  };
  for (const std::string& set : {call(global("__builtin__", "set"), {"](" + text("mask") + "e"}),
                                 "\x8f(" + text("mask") + "\x90"}) {
    const Checkpoint read = files.read(torch_file(module(set), {{"0", kSix}}));
    BOOST_TEST(read.type == "module");
    BOOST_TEST(read.tensors.size() == 1U);
    BOOST_TEST(read.tensors.count("kept") == 1U);
  }
}

BOOST_AUTO_TEST_CASE(a_whole_pickled_module_gives_the_tensors_of_its_parts) {
  Files files;
  const std::string weight = tensor(storage("FloatStorage", "0", 6), 0, {6}, {1});
  const auto module = [](const std::string& parameters, const std::string& modules) {
    return global("nowhere", "Net") + ")\x81" +
           dict({{"training", "\x88"}, {"_parameters", parameters}, {"_modules", modules}}) + "b";
  };
  const Checkpoint read = files.read(torch_file(
      module(dict({}), dict({{"fc", module(dict({{"weight", weight}, {"bias", "N"}}), dict({}))}})),
      {{"0", kSix}}));
  BOOST_TEST(read.type == "module");
  BOOST_TEST(read.tensors.size() == 1U);
  BOOST_TEST(read.tensors.count("fc.weight") == 1U);
}

BOOST_AUTO_TEST_CASE(deflated_and_64_bit_archives_are_read) {
  Files files;
  const std::string value = dict({{"w", tensor(storage("FloatStorage", "0", 6), 0, {6}, {1})}});
  BOOST_TEST(files.read(torch_file(value, {{"0", kSix}}, true)).tensors.size() == 1U);
  ZipWriter zip;
  zip.add("m/data.pkl", whole(value));
  zip.add("m/data/0", kSix);
  BOOST_TEST(files.read(zip.finish64()).tensors.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_file_cut_at_any_byte_is_an_error) {
  Files files;
  const std::string bytes = simple();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    BOOST_TEST(!files.fails(bytes.substr(0, size)).empty(), "cut at " << size << " was accepted");
  BOOST_TEST_MESSAGE("cut at each of " << bytes.size() << " bytes");
}

BOOST_AUTO_TEST_CASE(a_byte_changed_anywhere_never_crashes_or_changes_a_tensor_unseen) {
  Files files;
  const std::string bytes = simple();
  const Checkpoint good = files.read(bytes);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const char flip : {'\x01', '\x80', '\xff'}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      write_file(files.path, changed);
      try {
        const Checkpoint read = read_checkpoint(files.path);
        // What CRCs and structure let through (times, versions) carries no meaning.
        for (const auto& [name, tensor] : read.tensors)
          BOOST_TEST((good.tensors.count(name) == 1 &&
                      std::equal(tensor.bytes().begin(), tensor.bytes().end(),
                                 good.tensors.at(name).bytes().begin())),
                     "byte " << at << " changed '" << name << "' unseen");
      } catch (const Error& error) {
        BOOST_TEST(error.exit_code() == 1);
        ++refused;
      }
    }
  }
  BOOST_TEST_MESSAGE(refused << " of " << 3 * bytes.size() << " changes refused");
}

BOOST_AUTO_TEST_CASE(hostile_and_damaged_files_are_refused_with_the_reason) {
  const auto one = [](const std::string& value) { return torch_file(value, {{"0", kSix}}); };
  const auto named = [&](const std::string& t) { return one(dict({{"w", t}})); };
  const std::string six = storage("FloatStorage", "0", 6);
  const std::int64_t huge = std::int64_t{1} << 40;
  std::string nested = tensor(six, 0, {6}, {1});
  for (int i = 0; i < 2000; ++i) nested = std::string("}") + text("k") + nested + "s";
  // Each dict holds the one before it twice: 2^40 paths in a few hundred bytes.
  std::string laughs = tensor(six, 0, {6}, {1}) + "q\x01";
  for (int i = 0; i < 40; ++i)
    laughs += std::string("0}") + text("a") + "h\x01s" + text("b") + "h\x01sq\x01";
  std::string copies = "]q\x01(" + std::string(3000, 'N') + "e0";
  for (int i = 0; i < 3000; ++i) copies += global("builtins", "dict") + "h\x01\x85R0";

  const std::string copies_of_empty_lists(100'000, ']');
  // A long key under which each dict holds the one before it: names grow with every level.
  std::string long_names = text(std::string(50'000, 'k')) + std::string("q\x02") + "0" +
                           tensor(six, 0, {6}, {1}) + "q\x01";
  for (int i = 0; i < 60; ++i) long_names += "0}h\x02h\x01sq\x01";

  ZipWriter twice;
  twice.add("a/data.pkl", whole(dict({})));
  twice.add("b/data.pkl", whole(dict({})));
  ZipWriter script;
  script.add("a/data.pkl", whole(dict({})));
  script.add("a/constants.pkl", whole(dict({})));
  ZipWriter none;
  none.add("a/readme", "hello");
  ZipWriter big_endian;
  big_endian.add("a/data.pkl", whole(dict({})));
  big_endian.add("a/byteorder", "big");
  ZipWriter same;
  same.add("a/data.pkl", whole(dict({})));
  same.add("a/data.pkl", whole(dict({})));

  const std::pair<std::string, const char*> rows[] = {
      {named(tensor(six, 0, {7}, {1})), "tensor 'w': it reaches element 6 of a storage of 6"},
      {named(tensor(six, 1, {6}, {1})), "reaches element 6"},
      {named(tensor(six, -1, {1}, {1})), "offset is negative"},
      {named(tensor(six, 0, {-1}, {1})), "negative size or stride"},
      {named(tensor(six, 5, {2}, {-1})), "negative size or stride"},
      {named(tensor(six, 0, {2, 3}, {3})), "other strides than dimensions"},
      {named(tensor(six, 0, {huge, huge, huge}, {0, 0, 0})), "tensor 'w'"},
      {named(tensor(six, 0, {huge}, {0})), "repeats its storage"},
      {named(tensor(six, 0, {2}, {INT64_MAX})), "reaches element"},
      {named(tensor(six, 0, {3}, {INT64_MAX})), "strides are out of range"},
      {named(tensor(storage("FloatStorage", "0", 5), 0, {5}, {1})), "of 20 bytes; it has 24"},
      {named(tensor(storage("FloatStorage", "0", huge), 0, {6}, {1})), "it has 24"},
      {named(tensor(storage("FloatStorage", "0", INT64_MAX), 0, {6}, {1})), "out of range"},
      {named(tensor(storage("FloatStorage", "0", -6), 0, {1}, {1})), "out of range"},
      {named(tensor(storage("FloatStorage", "9", 6), 0, {6}, {1})), "'archive/data/9'"},
      {named(tensor(storage("FloatStorage", "../0", 6), 0, {6}, {1})), "'archive/data/../0'"},
      {named(tensor(storage("ComplexFloatStorage", "0", 3), 0, {3}, {1})), "ComplexFloatStorage"},
      {named(tensor(storage("UntypedStorage", "0", 24), 0, {3}, {1})), "no element type"},
      {named(tensor("N", 0, {6}, {1})), "storage is not described"},
      {named(call(global("torch._utils", "_rebuild_sparse_tensor"), {})), "sparse"},
      {named(call(global("torch._utils", "_rebuild_tensor_v2"), {})), "not described"},
      {one(dict(
           {{"a.b", tensor(six, 0, {6}, {1})}, {"a", dict({{"b", tensor(six, 0, {5}, {1})}})}})),
       "two tensors 'a.b'"},
      {one(nested), "nested more than 1000 deep"},
      {one(laughs), "without end"},
      {one(copies), "over and over"},
      {one(copies_of_empty_lists), "more values than one of its size"},
      {one(long_names), "without end"},
      {one(std::string("Nr\xff\xff\xff\x7f")), "number that is out of range"},
      {one("("), "takes more from its stack"},
      {one("0"), "takes more from its stack"},
      {one("e"), "lacks a mark"},
      {one("h\x05"), "never stored"},
      {one("NNs"), "takes more"},
      {one("NNNs"), "sets keys of a None"},
      {one("}(Nu"), "without a value"},
      {one("N)R"), "calls a None"},
      {one("\x97"), "0x97 is no opcode"},
      {one("I1\n"), "holds no tensors, only a value of type int"},
      {one("Ione\n"), "has 'one' for a number"},
      {one("F1.5.2\n"), "text that is no number"},
      {one("S'it\n"), "a text that is not written as one"},
      {one("V\\u12\n"), "a text that is not written as one"},
      {one("gx\n"), "no number for a place"},
      {one("g-1\n"), "no number for a place"},
      {one("p0\n"), "takes more"},
      {one("Np99999999\n"), "number that is out of range"},
      {one("P(" + std::string(500, '(') + "\n"), "holds no tensors, only a value of type storage"},
      {one("X\xff\xff\xff\xffhi"), "ends too early"},
      {one(std::string("\x8e") + little<std::uint64_t>(UINT64_MAX)), "ends too early"},
      {one("cno_newline"), "ends too early"},
      {one("\x80\x09"), "pickle protocol 9"},
      {twice.finish(), "2 entries named data.pkl"},
      {none.finish(), "0 entries named data.pkl"},
      {script.finish(), "TorchScript"},
      {big_endian.finish(), "big-endian"},
      {same.finish(), "'a/data.pkl' twice"},
      {std::string("\x80\x02}."), "bare pickle"},
      {std::string("\x89HDF\r\n\x1a\nxxxx"), "HDF5"},
      {std::string(257, 'x') + "ustar", "tar archive"},
      {"", "is empty"},
      {"hello, world", "a text file that begins with 'hello, world'"},
      {"\x01\x02\x03\x04", "it begins with the bytes 01 02 03 04"},
      {"PK\x03\x04", "truncated"},
  };
  Files files;
  for (const auto& [bytes, reason] : rows) {
    const std::string error = files.fails(bytes);
    BOOST_TEST(contains(error, files.path.string() + ": "), reason << ": " << error);
    BOOST_TEST(contains(error, reason), "expected '" << reason << "', got '" << error << "'");
  }
  BOOST_TEST_MESSAGE(std::size(rows) << " refused files");
}

BOOST_AUTO_TEST_CASE(values_that_refer_to_themselves_end) {
  Files files;
  // d = {}; d["self"] = d
  const std::string circle = std::string("}q\x01") + text("self") + "h\x01s";
  const std::string error = files.fails(torch_file(circle, {{"0", kSix}}));
  BOOST_TEST(contains(error, "holds no tensors, only a dict of 1 entry: 'self' (dict)"), error);
  const Checkpoint read = files.read(
      torch_file(circle + text("w") + tensor(storage("FloatStorage", "0", 6), 0, {6}, {1}) + "s",
                 {{"0", kSix}}));
  BOOST_TEST(read.tensors.size() == 1U);
  BOOST_TEST(read.tensors.contains("w"));
}

BOOST_AUTO_TEST_CASE(archives_without_checksums_are_read) {
  Files files;
  std::string bytes = simple();
  // Both places of every entry: behind its signature by 14 bytes, in the directory by 16.
  for (const auto& [signature, distance] : {std::pair{"PK\x03\x04", 14}, {"PK\x01\x02", 16}})
    for (auto at = bytes.find(signature); at != std::string::npos;
         at = bytes.find(signature, at + 4))
      bytes.replace(at + static_cast<std::size_t>(distance), 4, std::string(4, '\0'));
  BOOST_TEST(
      values_of<float>(files.read(bytes).tensors.at("w")) == (std::vector<float>{0, 1, 2, 3, 4, 5}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(bytes_before_and_behind_an_archive_are_passed_over) {
  Files files;
  ZipWriter wide;
  wide.add("m/data.pkl",
           whole(dict({{"w", tensor(storage("FloatStorage", "0", 6), 0, {2, 3}, {3, 1})}})));
  wide.add("m/data/0", kSix);
  for (const std::string& archive : {simple(), wide.finish64()})
    for (const std::string& before : {std::string(), std::string("#!/bin/sh\nexit\n")})
      for (const std::string& behind : {std::string("\n"), std::string(3000, 'x')})
        BOOST_TEST(values_of<float>(files.read(before + archive + behind).tensors.at("w")) ==
                       (std::vector<float>{0, 1, 2, 3, 4, 5}),
                   boost::test_tools::per_element());
  // Python's zipfile looks no further back than the longest comment either.
  BOOST_TEST(contains(files.fails(simple() + std::string(70'000, 'x')), "truncated"));
}

BOOST_AUTO_TEST_SUITE_END()
