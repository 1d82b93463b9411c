// The table is the whole of it.
#include "core/options/words_elsewhere.hpp"

#include "core/base/words/suggest.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace lathe {
namespace {

// A row's words are separated by blanks.
struct Row {
  std::string_view key, theirs;
};

constexpr std::array kRows{
    Row{"learning_rate", "lr base_lr init_lr initial_lr max_lr learning_rate_init"},
    Row{"max_epochs", "epochs epoch n_epochs num_epochs nb_epochs max_epoch num_train_epochs"},
    Row{"max_steps",
        "steps n_steps num_steps num_train_steps total_steps max_iter max_iters iters "
        "iterations"},
    Row{"batch_size",
        "bs batch batchsize mini_batch_size train_batch_size "
        "per_device_train_batch_size"},
    Row{"evaluation_batch_size",
        "eval_batch_size val_batch_size test_batch_size "
        "per_device_eval_batch_size"},
    Row{"weight_decay", "wd decay l2 l2_penalty"},
    Row{"training_optimizer", "opt optim optimizer optimiser optimizer_name"},
    Row{"lr_scheduler", "sched scheduler schedule lr_schedule lr_scheduler_type"},
    Row{"num_warmup_steps", "warmup warmup_steps warmup_iters n_warmup_steps"},
    Row{"accumulate_grad_batches",
        "grad_accum accum accum_iter accumulation_steps "
        "grad_accumulation_steps gradient_accumulation_steps"},
    Row{"early_stopping", "patience early_stop early_stopping_patience"},
    Row{"loss", "criterion loss_fn loss_function"},
    Row{"seed", "random_seed manual_seed random_state rng_seed"},
    Row{"accelerator", "device cuda gpus use_cuda use_gpu no_cuda device_type"},
    Row{"num_devices", "devices ngpu n_gpu num_gpus world_size"},
    Row{"num_workers", "workers threads n_threads num_threads nproc num_cpus"},
    Row{"integer_kernels", "qbackend qengine quantized_engine int8"},
    Row{"trainer_precision", "precision amp fp16 bf16 half mixed_precision"},
    Row{"n_trials", "trials trial num_trials max_trials n_trial"},
    Row{"jobs", "n_jobs parallel num_jobs"},
    Row{"time_budget", "time_limit max_time budget"},
    Row{"storage", "storage_url db database"},
    Row{"study", "study_name"},
    Row{"project_dir",
        "output_dir out_dir outdir save_dir log_dir logdir results_dir work_dir "
        "checkpoint_dir ckpt_dir default_root_dir"},
    Row{"project", "name run_name exp exp_name experiment experiment_name"},
    Row{"load_name",
        "load ckpt ckpt_path checkpoint checkpoint_path weights weights_path "
        "model_path model_name_or_path load_from load_checkpoint load_weights "
        "state_dict pretrained_path finetune"},
    Row{"resume", "resume_from resume_from_checkpoint auto_resume continue"},
    Row{"overwrite", "overwrite_output_dir exist_ok clobber"},
    Row{"data_dir", "root data_root data_path datadir dataset_dir dataset_path"},
    Row{"dataset", "data data_set dataset_name train_data"},
    Row{"model", "arch architecture net network model_name"},
    Row{"config", "cfg conf config_file config_path yaml"},
    Row{"passes", "pass transforms pipeline"},
    Row{"plugin", "plugins plugin_path"},
    Row{"log_level", "verbose verbosity quiet loglevel"},
    Row{"split", "subset eval_split"},
};

struct Note {
  std::string_view theirs, text;
};

constexpr std::array kNotes{
    Note{"momentum nesterov", "; sgd has Nesterov momentum of 0.9"},
    Note{"shuffle", "; the training rows are shuffled anew in each epoch, the others are not"},
    Note{"num_classes n_classes nb_classes", "; the data set says how many classes there are"},
    Note{"pin_memory persistent_workers prefetch_factor", "; there is no loader to set up"},
};

std::string folded(std::string_view word) {
  word.remove_prefix(std::min(word.find_first_not_of('-'), word.size()));
  std::string text(word);
  for (char& c : text)
    c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool holds(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

}  // namespace

std::optional<std::string_view> key_elsewhere(std::string_view word) {
  const std::string wanted = folded(word);
  const auto* row =
      std::ranges::find_if(kRows, [&](const Row& r) { return holds(r.theirs, wanted); });
  return row == kRows.end() ? std::nullopt : std::optional(row->key);
}

std::string_view note_elsewhere(std::string_view word) {
  const std::string wanted = folded(word);
  const auto* note =
      std::ranges::find_if(kNotes, [&](const Note& n) { return holds(n.theirs, wanted); });
  return note == kNotes.end() ? std::string_view() : note->text;
}

std::string option_suggestion(std::string_view word, const std::vector<std::string>& known) {
  if (const auto key = key_elsewhere(word)) {
    for (const std::string& candidate : known)
      if (folded(candidate) == *key) return "; did you mean '" + candidate + "'?";
  }
  if (const std::string_view note = note_elsewhere(word); !note.empty()) return std::string(note);
  return suggestion(word, known);
}

}  // namespace lathe
