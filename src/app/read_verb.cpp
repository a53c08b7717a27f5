// `pecia read`: the threads that read pages in a run, without the run.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>

#include "agree.hpp"
#include "cores.hpp"
#include "page_readers.hpp"
#include "passwords.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/base/text.hpp"
#include "read_files.hpp"
#include "read_report.hpp"
#include "schedule_settings.hpp"
#include "verbs.hpp"

namespace pecia::app {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds look_for_outcomes_every{50};
/// For the log to be written before this process ends at once.
constexpr std::chrono::seconds read_flush_wait{5};

/// What came out of the readers so far.
class Outcomes final : public PageSink {
 private:
  template <class Do>
  void change(Do act) {
    const std::lock_guard lock{mutex_};
    act();
    news_ = true;
    changed_.notify_one();
  }
  template <class Look>
  [[nodiscard]] auto look(Look at) const {
    const std::lock_guard lock{mutex_};
    return at();
  }

 public:
  void ready(const engine::Description&) override {
    change([&] { ready_ = true; });
  }
  void engine_lost(const std::string& why, bool for_good) override {
    if (!for_good)
      log::warning("the engine was lost, another is started: {}", why);
    else
      change([&] {
        failure_ = std::make_exception_ptr(Error{fmt::format("the engine was lost: {}", why)});
      });
  }
  void failed(const std::string& why, bool usage) override {
    change([&] {
      failure_ =
          usage ? std::make_exception_ptr(UsageError{why}) : std::make_exception_ptr(Error{why});
    });
  }
  void taken(const PageWork&) override {}
  void begun(const PageWork&) override {}
  void ended(const PageWork& page, result::PageOutcome outcome, double) override {
    change([&] { outcomes_.emplace(page.task.index, std::move(outcome)); });
  }
  void returned(const PageWork& page) override {
    change([&] { returned_.push_back(page.task); });
  }

  void wait(milliseconds longest) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, longest, [&] { return news_; });
    news_ = false;
  }
  [[nodiscard]] bool is_ready() const {
    return look([&] { return ready_; });
  }
  [[nodiscard]] std::exception_ptr failure() const {
    return look([&] { return failure_; });
  }
  [[nodiscard]] std::size_t done() const {
    return look([&] { return outcomes_.size(); });
  }
  /// Those that came back from an engine that was lost.
  [[nodiscard]] std::vector<plan::Task> take_returned() {
    const std::lock_guard lock{mutex_};
    return std::exchange(returned_, {});
  }
  /// Nothing while the page is being read.
  [[nodiscard]] std::optional<result::PageOutcome> take(std::uint64_t index) {
    const std::lock_guard lock{mutex_};
    auto found = outcomes_.find(static_cast<std::uint32_t>(index));
    if (found == outcomes_.end() || !found->second) return std::nullopt;
    return std::exchange(found->second, std::nullopt);
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool news_ = false, ready_ = false;
  std::exception_ptr failure_;
  std::map<std::uint32_t, std::optional<result::PageOutcome>> outcomes_;  ///< nothing: taken
  std::vector<plan::Task> returned_;
};

/// A line on a terminal that is written over.
class ReadProgress {
 public:
  void show(std::size_t done, std::size_t pages, bool ready) {
    if (!terminal_) return;
    const auto line = ready ? fmt::format("{} of {}", done, plural(pages, "page"))
                            : std::string{"starting the engine"};
    if (line == shown_) return;
    shown_ = line;
    fmt::print(stderr, "\r\033[K{}", line);
    (void)std::fflush(stderr);
  }
  void clear() {
    if (terminal_ && !shown_.empty()) fmt::print(stderr, "\r\033[K");
    shown_.clear();
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) == 1;
  std::string shown_;
};

/// Reads the pages of some files and prints them in their order.
class Reading {
 public:
  Reading(const ReadVerbOptions& options, const Job& job, const NamedFiles& files)
      : files_{files}, printer_{options.format, files.files.size() > 1, stdout} {
    const auto cores = cores_of_this_rank(*comm::make_alone());
    settings_ = reading_settings(job, cores, 0);
    settings_.manifest = &files.manifest;
    settings_.root = files.root;
    for (const auto& file : files.files) {
      merge::Document document;
      document.path = file.named.native();
      for (const auto page : file.pages) document.pages.push_back({page, true, false, {}});
      documents_.push_back(std::move(document));
      pages_ += file.pages.size();
    }
  }

  int operator()() {
    for (const auto& file : files_.files) {
      if (file.problem.empty()) continue;
      log::error("{}: {}", printable(file.named.native()), file.problem);
      failed_ = true;
    }
    if (pages_ > 0) read();
    while (printed_ < documents_.size()) print_next();
    printer_.finish();
    if (failure_) std::rethrow_exception(failure_);
    if (stopped_)
      throw Stopped{fmt::format("stopped: {} of {} read", done_, plural(pages_, "page"))};
    return failed_ ? some_failed_status : 0;
  }

 private:
  void read() {
    hand_in_and_wait();  // its threads have ended, and given what they had read of pages
    collect();
  }

  void hand_in_and_wait() {
    PageReaders readers{settings_, outcomes_, milliseconds{0}};
    for (const auto& file : files_.files) {
      for (const auto page : file.pages) hand_in(readers, {file.document, page});
    }
    while (done_ < pages_) {
      outcomes_.wait(look_for_outcomes_every);
      collect();
      progress_.show(done_, pages_, outcomes_.is_ready());
      failure_ = outcomes_.failure();
      stopped_ = stop::requested() != stop::Request::none;
      if (failure_ || stopped_) break;
      for (const auto& task : outcomes_.take_returned()) hand_in(readers, task.page);
    }
    progress_.clear();
    readers.cancel();
    if (stopped_ && !outcomes_.is_ready()) leave_at_once();
  }

  void hand_in(PageReaders& readers, PageRef page) {
    auto work = std::make_shared<PageWork>();
    work->task.page = page;
    work->task.index = static_cast<std::uint32_t>(files_.manifest.index(page));
    readers.read(work);
  }

  /// Takes what was read, and prints the documents that are whole and whose turn it is.
  void collect() {
    for (std::size_t n = 0; n < documents_.size(); ++n) {
      for (auto& page : documents_[n].pages) {
        if (!page.pending) continue;
        auto outcome =
            outcomes_.take(files_.manifest.index({files_.files[n].document, page.number}));
        if (!outcome) continue;
        page.outcome = std::move(*outcome);
        page.pending = false;
        note(documents_[n].path, page);
      }
    }
    while (printed_ < documents_.size() &&
           std::ranges::none_of(documents_[printed_].pages, &merge::Page::pending))
      print_next();
  }

  void note(const std::string& path, const merge::Page& page) {
    using result::State;
    ++done_;
    const auto state = page.outcome.state;
    const bool left_out = state == State::skipped && page.outcome.reason != Reason::has_text;
    failed_ = failed_ || state == State::failed || left_out;
    // Of failed ones the readers have said it.
    if (state != State::skipped) return;
    const auto said = fmt::format("{}: {}: {}", printable(path), name(page.outcome.reason), page.outcome.detail);
    if (left_out)
      log::error("{}", said);
    else
      log::info("{}", said);
  }

  void print_next() {
    progress_.clear();
    auto& pages = documents_[printed_].pages;
    std::erase_if(pages, [](const merge::Page& page) { return page.pending; });  // stopped
    if (!pages.empty()) printer_.print(documents_[printed_]);
    pages.clear();
    ++printed_;
  }

  /// An engine that loads cannot be interrupted, and would be waited for; its process ends with
  /// this one.
  [[noreturn]] void leave_at_once() {
    while (printed_ < documents_.size()) print_next();
    printer_.finish();
    log::error("stopped while the engine started");
    log::flush(read_flush_wait);
    std::_Exit(unfinished_status);
  }

  const NamedFiles& files_;
  ReadingSettings settings_;
  ReadPrinter printer_;
  Outcomes outcomes_;
  ReadProgress progress_;
  std::vector<merge::Document> documents_;
  std::size_t pages_ = 0, done_ = 0, printed_ = 0;
  bool failed_ = false, stopped_ = false;
  std::exception_ptr failure_;
};

Job job_of(const ReadVerbOptions& options) {
  auto overrides = options.overrides;
  if (options.job_file.empty()) {
    return job_without_corpus(options.engine.empty() ? "tesseract" : options.engine, overrides);
  }
  if (!options.engine.empty()) {
    // The job's fallback, asked for by itself, has none.
    const bool is_fallback =
        load_job(options.job_file, overrides).fallback.engine == options.engine;
    overrides.insert(overrides.begin(), "engine.name=" + options.engine);
    if (is_fallback) overrides.emplace_back("fallback.engine=none");
  }
  auto job = load_job(options.job_file, overrides);
  if (!job.trace.empty())
    throw UsageError{"a trace has no pages to read; name a job with documents, or none"};
  // Rules match paths below it.
  job.corpus.root = corpus::root_of(job.corpus);
  if (!std::filesystem::is_directory(job.corpus.root)) job.corpus.root.clear();
  return job;
}

}  // namespace

int read_verb(const ReadVerbOptions& options) {
  const stop::ScopedHandlers handlers;
  return alone([&] {
    const auto pages = parse_pages(options.pages);
    auto job = job_of(options);
    if (const auto warning = read_password_file(job); !warning.empty()) log::warning("{}", warning);
    const auto files = look_into(options.files, pages, job);
    return Reading{options, job, files}();
  });
}

}  // namespace pecia::app
