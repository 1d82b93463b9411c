/* Rows of a table in an HDF5 file, as float32 columns. The only code that links HDF5; a library of
 * its own, opened when a set is really read from HDF5. */
#ifndef LATHE_DATASETS_HDF5_TABLE_H
#define LATHE_DATASETS_HDF5_TABLE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where the columns are. Borrowed for the call. */
typedef struct lathe_hdf5_wanted {
  const char* dataset; /* rows with named members */
  /* Where there is no such dataset, and both of these are there: a dataset of rows x columns, and
   * one of the columns' names. */
  const char* matrix;
  const char* matrix_names;
  const char* const* columns;
  uint64_t column_count;
} lathe_hdf5_wanted;

/* Takes `count` rows, column by column within each. Valid: for the call. */
typedef void (*lathe_hdf5_sink)(void* user, const float* rows, uint64_t count);

/* Hands the named columns of every row to `sink`, in order. Returns 0, or 1 with a sentence in
 * `error` (terminated, cut to `error_size`). Not thread-safe. */
typedef int (*lathe_hdf5_read_table_function)(const char* path, const lathe_hdf5_wanted* wanted,
                                              lathe_hdf5_sink sink, void* user, char* error,
                                              uint64_t error_size);

#define LATHE_HDF5_READ_TABLE "lathe_hdf5_read_table"

#ifdef __cplusplus
}
#endif

#endif
