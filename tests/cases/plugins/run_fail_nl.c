#define BODY                                                  \
  {                                                           \
    lathe_str m = {"first line\nsecond \x1b[31mline\0x", 26}; \
    return call->host->fail(call, LATHE_INVALID_ARGUMENT, m); \
  }
#include "base.h"
