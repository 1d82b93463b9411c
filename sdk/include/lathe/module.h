#ifndef LATHE_MODULE_H
#define LATHE_MODULE_H

/* What a plugin file says about itself: components, their options, and the stamp that the host
 * reads before it runs any of the plugin's code. All of it is const static data. */

#include <lathe/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The one exported symbol: `const lathe_module *lathe_module_v0(void)`. No side effects; the result
 * lives as long as the file is loaded. A function, because Rust and abidiff want one. */
#define LATHE_ENTRY lathe_module_v0
#define LATHE_ENTRY_NAME "lathe_module_v0"

/* Kinds of components, each with the version of its interface (kind/): one that cannot be appended
 * to gets a new number, and a host may know both. */
#define LATHE_KIND_PASS "pass/1"
#define LATHE_KIND_MODEL "model/1"
#define LATHE_KIND_DATASET "dataset/1"
#define LATHE_KIND_FORMAT "format/1"
#define LATHE_KIND_SAMPLER "sampler/1"
#define LATHE_KIND_OP "op/1"

/* Type of an option's value. An unknown one is taken for ANY, with a warning. */
typedef int32_t lathe_option_type;
enum {
  LATHE_OPTION_BOOL = 1,
  LATHE_OPTION_INT = 2,
  LATHE_OPTION_FLOAT = 3, /* an integer is accepted */
  LATHE_OPTION_STRING = 4,
  LATHE_OPTION_CHOICE = 5,   /* one of `choices` */
  LATHE_OPTION_PATH = 6,     /* relative to the file that names it, else to the working directory */
  LATHE_OPTION_INT_LIST = 7, /* one integer stands for a list of one */
  LATHE_OPTION_STRING_LIST = 8,
  LATHE_OPTION_ANY = 9,
  /* selector -> options of a node: MASE's `by`, `default`, op, node and regex keys. The host
   * resolves it against the graph; the pass reads flat options per node (svc/options.h). */
  LATHE_OPTION_NODE_MAP = 10,
  LATHE_OPTION_FLOAT_LIST = 11, /* integers are accepted, and one number for a list of one */
  LATHE_OPTION_TABLE = 12,      /* key -> value; which keys there are, `items` says */
  LATHE_OPTION_TABLE_LIST = 13  /* tables of that form, one after the other */
};

/* Ignore unknown ones. */
typedef uint32_t lathe_option_flags;
enum {
  LATHE_OPTION_FLAG_REQUIRED = 1u << 0,
  LATHE_OPTION_FLAG_NULLABLE = 1u << 1, /* "NA" is a value */
  LATHE_OPTION_FLAG_TUNABLE = 1u << 2,  /* part of the default search space */
  LATHE_OPTION_FLAG_DEPRECATED = 1u << 3,
  /* An item of a node map: it may stand beside a `name` that another transform accepts, or without
   * any name, and the node is then this transform's business too. eg: a width beside a format. */
  LATHE_OPTION_FLAG_BESIDE = 1u << 4,
  LATHE_OPTION_FLAG_LOG = 1u << 5 /* of a number: it is searched on a logarithmic scale */
};

/* One option. Single source for validation, `lathe plugin show`, documentation, did-you-mean. */
typedef struct lathe_option {
  const char *key; /* eg: "width", mandatory */
  lathe_option_type type;
  lathe_option_flags flags;
  const char *default_value; /* as a user would write it, eg: "8", "adam", "[1, 2]"; NULL: none */
  /* Of a number, or of each number of a list: LOW..HIGH, both included. Either may be left out; a
   * '<' beside the dots leaves out that end itself. eg: "1..64", "0..", "0<..1", "..<1"; NULL: any.
   * Numbers are written as in TOML. */
  const char *range;
  /* Texts with '|' between them; a backslash before '|' or another backslash makes it part of a
   * text. eg: "adam|adamw|sgd"; NULL: any */
  const char *choices;
  const char *unit; /* eg: "bits"; NULL: none */
  const char *doc;  /* one sentence, mandatory */
  /* For TABLE and TABLE_LIST: the options a table may have. For NODE_MAP: those of an entry; one of
   * them is `name`. If its choices are NULL, `name` is the id of a component of kind `item_kind`
   * for each of the operands `item_roles`, eg: "data_in|weight|bias|data_out"; that component's
   * options are legal with those words as prefixes, and an operand may have a table with a `name`
   * of its own. svc/options.h gives what follows for each operand. */
  const struct lathe_option *items;
  uint64_t item_count;
  const char *item_kind;
  const char *item_roles;
} lathe_option;

/* Ignore unknown ones, unless they are in must_flags. */
typedef uint64_t lathe_component_flags;
enum {
  LATHE_FLAG_MUTATES_GRAPH = 1u << 0,    /* else the edit service refuses */
  LATHE_FLAG_READS_WEIGHTS = 1u << 1,    /* else svc/tensor.h refuses */
  LATHE_FLAG_EXECUTES = 1u << 2,         /* else svc/exec.h refuses; opens the engine and data */
  LATHE_FLAG_PARALLEL = 1u << 3,         /* one instance may be called from several threads */
  LATHE_FLAG_NONDETERMINISTIC = 1u << 4, /* results are never cached */
  LATHE_FLAG_SYNTHETIC = 1u << 5,        /* data set: invented data; every report says so */
  LATHE_FLAG_STOCHASTIC = 1u << 6,       /* format, op: uses the random stream; never cached */
  LATHE_FLAG_READS_DATA = 1u << 8,       /* else svc/data.h refuses; opens the data */
  LATHE_FLAG_HAS_SOURCE = 1u << 7,       /* data set: its source says where its files can be had */
  /* format: a row of an activation becomes the same whatever rows are beside it. Without it every
   * evaluation shows it whole batches. */
  LATHE_FLAG_ROWS_APART = 1u << 9,
  /* format: an element becomes the same wherever it stands and whatever is beside it, its gradient
   * too; scales per channel or block rule that out. quantize() and backward() then see parts of
   * tensors, with elements in any order, as rank 1. Goes with ROWS_APART. */
  LATHE_FLAG_ELEMENTS_APART = 1u << 10
};

/* One thing a plugin file brings. */
typedef struct lathe_component {
  uint32_t struct_size;
  uint32_t reserved;
  const char *kind;    /* LATHE_KIND_*, mandatory */
  const char *id;      /* eg: "count_relu" or "org.example.count_relu", mandatory */
  const char *version; /* eg: "1.0.0", mandatory */
  const char *doc;     /* one sentence, mandatory */
  lathe_component_flags flags;
  /* Flags that a host must know to run this component; an unknown one is a refusal. */
  lathe_component_flags must_flags;
  const lathe_option *options;
  uint64_t option_count;
  uint64_t option_size; /* sizeof(lathe_option) as the plugin knew it */
  const void *iface;    /* lathe_pass, lathe_model, lathe_dataset, ...: its kind's (kind/) */
  /* For `lathe plugin show`; NULL where unknown. */
  const char *authors; /* eg: "Ada Lovelace, Charles Babbage" */
  const char *licence; /* an SPDX id, eg: "MIT" */
  const char *url;
  /* Markdown for `lathe plugin show` and for pages of documentation, paragraphs with an empty line
   * between them: how it works (formulas, in words and `code`), `Source: ...` and
   * `Example: ` with a command line in backticks. NULL: none. */
  const char *details;
} lathe_component;

/* A service without which the plugin cannot work, of the host or of another plugin; answered at
 * load in one clear line. */
typedef struct lathe_need {
  const char *service; /* eg: LATHE_SVC_GRAPH, "org.example.stats/1" */
  uint64_t struct_size;
} lathe_need;

/* A service that this plugin offers to others, who find it by its id as they find the host's
 * (lathe_host.service). Two files that offer one id cannot be used together. */
typedef struct lathe_service {
  /* With a version behind '/', eg: "org.example.stats/1": letters, digits, '_', '-', '.' and '/'.
   * Ids that begin with "lathe." are the host's. */
  const char *id;
  /* A table of functions, which begins with uint32_t struct_size. Const static data, as the host's
   * tables are. Whoever offers it publishes a header that says what it holds. A function that takes
   * a lathe_call runs within the call of whoever called it: what it asks of the host is asked in
   * that component's name, and what it says with fail is that component's failure. */
  const void *table;
} lathe_service;

typedef struct lathe_module {
  uint32_t struct_size;
  uint32_t abi_version; /* LATHE_ABI_VERSION */
  const lathe_component *const *components;
  uint64_t component_count;
  const lathe_need *needs;
  uint64_t need_count;
  uint64_t need_size; /* sizeof(lathe_need) as the plugin knew it */
  const char *stamp;  /* the stamp below: the reference keeps the linker from dropping it */
  uint64_t stamp_size;
  const lathe_service *services;
  uint64_t service_count;
  uint64_t service_size; /* sizeof(lathe_service) as the plugin knew it */
} lathe_module;

/* The stamp: key=value texts, each ended by a NUL, in the ELF section ".lathe_meta". Read without
 * dlopen, so a file of another ABI is refused before any of its code runs, and components are
 * listed without loading. Keys: abi=0, then one component=KIND:ID:VERSION for each component, one
 * source=ID for each data set with LATHE_FLAG_HAS_SOURCE, and one service=ID for each service.
 *   LATHE_STAMP static const char stamp[] = "abi=0\0component=pass/1:count_relu:1.0.0\0"; */
#define LATHE_STAMP __attribute__((section(".lathe_meta"), used))

#ifdef __cplusplus
}
#endif

#endif
