#include "pecia/report/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cost_text.hpp"
#include "holder.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/store/contents.hpp"
#include "words.hpp"

namespace pecia::report {
namespace {

constexpr std::size_t reasons_shown = 5;
/// A rank with less than so much of the mean speed is named.
constexpr double slow_share = 0.5;
constexpr int states = 5;  ///< of result::State

std::string example_of(const corpus::Document& document, std::uint32_t page) {
  const auto path = printable(document.path);
  return page == 0 ? path : fmt::format("{} page {}", path, page);
}

struct Counts {
  struct Why {
    Reason reason = Reason::none;
    std::uint64_t pages = 0;
    std::string example;
  };
  std::uint64_t documents = 0, pages = 0, done = 0;
  std::uint64_t by_state[states] = {};
  std::vector<Why> by_reason;

  [[nodiscard]] std::uint64_t failed() const {
    return by_state[static_cast<std::size_t>(result::State::failed)];
  }
};

void count_reason(Counts& counts, Reason reason, const corpus::Document& document,
                  std::uint32_t page) {
  auto why = std::ranges::find(counts.by_reason, reason, &Counts::Why::reason);
  if (why == counts.by_reason.end())
    why = counts.by_reason.insert(why, {reason, 0, example_of(document, page)});
  ++why->pages;
}

Counts count_pages(const corpus::Manifest& manifest, const store::Contents& contents) {
  Counts counts;
  counts.documents = manifest.documents().size();
  counts.pages = manifest.pages();
  for (const auto& document : manifest.documents()) {
    for (std::uint32_t n = 0; n < document.outcomes(); ++n) {
      const auto page = document.first_page() + n;
      const auto* row = contents.find({document.id, document.revision, page});
      if (!row) continue;
      ++counts.done;
      ++counts.by_state[static_cast<std::size_t>(row->order.state)];
      if (row->reason != Reason::none) count_reason(counts, row->reason, document, page);
    }
  }
  std::ranges::stable_sort(counts.by_reason, std::greater{}, &Counts::Why::pages);
  return counts;
}

std::string table_of(const Counts& counts) {
  const auto line = [](std::string_view what, std::uint64_t number) {
    return fmt::format("  {:<12} {:>13}\n", what, grouped(number));
  };
  auto text = line("documents", counts.documents) + line("pages", counts.pages);
  for (int n = 0; n < states; ++n) {
    if (counts.by_state[n] > 0)
      text += line(fmt::format("  {}", name(static_cast<result::State>(n))), counts.by_state[n]);
  }
  if (counts.done < counts.pages) text += line("  to read", counts.pages - counts.done);
  if (counts.by_reason.empty()) return text;
  text += "not read, by reason (docs/errors.md)\n";
  for (std::size_t n = 0; n < counts.by_reason.size() && n < reasons_shown; ++n) {
    const auto& why = counts.by_reason[n];
    text += fmt::format("  {:<17} {:>8}  such as {}\n", name(why.reason), grouped(why.pages),
                        why.example);
  }
  if (counts.by_reason.size() > reasons_shown)
    text += fmt::format("  and {} more reasons: pecia export RUN --format jsonl lists every page\n",
                        counts.by_reason.size() - reasons_shown);
  return text;
}

}  // namespace

std::string grouped(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::string duration_text(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "unknown";
  const auto rounded = [](double value) { return static_cast<std::int64_t>(std::llround(value)); };
  if (const auto s = rounded(seconds); s < 60) return fmt::format("{} s", s);
  const auto minutes = rounded(seconds / 60);
  if (minutes < 60) return fmt::format("{} min", minutes);
  if (minutes < 24 * 60)
    return minutes % 60 == 0 ? fmt::format("{} h", minutes / 60)
                             : fmt::format("{} h {} min", minutes / 60, minutes % 60);
  const auto hours = rounded(seconds / 3600);
  return hours % 24 == 0 ? fmt::format("{} d", hours / 24)
                         : fmt::format("{} d {} h", hours / 24, hours % 24);
}

std::string progress_line(std::uint64_t done, std::uint64_t pages, std::uint64_t failed,
                          double pages_per_s, std::optional<double> left_s) {
  // Rounded down, so that 100 % is said only when it is so.
  const auto tenths =
      pages == 0 ? 1000 : std::floor(1000 * static_cast<double>(done) / static_cast<double>(pages));
  auto line = fmt::format("{} of {} pages ({:.1f} %)", grouped(done), grouped(pages), tenths / 10);
  if (pages_per_s > 0) line += fmt::format("  {:.2f} pages/s", pages_per_s);
  if (left_s && done < pages) line += fmt::format("  {} left", duration_text(*left_s));
  if (failed > 0) line += fmt::format("  {} failed", grouped(failed));
  return line;
}

namespace {

std::string cost_model_of(const store::RunPaths& run, std::string& problems) {
  std::error_code failure;
  if (!std::filesystem::exists(run.cost_model(), failure)) return {};
  try {
    return cost_model_text(corpus::load_cost_model(run.cost_model()));
  } catch (const Error& error) {
    problems += fmt::format("{}\n", error.what());
    return {};
  }
}

/// Of ranks, only what is out of order.
std::string ranks_of(const Status& status) {
  std::string text;
  for (const auto& warning : status.warnings) text += fmt::format("warning: {}\n", warning);
  double usual = 0;
  for (const auto& rank : status.per_rank) usual += rank.speed / static_cast<double>(status.per_rank.size());
  for (std::size_t n = 0; n < status.per_rank.size(); ++n) {
    const auto& rank = status.per_rank[n];
    if (rank.health != "good")
      text += fmt::format("rank {} on {}: {}\n", n, rank.host, rank.health);
    else if (rank.speed > 0 && rank.speed < slow_share * usual)
      text += fmt::format("rank {} on {} is slow: {:.1f} times slower than the mean\n", n, rank.host, usual / rank.speed);
  }
  return text;
}

}  // namespace

std::string status_text(const store::RunPaths& run, std::int64_t now_s) {
  // The lock first: a job that ends while we look takes it away last.
  const auto holder = store::read_holder(run);
  std::optional<Status> status;
  std::string problems;
  try {
    status = read_status(run);
  } catch (const Error& error) {
    problems += fmt::format("{}\n", error.what());
  }
  const auto life = life_of(holder, status, now_s);
  const store::Contents contents{run};
  const auto counts = count_pages(corpus::load_manifest(run.manifest()), contents);
  for (const auto& problem : contents.problems())
    problems += fmt::format("damaged: {}. See pecia verify\n", problem);

  const auto costs = cost_model_of(run, problems);
  const bool speed_known = life.running && life.status_is_current;
  return fmt::format("{}: {}\n{}\n{}{}{}", printable(run.root.native()), life.text,
                     progress_line(counts.done, counts.pages, counts.failed(),
                                   speed_known ? status->pages_per_s : 0,
                                   speed_known ? status->left_s : std::nullopt),
                     table_of(counts), status ? ranks_of(*status) : "", costs + problems);
}

}  // namespace pecia::report
