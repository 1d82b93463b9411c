// The data set csv: what it reads, and what it says about files it cannot read.
#include "tests/plugins/datasets/dataset_bench.hpp"

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
      {"x,class\n1,a\n,b\n", "", "t.csv:3", "column 1 ('x'): '' is an empty cell"},
      {"x,class\n1,a\nnan,b\n", "", "t.csv:3", "no finite"},
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
