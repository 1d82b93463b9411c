// Rows of the jet substructure set: 16 features, then one column per class, in fixed order, from
// any of the formats in which they come. Knows nothing about splits or scaling.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace datasets {

constexpr std::size_t kJetFeatures = 16, kJetClasses = 5;
constexpr std::size_t kJetColumns = kJetFeatures + kJetClasses;
constexpr std::string_view kHdf5Begins = "\x89HDF\r\n\x1a\n";
constexpr const char* kJetDataset = "t_allpar_new";
// The sets with particles and images of the same jets have a matrix and the names of its columns.
constexpr const char* kJetMatrix = "jets";
constexpr const char* kJetMatrixNames = "jetFeatureNames";
// Names in CERN's file; other files often leave the j_ out.
constexpr const char* kJetNames[kJetColumns] = {"j_zlogz",
                                                "j_c1_b0_mmdt",
                                                "j_c1_b1_mmdt",
                                                "j_c1_b2_mmdt",
                                                "j_c2_b1_mmdt",
                                                "j_c2_b2_mmdt",
                                                "j_d2_b1_mmdt",
                                                "j_d2_b2_mmdt",
                                                "j_d2_a1_b1_mmdt",
                                                "j_d2_a1_b2_mmdt",
                                                "j_m2_b1_mmdt",
                                                "j_m2_b2_mmdt",
                                                "j_n2_b1_mmdt",
                                                "j_n2_b2_mmdt",
                                                "j_mass_mmdt",
                                                "j_multiplicity",
                                                "j_g",
                                                "j_q",
                                                "j_w",
                                                "j_z",
                                                "j_t"};
constexpr const char* kJetClassNames[kJetClasses] = {"g", "q", "w", "z", "t"};

// kJetColumns numbers per row.
using jets = std::vector<float>;

// "J_G" -> "g"
std::string bare_name(std::string_view name);

// The class of a word, or kJetClasses.
std::size_t jet_class(std::string_view word);

// What class a number means, or what class a nameless column of a one-hot label stands for: item i
// is a class by its place in kJetClassNames.
using label_order = std::vector<std::size_t>;

void push_one_hot(jets& out, std::size_t label);

// The class of five numbers of which one is 1 and four are 0, in the order of kJetClassNames; of
// any others kJetClasses.
std::size_t class_of_one_hot(const float* numbers);

// What is said about such others: "the classes g, q, w, z, t are 0.3, 0.3, 7, 1 and -5; ..."
std::string one_hot_trouble(const float* numbers);

// Class of a number in [0, 5), or kJetClasses.
std::size_t class_of_number(double number, const label_order& order);

// The contents of the file decide, not its name: CERN's HDF5 file ends in .z. `warnings` are for
// the user.
jets read_jets(const std::string& path, const label_order& order,
               std::vector<std::string>& warnings);

}  // namespace datasets
