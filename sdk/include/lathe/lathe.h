#ifndef LATHE_LATHE_H
#define LATHE_LATHE_H

/* The whole SDK for C: include this one. For C++ there is <lathe/lathe.hpp>. */

#include <lathe/abi.h>
#include <lathe/field.h>
#include <lathe/host.h>
#include <lathe/initialiser.h>
#include <lathe/kind/dataset.h>
#include <lathe/kind/format.h>
#include <lathe/kind/model.h>
#include <lathe/kind/op.h>
#include <lathe/kind/pass.h>
#include <lathe/kind/sampler.h>
#include <lathe/module.h>
#include <lathe/svc/data.h>
#include <lathe/svc/edit.h>
#include <lathe/svc/exec.h>
#include <lathe/svc/format.h>
#include <lathe/svc/graph.h>
#include <lathe/svc/meta.h>
#include <lathe/svc/options.h>
#include <lathe/svc/parallel.h>
#include <lathe/svc/report.h>
#include <lathe/svc/rng.h>
#include <lathe/svc/space.h>
#include <lathe/svc/tensor.h>
#include <lathe/tensor.h>
#include <lathe/value.h>

#endif
