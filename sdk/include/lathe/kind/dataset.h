#ifndef LATHE_KIND_DATASET_H
#define LATHE_KIND_DATASET_H

/* Kind "dataset": labelled samples in three splits that share no rows. */

#include <lathe/dlpack.h>
#include <lathe/host.h>
#include <lathe/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t lathe_split;
enum { LATHE_TRAIN = 0, LATHE_VALIDATION = 1, LATHE_TEST = 2 };

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
                     uint64_t count, DLTensor *samples, DLTensor *labels);

  /* Files the data came from, for the run's provenance: NUL-terminated paths; may be NULL.
   * Valid until destroy. After open. [call] */
  lathe_code (*files)(lathe_call *call, void *self, const lathe_str **paths, uint64_t *count);

  /* Changes rows `index[0..count)` of the train split, as read() gave them, in place in `samples`:
   * random crops, flips. Called in training only, never to evaluate, and only if info says
   * `augments`. What a row becomes is a pure function of (seed, epoch, its index, its contents), so
   * that it depends neither on the batch nor on where a run was resumed; draw from lathe.rng.
   * May be NULL. After open. [call] */
  lathe_code (*augment)(lathe_call *call, void *self, uint64_t seed, uint64_t epoch,
                        const uint64_t *index, uint64_t count, DLTensor *samples);
} lathe_dataset;

#ifdef __cplusplus
}
#endif

#endif
