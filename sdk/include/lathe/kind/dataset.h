#ifndef LATHE_KIND_DATASET_H
#define LATHE_KIND_DATASET_H

/* Kind "dataset": rows made of fields (inputs, targets, weights) in three splits that share no
 * rows: "train", "validation" and "test". A split of another name has no rows. All rows of a set
 * have one shape: rows of varying length are padded by the plugin, and a field beside them says
 * what counts (eg: "attention_mask", 1 where a token stands and 0 where padding does). */

#include <lathe/field.h>
#include <lathe/host.h>
#include <lathe/tensor.h>
#include <lathe/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How many rows a stream has, before it was read. */
#define LATHE_COUNT_UNKNOWN UINT64_MAX

typedef struct lathe_dataset_info {
  uint32_t struct_size;
  int32_t augments; /* 1: as this instance is set, augment() changes training rows */
  /* One input at least. Owner: plugin. Valid: until the next info() of this instance, or destroy.
   */
  const lathe_field_table *fields;
} lathe_dataset_info;

/* What open() is asked for. Valid during the call. */
typedef struct lathe_open_request {
  uint32_t struct_size;
  uint32_t reserved;
  const lathe_str *splits; /* that will be asked for */
  uint64_t split_count;    /* 0: all */
  /* What the loaded weights were trained on: fields with their class names, feature names and
   * scaling, complete. NULL: not known. A set that scales by statistics of its training rows, or
   * finds classes and columns in its files, takes these instead, and needs no training rows for
   * them. Else the host brings rows into the order of these names. */
  const lathe_field_table *trained_on;
} lathe_open_request;

/* A file to download. What is not known is 0 or NULL, never guessed. */
typedef struct lathe_source_file {
  const char *name;   /* as it is kept, mandatory; eg: "train-images-idx3-ubyte.gz" */
  const char *url;    /* NULL: the source's address and then the name */
  const char *sha256; /* 64 hex digits */
  uint64_t size;      /* bytes */
  /* More than 0: an archive, which is unpacked and not kept; what it may unpack to at most. */
  uint64_t unpacked_limit;
  lathe_str begins; /* where no hash is known, tells the file from a web page that says sorry */
} lathe_source_file;

/* A file that a complete set has. */
typedef struct lathe_source_content {
  const char
      *path;     /* within the set's folder, mandatory; eg: "cifar-10-batches-bin/test_batch.bin" */
  uint64_t size; /* bytes; 0: not known */
} lathe_source_content;

/* Where `lathe data fetch ID` gets the files of a known data set, which it puts into the folder of
 * that name, and what `lathe data list` says. Const static data. [scan] */
typedef struct lathe_dataset_source {
  uint32_t struct_size;
  uint32_t reserved;
  const char *title;   /* what it is and whose, in one line, mandatory */
  const char *licence; /* eg: "CC BY 4.0", mandatory */
  const char
      *address; /* of the folder with the files that name no url, ending in '/'; may be NULL */
  const lathe_source_file *files; /* at least one */
  uint64_t file_count;
  uint64_t file_row_size; /* sizeof(lathe_source_file) as the plugin knew it */
  /* NULL: the files themselves, as they are kept. Mandatory where one is an archive. */
  const lathe_source_content *contents;
  uint64_t content_count;
  uint64_t content_row_size; /* sizeof(lathe_source_content) as the plugin knew it */
} lathe_dataset_source;

typedef struct lathe_dataset {
  uint32_t struct_size;
  uint32_t reserved;

  /* Makes an instance; opens no file. `data_dir` is the folder of known data sets, empty if there
   * is none. [call] */
  lathe_code (*create)(lathe_call *call, const lathe_value *options, lathe_str data_dir,
                       void **self);
  void (*destroy)(void *self);

  /* What a row is made of. Before open() it reads no data: a shape that is not known has rank
   * LATHE_RANK_UNKNOWN, a number of classes that is not known is 0; dtypes and names are known.
   * After open() everything is known, and stays. [call] */
  lathe_code (*info)(lathe_call *call, void *self, lathe_dataset_info *info);

  /* Opens the splits of `request`, and no file that only others need: a missing file is
   * LATHE_NOT_FOUND with the file, where it was looked for and how to get it. Called before count,
   * read and next, and again, with splits that were not asked for before, if these are needed
   * later; a set that opens all at once may then do nothing. `trained_on` is the same each time,
   * and info() stays as it is after the first. No other call is made meanwhile. [call] */
  lathe_code (*open)(lathe_call *call, void *self, const lathe_open_request *request);

  /* Rows of a split; 0 if it has none; LATHE_COUNT_UNKNOWN: a stream, whose rows next() gives.
   * Only asked of splits that open() was asked for. [call] */
  lathe_code (*count)(lathe_call *call, void *self, lathe_str split, uint64_t *rows);

  /* Copies the rows `index[0..count)` of a split, in that order, into `out`: one tensor per field,
   * in the fields' order, of the field's dtype and of `count` x its shape, in host memory, dense,
   * made by the host. May be NULL if every split is a stream. After open. [call] */
  lathe_code (*read)(lathe_call *call, void *self, lathe_str split, const uint64_t *index,
                     uint64_t count, lathe_tensor *const *out, uint64_t out_count);

  /* Copies the rows `first`, ..., `first + rows - 1` of a stream into `out`, as read() does, and
   * tells how many it gave. Rows are asked for in order; `first` == 0 begins anew, with the same
   * rows. Fewer than `rows`: the stream ends there. The host reads a stream once and keeps it in
   * memory, so one without end is refused. May be NULL if no split is a stream. After open. [call]
   */
  lathe_code (*next)(lathe_call *call, void *self, lathe_str split, uint64_t first, uint64_t rows,
                     lathe_tensor *const *out, uint64_t out_count, uint64_t *given);

  /* Files the data came from, for the run's provenance: NUL-terminated paths; may be NULL.
   * Valid until destroy. After open. [call] */
  lathe_code (*files)(lathe_call *call, void *self, const lathe_str **paths, uint64_t *count);

  /* Changes rows `index[0..count)` of the train split, as read() or next() gave them, in place in
   * `out`, which holds every field: random crops, flips, mixed rows with mixed targets. Called in
   * training only, never to evaluate, and only if info says `augments`. What a row becomes is a
   * pure function of (seed, epoch, its index, its contents), so that it depends neither on the
   * batch nor on where a run was resumed; draw from lathe.rng. May be NULL. After open. [call] */
  lathe_code (*augment)(lathe_call *call, void *self, uint64_t seed, uint64_t epoch,
                        const uint64_t *index, uint64_t count, lathe_tensor *const *out,
                        uint64_t out_count);

  /* Where the files can be had; may be NULL. Only read of a component with LATHE_FLAG_HAS_SOURCE
   * whose stamp says so too: listing the known sets loads no other plugin. */
  const lathe_dataset_source *source;
} lathe_dataset;

#ifdef __cplusplus
}
#endif

#endif
