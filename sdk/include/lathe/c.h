#ifndef LATHE_C_H
#define LATHE_C_H

/* Short forms for plugins in C99: texts, and the descriptor of a file with one component. In C++
 * there is <lathe/lathe.hpp>.
 *
 *   #include <lathe/c.h>
 *   static lathe_code run(lathe_call *call, void *self, lathe_graph *graph) { ... }
 *   static const lathe_pass pass = {.struct_size = sizeof pass, .run = run};
 *   LATHE_C_PLUGIN(LATHE_KIND_PASS, "count_relu", "1.0.0", "Counts the ReLU nodes.",
 *                  .iface = &pass)
 *
 * What a designated initialiser leaves out is 0 or NULL. */

#include <lathe/lathe.h>

#include <string.h>

/* A literal as a lathe_str. eg: report->scalar(call, LATHE_TEXT("relus"), &count) */
#define LATHE_TEXT(literal) ((lathe_str){(literal), sizeof(literal) - 1})

static inline lathe_str lathe_text(const char *text) {
  lathe_str s;
  s.data = text;
  s.size = text == NULL ? 0 : strlen(text);
  return s;
}

static inline lathe_value lathe_int(int64_t number) {
  lathe_value v = {LATHE_VALUE_INT, 0, 0, {0}};
  v.as.integer = number;
  return v;
}

static inline lathe_value lathe_float(double number) {
  lathe_value v = {LATHE_VALUE_FLOAT, 0, 0, {0}};
  v.as.real = number;
  return v;
}

/* The entry of a map; NULL if there is none. eg: lathe_find(options, "width")->as.integer */
static inline const lathe_value *lathe_find(const lathe_value *map, const char *key) {
  const size_t size = strlen(key);
  uint64_t i;
  if (map == NULL || map->kind != LATHE_VALUE_MAP) return NULL;
  for (i = 0; i < map->size; ++i) {
    const lathe_entry *entry = &map->as.map[i];
    if (entry->key.size == size && memcmp(entry->key.data, key, size) == 0) return &entry->value;
  }
  return NULL;
}

/* The service's table, or NULL where this lathe has none that reaches to `last`; the call then says
 * so. eg: LATHE_SERVICE(call, lathe_graph_api, LATHE_SVC_GRAPH, op_facts) */
#define LATHE_SERVICE(call, type, id, last) \
  ((const type *)lathe_service_of(call, id, LATHE_SIZE_UP_TO(type, last)))
static inline const void *lathe_service_of(lathe_call *call, const char *id, uint64_t size) {
  const void *table = call->host->service(call, id);
  uint32_t there = 0;
  if (table != NULL) memcpy(&there, table, sizeof there);
  if (there >= size) return table;
  if (table != NULL) { /* else the host has said why */
    call->host->fail(call, LATHE_UNIMPLEMENTED,
                     LATHE_TEXT("this plugin needs a newer lathe: a service is too short"));
  }
  return NULL;
}

/* Ends the function with the code that a host function returned, unless it is LATHE_OK. */
#define LATHE_TRY(call_of_host)                            \
  do {                                                     \
    const lathe_code lathe_try_code = (call_of_host);      \
    if (lathe_try_code != LATHE_OK) return lathe_try_code; \
  } while (0)

#define LATHE_STRINGIFY_(number) #number
#define LATHE_STRINGIFY(number) LATHE_STRINGIFY_(number)

/* Once per file, outside every function: descriptor, stamp and entry of a file with one component.
 * What follows the doc are fields of lathe_component: .iface, .options, .option_count, .flags, ...
 */
#define LATHE_C_PLUGIN(KIND, ID, VERSION, DOC, ...)                                          \
  static const lathe_component lathe_component_1 = {.struct_size = sizeof(lathe_component),  \
                                                    .kind = KIND,                            \
                                                    .id = ID,                                \
                                                    .version = VERSION,                      \
                                                    .doc = DOC,                              \
                                                    .option_size = sizeof(lathe_option),     \
                                                    __VA_ARGS__};                            \
  static const lathe_component *const lathe_components[] = {&lathe_component_1};             \
  LATHE_STAMP static const char lathe_stamp[] =                                              \
      "abi=" LATHE_STRINGIFY(LATHE_ABI_VERSION) "\0component=" KIND ":" ID ":" VERSION "\0"; \
  static const lathe_module lathe_module_1 = {.struct_size = sizeof(lathe_module),           \
                                              .abi_version = LATHE_ABI_VERSION,              \
                                              .components = lathe_components,                \
                                              .component_count = 1,                          \
                                              .stamp = lathe_stamp,                          \
                                              .stamp_size = sizeof lathe_stamp};             \
  LATHE_EXPORT const lathe_module *LATHE_ENTRY(void) { return &lathe_module_1; }

/* The same for a file that offers one service to other plugins and nothing else. TABLE: an object,
 * const and outside of functions. eg: LATHE_C_SERVICE("org.example.stats/1", stats) */
#define LATHE_C_SERVICE(ID, TABLE)                                                    \
  static const lathe_service lathe_services[] = {{.id = ID, .table = &TABLE}};        \
  LATHE_STAMP static const char lathe_stamp[] =                                       \
      "abi=" LATHE_STRINGIFY(LATHE_ABI_VERSION) "\0service=" ID "\0";                 \
  static const lathe_module lathe_module_1 = {.struct_size = sizeof(lathe_module),    \
                                              .abi_version = LATHE_ABI_VERSION,       \
                                              .stamp = lathe_stamp,                   \
                                              .stamp_size = sizeof lathe_stamp,       \
                                              .services = lathe_services,             \
                                              .service_count = 1,                     \
                                              .service_size = sizeof(lathe_service)}; \
  LATHE_EXPORT const lathe_module *LATHE_ENTRY(void) { return &lathe_module_1; }

#endif
