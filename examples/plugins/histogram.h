/* The service "example.histogram/1", which histogram.cpp offers: what its users include. */
#ifndef EXAMPLE_HISTOGRAM_H
#define EXAMPLE_HISTOGRAM_H

#include <lathe/lathe.h>

#define EXAMPLE_HISTOGRAM "example.histogram/1"

typedef struct example_histogram_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* quantiles[i] is the value below which the share shares[i], from 0 to 1, of the elements lies;
   * between two elements it is interpolated linearly. INVALID_ARGUMENT for no elements, a NaN among
   * them, a share that is none. [call] */
  lathe_code (*quantiles)(lathe_call* call, const float* elements, uint64_t size,
                          const double* shares, uint64_t count, double* quantiles);
} example_histogram_api;

#endif
