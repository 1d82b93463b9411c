// What a training leaves is what was trained: widened and quantized, moved, killed, with a branch
// that nothing reads.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

using namespace lathe_test;

namespace {

namespace fs = std::filesystem;

const std::string kPasses =
    "channel_multiplier<by=name,layer1_0_conv1.width=2,weights=net2wider>,"
    "quantize<by=type,default.name=NA,conv2d.name=integer,conv2d.data_in_width=8,"
    "conv2d.data_in_frac_width=4,conv2d.weight_width=8,conv2d.weight_frac_width=6>";

// Images of CIFAR-10's form, each class of another grey.
std::string records(int rows) {
  std::string out;
  for (int row = 0; row < rows; ++row) {
    const int label = row % 10;
    out += static_cast<char>(label);
    for (int pixel = 0; pixel < 3072; ++pixel)
      out += static_cast<char>(20 * label + (pixel * 7 + row * 13) % 29);
  }
  return out;
}

class Images {
 public:
  Images() {
    write_file(path() / "train.bin", records(48));
    write_file(path() / "held.bin", records(24));
  }
  const fs::path& path() const { return folder_.path(); }
  Words train(const std::string& project, const Words& more) const {
    Words words{"train",
                "resnet20",
                "cifar10<train=train.bin,validation=held.bin,test=held.bin>",
                "--passes",
                kPasses,
                "--batch-size",
                "8",
                "--learning-rate",
                "1e-2",
                "--project-dir",
                ".",
                "--project",
                project};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Outcome test(const std::string& load, const std::string& split, const Words& more = {}) const {
    Words words{"test",          "--load", load,        "--split", split,
                "--project-dir", ".",      "--project", "t",       "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return succeed(words, path());
  }
  // As a training validates: in floats on every processor.
  Outcome validate(const fs::path& load) const {
    return test(load.string(), "validation", {"--integer-kernels", "off"});
  }
  fs::path results(const std::string& project) const {
    return path() / project / "software/training_ckpts";
  }

 private:
  TemporaryFolder folder_;
};

double metric(const Outcome& outcome, const char* name) {
  return outcome.json().at("metrics").at(name).get<double>();
}

// A cell of metrics.csv by row and column.
double cell(const std::string& csv, std::size_t row, const std::string& column) {
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  const auto cells = [&line] {
    std::vector<std::string> out;
    std::istringstream in(line);
    for (std::string text; std::getline(in, text, ',');) out.push_back(text);
    return out;
  };
  const auto columns = cells();
  const auto place = std::find(columns.begin(), columns.end(), column) - columns.begin();
  for (std::size_t i = 0; i <= row; ++i) std::getline(lines, line);
  return std::stod(cells().at(static_cast<std::size_t>(place)));
}

// Until `shows`, or for a minute.
void wait_until(const std::function<bool()>& shows) {
  for (int tries = 0; tries < 60'000 && !shows(); ++tries) usleep(1000);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trained_networks)

BOOST_AUTO_TEST_CASE(a_widened_and_quantized_resnet20_is_tested_as_training_tested_it) {
  const Images at;
  const Outcome trained = succeed(at.train("run", {"--max-epochs", "2", "--json"}), at.path());
  const auto same = [&](const std::string& load) {
    const Outcome tested = at.test(load, "test");
    BOOST_TEST(metric(tested, "accuracy") == metric(trained, "accuracy"));
    BOOST_TEST(metric(tested, "loss") == metric(trained, "loss"));
  };
  same("run");
  fs::create_directories(at.path() / "kept/far");
  fs::rename(at.path() / "run", at.path() / "kept/far/away");
  same("kept/far/away");

  const Outcome last = at.validate("kept/far/away/software/training_ckpts/last.safetensors");
  const std::string csv =
      read_file(at.path() / "kept/far/away/software/training_ckpts/metrics.csv");
  BOOST_TEST(metric(last, "accuracy") == cell(csv, 1, "validation_accuracy"));
  BOOST_TEST(metric(last, "loss") == cell(csv, 1, "validation_loss"));
}

// The set's folder is found where it was, though nobody says --data-dir again.
BOOST_AUTO_TEST_CASE(a_known_set_is_found_in_the_data_folder_of_the_training) {
  const TemporaryFolder folder;
  fs::create_directories(folder.path() / "data/cifar10");
  fs::create_directories(folder.path() / "other/mine/cifar10");
  write_file(folder.path() / "data/cifar10/a.bin", records(48));
  write_file(folder.path() / "data/cifar10/b.bin", records(24));
  const Outcome trained = succeed(
      {"train", "mlp<hidden=[4]>", "cifar10<train=a.bin,validation=b.bin,test=b.bin>", "--data-dir",
       "data", "--max-epochs", "1", "--project-dir", ".", "--project", "p", "--json"},
      folder.path());
  const auto tested = [&](const Words& more) {
    Words words{"test", "--load", "../p", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return succeed(words, folder.path() / "other");
  };
  const Outcome there = tested({});
  BOOST_TEST(metric(there, "accuracy") == metric(trained, "accuracy"));
  BOOST_TEST(there.err.find("data/cifar10', where it was, is taken") != std::string::npos,
             there.err);
  fs::copy_file(folder.path() / "data/cifar10/b.bin", folder.path() / "other/mine/cifar10/b.bin");
  const Outcome here = tested({"--data-dir", "mine"});
  BOOST_TEST(metric(here, "accuracy") == metric(trained, "accuracy"));
  BOOST_TEST(here.err.find("where it was") == std::string::npos, here.err);
}

BOOST_AUTO_TEST_CASE(what_a_kill_in_the_second_epoch_leaves_is_the_end_of_the_first) {
  const Images at;
  const int process = start_lathe(at.train("run", {"--max-epochs", "1000"}), at.path(),
                                  at.path() / "out", at.path() / "err");
  const fs::path metrics = at.results("run") / "metrics.csv";
  wait_until([&] { return fs::exists(metrics); });
  kill(process, SIGKILL);
  wait_for(process);
  const Outcome last = at.validate(at.results("run") / "last.safetensors");
  const std::string csv = read_file(metrics);
  // The kill may fall between the two files: what the weights say counts.
  const auto rows = static_cast<std::size_t>(std::count(csv.begin(), csv.end(), '\n')) - 1;
  const std::string said = "written at the end of epoch ";
  const std::size_t place = last.err.find(said);
  BOOST_REQUIRE_MESSAGE(place != std::string::npos, last.err);
  const std::size_t epoch = std::stoul(last.err.substr(place + said.size()));
  BOOST_REQUIRE(epoch >= 1U);
  BOOST_REQUIRE(epoch <= rows + 1);
  if (epoch > rows) return;
  BOOST_TEST(metric(last, "accuracy") == cell(csv, epoch - 1, "validation_accuracy"));
  BOOST_TEST(metric(last, "loss") == cell(csv, epoch - 1, "validation_loss"));
}

BOOST_AUTO_TEST_CASE(weights_from_within_an_epoch_say_so) {
  const Images at;
  const int process =
      start_lathe(at.train("run", {"--max-epochs", "1000", "--checkpoint-every", "0.001"}),
                  at.path(), at.path() / "out", at.path() / "err");
  const fs::path last = at.results("run") / "last.safetensors";
  wait_until([&] { return fs::exists(last); });
  kill(process, SIGKILL);
  wait_for(process);
  const Outcome tested = at.test(last.string(), "validation");
  // 48 rows in batches of 8.
  BOOST_TEST(tested.err.find("written in epoch 1, after batch ") != std::string::npos, tested.err);
  BOOST_TEST(tested.err.find(" of 6: no row of metrics.csv is of them") != std::string::npos,
             tested.err);
}

BOOST_AUTO_TEST_CASE(a_network_with_a_branch_that_nothing_reads_is_tested_and_goes_on) {
  TemporaryFolder folder;
  const fs::path odd = source_dir() / "tests/cases/networks/odd_models.cpp";
  succeed({"plugin", "build", odd.string()}, folder.path());
  const auto words = [](const Words& more) {
    Words all{"train", "dead",      "jsc-sim", "--batch-size", "256", "--project-dir",
              ".",     "--project", "p",       "--json"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const Words plugin{"--plugin", "./odd_models.so"};
  const Outcome first =
      succeed(words({"--max-epochs", "1", "--plugin", "./odd_models.so"}), folder.path());
  // The plugin of the model is needed to build it, not to rebuild it.
  for (const Words& with : {plugin, Words{}}) {
    Words test{"test", "--load", "p", "--project-dir", ".", "--project", "t", "--json"};
    test.insert(test.end(), with.begin(), with.end());
    BOOST_TEST(metric(succeed(test, folder.path()), "accuracy") == metric(first, "accuracy"));
  }
  const Outcome further = succeed(
      words({"--max-epochs", "2", "--resume", "--plugin", "./odd_models.so"}), folder.path());
  BOOST_TEST(metric(further, "epochs") == 2);
}

BOOST_AUTO_TEST_SUITE_END()
