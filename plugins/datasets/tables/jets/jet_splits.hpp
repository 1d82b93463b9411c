// From all jets to the rows of splits, as MASE prepares them: duplicates dropped, a seeded
// permutation, a fifth for the test. Unlike MASE, validation shares no rows with training.
#pragma once

#include "jets.hpp"

#include <lathe/lathe.hpp>

namespace datasets {

// Keeps the first of equal rows.
void drop_duplicates(jets& all);

// Adds a jet as a sample and its label.
void push_jet(lathe::sample_rows& rows, const float* jet);

struct jet_split {
  lathe::sample_rows rest, test;
};

// scikit-learn's train_test_split(test_size=0.2, random_state=42): the first fifth of the
// permutation, rounded up, is the test.
jet_split split_jets(const jets& all);

// The last eighth of `rows` as rows of their own.
lathe::sample_rows take_last_eighth(lathe::sample_rows& rows);

}  // namespace datasets
