// Kind "dataset". Two forms. Samples with one class each, floats and 64-bit labels:
//   Set(lathe::options, std::string_view data_dir)     either may be left out
//   lathe::dataset_info info()                         reads no data before open
//   void open()                     opens all splits; or, to open those that are asked for,
//   void open(const lathe::open_request&)    which is called again if more are; each of the two
//                                   may take a lathe::context first
//   std::uint64_t count(lathe::split)
//   void read(lathe::split, lathe::span<const std::uint64_t> index, float* samples,
//             std::int64_t* labels)
//   void augment(lathe::context, lathe::epoch_of_training, lathe::span<const std::uint64_t> index,
//                float* samples)                       optional: changes training rows in place
// `memory_dataset` is a base that leaves only info and open to write. And rows of any fields, with
// fields() in place of info():
//   std::vector<lathe::field> fields()                 reads no data before open
//   std::uint64_t count(lathe::split)
//   void read(lathe::split, lathe::span<const std::uint64_t> index, lathe::batch out)
//   void augment(lathe::context, lathe::epoch_of_training, lathe::span<const std::uint64_t> index,
//                lathe::batch rows)                    optional
//   bool augments()                                    optional: whether it does, as it is set
// A stream, whose rows cannot be counted before they are read, has in place of count and read:
//   std::uint64_t next(lathe::split, std::uint64_t first, std::uint64_t rows, lathe::batch out)
//                      rows first, ..., in order; 0 begins anew; returns how many it gave, fewer
//                      than `rows` at the end
// With count as well, a split whose count is lathe::unknown_count is a stream. For both forms:
//   std::vector<std::string> files()                   optional
//   static constexpr lathe_dataset_source source       optional: where `lathe data fetch` gets it
// Wherever a split is taken, it may be taken as std::string_view instead.
#pragma once

#include <lathe/kind/dataset.h>
#include <lathe/hpp/component.hpp>
#include <lathe/hpp/field.hpp>

#pragma GCC visibility push(hidden)

namespace lathe {

enum class split { train, validation, test };

inline const char* split_name(split s) {
  return s == split::train ? "train" : s == split::validation ? "validation" : "test";
}

constexpr std::uint64_t unknown_count = LATHE_COUNT_UNKNOWN;

// Of samples with one class each.
struct dataset_info {
  std::vector<std::int64_t> shape;                // of one sample; empty: not known before open
  std::int64_t classes = 0;                       // 0: not known before open
  std::vector<std::string> class_names;           // empty, or one per class
  bool augments = false;                          // true: augment() changes training rows
  std::vector<std::string> feature_names = {};    // of samples of rank 1: empty, or one per number
  std::vector<double> mean = {}, deviation = {};  // lathe_field.mean; empty: not scaled
};

// What open() is asked for. Valid during the call.
class open_request {
 public:
  explicit open_request(const lathe_open_request& raw) : raw_(raw) {
    if (raw.trained_on != nullptr) trained_on_ = detail::fields_of(*raw.trained_on);
  }

  bool asks_for(std::string_view split) const {
    for (std::uint64_t i = 0; i < raw_.split_count; ++i) {
      if (to_view(raw_.splits[i]) == split) return true;
    }
    return raw_.split_count == 0;
  }
  bool asks_for(split s) const { return asks_for(split_name(s)); }

  // The fields that the loaded weights were trained on; empty: not known.
  const std::vector<field>& trained_on() const { return trained_on_; }
  // The first of a role; null if there is none, or nothing is known.
  const field* trained_on(lathe_field_role role) const {
    for (const field& f : trained_on_) {
      if (f.role == role) return &f;
    }
    return nullptr;
  }

 private:
  const lathe_open_request& raw_;
  std::vector<field> trained_on_;
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
constexpr bool has_fields = false;
template <class T>
constexpr bool has_fields<T, std::void_t<decltype(std::declval<T&>().fields())>> = true;
template <class T, class = void>
constexpr bool has_open = false;
template <class T>
constexpr bool has_open<T, std::void_t<decltype(&T::open)>> = true;
template <class T, class = void>
constexpr bool has_files = false;
template <class T>
constexpr bool has_files<T, std::void_t<decltype(std::declval<T&>().files())>> = true;
template <class T, class = void>
constexpr bool has_augments = false;
template <class T>
constexpr bool has_augments<T, std::void_t<decltype(std::declval<T&>().augments())>> = true;

// What takes a split, taken as S.
template <class T, class S, class = void>
constexpr bool counts = false;
template <class T, class S>
constexpr bool counts<T, S, std::void_t<decltype(std::declval<T&>().count(S()))>> = true;
template <class T, class S, class = void>
constexpr bool reads_samples = false;
template <class T, class S>
constexpr bool reads_samples<T, S,
                             std::void_t<decltype(std::declval<T&>().read(
                                 S(), span<const std::uint64_t>(), static_cast<float*>(nullptr),
                                 static_cast<std::int64_t*>(nullptr)))>> = true;
template <class T, class S, class = void>
constexpr bool reads_fields = false;
template <class T, class S>
constexpr bool reads_fields<T, S,
                            std::void_t<decltype(std::declval<T&>().read(
                                S(), span<const std::uint64_t>(), std::declval<batch>()))>> = true;
template <class T, class S, class = void>
constexpr bool streams = false;
template <class T, class S>
constexpr bool streams<T, S,
                       std::void_t<decltype(std::declval<T&>().next(
                           S(), std::uint64_t(), std::uint64_t(), std::declval<batch>()))>> = true;

template <class T>
constexpr bool has_count = counts<T, split> || counts<T, std::string_view>;
template <class T>
constexpr bool has_samples = reads_samples<T, split> || reads_samples<T, std::string_view>;
template <class T>
constexpr bool has_read =
    has_fields<T> ? reads_fields<T, split> || reads_fields<T, std::string_view> : has_samples<T>;
template <class T>
constexpr bool has_next = has_fields<T> && (streams<T, split> || streams<T, std::string_view>);

template <class T, class = void>
constexpr bool augments_samples = false;
template <class T>
constexpr bool
    augments_samples<T, std::void_t<decltype(std::declval<T&>().augment(
                            std::declval<context>(), epoch_of_training{},
                            span<const std::uint64_t>(), static_cast<float*>(nullptr)))>> = true;
template <class T, class = void>
constexpr bool augments_fields = false;
template <class T>
constexpr bool augments_fields<T, std::void_t<decltype(std::declval<T&>().augment(
                                      std::declval<context>(), epoch_of_training{},
                                      span<const std::uint64_t>(), std::declval<batch>()))>> = true;
template <class T>
constexpr bool has_augment = has_fields<T> ? augments_fields<T> : augments_samples<T>;

template <class T, class = void>
constexpr const lathe_dataset_source* declared_source = nullptr;
template <class T>
constexpr const lathe_dataset_source* declared_source<T, std::void_t<decltype(T::source)>> =
    &T::source;

// A split as the type takes it; a name that is none is refused.
template <class S>
S split_of(lathe_str name) {
  if constexpr (std::is_same_v<S, split>) {
    for (const split s : {split::train, split::validation, split::test}) {
      if (to_view(name) == split_name(s)) return s;
    }
    throw error(LATHE_NOT_FOUND, join({"there is no split '", to_view(name), "'"}));
  } else {
    return to_view(name);
  }
}

// The type's instance, and what the host borrows until it is destroyed.
template <class T>
struct dataset_instance {
  T* object = nullptr;
  bool opened = false;
  field_rows fields;
  std::vector<std::string> files;
  std::vector<lathe_str> file_texts;

  explicit dataset_instance(T* made) : object(made) {}
  ~dataset_instance() { delete object; }
  dataset_instance(const dataset_instance&) = delete;
  dataset_instance& operator=(const dataset_instance&) = delete;
};

// What a row is made of, and whether it is augmented, whichever form the type has.
template <class T>
bool describe(T& object, field_rows& rows) {
  if constexpr (has_fields<T>) {
    rows.set(object.fields());
    if constexpr (has_augments<T>) return object.augments();
    return has_augment<T>;
  } else {
    dataset_info info = object.info();
    field samples = input_field<float>("samples", std::move(info.shape));
    samples.known_shape = !samples.shape.empty();
    samples.feature_names = std::move(info.feature_names);
    samples.mean = std::move(info.mean);
    samples.deviation = std::move(info.deviation);
    rows.set(
        {std::move(samples), class_field("labels", info.classes, std::move(info.class_names))});
    return info.augments;
  }
}

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
      out->augments = describe(*of(self).object, of(self).fields) ? 1 : 0;
      out->fields = &of(self).fields.table();
    });
  }
  static lathe_code open(lathe_call* call, void* self, const lathe_open_request* asked) noexcept {
    return guarded(call, [&] {
      T& object = *of(self).object;
      if constexpr (std::is_invocable_v<decltype(&T::open), T&, const open_request&>) {
        object.open(open_request(*asked));
      } else if constexpr (std::is_invocable_v<decltype(&T::open), T&, context,
                                               const open_request&>) {
        object.open(context(call), open_request(*asked));
      } else if (!of(self).opened) {
        if constexpr (std::is_invocable_v<decltype(&T::open), T&, context>) {
          object.open(context(call));
        } else {
          object.open();
        }
        of(self).opened = true;
      }
    });
  }
  static lathe_code count(lathe_call* call, void* self, lathe_str name,
                          std::uint64_t* rows) noexcept {
    return guarded(call, [&] {
      if constexpr (has_count<T>) {
        using S = std::conditional_t<counts<T, split>, split, std::string_view>;
        *rows = of(self).object->count(split_of<S>(name));
      } else {
        *rows = unknown_count;
      }
    });
  }
  static lathe_code read(lathe_call* call, void* self, lathe_str name, const std::uint64_t* index,
                         std::uint64_t count, lathe_tensor* const* out,
                         std::uint64_t out_count) noexcept {
    return guarded(call, [&] {
      T& object = *of(self).object;
      const batch rows(out, out_count, of(self).fields.fields());
      const span<const std::uint64_t> wanted(index, count);
      if constexpr (has_fields<T>) {
        using S = std::conditional_t<reads_fields<T, split>, split, std::string_view>;
        if constexpr (has_read<T>) object.read(split_of<S>(name), wanted, rows);
      } else {
        using S = std::conditional_t<reads_samples<T, split>, split, std::string_view>;
        object.read(split_of<S>(name), wanted, rows.template values<float>(0).data(),
                    rows.template values<std::int64_t>(1).data());
      }
    });
  }
  static lathe_code next(lathe_call* call, void* self, lathe_str name, std::uint64_t first,
                         std::uint64_t rows, lathe_tensor* const* out, std::uint64_t out_count,
                         std::uint64_t* given) noexcept {
    return guarded(call, [&] {
      if constexpr (has_next<T>) {
        using S = std::conditional_t<streams<T, split>, split, std::string_view>;
        *given = of(self).object->next(split_of<S>(name), first, rows,
                                       batch(out, out_count, of(self).fields.fields()));
      }
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
                            lathe_tensor* const* out, std::uint64_t out_count) noexcept {
    return guarded(call, [&] {
      const batch rows(out, out_count, of(self).fields.fields());
      const span<const std::uint64_t> which(index, count);
      if constexpr (has_augment<T> && has_fields<T>) {
        of(self).object->augment(context(call), epoch_of_training{seed, epoch}, which, rows);
      } else if constexpr (has_augment<T>) {
        of(self).object->augment(context(call), epoch_of_training{seed, epoch}, which,
                                 rows.template values<float>(0).data());
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
                                             has_read<T> ? dataset_thunks<T>::read : nullptr,
                                             has_next<T> ? dataset_thunks<T>::next : nullptr,
                                             has_files<T> ? dataset_thunks<T>::files : nullptr,
                                             has_augment<T> ? dataset_thunks<T>::augment : nullptr,
                                             declared_source<T>};

// One sentence about the first method that is missing.
template <class T>
constexpr bool is_dataset() {
  if constexpr (!has_info<T> && !has_fields<T>) {
    static_assert(lacks<T>,
                  "a data set needs a method: lathe::dataset_info info() const, or for rows of any "
                  "fields std::vector<lathe::field> fields() const");
  } else if constexpr (!has_open<T>) {
    static_assert(lacks<T>, "a data set needs a method: void open()");
  } else if constexpr (has_fields<T> && !has_read<T> && !has_next<T>) {
    static_assert(lacks<T>,
                  "a data set with fields() needs a method: void read(lathe::split, "
                  "lathe::span<const std::uint64_t> index, lathe::batch out), or for a stream "
                  "std::uint64_t next(lathe::split, std::uint64_t first, std::uint64_t rows, "
                  "lathe::batch out)");
  } else if constexpr (!has_count<T> && !(has_next<T> && !has_read<T>)) {
    static_assert(lacks<T>, "a data set needs a method: std::uint64_t count(lathe::split) const");
  } else if constexpr (!has_read<T> && !has_next<T>) {
    static_assert(lacks<T>,
                  "a data set needs a method: void read(lathe::split, lathe::span<const "
                  "std::uint64_t> index, float* samples, std::int64_t* labels)");
  } else {
    return true;
  }
  return false;
}

}  // namespace detail

template <class T>
constexpr lathe_component dataset(const char* id, const char* version, const char* doc) {
  if constexpr (detail::is_dataset<T>()) {
    return detail::component<T>(LATHE_KIND_DATASET, id, version, doc, &detail::dataset_interface<T>,
                                detail::declared_source<T> == nullptr ? 0 : LATHE_FLAG_HAS_SOURCE);
  } else {
    return detail::component<T>(LATHE_KIND_DATASET, id, version, doc, nullptr);
  }
}

}  // namespace lathe

#pragma GCC visibility pop
