# Libraries from the distribution. LibTorch, SQLite, libpq, HDF5, libcurl and libarchive are
# used by one target each.

find_package(Threads REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS filesystem program_options
             OPTIONAL_COMPONENTS unit_test_framework)
find_package(toml11 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(ZLIB REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(CURL REQUIRED)
find_package(LibArchive REQUIRED)
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(Torch REQUIRED)

find_package(PkgConfig REQUIRED)
pkg_check_modules(NETTLE REQUIRED IMPORTED_TARGET nettle)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
# Debian's node-d3: what `lathe report` draws with.
find_file(D3_SCRIPT d3.min.js PATHS /usr/share/nodejs/d3/dist REQUIRED)
find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)
# The one LibTorch brings. Its CMake package asks for OpenCL, which nothing here needs.
find_path(DNNL_INCLUDE_DIR dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq)
# The messages of ONNX's files, which LibTorch's own library links too: a process has them once.
find_package(Protobuf REQUIRED)
find_path(ONNX_INCLUDE_DIR onnx/onnx_pb.h REQUIRED)
find_library(ONNX_PROTO_LIBRARY onnx_proto REQUIRED)
add_library(Onnx::proto INTERFACE IMPORTED)
target_include_directories(Onnx::proto SYSTEM INTERFACE ${ONNX_INCLUDE_DIR})
target_compile_definitions(Onnx::proto INTERFACE ONNX_ML=1 ONNX_NAMESPACE=onnx)
target_link_libraries(Onnx::proto INTERFACE ${ONNX_PROTO_LIBRARY} protobuf::libprotobuf)
