// PyTorch files older than its zip form, made by hand: legacy and tar, whole, cut and changed.
#include "files.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;
using namespace lathe_test::pickled;

namespace {

const std::string kSix = packed<float>({0, 1, 2, 3, 4, 5});
const std::string kOne = packed<std::int64_t>({42});

std::string weight(std::int64_t count = 6, const std::string& key = "94020255495056") {
  return tensor(storage("FloatStorage", key, count), 0, {2, 3}, {3, 1});
}

std::string legacy() {
  return legacy_file(
      ordered_dict({{"w", weight()}, {"b", tensor(storage("LongStorage", "7", 1), 0, {}, {})}}),
      {{"7", 1, kOne}, {"94020255495056", 6, kSix}});
}

// The files of the archive as PyTorch before 0.1.10 wrote them.
struct Tar {
  std::string storages =
      whole(integer(1)) +
      whole(tuple({integer(11), text("cpu"), global("torch", "FloatStorage")})) +
      little<std::int64_t>(6) + kSix +
      whole("](" + tuple({integer(12), integer(11), integer(2), integer(4)}) + "e");
  // One tensor of the storage, one of a part of it.
  std::string tensors =
      whole(integer(2)) + whole(tuple({integer(21), integer(11), global("torch", "FloatTensor")})) +
      little<std::int32_t>(2) + little<std::int32_t>(0) + little<std::int64_t>(2) +
      little<std::int64_t>(3) + little<std::int64_t>(3) + little<std::int64_t>(1) +
      little<std::int64_t>(0) +
      whole(tuple({integer(22), integer(12), global("torch", "FloatTensor")})) +
      little<std::int32_t>(1) + little<std::int32_t>(0) + little<std::int64_t>(2) +
      little<std::int64_t>(1) + little<std::int64_t>(1);
  std::string pickle = whole(ordered_dict({{"w", text("21") + "Q"}, {"part", text("22") + "Q"}}));

  std::string file() const {
    return tar_file({{"sys_info", whole(dict({{"little_endian", "\x88"}}))},
                     {"storages", storages},
                     {"tensors", tensors},
                     {"pickle", pickle}});
  }
};

// Every tensor that is read is one of the whole file, with its values.
void check_part_of(const Checkpoint& good, const Checkpoint& read) {
  for (const auto& [name, tensor] : read.tensors) {
    BOOST_REQUIRE(good.tensors.count(name) == 1);
    const auto expected = good.tensors.at(name).bytes();
    BOOST_TEST(
        std::equal(tensor.bytes().begin(), tensor.bytes().end(), expected.begin(), expected.end()));
  }
}

// Cut at each byte: an error, or all tensors as they were.
void check_cuts(const std::string& bytes) {
  Files files;
  const Checkpoint good = files.read(bytes);
  std::size_t refused = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    write_file(files.path, bytes.substr(0, size));
    try {
      const Checkpoint read = read_checkpoint(files.path);
      BOOST_TEST(read.tensors.size() == good.tensors.size(), "cut at " << size);
      check_part_of(good, read);
    } catch (const Error& error) {
      BOOST_TEST(error.exit_code() == 1, "cut at " << size << ": " << error.what());
      ++refused;
    }
  }
  BOOST_TEST_MESSAGE("cut at each of " << bytes.size() << " bytes: " << refused << " refused");
}

// Changed at each byte: an error, or something. These forms carry no checksums of their contents.
void check_changes(const std::string& bytes) {
  Files files;
  std::size_t refused = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (const char flip : {'\x01', '\x80', '\xff'}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      const std::string error = files.fails(changed);
      BOOST_TEST(!error.starts_with("usage"), error);
      refused += error.empty() ? 0 : 1;
    }
  BOOST_TEST_MESSAGE(refused << " of " << 3 * bytes.size() << " changes refused");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(torch_old)

BOOST_AUTO_TEST_CASE(a_legacy_file_gives_its_tensors) {
  Files files;
  const Checkpoint read = files.read(legacy());
  BOOST_TEST(read.type == "state_dict");
  BOOST_TEST(read.tensors.size() == 2U);
  BOOST_TEST((read.tensors.at("w").shape() == Shape{2, 3}));
  BOOST_TEST(values_of<float>(read.tensors.at("w")) == (std::vector<float>{0, 1, 2, 3, 4, 5}),
             boost::test_tools::per_element());
  BOOST_TEST(read.tensors.at("b").values<std::int64_t>()[0] == 42);
}

BOOST_AUTO_TEST_CASE(parts_of_storages_lie_where_their_root_has_them) {
  Files files;
  // As PyTorch 0.3 wrote a storage that is a view of another: (key, offset, number of elements).
  const std::string part =
      tuple({text("storage"), global("torch", "FloatStorage"), text("5"), text("cpu"), integer(6),
             tuple({text("6"), integer(2), integer(3)})}) +
      "Q";
  const Checkpoint read =
      files.read(legacy_file(dict({{"w", tensor(part, 1, {2}, {1})}}), {{"5", 6, kSix}}));
  BOOST_TEST(values_of<float>(read.tensors.at("w")) == (std::vector<float>{3, 4}),
             boost::test_tools::per_element());
  BOOST_TEST(
      contains(files.fails(legacy_file(dict({{"w", tensor(part, 3, {2}, {1})}}), {{"5", 6, kSix}})),
               "reaches element 6"));
}

BOOST_AUTO_TEST_CASE(storages_of_types_that_lathe_lacks_are_passed_over) {
  Files files;
  const std::string other = tensor(storage("ComplexFloatStorage", "1", 3), 0, {3}, {1});
  const Checkpoint read = files.read(
      legacy_file(dict({{"state_dict", dict({{"w", weight(6, "2")}})}, {"optimizer", other}}),
                  {{"1", 3, kSix}, {"2", 6, kSix}}));
  BOOST_TEST(read.tensors.size() == 1U);
  BOOST_TEST(values_of<float>(read.tensors.at("w"))[5] == 5.0F);
}

BOOST_AUTO_TEST_CASE(modules_with_their_sources_are_read_as_what_they_hold) {
  Files files;
  // The class as PyTorch 0.4 wrote it: a persistent id of (kind, class, file, source).
  const auto module = [](const std::string& parameters, const std::string& modules) {
    return tuple(
               {text("module"), global("nowhere", "Net"), text("net.py"), text("class Net: ...")}) +
           "Q)\x81" + dict({{"_parameters", parameters}, {"_modules", modules}}) + "b";
  };
  // A Parameter of 0.3: a call of the class, then a state.
  const std::string parameter = call(global("torch.nn.parameter", "Parameter"), {weight(6, "2")}) +
                                tuple({"\x88", "\x89", "N"}) + "b";
  const Checkpoint read = files.read(legacy_file(
      module(dict({}),
             dict({{"0", module(dict({{"weight", parameter}, {"bias", "N"}}), dict({}))}})),
      {{"2", 6, kSix}}));
  BOOST_TEST(read.type == "module");
  BOOST_TEST(read.tensors.size() == 1U);
  BOOST_TEST(read.tensors.count("0.weight") == 1U);
}

BOOST_AUTO_TEST_CASE(a_tar_file_gives_its_tensors) {
  Files files;
  const Checkpoint read = files.read(Tar().file());
  BOOST_TEST(read.tensors.size() == 2U);
  BOOST_TEST((read.tensors.at("w").shape() == Shape{2, 3}));
  BOOST_TEST(values_of<float>(read.tensors.at("w")) == (std::vector<float>{0, 1, 2, 3, 4, 5}),
             boost::test_tools::per_element());
  BOOST_TEST(values_of<float>(read.tensors.at("part")) == (std::vector<float>{3, 4}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_file_cut_at_any_byte_is_an_error_or_whole) {
  check_cuts(legacy());
  check_cuts(Tar().file());
}

BOOST_AUTO_TEST_CASE(a_byte_changed_anywhere_is_an_error_or_harmless) {
  check_changes(legacy());
  check_changes(Tar().file());
}

BOOST_AUTO_TEST_CASE(hostile_and_damaged_old_files_are_refused_with_the_reason) {
  const std::int64_t huge = std::int64_t{1} << 40;
  const auto one = [](const std::string& value, const RawStorage& storage) {
    return legacy_file(dict({{"w", value}}), {storage});
  };
  const auto tar = [](const std::function<void(Tar&)>& change) {
    Tar made;
    change(made);
    return made.file();
  };
  const std::string magic = legacy().substr(0, 15);
  std::string sum = Tar().file();
  sum[0] = 'S';
  const std::pair<std::string, const char*> rows[] = {
      {one(call(global("os", "system"), {text("true")}), {"2", 6, kSix}), "it calls 'os.system'"},
      {one(weight(huge, "2"), {"2", huge, kSix}), "ends within storage '2'"},
      {one(weight(huge, "2"), {"2", 6, kSix}), "elements; it has 6"},
      {one(weight(6, "2"), {"2", INT64_MAX, kSix}), "it has 9223372036854775807"},
      {one(weight(INT64_MAX, "2"), {"2", INT64_MAX, kSix}), "out of range"},
      {one(tensor(storage("FloatStorage", "2", 6), 0, {huge}, {0}), {"2", 6, kSix}),
       "repeats its storage"},
      {one(weight(6, "2"), {"3", 6, kSix}), "'3' that nothing in it describes"},
      {one(tensor(storage("NovelStorage", "2", 6), 0, {6}, {1}), {"2", 6, kSix}), "NovelStorage"},
      {legacy_file(dict({{"w", weight(6, "2")}}), {}), "needs the storage '2'"},
      {legacy_file(dict({{"w", weight(6, "2")}}), {{"2", 6, kSix}, {"2", 6, kSix}}), "'2' twice"},
      {magic + whole(integer(1002)), "protocol version is not 1001"},
      {magic, "the protocol version, byte 15: the pickle ends too early"},
      {magic + whole(std::string("M\xe9\x03")) + std::string(5000, '('), "system that wrote it"},
      {tar_file({{"readme", "hello"}}), "it has no 'storages'"},
      {tar_file({{"storages", whole(integer(0))}}), "it has no 'pickle'"},
      {tar_file({{"storages", "a"}, {"storages", "b"}}), "'storages' twice"},
      {sum, "checksum is wrong"},
      {tar([&](Tar& t) { t.storages = whole(integer(huge)); }), "'storages'"},
      {tar([](Tar& t) { t.storages = whole("N"); }), "'storages' has no count"},
      {tar([&](Tar& t) {
         t.storages = whole(integer(1)) +
                      whole(tuple({integer(11), text("cpu"), global("torch", "FloatStorage")})) +
                      little<std::int64_t>(huge) + kSix;
       }),
       "truncated"},
      {tar([&](Tar& t) {
         t.tensors = whole(integer(1)) +
                     whole(tuple({integer(21), integer(11), global("torch", "FloatTensor")})) +
                     little<std::int32_t>(INT32_MAX) + little<std::int32_t>(0);
       }),
       "impossible number of dimensions"},
      {tar([&](Tar& t) {
         t.tensors = whole(integer(1)) +
                     whole(tuple({integer(21), integer(99), global("torch", "FloatTensor")})) +
                     std::string(64, '\0');
       }),
       "needs the storage '99'"},
      {tar([&](Tar& t) {
         t.tensors = whole(integer(1)) +
                     whole(tuple({integer(21), integer(11), global("torch", "FloatTensor")})) +
                     little<std::int32_t>(1) + little<std::int32_t>(0) + little(huge) +
                     little<std::int64_t>(1) + little<std::int64_t>(0);
       }),
       "tensor '21': it reaches element"},
  };
  Files files;
  for (const auto& [bytes, reason] : rows) {
    const std::string error = files.fails(bytes);
    BOOST_TEST(contains(error, files.path.string() + ": "), reason << ": " << error);
    BOOST_TEST(contains(error, reason), "expected '" << reason << "', got '" << error << "'");
  }
}

BOOST_AUTO_TEST_SUITE_END()
