// Tables as users have them, through the executable: what is read, what is doubted in one warning,
// what is refused in one line.
#include "tests/cli/bad_input.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

// An index in front, as pandas writes one, shuffled and in order of the classes.
std::string indexed(int rows, const std::string& name) {
  std::string text = name + ",x1,x2,class\n";
  for (int i = 0; i < rows; ++i) {
    const int row = (7 * i + 3) % rows;
    text += std::to_string(row) + "," + std::to_string(i * i % 11) + ".5," +
            std::to_string(i * 3 % 7) + "," + (row < rows / 2 ? "a" : "b") + "\n";
  }
  return text;
}

const std::string kJetNames =
    "j_zlogz,j_c1_b0_mmdt,j_c1_b1_mmdt,j_c1_b2_mmdt,j_c2_b1_mmdt,j_c2_b2_mmdt,j_d2_b1_mmdt,"
    "j_d2_b2_mmdt,j_d2_a1_b1_mmdt,j_d2_a1_b2_mmdt,j_m2_b1_mmdt,j_m2_b2_mmdt,j_n2_b1_mmdt,"
    "j_n2_b2_mmdt,j_mass_mmdt,j_multiplicity,j_g,j_q,j_w,j_z,j_t\n";
const std::string kJet = "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,";

}  // namespace

BOOST_AUTO_TEST_SUITE(tables)

BOOST_AUTO_TEST_CASE(an_index_among_the_features_is_warned_of_once_with_the_way_out) {
  for (const std::string name : {"", "Unnamed: 0", "Id"}) {
    const TemporaryFolder folder;
    write_file(folder.path() / "tr.csv", indexed(40, name));
    write_file(folder.path() / "te.csv", indexed(20, name));
    const auto train = [&](const std::string& options) {
      return good({"train", "mlp", "csv<train=tr.csv,test=te.csv" + options + ">", "--max-epochs",
                   "1", "--batch-size", "8"},
                  folder.path());
    };
    const Outcome all = train("");
    BOOST_TEST(count(all.err, "warning: ") >= 1U, all.err);
    BOOST_TEST(count(all.err, "'tr.csv': column 1") == 1U, all.err);
    BOOST_TEST(count(all.err, "'te.csv': column 1") == 0U, all.err);
    BOOST_TEST(contains(all.err, "features=[x1, x2]"), all.err);
    const Outcome chosen = train(",features=[x1, x2]");
    BOOST_TEST(!contains(chosen.err, "column 1"), chosen.err);
  }
}

BOOST_AUTO_TEST_CASE(tables_that_cannot_be_read_end_in_one_line_with_their_place) {
  const auto table = [](const std::string& what, const std::string& bytes,
                        const std::vector<std::string>& says) {
    return BadInput{what, {{"t.csv", bytes}}, {"train", "mlp", "csv<train=t.csv>"}, 1, says};
  };
  const auto jets = [](const std::string& what, const std::string& labels,
                       const std::vector<std::string>& says) {
    return BadInput{what,
                    {{"t.csv", kJetNames + kJet + "1,0,0,0,0\n" + kJet + labels + "\n"}},
                    {"train", "jsc-tiny", "jsc<train=t.csv>"},
                    1,
                    says};
  };
  check_bad_inputs({
      table("a line break in a cell", "x1,x2,class\n1,\"2\nboo\",a\n1,2,b\n",
            {"t.csv:2", "column 2 ('x2')", "'2\\nboo' is not a number"}),
      table("a NUL in a cell", std::string("x1,x2,class\n1,2,a\n1,\0,b\n", 24),
            {"t.csv:3", "column 2 ('x2')", "'\\x00' is not a number"}),
      table("an escape sequence in a cell", "x1,class\n1,a\n\x1b[2J,b\n",
            {"t.csv:3", "'\\x1b[2J' is not a number"}),
      table("a missing value", "x1,class\n1,a\nNA,b\n", {"t.csv:3", "'NA' stands for a missing"}),
      table("a decimal comma", "x1;class\n1,5;a\n2;b\n", {"t.csv:2", "decimals have a point"}),
      table("a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\nsize 5\n",
            {"t.csv", "git lfs pull"}),
      table("a web page", "<!DOCTYPE html>\n<html>\n", {"t.csv", "web page"}),
      table("a zip archive", "PK\3\4xxxx", {"t.csv", "a zip archive"}),
      table("UTF-16", std::string("\xff\xfex\0,\0", 6), {"t.csv", "UTF-16"}),
      jets("jets of no class", "0,0,0,0,0", {"t.csv:3", "0, 0, 0, 0 and 0", "has to be 1"}),
      jets("jets of two classes", "1,0,0,1,0", {"t.csv:3", "1, 0, 0, 1 and 0"}),
      jets("jets of scores", "0.3,0.3,7,1,-5", {"t.csv:3", "0.3, 0.3, 7, 1 and -5"}),
  });
}

BOOST_AUTO_TEST_SUITE_END()
