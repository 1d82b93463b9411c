// The data set csv with weights that say what they were trained on, and the splits that it reads.
#include "tests/plugins/datasets/dataset_bench.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;
using boost::test_tools::per_element;

namespace {

using Texts = std::vector<std::string>;
using Floats = std::vector<float>;
using Doubles = std::vector<double>;
using Labels = std::vector<std::int64_t>;

struct Folder {
  TemporaryFolder folder;
  std::string file(const std::string& name, std::string_view bytes) {
    return written(folder.path() / name, bytes).string();
  }
  std::string path(const std::string& name) { return (folder.path() / name).string(); }
};

// What weights say: columns, classes, scaling.
struct Weights {
  Texts columns, classes;
  Doubles mean = {}, deviation = {};

  OpenRequest asking_for(Split split) const {
    Field samples{"samples",
                  LATHE_FIELD_INPUT,
                  DType::float32,
                  Shape{static_cast<std::int64_t>(columns.size())},
                  true,
                  0,
                  {}};
    samples.feature_names = columns;
    samples.mean = mean;
    samples.deviation = deviation;
    const Field labels{"labels",     LATHE_FIELD_TARGET,
                       DType::int64, {},
                       true,         static_cast<std::int64_t>(classes.size()),
                       classes};
    return {{split}, {samples, labels}};
  }
};

const Weights kJets{{"x", "y"}, {"a", "b", "c"}};

}  // namespace

BOOST_AUTO_TEST_SUITE(dataset_csv_weights)

BOOST_AUTO_TEST_CASE(only_files_of_splits_that_are_asked_for_are_read) {
  Folder f;
  const std::string test = f.file("test.csv", "x,y,class\n1,2,b\n");
  const std::string set = "csv<train=" + f.path("gone.csv") + ",test=" + test + ">";
  const auto opened = open_set(set, {}, kJets.asking_for(Split::test));
  BOOST_TEST(opened->files() == Texts{test}, per_element());
  BOOST_TEST(labels_of(*opened, Split::test) == Labels{1}, per_element());
  BOOST_TEST(contains(message_of([&] { opened->all(Split::train); }), "gone.csv"));
  // Given classes need no train file either.
  const auto given =
      open_set("csv<train=/gone.csv,classes=[a,b],test=" + test + ">", {}, {{Split::test}, {}});
  BOOST_TEST(labels_of(*given, Split::test) == Labels{1}, per_element());
  BOOST_TEST(contains(opening_fails(set, {}, {{Split::train}, {}}), "gone.csv"));
}

BOOST_AUTO_TEST_CASE(the_train_file_numbers_the_classes_that_no_weights_name) {
  Folder f;
  const std::string train = f.file("train.csv", "1,a\n2,b\n3,c\n");
  const std::string test = f.file("test.csv", "4,c\n5,b\n");
  const auto set = open_set("csv<train=" + train + ",test=" + test + ">", {}, {{Split::test}, {}});
  BOOST_TEST(labels_of(*set, Split::test) == (Labels{2, 1}), per_element());
  BOOST_TEST(set->info().classes() == 3);
  // Without it the file at hand counts.
  const auto alone = open_set("csv<train=/gone.csv,test=" + test + ">", {}, {{Split::test}, {}});
  BOOST_TEST(labels_of(*alone, Split::test) == (Labels{1, 0}), per_element());
}

BOOST_AUTO_TEST_CASE(classes_have_the_numbers_that_weights_know_them_by) {
  Folder f;
  const std::string test = f.file("test.csv", "x,y,class\n1,2,c\n3,4,b\n");
  const auto set = open_set("csv<test=" + test + ">", {}, kJets.asking_for(Split::test));
  BOOST_TEST(labels_of(*set, Split::test) == (Labels{2, 1}), per_element());
  BOOST_TEST(set->info().target()->class_names == (Texts{"a", "b", "c"}), per_element());
  // Whatever their order is here.
  const auto given =
      open_set("csv<test=" + test + ",classes=[c,b]>", {}, kJets.asking_for(Split::test));
  BOOST_TEST(labels_of(*given, Split::test) == (Labels{2, 1}), per_element());

  const std::string other = f.file("other.csv", "x,y,class\n1,2,c\n3,4,d\n5,6,b\n");
  const auto wrong = open_set("csv<test=" + other + ">", {}, kJets.asking_for(Split::test));
  const std::string error = message_of([&] { wrong->all(Split::test); });
  BOOST_TEST(contains(error, "other.csv: "), error);
  BOOST_TEST(contains(error,
                      "row 1 of split 'test' is of the class 'd', which the network does "
                      "not know; it was trained on 'a', 'b', 'c'"),
             error);
}

BOOST_AUTO_TEST_CASE(columns_are_those_that_the_weights_know) {
  Folder f;
  const std::string test = f.file("test.csv", "when,y,class,x\nmonday,2,c,1\ntuesday,4,b,3\n");
  const auto set = open_set("csv<test=" + test + ">", {}, kJets.asking_for(Split::test));
  BOOST_TEST(samples_of(*set, Split::test) == (Floats{1, 2, 3, 4}), per_element());
  BOOST_TEST(set->info().input()->feature_names == (Texts{"x", "y"}), per_element());
  // Columns that are named stay what they are, and are put in order.
  const auto named =
      open_set("csv<test=" + test + ",features=[y,x]>", {}, kJets.asking_for(Split::test));
  BOOST_TEST(samples_of(*named, Split::test) == (Floats{1, 2, 3, 4}), per_element());
  // Columns that are counted too, but for those of other names, which are taken as they are.
  const auto counted =
      open_set("csv<test=" + test + ",features=[1,3]>", {}, kJets.asking_for(Split::test));
  BOOST_TEST(samples_of(*counted, Split::test) == (Floats{1, 2, 3, 4}), per_element());
  const std::string other = f.file("other.csv", "p,q,class\n1,2,c\n3,4,b\n");
  const auto unlike =
      open_set("csv<test=" + other + ",features=[1,0]>", {}, kJets.asking_for(Split::test));
  BOOST_TEST(samples_of(*unlike, Split::test) == (Floats{2, 1, 4, 3}), per_element());
}

BOOST_AUTO_TEST_CASE(columns_that_do_not_fit_the_weights_are_refused) {
  Folder f;
  struct Row {
    const char *bytes, *options, *says;
  };
  const Row rows[] = {
      {"x,z,class\n1,2,a\n", "",
       "there is no column 'y', which the network was trained on; there are 'x', 'z', 'class'"},
      {"x,z,class\n1,2,a\n", ",features=[x,z]",
       "has no column 'y', which the network was trained on; it has 'x', 'z'"},
      {"1,a\n", "",
       "has 1 features in a row of 'samples', and the network was trained on 2 ('x', 'y')"},
      {"1,2,3,a\n", "", "has 3 features in a row of 'samples', and the network was trained on 2"},
      {"class,x,y\n1,2,3\n", ",label=y", "column 3 ('y') is taken for the label, and is a feature"},
      {"x,y,class\n1,2,3\n", ",target=float", "has numbers in its target 'targets'"},
  };
  for (const Row& row : rows) {
    const std::string test = f.file("test.csv", row.bytes);
    const std::string error =
        opening_fails("csv<test=" + test + row.options + ">", {}, kJets.asking_for(Split::test));
    BOOST_TEST(contains(error, row.says), error);
  }
}

BOOST_AUTO_TEST_CASE(numbers_are_scaled_as_the_weights_were_trained_with) {
  Folder f;
  Weights weights = kJets;
  weights.mean = {1, 10};
  weights.deviation = {2, 5};
  const std::string train = f.file("train.csv", "x,y,class\n0,0,a\n1,1,b\n");
  const std::string test = f.file("test.csv", "y,x,class\n20,5,a\n");
  for (const char* scaling : {"", ",standardize=train", ",standardize=auto"}) {
    for (const std::string& first :
         {std::string(), ",train=" + train, std::string(",train=/no.csv")}) {
      const auto set =
          open_set("csv<test=" + test + first + scaling + ">", {}, weights.asking_for(Split::test));
      // (5 - 1) / 2 and (20 - 10) / 5.
      BOOST_TEST(samples_of(*set, Split::test) == (Floats{2, 2}), per_element());
      BOOST_TEST(set->info().input()->mean == (Doubles{1, 10}), per_element());
      BOOST_TEST(set->info().input()->deviation == (Doubles{2, 5}), per_element());
    }
  }
  const auto plain =
      open_set("csv<test=" + test + ",standardize=none>", {}, weights.asking_for(Split::test));
  BOOST_TEST(samples_of(*plain, Split::test) == (Floats{5, 20}), per_element());
  BOOST_TEST(plain->info().input()->mean.empty());
  // The same scaling for rows that are read later.
  const auto both =
      open_set("csv<train=" + train + ",test=" + test + ">", {}, weights.asking_for(Split::test));
  BOOST_TEST(samples_of(*both, Split::train) == (Floats{-0.5F, -2, 0, -1.8F}), per_element());
}

BOOST_AUTO_TEST_CASE(the_train_file_is_read_where_it_alone_tells_the_scaling) {
  Folder f;
  const std::string train = f.file("train.csv", "0,5,a\n4,5,b\n");
  const std::string test = f.file("test.csv", "6,5,a\n");
  const auto set = open_set("csv<standardize=train,train=" + train + ",test=" + test + ">", {},
                            {{Split::test}, {}});
  // Mean 2, deviation 2; the constant column is centred only.
  BOOST_TEST(samples_of(*set, Split::test) == (Floats{2, 0}), per_element());
  BOOST_TEST(set->info().input()->mean == (Doubles{2, 5}), per_element());
  BOOST_TEST(set->info().input()->deviation == (Doubles{2, 1}), per_element());
  const std::string error = opening_fails(
      "csv<standardize=train,train=/gone.csv,test=" + test + ">", {}, {{Split::test}, {}});
  BOOST_TEST(contains(error, "standardize=train needs a train file"), error);
  BOOST_TEST(contains(error, "there is no '/gone.csv'"), error);
}

BOOST_AUTO_TEST_CASE(columns_of_later_files_are_those_of_the_first) {
  Folder f;
  const std::string train = f.file("train.csv", "x,y,class\n1,2,a\n3,4,b\n");
  const std::string test = f.file("test.csv", "class,y,x\na,20,10\n");
  const auto set = open_set("csv<train=" + train + ",test=" + test + ">");
  BOOST_TEST(samples_of(*set, Split::test) == (Floats{10, 20}), per_element());
  const std::string other = f.file("other.csv", "x,z,class\n1,2,a\n");
  const std::string error = opening_fails("csv<train=" + train + ",test=" + other + ">");
  BOOST_TEST(contains(error, "other.csv: "), error);
  BOOST_TEST(contains(error, "there is no column 'y', which '"), error);
  BOOST_TEST(contains(error, "train.csv' has; there are 'x', 'z', 'class'"), error);
  // Without a header they are counted.
  const std::string bare = f.file("bare.csv", "1,2,a\n");
  BOOST_TEST(opening_fails("csv<train=" + train + ",test=" + bare + ">") == "");
}

BOOST_AUTO_TEST_SUITE_END()
