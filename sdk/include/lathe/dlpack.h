#ifndef LATHE_DLPACK_H
#define LATHE_DLPACK_H

/* DLTensor, as DLPack defines it. The header is Debian's libdlpack-dev; `lathe` installs it beside
 * these. */

#include <dlpack/dlpack.h>

#endif
