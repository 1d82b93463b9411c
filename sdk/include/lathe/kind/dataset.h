#ifndef LATHE_KIND_DATASET_H
#define LATHE_KIND_DATASET_H

/* Kind "dataset": labelled samples in three splits that share no rows. */

#include <lathe/host.h>
#include <lathe/tensor.h>
#include <lathe/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t lathe_split;
enum { LATHE_SPLIT_TRAIN = 0, LATHE_SPLIT_VALIDATION = 1, LATHE_SPLIT_TEST = 2 };

/* Strings and shapes: owner plugin, valid until destroy. */
typedef struct lathe_dataset_info {
  uint32_t struct_size;
  uint32_t rank;                /* of one sample; 0: not known before open */
  const int64_t *shape;         /* eg: 16 */
  int64_t classes;              /* 0: not known before open */
  const lathe_str *class_names; /* NULL, or one per class */
  int32_t augments;             /* 1: as this instance is set, augment() changes training rows */
  uint32_t reserved;
} lathe_dataset_info;

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

  /* Shape and classes. Before open() it reads no data; what it cannot know stays 0. [call] */
  lathe_code (*info)(lathe_call *call, void *self, lathe_dataset_info *info);

  /* Opens the data: a missing file is LATHE_NOT_FOUND with the file, where it was looked for and
   * how to get it. Called once, before count and read. [call] */
  lathe_code (*open)(lathe_call *call, void *self);

  /* Rows of a split; 0 if it has none. After open. [call] */
  lathe_code (*count)(lathe_call *call, void *self, lathe_split split, uint64_t *rows);

  /* Copies the rows `index[0..count)` of a split into `samples` (float32, count x shape) and
   * `labels` (int64, count), both made by the host. After open. [call] */
  lathe_code (*read)(lathe_call *call, void *self, lathe_split split, const uint64_t *index,
                     uint64_t count, lathe_tensor *samples, lathe_tensor *labels);

  /* Files the data came from, for the run's provenance: NUL-terminated paths; may be NULL.
   * Valid until destroy. After open. [call] */
  lathe_code (*files)(lathe_call *call, void *self, const lathe_str **paths, uint64_t *count);

  /* Changes rows `index[0..count)` of the train split, as read() gave them, in place in `samples`:
   * random crops, flips. Called in training only, never to evaluate, and only if info says
   * `augments`. What a row becomes is a pure function of (seed, epoch, its index, its contents), so
   * that it depends neither on the batch nor on where a run was resumed; draw from lathe.rng.
   * May be NULL. After open. [call] */
  lathe_code (*augment)(lathe_call *call, void *self, uint64_t seed, uint64_t epoch,
                        const uint64_t *index, uint64_t count, lathe_tensor *samples);

  /* Where the files can be had; may be NULL. Only read of a component with LATHE_FLAG_HAS_SOURCE
   * whose stamp says so too: listing the known sets loads no other plugin. */
  const lathe_dataset_source *source;
} lathe_dataset;

#ifdef __cplusplus
}
#endif

#endif
