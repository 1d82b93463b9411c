#ifndef LATHE_KIND_SAMPLER_H
#define LATHE_KIND_SAMPLER_H

/* Kind "sampler": a pure function of (space, seed, trial number, the parameters of all trials
 * below, the values of trials below number - lookahead, told in number order). An instance is a
 * cache of what it was told: the host discards and rebuilds it by replay. So results do not depend
 * on the number of workers, and no state has to be saved.
 * Draw randomness from svc/rng.h, keyed by (seed, trial, parameter). */

#include <lathe/host.h>
#include <lathe/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t lathe_parameter_kind;
enum {
  LATHE_PARAMETER_CATEGORICAL = 0,
  LATHE_PARAMETER_INTEGER = 1,
  LATHE_PARAMETER_REAL = 2
};

/* One dimension of the space. Values travel as double: the index of a choice, or the number. */
typedef struct lathe_parameter {
  lathe_str name; /* eg: "seq_blocks_2/config/weight_width" */
  lathe_parameter_kind kind;
  int32_t logarithmic;
  uint64_t choices; /* categorical: how many */
  double low;       /* inclusive */
  double high;      /* inclusive */
  double step;      /* 0: continuous */
  /* A conditional parameter exists only if parameter `parent` (an earlier one) has the value
   * `parent_value`; LATHE_NONE_ID: always. One that does not exist has the value NaN. */
  uint32_t parent;
  uint32_t reserved;
  double parent_value;
} lathe_parameter;

typedef int32_t lathe_direction;
enum { LATHE_DIRECTION_MINIMIZE = 1, LATHE_DIRECTION_MAXIMIZE = 2 };

typedef int32_t lathe_trial_state;
enum { LATHE_STATE_COMPLETE = 1, LATHE_STATE_PRUNED = 2, LATHE_STATE_FAIL = 3 };

/* Owner: host. Valid until destroy: an instance may keep pointers into it. */
typedef struct lathe_space {
  uint32_t struct_size;
  uint32_t parameter_size; /* sizeof(lathe_parameter) as the host knows it */
  const lathe_parameter *parameters;
  uint64_t parameter_count;
  const lathe_direction *directions; /* one per objective */
  uint64_t objective_count;
  uint64_t seed;
} lathe_space;

typedef struct lathe_sampler {
  uint32_t struct_size;
  uint32_t reserved;

  lathe_code (*create)(lathe_call *call, const lathe_value *options, const lathe_space *space,
                       void **self);
  void (*destroy)(void *self);

  /* Suggests the parameters of a trial: parameter_count numbers. LATHE_OUT_OF_RANGE: the space is
   * exhausted, there is no such trial, nor any after it. [call] */
  lathe_code (*suggest)(lathe_call *call, void *self, uint64_t trial, double *parameters);

  /* Tells the parameters of a trial, in number order, before suggest() of any later one; also of
   * trials that another sampler or a person suggested. May be NULL. [call] */
  lathe_code (*started)(lathe_call *call, void *self, uint64_t trial, const double *parameters);

  /* Tells the outcome of a trial, in number order. `values` is NULL for a failed one; for a pruned
   * one its last intermediate value, at `step`. May be NULL. [call] */
  lathe_code (*finished)(lathe_call *call, void *self, uint64_t trial, lathe_trial_state state,
                         const double *values, int64_t step);
} lathe_sampler;

#ifdef __cplusplus
}
#endif

#endif
