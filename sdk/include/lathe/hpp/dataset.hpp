// Kind "dataset". A type with info, open, count and read; `memory_dataset` is a base that leaves
// only info and open to write.
//   Set(lathe::options, std::string_view data_dir)     either may be left out
//   lathe::dataset_info info()                         reads no data before open
//   void open()                     or open(lathe::context)
//   std::uint64_t count(lathe::split)
//   void read(lathe::split, lathe::span<const std::uint64_t> index, float* samples,
//             std::int64_t* labels)
//   std::vector<std::string> files()                   optional
//   void augment(lathe::context, lathe::epoch_of_training, lathe::span<const std::uint64_t> index,
//                float* samples)                       optional: changes training rows in place
//   static constexpr lathe_dataset_source source       optional: where `lathe data fetch` gets it
#pragma once

#include <lathe/kind/dataset.h>
#include <lathe/hpp/component.hpp>

#pragma GCC visibility push(hidden)

namespace lathe {

enum class split {
  train = LATHE_SPLIT_TRAIN,
  validation = LATHE_SPLIT_VALIDATION,
  test = LATHE_SPLIT_TEST
};

inline const char* split_name(split s) {
  return s == split::train ? "train" : s == split::validation ? "validation" : "test";
}

struct dataset_info {
  std::vector<std::int64_t> shape;       // of one sample; empty: not known before open
  std::int64_t classes = 0;              // 0: not known before open
  std::vector<std::string> class_names;  // empty, or one per class
  bool augments = false;                 // true: augment() changes training rows
};

// What a row becomes in training depends on these, its index and its contents; on nothing else.
struct epoch_of_training {
  std::uint64_t seed;
  std::uint64_t epoch;
};

// The rows of one split: samples are count x features, row by row.
struct sample_rows {
  std::vector<float> samples;
  std::vector<std::int64_t> labels;
};

// Where the files of a set can be had; `files` and `contents` are static tables.
//   constexpr lathe_source_file kFiles[] = {{"train.csv", nullptr, "a3f...", 1024, 0, {}}};
//   struct MyJets {
//     static constexpr lathe_dataset_source source =
//         lathe::source("jets of my thesis", "CC0", "https://example.org/jets/", kFiles);
template <std::size_t Files>
constexpr lathe_dataset_source source(const char* title, const char* licence, const char* address,
                                      const lathe_source_file (&files)[Files]) {
  return {LATHE_SIZE_UP_TO(lathe_dataset_source, content_row_size),
          0,
          title,
          licence,
          address,
          files,
          Files,
          sizeof(lathe_source_file),
          nullptr,
          0,
          sizeof(lathe_source_content)};
}
// The same where the files are archives: what they unpack to.
template <std::size_t Files, std::size_t Contents>
constexpr lathe_dataset_source source(const char* title, const char* licence, const char* address,
                                      const lathe_source_file (&files)[Files],
                                      const lathe_source_content (&contents)[Contents]) {
  lathe_dataset_source unpacked = source(title, licence, address, files);
  unpacked.contents = contents;
  unpacked.content_count = Contents;
  return unpacked;
}

// A data set that open() reads into memory as a whole: fill rows_of(split).
class memory_dataset {
 public:
  std::uint64_t count(split s) const { return rows_[static_cast<int>(s)].labels.size(); }
  void read(split s, span<const std::uint64_t> index, float* samples, std::int64_t* labels) const {
    const sample_rows& all = rows_[static_cast<int>(s)];
    const std::uint64_t width = all.labels.empty() ? 0 : all.samples.size() / all.labels.size();
    for (const std::uint64_t row : index) {
      if (row >= all.labels.size()) {
        throw error(
            LATHE_OUT_OF_RANGE,
            join({"row ", to_string(static_cast<std::int64_t>(row)), " of split '", split_name(s),
                  "', which has ", to_string(static_cast<std::int64_t>(all.labels.size()))}));
      }
      const float* from = all.samples.data() + row * width;
      for (std::uint64_t i = 0; i < width; ++i) *samples++ = from[i];
      *labels++ = all.labels[row];
    }
  }

 protected:
  sample_rows& rows_of(split s) { return rows_[static_cast<int>(s)]; }

 private:
  sample_rows rows_[3];
};

namespace detail {

template <class T, class = void>
constexpr bool has_info = false;
template <class T>
constexpr bool has_info<T, std::void_t<decltype(std::declval<T&>().info())>> = true;
template <class T, class = void>
constexpr bool has_open = false;
template <class T>
constexpr bool has_open<T, std::void_t<decltype(&T::open)>> = true;
template <class T, class = void>
constexpr bool has_count = false;
template <class T>
constexpr bool has_count<T, std::void_t<decltype(std::declval<T&>().count(split()))>> = true;
template <class T, class = void>
constexpr bool has_read = false;
template <class T>
constexpr bool has_read<T, std::void_t<decltype(std::declval<T&>().read(
                               split(), span<const std::uint64_t>(), static_cast<float*>(nullptr),
                               static_cast<std::int64_t*>(nullptr)))>> = true;
template <class T, class = void>
constexpr bool has_files = false;
template <class T>
constexpr bool has_files<T, std::void_t<decltype(std::declval<T&>().files())>> = true;

template <class T, class = void>
constexpr bool has_augment = false;
template <class T>
constexpr bool has_augment<T, std::void_t<decltype(std::declval<T&>().augment(
                                  std::declval<context>(), epoch_of_training{},
                                  span<const std::uint64_t>(), static_cast<float*>(nullptr)))>> =
    true;

template <class T, class = void>
constexpr const lathe_dataset_source* declared_source = nullptr;
template <class T>
constexpr const lathe_dataset_source* declared_source<T, std::void_t<decltype(T::source)>> =
    &T::source;

// The type's instance, and what the host borrows until it is destroyed.
template <class T>
struct dataset_instance {
  T* object = nullptr;
  dataset_info info;
  std::vector<lathe_str> class_names;
  std::vector<std::string> files;
  std::vector<lathe_str> file_texts;

  explicit dataset_instance(T* made) : object(made) {}
  ~dataset_instance() { delete object; }
  dataset_instance(const dataset_instance&) = delete;
  dataset_instance& operator=(const dataset_instance&) = delete;
};

template <class T>
struct dataset_thunks {
  using instance = dataset_instance<T>;
  static instance& of(void* self) { return *static_cast<instance*>(self); }

  static lathe_code create(lathe_call* call, const lathe_value* options, lathe_str data_dir,
                           void** self) noexcept {
    return guarded(call, [&] {
      auto* made = new instance(nullptr);
      *self = made;
      try {
        made->object = construct<T>(call, options, to_view(data_dir));
      } catch (...) {
        *self = nullptr;
        delete made;
        throw;
      }
    });
  }
  static lathe_code info(lathe_call* call, void* self, lathe_dataset_info* out) noexcept {
    return guarded(call, [&] {
      instance& i = of(self);
      i.info = i.object->info();
      i.class_names.clear();
      for (const std::string& name : i.info.class_names) i.class_names.push_back(to_str(name));
      out->rank = static_cast<std::uint32_t>(i.info.shape.size());
      out->shape = i.info.shape.data();
      out->classes = i.info.classes;
      out->class_names = i.class_names.empty() ? nullptr : i.class_names.data();
      // A host that is older asks for less.
      if (out->struct_size >= LATHE_SIZE_UP_TO(lathe_dataset_info, augments)) {
        out->augments = i.info.augments ? 1 : 0;
      }
    });
  }
  static lathe_code open(lathe_call* call, void* self) noexcept {
    return guarded(call, [&] {
      if constexpr (std::is_invocable_v<decltype(&T::open), T&, context>) {
        of(self).object->open(context(call));
      } else {
        of(self).object->open();
      }
    });
  }
  static lathe_code count(lathe_call* call, void* self, lathe_split s,
                          std::uint64_t* rows) noexcept {
    return guarded(call, [&] { *rows = of(self).object->count(static_cast<split>(s)); });
  }
  static lathe_code read(lathe_call* call, void* self, lathe_split s, const std::uint64_t* index,
                         std::uint64_t count, lathe_tensor* samples,
                         lathe_tensor* labels) noexcept {
    return guarded(call, [&] {
      of(self).object->read(static_cast<split>(s), span<const std::uint64_t>(index, count),
                            tensor<float>(*samples).data(), tensor<std::int64_t>(*labels).data());
    });
  }
  static lathe_code files(lathe_call* call, void* self, const lathe_str** paths,
                          std::uint64_t* count) noexcept {
    return guarded(call, [&] {
      instance& i = of(self);
      if constexpr (has_files<T>) i.files = i.object->files();
      i.file_texts.clear();
      for (const std::string& file : i.files) i.file_texts.push_back(to_str(file));
      *paths = i.file_texts.data();
      *count = i.file_texts.size();
    });
  }
  static lathe_code augment(lathe_call* call, void* self, std::uint64_t seed, std::uint64_t epoch,
                            const std::uint64_t* index, std::uint64_t count,
                            lathe_tensor* samples) noexcept {
    return guarded(call, [&] {
      if constexpr (has_augment<T>) {
        of(self).object->augment(context(call), epoch_of_training{seed, epoch},
                                 span<const std::uint64_t>(index, count),
                                 tensor<float>(*samples).data());
      }
    });
  }
};

template <class T>
constexpr lathe_dataset dataset_interface = {LATHE_SIZE_UP_TO(lathe_dataset, source),
                                             0,
                                             dataset_thunks<T>::create,
                                             destroy<dataset_instance<T>>,
                                             dataset_thunks<T>::info,
                                             dataset_thunks<T>::open,
                                             dataset_thunks<T>::count,
                                             dataset_thunks<T>::read,
                                             has_files<T> ? dataset_thunks<T>::files : nullptr,
                                             has_augment<T> ? dataset_thunks<T>::augment : nullptr,
                                             declared_source<T>};

}  // namespace detail

template <class T>
constexpr lathe_component dataset(const char* id, const char* version, const char* doc) {
  if constexpr (!detail::has_info<T>) {
    static_assert(detail::lacks<T>, "a data set needs a method: lathe::dataset_info info() const");
    return detail::component<T>(LATHE_KIND_DATASET, id, version, doc, nullptr);
  } else if constexpr (!detail::has_open<T>) {
    static_assert(detail::lacks<T>, "a data set needs a method: void open()");
    return detail::component<T>(LATHE_KIND_DATASET, id, version, doc, nullptr);
  } else if constexpr (!detail::has_count<T>) {
    static_assert(detail::lacks<T>,
                  "a data set needs a method: std::uint64_t count(lathe::split) const");
    return detail::component<T>(LATHE_KIND_DATASET, id, version, doc, nullptr);
  } else if constexpr (!detail::has_read<T>) {
    static_assert(detail::lacks<T>,
                  "a data set needs a method: void read(lathe::split, lathe::span<const "
                  "std::uint64_t> index, float* samples, std::int64_t* labels)");
    return detail::component<T>(LATHE_KIND_DATASET, id, version, doc, nullptr);
  } else {
    return detail::component<T>(LATHE_KIND_DATASET, id, version, doc, &detail::dataset_interface<T>,
                                detail::declared_source<T> == nullptr ? 0 : LATHE_FLAG_HAS_SOURCE);
  }
}

}  // namespace lathe

#pragma GCC visibility pop
