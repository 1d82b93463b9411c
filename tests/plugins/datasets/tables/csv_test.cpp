// The data set csv: what it reads, and what it says about files it cannot read.
#include "plugins/datasets/tables/csv_table.hpp"
#include "tests/plugins/datasets/dataset_bench.hpp"
#include "tests/plugins/datasets/images/image_files.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;
using boost::test_tools::per_element;

namespace {

struct Folder {
  TemporaryFolder folder;
  // csv<train=FILE,...> over a file with these bytes.
  std::string set(std::string_view bytes, const std::string& options = "") {
    const auto path = written(folder.path() / "t.csv", bytes);
    return "csv<train=" + path.string() + (options.empty() ? "" : "," + options) + ">";
  }
};

using Floats = std::vector<float>;
using Labels = std::vector<std::int64_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(dataset_csv)

BOOST_AUTO_TEST_CASE(every_dialect_of_a_table_gives_the_same_rows) {
  Folder folder;
  const std::string plain = "x,y,class\n1,2.5,b\n-3,4e1,a\n";
  const std::pair<std::string, std::string> dialects[] = {
      {plain, ""},
      {"x,y,class\r\n1,2.5,b\r\n-3,4e1,a\r\n", ""},
      {"x,y,class\r1,2.5,b\r-3,4e1,a", ""},
      {"x,y,class\n1,2.5,b\n-3,4e1,a", ""},
      {"\xef\xbb\xbfx,y,class\n1,2.5,b\n-3,4e1,a\n\n\n", ""},
      {"x;y;class\n1;2.5;b\n-3;4e1;a\n", ""},
      {"x\ty\tclass\n1\t2.5\tb\n-3\t4e1\ta\n", ""},
      {"x|y|class\n1|2.5|b\n-3|4e1|a\n", "delimiter=pipe"},
      {"1,2.5,b\n-3,4e1,a\n", ""},
      {"1,2.5,b\n-3,4e1,a\n", "header=no"},
      {"\"x\",\"y, in \"\"mm\"\"\",\"class\"\n\"1\",2.5,\"b\"\n-3,\"4e1\",a\n", ""},
      {"x,\"y\non two lines\",class\n1,2.5,b\n-3,4e1,a\n", ""},
      {"class,x,y\nb,1,2.5\na,-3,40\n", ""},
      {"b,1,2.5\na,-3,40\n", "label=0"},
      {"x,kind,y\n1,b,2.5\n-3,a,40\n", "label=kind"},
      {"z,x,y,class\n9,1,2.5,b\n9,-3,40,a\n", "features=[x,y]"},
      {"z,x,y,class\n9,1,2.5,b\n9,-3,40,a\n", "features=[1,2],label=-1"},
      {" x , y , class \n 1 , +2.5 , b \n -3 , 4e1 ,a\n", ""},
      {"sep=;\nx;y;class\n1;2.5;b\n-3;4e1;a\n", ""},
      {"\"sep=;\"\r\nx;y;class\r\n1;2.5;b\r\n-3;4e1;a\r\n", ""},
      {"\xef\xbb\xbfsep=^\nx^y^class\n1^2.5^b\n-3^4e1^a\n", ""},
      {"# made by a program\nx,y,class\n1,2.5,b\n# half\n-3,4e1,a\n#\n", ""},
      {"#x,y,class\n1,2.5,b\n-3,4e1,a\n", ""},
      {"# a, b\n# x,y,class\n1,2.5,b\n-3,4e1,a\n", ""},
      {"# class,x,y\nb,1,2.5\na,-3,40\n", ""},
      {"# x,y,class\n1,2.5,b\n-3,4e1,a\n", "header=no"},
      {"\n  \nx,y,class\n\n1,2.5,b\n \t \n-3,4e1,a\n\n", ""},
      {"x  y class\n 1  2.5 b\n-3 4e1   a \n", "delimiter=space"},
      {"\"x\" \"y\" class\n 1  \"2.5\" b\n-3 4e1   \"a\" \n", "delimiter=space"},
      // Commas in every line, but of names.
      {"\"x, mm\";\"y, mm\";class\n1;2.5;b\n-3;4e1;a\n", ""},
      {"x\ty, or z\tclass\n1\t2.5\tb\n-3\t4e1\ta\n", ""},
  };
  for (const auto& [bytes, options] : dialects) {
    BOOST_TEST_CONTEXT(bytes << " with " << options) {
      const auto set = open_set(folder.set(bytes, options));
      BOOST_TEST(samples_of(*set, Split::train) == (Floats{1, 2.5F, -3, 40}), per_element());
      BOOST_TEST(labels_of(*set, Split::train) == (Labels{1, 0}), per_element());
      BOOST_TEST(set->info().target()->class_names == (std::vector<std::string>{"a", "b"}),
                 per_element());
      BOOST_TEST((set->info().input()->shape == Shape{2}));
    }
  }
  BOOST_TEST_MESSAGE(std::size(dialects) << " dialects");
}

BOOST_AUTO_TEST_CASE(a_table_may_be_packed_by_gzip_under_any_name) {
  Folder folder;
  const std::string packed = gzip("x,y,class\n1,2.5,b\n-3,4e1,a\n");
  const auto set = make_set(folder.set(packed));
  BOOST_TEST((set->info().input()->shape == Shape{2}));
  set->open({});
  BOOST_TEST(samples_of(*set, Split::train) == (Floats{1, 2.5F, -3, 40}), per_element());
  BOOST_TEST(labels_of(*set, Split::train) == (Labels{1, 0}), per_element());
  // Members follow each other.
  const auto two = open_set(folder.set(gzip("x,y,class\n1,2.5,b\n") + gzip("-3,4e1,a\n")));
  BOOST_TEST(labels_of(*two, Split::train) == (Labels{1, 0}), per_element());
}

BOOST_AUTO_TEST_CASE(truth_values_are_numbers_among_features_and_words_among_classes) {
  Folder folder;
  for (const std::string bytes :
       {"x,y,k\nTrue,False,True\nFalse,True,False\n", "TRUE,FALSE,True\nfalse,true,False\n"}) {
    const auto set = open_set(folder.set(bytes));
    BOOST_TEST(samples_of(*set, Split::train) == (Floats{1, 0, 0, 1}), per_element());
    BOOST_TEST(labels_of(*set, Split::train) == (Labels{1, 0}), per_element());
    BOOST_TEST(set->info().target()->class_names == (std::vector<std::string>{"False", "True"}),
               per_element());
  }
}

BOOST_AUTO_TEST_CASE(classes_keep_the_order_in_which_they_are_given) {
  Folder folder;
  const auto set = open_set(folder.set("1,b\n2,a\n3,c\n", "classes=[c,b,a]"));
  BOOST_TEST(labels_of(*set, Split::train) == (Labels{1, 2, 0}), per_element());
}

BOOST_AUTO_TEST_CASE(numeric_classes_are_ordered_by_value_whatever_their_spelling) {
  Folder folder;
  const auto set = open_set(folder.set("x,label\n0,10\n0,9\n0,9.0\n0,10\n"));
  BOOST_TEST(set->info().target()->class_names == (std::vector<std::string>{"9", "10"}),
             per_element());
  BOOST_TEST(labels_of(*set, Split::train) == (Labels{1, 0, 0, 1}), per_element());
}

BOOST_AUTO_TEST_CASE(shape_is_known_before_open_and_classes_when_given) {
  Folder folder;
  const DatasetInfo given =
      make_set("csv<train=/no/such/file,features=[a,b,c],classes=[x,y]>")->info();
  BOOST_TEST((given.input()->shape == Shape{3}));
  BOOST_TEST(given.classes() == 2);
  const DatasetInfo line = make_set(folder.set("a,b,c,class\nbroken\n"))->info();
  BOOST_TEST((line.input()->shape == Shape{3}));
  BOOST_TEST(line.classes() == 0);
  BOOST_TEST(!make_set("csv<train=/no/such/file>")->info().input()->known_shape);
}

BOOST_AUTO_TEST_CASE(a_float_target_is_the_last_column_or_the_one_that_is_named) {
  Folder folder;
  const std::pair<std::string, std::string> tables[] = {
      {"x,y,price\n1,2.5,-7\n-3,4e1,0.5\n", ""},
      {"1,2.5,-7\n-3,4e1,0.5\n", ""},
      {"x,target,y\n1,-7,2.5\n-3,0.5,40\n", ""},
      {"price,x,y\n-7,1,2.5\n0.5,-3,40\n", "label=price"},
      {"-7,1,2.5\n0.5,-3,40\n", "label=0"},
      {"z,x,y,price\n9,1,2.5,-7\n9,-3,40,0.5\n", "features=[x,y]"},
  };
  for (const auto& [bytes, options] : tables) BOOST_TEST_CONTEXT(bytes) {
      const std::string float_target = "target=float" + (options.empty() ? "" : "," + options);
      const auto set = open_set(folder.set(bytes, float_target));
      const DatasetInfo info = set->info();
      BOOST_TEST(info.target()->name == "targets");
      BOOST_TEST((info.target()->dtype == DType::float32));
      BOOST_TEST((info.target()->shape == Shape{1}));
      BOOST_TEST(info.classes() == 0);
      BOOST_TEST(samples_of(*set, Split::train) == (Floats{1, 2.5F, -3, 40}), per_element());
      const auto targets = set->all(Split::train).fields[1].values<float>();
      BOOST_TEST(Floats(targets.begin(), targets.end()) == (Floats{-7, 0.5F}), per_element());
    }
  // What is needed to build a network is known from the first line.
  BOOST_TEST(make_set(folder.set("x,price\n1,2\n", "target=float"))->info().complete());
}

BOOST_AUTO_TEST_CASE(standardising_leaves_float_targets_as_they_are) {
  Folder folder;
  const auto set = open_set(folder.set("0,5\n4,7\n", "standardize=train,target=float"));
  BOOST_TEST(samples_of(*set, Split::train) == (Floats{-1, 1}), per_element());
  BOOST_TEST(set->all(Split::train).fields[1].values<float>()[1] == 7.0F);
}

BOOST_AUTO_TEST_CASE(standardising_uses_the_train_file_for_all_splits) {
  Folder folder;
  const auto test = written(folder.folder.path() / "test.csv", "6,5,a\n");
  const auto set =
      open_set(folder.set("0,5,a\n4,5,b\n", "standardize=train,test=" + test.string()));
  // Mean 2, deviation 2; the constant column is centred only.
  BOOST_TEST(samples_of(*set, Split::train) == (Floats{-1, 0, 1, 0}), per_element());
  BOOST_TEST(samples_of(*set, Split::test) == (Floats{2, 0}), per_element());
}

BOOST_AUTO_TEST_CASE(files_and_splits_that_are_absent_are_told) {
  Folder folder;
  const auto set = open_set(folder.set("1,a\n2,b\n"));
  BOOST_TEST(set->files().size() == 1U);
  BOOST_TEST(set->count(Split::test) == 0U);
  BOOST_CHECK_EXCEPTION(set->all(Split::test), Error, [](const Error& e) {
    return contains(e.what(), "option 'test'") && e.exit_code() == 1;
  });
}

BOOST_AUTO_TEST_CASE(broken_tables_are_refused_with_file_line_and_column) {
  struct Row {
    std::string bytes, options, place, reason;
  };
  const Row rows[] = {
      {"", "", "t.csv", "empty"},
      {"\n\n", "", "t.csv", "empty"},
      {"x,class\n", "", "t.csv", "no rows"},
      {"1\n2\n", "", "t.csv", "one column"},
      {"x,class\n1,a\nhello,b\n", "", "t.csv:3", "column 1 ('x'): 'hello' is not a number"},
      {"x,class\n1,a\nNA,b\n", "", "t.csv:3", "column 1 ('x'): 'NA' stands for a missing value"},
      {"x,class\n1,a\n?,b\n", "", "t.csv:3", "column 1 ('x'): '?' stands for a missing value"},
      {"NA,a\n1,a\n2,b\n", "", "t.csv:1", "column 1: 'NA' stands for a missing value"},
      {"x,class\n1,a\n2,NaN\n", "", "t.csv:3", "the label 'NaN' stands for a missing value"},
      {"x;class\n1;a\n2,5;b\n", "", "t.csv:3", "'2,5' is not a number; decimals have a point"},
      {"1,5;2,5;a\n2,5;3,5;b\n", "", "t.csv:1", "'1,5' is not a number; decimals have a point"},
      {"x,class\n1,a\n\"1,234,567.5\",b\n", "", "t.csv:3", "thousands no separator"},
      {"x,class\n1,a\n1.234\u00a0,b\n", "", "t.csv:3", "is not a number"},
      {"x,class\n1,a\n12%,b\n", "", "t.csv:3", "'12%' is not a number"},
      {std::string("x,class\n1,a\n\0,b\n", 16), "", "t.csv:3",
       "column 1 ('x'): '\\x00' is not a number"},
      {"x1,x2,class\n1,\"2\nboo\",a\n1,2,b\n", "", "t.csv:2",
       "column 2 ('x2'): '2\\nboo' is not a number"},
      {"x,class\n1,a\n\x1b[31m2,b\n", "", "t.csv:3", "'\\x1b[31m2' is not a number"},
      {"id,x,class\nn1,1,a\nn2,3,b\n", "", "t.csv:2",
       "column 1 ('id'): 'n1' is not a number; the option features leaves a column of text out"},
      {"x,y,class\nr1,1,2,a\nr2,3,4,b\n", "", "t.csv:2", "as R writes them"},
      {"x,x,class\n1,2,a\n", "features=[x]", "t.csv", "columns 1 and 2 are both called 'x'"},
      {"x,kind,kind\n1,2,a\n", "label=kind", "t.csv", "columns 2 and 3 are both called 'kind'"},
      {"1 2 a\n2 3 b\n", "", "t.csv", "delimiter=space"},
      {"x,class\n1,a\n,b\n", "", "t.csv:3", "column 1 ('x'): '' is an empty cell"},
      {"x,class\n1,a\nnan,b\n", "", "t.csv:3", "'nan' stands for a missing value"},
      {"x,class\n1,a\n-inf,b\n", "", "t.csv:3", "no finite"},
      {"x,class\n1,a\n1e99,b\n", "", "t.csv:3", "no finite"},
      {"x,class\n1,a\n1e999,b\n", "", "t.csv:3", "no finite"},
      {"x,class\n1,a\n0x10,b\n", "", "t.csv:3", "not a number"},
      {"x,class\n1,a\n1 2,b\n", "", "t.csv:3", "not a number"},
      {"x,class\n1,a\n2\n", "", "t.csv:3", "1 cells; the first has 2"},
      {"x,class\n1,a\n2,b,c\n", "", "t.csv:3", "3 cells; the first has 2"},
      {"x,class\n1,a\n2,\n", "", "t.csv:3", "the label is an empty cell"},
      {"x,class\n1,a\n2,d\n", "classes=[a,b]", "t.csv:3", "'d' is none of the classes 'a', 'b'"},
      {"x,class\n\"1,a\n2,b\n", "", "t.csv:2", "never closed"},
      {"x,class\n\"1\"2,a\n", "", "t.csv:2", "after a closing quote"},
      {"\xff\xfex", "", "t.csv", "UTF-16"},
      {std::string("x\0,\0c\0\n\0001\0,\0a\0\n\0", 16), "", "t.csv", "UTF-16"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7\nsize 12345\n", "", "t.csv",
       "it is a Git LFS pointer, which stands for the file: 'git lfs pull'"},
      {"<!DOCTYPE html>\n<html><body>404</body></html>\n", "", "t.csv", "it is a web page"},
      {"\n <HTML lang=en>\n", "", "t.csv", "it is a web page"},
      {"PK\3\4\24", "", "t.csv", "a zip archive: unpack it"},
      {"PK\3\4\24x_train.npy", "", "t.csv", "an NPZ file, which the data set npy reads"},
      {"PK\3\4\24archive/data.pkl", "", "t.csv", "a PyTorch file"},
      {"PK\3\4\24[Content_Types].xml", "", "t.csv", "Excel workbook (.xlsx): save it as CSV"},
      {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "", "t.csv", "Excel workbook (.xls)"},
      {std::string("PAR1\x15\x04\x00", 7), "", "t.csv", "Parquet"},
      {std::string("BZh91AY&SY\x01\x02", 12), "", "t.csv", "bzip2"},
      {std::string("\xfd\x37zXZ\0", 6), "", "t.csv", "packed by xz"},
      {"\x80\x04\x95\x10", "", "t.csv", "Python pickle"},
      {"\x93NUMPY\1", "", "t.csv", "an NPY file"},
      {gzip("x,class\n1,a\n").substr(0, 20), "", "t.csv", "truncated"},
      {gzip("PK\3\4"), "", "t.csv", "what this gzip file holds is no table; it is a zip archive"},
      {"x,class\n1,a\n", "label=kind", "t.csv", "no column 'kind'"},
      {"1,a\n2,b\n", "label=kind", "t.csv", "no header"},
      {"1,a\n2,b\n", "label=7", "t.csv", "no column 7"},
      {"1,a\n2,b\n", "features=[0,1]", "t.csv", "is the label"},
      {"x,class\n1,a\n", "features=[y]", "t.csv", "no column 'y'"},
      {"x,class\n1,a\n", "features=x", "", "list of columns"},
      {"x,class\n1,a\n", "classes=[a,a]", "", "twice"},
      {"x,class\n1,a\n", "label=[1]", "", "a name or a whole number"},
      {"x,class\n1,a\n", "header=maybe", "", "header"},
      {"x,class\n1,a\n", "tarin=x", "", "train"},
      {"x,price\n1,2\n2,much\n", "target=float", "t.csv:3",
       "column 2 ('price'): 'much' is not a number"},
      {"x,price\n1,2\n2,\n", "target=float", "t.csv:3", "column 2 ('price'): '' is an empty cell"},
      {"x,price\n1,2\n2,inf\n", "target=float", "t.csv:3", "no finite"},
      {"x,price\n1,2\n", "target=float,classes=[a]", "", "has no classes"},
      {"x,price\n1,2\n", "target=number", "", "one of class, float"},
  };
  Folder folder;
  for (const Row& row : rows) {
    const std::string error = opening_fails(folder.set(row.bytes, row.options));
    BOOST_TEST(contains(error, row.place + (row.place.empty() ? "" : ":")), error);
    BOOST_TEST(contains(error, row.reason), "'" << row.reason << "' in: " << error);
  }
  BOOST_TEST_MESSAGE(std::size(rows) << " broken tables");
  BOOST_TEST(contains(opening_fails("csv"), "train=FILE"));
  BOOST_TEST(contains(opening_fails("csv<train=/no/such.csv>"), "/no/such.csv: "));
  BOOST_TEST(contains(opening_fails("csv<test=/x.csv,standardize=train>"), "needs a train file"));
}

// What the user is told of columns that may not be what they seem.
BOOST_AUTO_TEST_CASE(columns_that_look_wrong_are_doubted_by_name) {
  std::string rows[4];  // of 12 lines
  for (int i = 0; i < 12; ++i) {
    const std::string label = i % 2 == 0 ? "a" : "b", n = std::to_string(i);
    const std::string value = std::to_string(i * i % 7) + ".5";
    rows[0] += n + "," + value + "," + label + "\n";
    rows[1] += std::to_string((5 * i + 3) % 12 + 1) + "," + value + "," + label + "\n";
    rows[2] += value + ",7," + label + "\n";
    rows[3] += value + "," + std::to_string(i % 3) + "," + label + "\n";
  }
  const auto with = [&rows](const std::string& header, int which) {
    return (header.empty() ? "" : header + "\n") + rows[which];
  };
  struct Row {
    std::string bytes;
    datasets::table_options options;
    std::vector<std::string> says;  // of the one doubt; none: nothing is doubted
  };
  datasets::table_options chosen, numbers, no_header, header;
  chosen.features = {{"", 1, false}};
  numbers.numbers = true;
  no_header.header = datasets::header_choice::no;
  header.header = datasets::header_choice::yes;
  const Row table[] = {
      {with("x,y,class", 3), {}, {}},
      {with("", 3), {}, {}},
      {with(",x,class", 0), {}, {"t.csv': column 1 holds each number", "features=[x]"}},
      {with(",x,class", 3), {}, {"t.csv': column 1 has no name", "features=[x]"}},
      {with("Unnamed: 0,x,class", 3), {}, {"column 1 ('Unnamed: 0')", "features=[x]"}},
      {with("x,ID,class", 3), {}, {"column 2 ('ID') has the name of an index", "features=[x]"}},
      {with("Id,x y,class", 3), {}, {"column 1 ('Id')", "features=[1]"}},
      {with("index,x,class", 3), {}, {"column 1 ('index')"}},
      {with("n,x,class", 0), {}, {"column 1 ('n') holds each number up to 12 once"}},
      {with("n,x,class", 1), {}, {"column 1 ('n') holds each number up to 12 once"}},
      {with("", 0), {}, {"column 1 holds each number", "features=[1]"}},
      {with(",x,class", 0), chosen, {}},
      {with("x,y,class", 2), {}, {"column 2 ('y') holds one value in every row"}},
      {with("x,x,class", 3), {}, {"column 2 ('x') has the same name as column 1"}},
      {"label,y,class\n0,1,2\n1,5,3\n0,4,2\n",
       {},
       {"column 3 ('class') is a feature", "the label is column 1"}},
      {with("0,1,class", 3), {}, {"column 1 ('0')", "this name is a number", "header=no"}},
      {with("1,2,3", 3), header, {"column 1 ('1')", "this name is a number"}},
      {"0,1,2\n5,6,0\n7,8,1\n", {}, {"the first row counts its columns", "header=yes"}},
      {"0,1,2\n5,6,0\n7,8,1\n", no_header, {}},
      {"x,class\n1,0.0\n2,1.0\n", {}, {"column 2 ('class')", "'0.0'", "2 classes", "target=float"}},
      {"x,class\n1,3.7\n2,4\n3,4\n", {}, {"column 2 ('class')", "'3.7'", "target=float"}},
      {"x,class\n1,3.7\n2,4\n", numbers, {}},
      {"x,class\n1,a\n2,a\n", {}, {"column 2 ('class'): all 2 rows are of one class, 'a'"}},
  };
  for (const Row& row : table) BOOST_TEST_CONTEXT(row.bytes) {
      const TemporaryFolder folder;
      const auto path = written(folder.path() / "t.csv", row.bytes);
      const auto doubts = datasets::read_table(path.string(), row.options, {}).doubts;
      BOOST_TEST_REQUIRE(doubts.size() == (row.says.empty() ? 0U : 1U));
      for (const std::string& part : row.says)
        BOOST_TEST(contains(doubts[0], part), "'" << part << "' in: " << doubts[0]);
    }
  BOOST_TEST_MESSAGE(std::size(table) << " tables");
  // Given classes are what the user has thought about.
  const TemporaryFolder folder;
  const auto path = written(folder.path() / "t.csv", "x,class\n1,0.0\n2,1.0\n");
  BOOST_TEST(datasets::read_table(path.string(), {}, {"0", "1"}).doubts.empty());
}

BOOST_AUTO_TEST_CASE(text_that_is_not_plain_is_told) {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& bytes) {
    return datasets::read_table(written(folder.path() / "t.csv", bytes).string(), {}, {});
  };
  const datasets::table latin = read(
      "gr\xf6\xdf"
      "e,class\n1,\xe4\n2,b\n");
  BOOST_TEST(latin.classes == (std::vector<std::string>{"b", "\u00e4"}), per_element());
  BOOST_TEST_REQUIRE(latin.warnings.size() == 1U);
  BOOST_TEST(contains(latin.warnings[0], "t.csv': its text is not UTF-8 and is read as Latin-1"));
  BOOST_TEST(read("gr\u00f6\u00dfe,class\n1,\u00e4\n2,b\n").warnings.empty());
  const datasets::table comment = read("x,class\n1,a\n#2,b\n3,b\n");
  BOOST_TEST(comment.count() == 2U);
  BOOST_TEST_REQUIRE(comment.warnings.size() == 1U);
  BOOST_TEST(contains(comment.warnings[0], "line 3 begins with '#'"));
  BOOST_TEST(read("x,class\n1,a\n# that was one\n3,b\n").warnings.empty());
}

BOOST_AUTO_TEST_CASE(files_of_other_widths_or_classes_than_the_train_file_are_refused) {
  Folder folder;
  const auto wide = written(folder.folder.path() / "wide.csv", "1,2,a\n");
  const auto other = written(folder.folder.path() / "other.csv", "1,a\n2,z\n");
  BOOST_TEST(
      contains(opening_fails(folder.set("1,a\n2,b\n", "test=" + wide.string())), "2 features"));
  const std::string error = opening_fails(folder.set("1,a\n2,b\n", "test=" + other.string()));
  BOOST_TEST(contains(error, "other.csv:2"), error);
  BOOST_TEST(contains(error, "'a', 'b'"), error);
}

BOOST_AUTO_TEST_CASE(the_real_letters_are_read_whole) {
  const auto folder = data_dir() / "tabular";
  const std::string stem = (folder / "letterAE_").string();
  const auto set = open_set("csv<train=" + stem + "train.csv,validation=" + stem +
                            "val.csv,test=" + stem + "test.csv,label=class,classes=[A,B,C,D,E]>");
  BOOST_TEST((set->info().input()->shape == Shape{16}));
  BOOST_TEST(set->count(Split::train) == 2400U);
  BOOST_TEST(set->count(Split::validation) == 500U);
  BOOST_TEST(set->count(Split::test) == 750U);
  const Floats first{2, 0, 2, 1, 1, 7, 8, 7, 5, 7, 6, 7, 1, 8, 7, 8};
  const std::uint64_t zero = 0;
  const auto row = set->read(Split::test, {&zero, 1});
  const auto samples = row.fields[0].values<float>();
  BOOST_TEST(Floats(samples.begin(), samples.end()) == first, per_element());
  BOOST_TEST(row.fields[1].values<std::int64_t>()[0] == 1);
}

BOOST_AUTO_TEST_SUITE_END()
