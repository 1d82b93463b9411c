#define BODY for (volatile int z = 0;; z++)
#include "base.h"
