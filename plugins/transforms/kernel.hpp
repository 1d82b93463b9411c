// How element-wise kernels are compiled: once per vector width, chosen when the file is loaded.
// All versions give the same bits: they differ in how many elements they take at once.
#pragma once

// A sanitizer's runtime is not ready when the choice is made.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LATHE_KERNEL __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define LATHE_KERNEL
#endif
