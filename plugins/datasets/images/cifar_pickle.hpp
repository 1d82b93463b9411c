// CIFAR-10's batches as pickles of Python, which torchvision and Keras keep: a dict of an array of
// bytes, rows x 3072, and a list of labels. Nothing is called: classes are names, what they would
// make is passed over.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace datasets {

struct cifar_batch {
  std::string_view pixels;  // in the bytes that were read; 3072 a row
  std::vector<std::uint8_t> labels;
};

// Throws data_loss at the file `path` if the pickle holds anything but such a batch.
cifar_batch read_cifar_pickle(std::string_view bytes, const std::string& path);

}  // namespace datasets
