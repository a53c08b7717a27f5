#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "pecia/corpus/listing.hpp"
#include "pecia/corpus/priority.hpp"
#include "pecia/engine/factory.hpp"
#include "pecia/engine/retry.hpp"
#include "pecia/merge/book.hpp"
#include "pecia/plan/partition.hpp"
#include "pecia/sched/types.hpp"

namespace pecia::app {

/// The engine that reads with a model.
inline constexpr std::string_view model_engine = "deepseek_ocr2";

/// What becomes of pages that bring their text along: "Text that a PDF brings along" in docs/tutorial.md.
enum class TextLayerPolicy { automatic, ignore, redo, keep, skip };

/// What holds for the documents that a glob matches; later rules win, setting by setting.
struct Rule {
  std::string match;  ///< glob on the path relative to the corpus root
  std::optional<merge::Kind> kind;    ///< how an export puts them together
  std::optional<std::vector<std::string>> languages;
  std::optional<std::string> password;
  std::optional<corpus::Priority> priority;
  std::optional<std::string> engine;  ///< the job's engine, or its fallback
  std::optional<std::string> prompt;  ///< of deepseek_ocr2
  std::optional<TextLayerPolicy> text_layer;
  std::optional<bool> geometry;
};

/// Passwords by the paths of documents, as lines of a file give them: the last that matches wins.
class PasswordList {
 public:
  void add(std::string match, std::string password);
  /// Null if no line matches; lives as long as the list.
  [[nodiscard]] const std::string* find(std::string_view path) const;

 private:
  struct Line {
    std::size_t number;
    std::string match, password;
  };
  std::size_t lines_ = 0;
  std::vector<Line> globs_;
  std::unordered_map<std::string, std::pair<std::size_t, std::string>> exact_;  ///< matches without wildcards
};

enum class Sync { page, interval, close };  ///< when the journal is fsynced

enum class OnFull { drain, wait };  ///< what a rank does that cannot write

/// A job: what to do. Every key of the job file has its place here; defaults work.
struct Job {
  std::filesystem::path file;       ///< where it was read from
  bool of_run = false;              ///< that is a run's run.yaml, which has no passwords
  corpus::CorpusSpec corpus;        ///< paths made absolute (relative to the job file)
  std::filesystem::path trace;      ///< corpus.trace: a TSV in place of documents
  bool redo_changed = false;        ///< corpus.changed: report | redo
  std::filesystem::path run;        ///< absolute (relative to the current folder)
  struct Engine {
    std::string name = "tesseract";
    std::vector<std::string> languages{"eng"};
    int threads = 0;                ///< 0 = auto
    double watchdog_s = 0;          ///< 0 = auto: the engine's own default
    double time_scale = 1;          ///< replay
    /// Of deepseek_ocr2, without what stands above and below. `weights` is absolute once loaded.
    engine::DeepseekSettings deepseek;
    engine::NoRepeatNgram no_repeat_ngram;  ///< n 0 = off
    bool broadcast = false;         ///< engine.load: files | broadcast
    double retry_budget = 0.25;     ///< share of the seconds of reading for pages that are read once more; 0: none are
  } engine;
  /// What reads the pages that `engine` gave up.
  struct Fallback {
    std::string engine = "none";
    std::optional<std::vector<std::string>> languages;  ///< not set: engine.languages
    int threads = 0;                ///< 0 = auto
    double watchdog_s = 0;          ///< 0 = auto
    [[nodiscard]] bool exists() const { return engine != "none"; }
  } fallback;
  /// How many ranks of a host have which of the job's two engines; the others have `engine`.
  struct Ranks {
    static constexpr int rest = -1, visible_gpus = -2;
    int deepseek_ocr2 = visible_gpus;
    int tesseract = 0, echo = 0;
    bool share = false;             ///< ranks with the fallback read any page
  } ranks;
  /// How documents become images, and images are read.
  struct Page {
    bool split = false;             ///< page.split: off | auto
    bool find_blank = true;         ///< page.blank: detect | off
    bool mend_old_letters = true;   ///< page.old_letters: mend | off
    TextLayerPolicy text_layer = TextLayerPolicy::automatic;
  } page;
  bool geometry = false;            ///< none | tesseract: words of what has none get their boxes from Tesseract
  /// Of encrypted documents; those of rules go before the file's, and they before the one for all.
  struct Passwords {
    std::optional<std::string> all;
    std::filesystem::path file;     ///< absolute (relative to the job file)
    PasswordList listed;            ///< what stands in it, once it is read (src/app/passwords.hpp)
  } passwords;
  engine::RetryTable retries;       ///< attempts after the first, by the reason why it failed
  std::vector<Rule> rules;
  plan::Split split = plan::Split::automatic;
  struct Store {
    Sync sync = Sync::interval;
    double sync_interval_s = 2;
    int shard_pages = 4096;
    double shard_age_s = 3600;
    OnFull on_full = OnFull::drain;
  } store;
  struct Drain {
    double grace_s = 60;
  } drain;
  std::filesystem::path cost_model; ///< absolute (relative to the job file); empty: the run's own
  struct Probe {
    double budget = 0.03;           ///< share of the predicted run for looking into documents
  } probe;
  struct Schedule {
    plan::Strategy partition = plan::Strategy::lpt;
    sched::Stealing stealing = sched::Stealing::half;
    bool backup = true, calibrate = true, evidence = true;
  } schedule;                       ///< for comparisons
  double progress_s = 10;           ///< between progress lines when standard error is no terminal
};

/// Reads and checks a job file. `overrides`: "engine.threads=4" from --set, applied in order.
/// Throws `UsageError`: "jobs/x.yaml:12:5: unknown key 'langauges' in 'engine'. Did you mean 'languages'?"
[[nodiscard]] Job load_job(const std::filesystem::path& file, const std::vector<std::string>& overrides);

/// The settings alone, for a corpus that is made up: defaults, this engine, and what `overrides` say.
[[nodiscard]] Job job_without_corpus(const std::string& engine, const std::vector<std::string>& overrides);

/// The effective job as YAML with every key, absolute paths; `load_job` of it gives the same Job.
/// Passwords are replaced by "***": they are kept out of the run. Read back from a run.yaml there are none.
[[nodiscard]] std::string to_yaml(const Job& job);

/// Every key with type, default, unit and one line of explanation: `pecia run --help-job`.
[[nodiscard]] std::string job_help();
/// The paths of all keys: "engine.threads", "rules[].match".
[[nodiscard]] std::vector<std::string> job_keys();

/// The same as it stands in a run, with a checksum as its last line.
[[nodiscard]] std::string to_run_yaml(const Job& job);
/// Throws `Error` or `UsageError` if that is damaged. `has_checksum`: it was written by a pecia that adds one.
void check_run_yaml(const std::string& contents, bool has_checksum);

/// The settings that change the text of pages and differ between the job and the run.yaml of an
/// earlier job on the run ("engine.languages: [eng] -> [deu]"), empty if none do.
[[nodiscard]] std::vector<std::string> differences_in_text(const Job& job, const std::string& run_yaml);

/// What the job says of one document.
struct DocumentSettings {
  std::vector<std::string> languages;
  std::vector<std::string> fallback_languages;  ///< where the fallback reads it
  std::string password;
  std::string prompt;          ///< empty: engine.prompt
  TextLayerPolicy text_layer = TextLayerPolicy::automatic;
  bool by_fallback = false;    ///< a rule gives it to the fallback from the first
  bool geometry = false;       ///< as Job::geometry
};
[[nodiscard]] DocumentSettings settings_for(const Job& job, std::string_view path);
/// How urgent the rules say that a document is; normal if none does.
[[nodiscard]] corpus::Priority priority_of(const Job& job, std::string_view path);
/// What the rules say that a document is, for its export; to be found out if none does.
[[nodiscard]] merge::Kind kind_of(const Job& job, std::string_view path);
/// Every language that the engine or a rule names, each once.
[[nodiscard]] std::vector<std::string> all_languages(const Job& job);

/// Of the engine, for a rank that may use so many cores and is the `local_rank`-th of its host.
[[nodiscard]] engine::EngineSettings engine_settings(const Job& job, int cores, int local_rank);
/// Whether a rank, by its place among those of its host, has the job's fallback for its engine.
[[nodiscard]] bool has_fallback_as_engine(const Job& job, int host_rank, int host_size, int gpus);
/// Of the fallback, which the job must have.
[[nodiscard]] engine::EngineSettings fallback_settings(const Job& job, int cores, int local_rank);
/// Whether `geometry` of the job or of a rule asks for boxes.
[[nodiscard]] bool wants_boxes(const Job& job);
/// Of what gives words their boxes, for a rank with this engine; nothing if the job does not ask for it, or the engine has them itself.
[[nodiscard]] std::optional<engine::EngineSettings> box_settings(const Job& job, std::string_view engine, int cores, int local_rank);

}  // namespace pecia::app
