#include "measuring.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <queue>

#include "in_threads.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/corpus/cost_model.hpp"
#include "pecia/corpus/sampling.hpp"
#include "pecia/page/reader.hpp"

namespace pecia::app {
namespace {

using Clock = std::chrono::steady_clock;

/// What takes longer is not worth it: reading the page will find out.
constexpr double most_sampling_cpu_s = 2, most_sampling_wall_s = 10;

/// A document and what was asked of it; in the hands of one thread at a time.
struct Sampling {
  corpus::Document* document = nullptr;
  corpus::Asked asked;
};

/// Documents by what measuring more of them is worth; those not looked into go first.
class Turns {
 public:
  explicit Turns(std::vector<Sampling>& all) : all_{all} {
    for (std::size_t n = 0; n < all_.size(); ++n) add(n, true);
  }

  /// Waits while others may still give one back; nullptr: there is nothing left to do.
  Sampling* take() {
    std::unique_lock lock{mutex_};
    given_back_.wait(lock, [&] { return !turns_.empty() || in_hands_ == 0; });
    if (turns_.empty()) return nullptr;
    auto* const next = &all_[turns_.top().sampling];
    turns_.pop();
    ++in_hands_;
    return next;
  }

  void give_back(const Sampling& sampling) {
    std::lock_guard lock{mutex_};
    --in_hands_;
    add(static_cast<std::size_t>(&sampling - all_.data()), false);
    given_back_.notify_all();
  }

 private:
  struct Turn {
    bool first = false;
    double worth = 0;
    std::size_t sampling = 0;
    auto operator<=>(const Turn&) const = default;
  };
  void add(std::size_t n, bool first) {
    const auto worth = corpus::worth_of_sampling(all_[n].document->pages, all_[n].asked);
    if (worth > 0) turns_.push({first, worth, n});
  }

  std::vector<Sampling>& all_;
  std::priority_queue<Turn> turns_;
  int in_hands_ = 0;
  std::mutex mutex_;
  std::condition_variable given_back_;
};

/// Returns how many pages were measured.
std::uint64_t measure_sample(page::Reader& reader, const page::Source& source, Sampling& sampling,
                             Clock::time_point until) {
  std::uint64_t count = 0;
  for (const auto page : corpus::next_sample(sampling.asked)) {
    if (Clock::now() >= until || stop::requested() != stop::Request::none) break;
    sampling.asked[page - 1] = true;
    const auto found = reader.measure(source, page);
    if (const auto* density = std::get_if<page::Density>(&found)) {
      auto& evidence = sampling.document->pages[page - 1];
      evidence.transitions = density->transitions;
      evidence.components = density->components;
      evidence.coverage = density->coverage;
      ++count;
    } else if (std::get<page::Failure>(found).retriable) {
      sampling.asked.assign(sampling.asked.size(), true);
      break;
    }
  }
  return count;
}

}  // namespace

double predicted_s(const Job& job, const corpus::Document& document) {
  // Engines that read nothing make a short run, whatever is on the pages.
  if (job.engine.name == "echo") return 0;
  double sum_s = 0;
  for (const auto& page : document.pages) sum_s += corpus::shipped_estimate_s(job.engine.name, page);
  return job.engine.name == "replay" ? sum_s * job.engine.time_scale : sum_s;
}

std::uint64_t measure_pages(const Job& job, const std::filesystem::path& root,
                            std::vector<std::optional<corpus::Document>>& documents, int threads,
                            Clock::time_point until) {
  std::vector<Sampling> all;
  for (auto& document : documents) {
    // An office's document would be converted for it once more: that takes longer than it tells.
    if (document && !document->pages.empty() && !corpus::is_office(document->format))
      all.push_back({&*document, corpus::Asked(document->pages.size())});
  }
  if (all.empty()) return 0;
  Turns turns{all};
  std::atomic<std::uint64_t> measured{0};
  page::Limits limits;
  limits.cpu_s = most_sampling_cpu_s;
  limits.wall_s = most_sampling_wall_s;
  in_threads(threads, [&] {
    page::Reader reader{limits};
    while (Clock::now() < until && stop::requested() == stop::Request::none) {
      auto* const sampling = turns.take();
      if (!sampling) return;
      struct GiveBack {  // also when the reader throws: others may wait for this document
        Turns& turns;
        Sampling& sampling;
        ~GiveBack() { turns.give_back(sampling); }
      } const give_back{turns, *sampling};
      const auto& document = *sampling->document;
      const auto password = settings_for(job, document.path).password;
      measured += measure_sample(reader, {root / document.path, document.format, password},
                                 *sampling, until);
    }
  });
  return measured;
}

}  // namespace pecia::app
