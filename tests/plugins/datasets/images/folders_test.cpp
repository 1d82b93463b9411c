// The data sets of images in the folders of other libraries: torchvision's and Keras' layouts below
// the data folder, pickles and NPZ files among them.
#include "tests/plugins/datasets/dataset_bench.hpp"
#include "tests/plugins/datasets/images/image_files.hpp"
#include "tests/plugins/datasets/tables/array_files.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;
using boost::test_tools::per_element;

namespace {

namespace fs = std::filesystem;
using Labels = std::vector<std::int64_t>;

std::string short_text(const std::string& text) {
  return std::string("U") + static_cast<char>(text.size()) + text;
}

// Little-endian, of two or four bytes.
std::string number(std::size_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFFU);
  return out;
}

// A batch as CIFAR-10's authors pickled it with Python 2, opcode by opcode; row r has label r % 10
// and pixels first + r. Python 3.11 and numpy 1.26 read the same array and labels of it.
std::string cifar_pickle(std::size_t rows, std::size_t first = 0) {
  std::string data, labels;
  for (std::size_t row = 0; row < rows; ++row) {
    data += std::string(3072, static_cast<char>(first + row));
    labels += std::string("K") + static_cast<char>(row % 10);
  }
  return "\x80\x02}q\x01(" + short_text("batch_label") + "q\x02" + short_text("batch 1 of 5") +
         "q\x03" + short_text("labels") + "q\x04]q\x05(" + labels + "e" + short_text("data") +
         "q\x06" + "cnumpy.core.multiarray\n_reconstruct\nq\x07" + "cnumpy\nndarray\nq\x08K" +
         std::string(1, '\0') + "\x85q\x09" + short_text("b") + "\x87q\x0aRq\x0b(K\x01M" +
         number(rows, 2) + "M" + number(3072, 2) + "\x86q\x0c" + "cnumpy\ndtype\nq\x0d" +
         short_text("u1") + "K" + std::string(1, '\0') + "K\x01\x87Rq\x0e(K\x03" + short_text("|") +
         "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK" + std::string(1, '\0') + "tb\x89T" +
         number(data.size(), 4) + data + "tb" + short_text("filenames") + "](" +
         short_text("a.png") + "eu.";
}

// The value that the images of a split were written with.
std::vector<int> values_of(const Dataset& set, Split split) {
  const std::vector<float> samples = samples_of(set, split);
  const std::size_t size = samples.size() / set.count(split);
  std::vector<int> values;
  for (std::size_t i = 0; i < samples.size(); i += size)
    values.push_back(static_cast<int>(std::lround(255.0F * samples[i])));
  return values;
}

void write_digits(const fs::path& folder, int first, bool packed) {
  fs::create_directories(folder);
  const auto put = [&](const std::string& name, const std::string& bytes) {
    written(folder / (name + (packed ? ".gz" : "")), packed ? gzip(bytes) : bytes);
  };
  put("train-images-idx3-ubyte", idx_images(20, first));
  put("train-labels-idx1-ubyte", idx_labels(20));
  put("t10k-images-idx3-ubyte", idx_images(5, first + 50));
  put("t10k-labels-idx1-ubyte", idx_labels(5));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dataset_folders)

BOOST_AUTO_TEST_CASE(digits_are_found_where_torchvision_and_keras_put_them) {
  struct Row {
    std::string set, folder;
  };
  const Row rows[] = {{"mnist", "MNIST/raw"},
                      {"mnist", "mnist/MNIST/raw"},
                      {"mnist", "mnist/raw"},
                      {"fashion_mnist", "FashionMNIST/raw"},
                      {"fashion_mnist", "fashion_mnist/FashionMNIST/raw"},
                      {"fashion_mnist", "fashion-mnist"}};
  for (const Row& row : rows) BOOST_TEST_CONTEXT(row.folder) {
      const TemporaryFolder data;
      write_digits(data.path() / row.folder, 30, row.folder == "fashion-mnist");
      const auto set = open_set(row.set + "<normalize=none>", data.path());
      BOOST_TEST(set->count(Split::train) == 18U);
      BOOST_TEST(values_of(*set, Split::test) == (std::vector<int>{80, 81, 82, 83, 84}),
                 per_element());
    }
  // Neither is taken for the other, though their files have the same names.
  const TemporaryFolder data;
  write_digits(data.path() / "MNIST/raw", 30, false);
  BOOST_TEST(contains(opening_fails("fashion_mnist", data.path()), "'train-images-idx3-ubyte.gz'"));
  write_digits(data.path() / "FashionMNIST/raw", 100, false);
  const auto set = open_set("fashion_mnist<normalize=none>", data.path());
  BOOST_TEST(values_of(*set, Split::test)[0] == 150);
}

BOOST_AUTO_TEST_CASE(keras_file_of_digits_is_read) {
  const auto images = [](int rows, int first) {
    std::string pixels;
    for (int row = 0; row < rows; ++row) pixels += std::string(784, static_cast<char>(first + row));
    return npy("'|u1'", "(" + std::to_string(rows) + ", 28, 28)", pixels);
  };
  const auto labels = [](int rows) {
    std::string all;
    for (int row = 0; row < rows; ++row) all += static_cast<char>(row % 10);
    return npy("'|u1'", "(" + std::to_string(rows) + ",)", all);
  };
  const std::string bytes = zip({{"x_test.npy", images(5, 90)},
                                 {"x_train.npy", images(20, 10)},
                                 {"y_train.npy", labels(20)},
                                 {"y_test.npy", labels(5)}});
  for (const fs::path folder : {"", "mnist"}) {
    const TemporaryFolder data;
    fs::create_directories(data.path() / folder);
    const fs::path file = written(data.path() / folder / "mnist.npz", bytes);
    const auto set = open_set("mnist<normalize=none>", data.path());
    BOOST_TEST(values_of(*set, Split::test) == (std::vector<int>{90, 91, 92, 93, 94}),
               per_element());
    BOOST_TEST(set->count(Split::train) == 18U);
    BOOST_TEST(labels_of(*set, Split::validation) == (Labels{8, 9}), per_element());
    BOOST_TEST(set->files()[0] == file.string());
    const auto named = open_set("mnist<normalize=none,test=" + file.string() + ">");
    BOOST_TEST(values_of(*named, Split::test)[4] == 94);
  }
  const TemporaryFolder data;
  const auto fails = [&](const std::string& x, const std::string& y) {
    written(data.path() / "mnist.npz",
            zip({{"x_train.npy", x}, {"y_train.npy", y}, {"x_test.npy", x}, {"y_test.npy", y}}));
    return message_of([&] { open_set("mnist", data.path())->all(Split::train); });
  };
  BOOST_TEST(
      contains(fails(npy("'|u1'", "(2, 3)", "abcdef"), labels(2)), "images are [rows, 28, 28]"));
  BOOST_TEST(contains(fails(images(20, 0), labels(3)), "each of the images needs one label"));
  BOOST_TEST(contains(fails(images(1, 0), npy("'|u1'", "(1,)", "\x0b")), "none of 0 to 9"));
}

BOOST_AUTO_TEST_CASE(batches_for_python_are_read_where_torchvision_and_keras_put_them) {
  for (const std::string folder : {"cifar-10-batches-py", "cifar10/cifar-10-batches-py", "cifar10",
                                   "cifar-10-batches-py-target/cifar-10-batches-py"}) {
    BOOST_TEST_CONTEXT(folder) {
      const TemporaryFolder data;
      fs::create_directories(data.path() / folder);
      for (std::size_t i = 0; i < 5; ++i)
        written(data.path() / folder / ("data_batch_" + std::to_string(i + 1)),
                cifar_pickle(10, 10 * i));
      written(data.path() / folder / "test_batch", cifar_pickle(10, 100));
      const auto set = open_set("cifar10<normalize=none>", data.path());
      BOOST_TEST(set->count(Split::train) == 45U);
      BOOST_TEST(values_of(*set, Split::train)[44] == 44);
      BOOST_TEST(labels_of(*set, Split::validation) == (Labels{5, 6, 7, 8, 9}), per_element());
      BOOST_TEST(values_of(*set, Split::test)[9] == 109);
    }
  }
  const TemporaryFolder data;
  fs::create_directories(data.path() / "cifar-10-batches-bin");
  for (int i = 0; i < 5; ++i)
    written(data.path() / "cifar-10-batches-bin" / ("data_batch_" + std::to_string(i + 1) + ".bin"),
            cifar_records(10, 10 * i));
  written(data.path() / "cifar-10-batches-bin" / "test_batch.bin", cifar_records(10, 100));
  BOOST_TEST(values_of(*open_set("cifar10<normalize=none>", data.path()), Split::test)[9] == 109);
}

BOOST_AUTO_TEST_CASE(other_pickles_are_refused_and_none_is_ever_called) {
  const std::string whole = cifar_pickle(3);
  const std::pair<std::string, std::string> rows[] = {
      {whole.substr(0, whole.size() / 2), "truncated"},
      {whole.substr(0, 40), "truncated"},
      {"\x80\x02}.", "'data' and 'labels'"},
      {"\x80\x02K\x05.", "'data' and 'labels'"},
      {"\x80\x02.", "damaged"},
      {"\x80\x02"
       "h\x07.",
       "damaged"},
      {"\x80\x02(e.", "damaged"},
      {"\x80\x02"
       "cos\nsystem\n(U\x04"
       "true"
       "tR.",
       "'data' and 'labels'"},
      {"\x80\x02i", "other things"},
      {"\x80\x02T\xff\xff\xff\xff", "truncated"},
      {"\x80\x02}(U\x06"
       "labels]K\x01"
       "aU\x04"
       "data]u.",
       "3072 bytes for each label"},
  };
  const TemporaryFolder folder;
  for (const auto& [bytes, says] : rows) {
    const fs::path file = written(folder.path() / "batch", bytes);
    const std::string error = opening_fails("cifar10<test=" + file.string() + ">");
    BOOST_TEST(contains(error, file.string() + ": "), error);
    BOOST_TEST(contains(error, says), "'" << says << "' in: " << error);
  }
}

BOOST_AUTO_TEST_CASE(files_that_stand_for_others_are_called_what_they_are) {
  const TemporaryFolder folder;
  const std::pair<std::string, std::string> rows[] = {
      {"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n", "git lfs pull"},
      {"<html><head>", "web page"},
      {"\x89PNG\r\n\x1a\n", "PNG image"},
  };
  for (const auto& [bytes, says] : rows) {
    const std::string file = written(folder.path() / "f", bytes).string();
    for (const std::string set : {"cifar10", "mnist"}) {
      const std::string error = opening_fails(set + "<test=" + file + ">");
      BOOST_TEST(contains(error, says), "'" << says << "' in: " << error);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
