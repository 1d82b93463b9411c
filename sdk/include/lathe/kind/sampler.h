#ifndef LATHE_KIND_SAMPLER_H
#define LATHE_KIND_SAMPLER_H

/* Kind "sampler": a pure function of (space, seed, trial number, the values of all trials below,
 * the outcomes of trials below number - lookahead, told in number order). An instance is a cache
 * of what it was told: the host discards and rebuilds it by replay. So results do not depend on
 * the number of workers, and no state has to be saved.
 * Draw randomness from svc/rng.h, keyed by (seed, trial, parameter).
 *
 * Values travel as double: the index of a choice, or the number itself. A parameter that does not
 * exist in a trial has the value NaN there. */

#include <lathe/host.h>
#include <lathe/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Unknown to the reader: refuse the space, saying which parameter and which kind. */
typedef int32_t lathe_parameter_kind;
enum {
  LATHE_PARAMETER_CATEGORICAL = 0, /* one of `choices`; no order unless their values have one */
  LATHE_PARAMETER_INTEGER = 1,     /* low, low + step, ..., high */
  LATHE_PARAMETER_REAL = 2         /* low .. high, or low, low + step, ..., high */
};

/* One dimension of the space: a row of parameter_size bytes, which may be wider than here. */
typedef struct lathe_parameter {
  lathe_str name; /* eg: "seq_blocks_2/config/weight_width" */
  lathe_parameter_kind kind;
  int32_t logarithmic; /* numeric: 1 if its logarithm is what matters; low > 0; not with a step
                        * other than an integer's 1 */
  /* Categorical: how many choices, and what each of them is, eg: 2, 4, 8, or "integer" and none.
   * A sampler may use that numbers have an order; `choice_values` is NULL if nobody knows. */
  uint64_t choices;
  const lathe_value *choice_values;
  double low;  /* numeric: inclusive */
  double high; /* numeric: inclusive; a value of the grid if there is one */
  double step; /* numeric; 0: continuous; never 0 for an integer */
  /* A conditional parameter exists in a trial if parameter `parent` exists there and has one of
   * `parent_value_count` values; none at all: it never exists. `parent` is an earlier row;
   * LATHE_NONE_ID: the parameter always exists. */
  uint32_t parent;
  uint32_t reserved;
  const double *parent_values; /* ascending */
  uint64_t parent_value_count;
} lathe_parameter;

/* Unknown to the reader: refuse the space. */
typedef int32_t lathe_direction;
enum { LATHE_DIRECTION_MINIMIZE = 1, LATHE_DIRECTION_MAXIMIZE = 2 };

/* Unknown to the reader: a trial that says nothing, as a failed one. */
typedef int32_t lathe_trial_state;
enum {
  LATHE_STATE_COMPLETE = 1, /* has a value per objective */
  LATHE_STATE_PRUNED = 2,   /* given up while it trained; has what was reported until then */
  LATHE_STATE_FAIL = 3      /* has neither, or only what was reported until then */
};

/* What is searched. Owner: host. Valid until destroy: an instance may keep pointers into it. */
typedef struct lathe_space {
  uint32_t struct_size;
  uint32_t parameter_size; /* sizeof(lathe_parameter) as the host knows it */
  const lathe_parameter *parameters;
  uint64_t parameter_count;
  const lathe_direction *directions; /* one per objective */
  uint64_t objective_count;
  uint64_t seed;
  uint64_t lookahead;    /* finished() comes this many trials late, or earlier for the first */
  uint64_t trial_budget; /* trials that the search means to run; 0: unknown */
  const lathe_str *objectives; /* what each objective is, eg: "accuracy"; one per objective */
  uint64_t constraint_count;   /* of every complete trial's outcome */
} lathe_space;

/* What suggest() is asked for. Owner: host. Valid: for the call. */
typedef struct lathe_ask {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t trial;
  /* 0; n: the n-th answer for this trial, because those before are points that an earlier trial
   * has, and the search wants no point twice. Draw anew, keyed by it too. */
  uint64_t attempt;
} lathe_ask;

/* Unknown to the reader: an error of the sampler. */
typedef int32_t lathe_suggestion_status;
enum {
  LATHE_SUGGESTED = 1, /* `values` holds a point */
  LATHE_EXHAUSTED = 2  /* the sampler has no such trial, nor any after it; `values` is ignored */
};

/* What suggest() answers: the host makes it, with status LATHE_SUGGESTED, value_count 0 and every
 * value NaN; the sampler writes into it. Owner: host. Valid: for the call. */
typedef struct lathe_suggestion {
  uint32_t struct_size;
  lathe_suggestion_status status;
  double *values;       /* room for the space's parameter_count numbers */
  uint64_t value_count; /* how many the sampler wrote; any other number than parameter_count is an
                         * error of the sampler */
} lathe_suggestion;

/* A trial that begins. Owner: host. Valid: for the call. */
typedef struct lathe_started {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t trial;
  const double *values; /* one per parameter */
  uint64_t value_count;
} lathe_started;

/* How a trial ended. Owner: host. Valid: for the call. */
typedef struct lathe_outcome {
  uint32_t struct_size;
  lathe_trial_state state;
  uint64_t trial;
  const double *values; /* one per objective if complete, else none */
  uint64_t value_count;
  /* All that was reported while it ran, by rising step. A number says the same as the first
   * objective's value would: better goes the same way. NaN and infinities are passed on. */
  const int64_t *steps;
  const double *intermediate;
  uint64_t intermediate_count;
  /* How far each constraint is violated; at most 0: it is met. constraint_count of the space if
   * complete, else none. */
  const double *constraints;
  uint64_t constraint_count;
} lathe_outcome;

/* A number that a sampler tells about a point, eg: {"gap", 0.02}. */
typedef struct lathe_fact {
  lathe_str name;
  double value;
} lathe_fact;

/* What explain() answers. Owner: sampler. Valid until its next call, or destroy. */
typedef struct lathe_explanation {
  uint32_t struct_size;
  uint32_t reserved;
  const lathe_fact *facts;
  uint64_t fact_count;
} lathe_explanation;

/* Calls to one instance never overlap; they come on any thread. */
typedef struct lathe_sampler {
  uint32_t struct_size;
  uint32_t reserved;

  /* Makes an instance for a space. `options` is valid for the call, `space` until destroy. An
   * error, eg for a space that this sampler cannot serve, ends the search before its first trial.
   * [call] */
  lathe_code (*create)(lathe_call *call, const lathe_value *options, const lathe_space *space,
                       void **self);
  /* Frees what create made. May be NULL. [any] */
  void (*destroy)(void *self);

  /* Suggests the values of a trial. Asked in number order, once per trial and once more for each
   * attempt, but not for trials whose values are all known already. A person may have fixed some of
   * them, so what a trial has is what started() tells. That the space is exhausted is a status,
   * never an error: an error, whatever its code, ends the search as failed. [call] */
  lathe_code (*suggest)(lathe_call *call, void *self, const lathe_ask *ask, lathe_suggestion *out);

  /* Tells the values of a trial, in number order, before suggest() of any later one; also of
   * trials that another sampler or a person suggested. May be NULL. [call] */
  lathe_code (*started)(lathe_call *call, void *self, const lathe_started *started);

  /* Tells the outcome of a trial, in number order. NULL: the sampler learns nothing from
   * outcomes, so that no suggestion has to wait for one. [call] */
  lathe_code (*finished)(lathe_call *call, void *self, const lathe_outcome *outcome);

  /* What the sampler knows of the point of a complete trial, eg how far it is from a proven
   * optimum: shown beside the trial's values in results, never read by the search. Asked when the
   * search is over. May be NULL. [call] */
  lathe_code (*explain)(lathe_call *call, void *self, const lathe_started *point,
                        const lathe_outcome *outcome, lathe_explanation *out);
} lathe_sampler;

#ifdef __cplusplus
}
#endif

#endif
