#include "document_languages.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/base/text.hpp"

namespace pecia::app {
namespace {

constexpr std::size_t enough_samples = 3;
/// Looked at in this order: what stands at the beginning and the end is often in another language,
/// or nothing.
constexpr double places[] = {0.5, 0.25, 0.75, 0.125, 0.375, 0.625, 0.875};
constexpr double sample_dpi = 300;
constexpr std::uint64_t most_sample_pixels = 40'000'000;
/// For all pages of a document, of CPU time: in 60 languages of one script three pages take half of it.
constexpr double most_seconds = 300;

/// `cost_s`: what it took is added: seconds, but no more than the CPU time that it may take, since a
/// busy machine is not the document's.
std::optional<page::Image> image_of(page::Reader& reader, const page::Source& source, std::uint32_t page,
                                    double& cost_s) {
  page::ImageRequest request;
  request.pixels = page::ImageRequest::Pixels::gray;
  request.dpi = sample_dpi;
  request.most_pixels = most_sample_pixels;
  const auto render = [&] {
    const auto began = std::chrono::steady_clock::now();
    auto rendered = reader.render(source, page, request);
    const double took_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    cost_s += std::min(took_s, page::Limits{}.cpu_s);
    return rendered;
  };
  auto rendered = render();
  // By chance it must not be one page here and another elsewhere; what takes too long does so again.
  if (const auto* failure = std::get_if<page::Failure>(&rendered);
      failure && failure->retriable && failure->reason != Reason::timeout)
    rendered = render();
  if (auto* image = std::get_if<page::Image>(&rendered)) return std::move(*image);
  return std::nullopt;
}

std::vector<std::string> candidates_of(std::vector<std::string> said) {
  std::erase(said, engine::auto_language);
  return said;
}

/// Where no language reads the samples well.
std::string usual_of(const std::string& usual, const std::vector<std::string>& candidates) {
  if (!usual.empty()) return usual;
  return candidates.empty() ? "eng" : candidates.front();
}

}  // namespace

bool is_auto(const std::vector<std::string>& languages) {
  return std::ranges::find(languages, engine::auto_language) != languages.end();
}

std::vector<std::uint32_t> sample_pages(std::uint32_t first_page, std::uint32_t pages) {
  std::vector<std::uint32_t> chosen;
  const auto add = [&](std::uint32_t page) {
    if (std::ranges::find(chosen, page) == chosen.end()) chosen.push_back(page);
  };
  if (pages == 0) return chosen;
  for (const double place : places) add(first_page + static_cast<std::uint32_t>(place * pages));
  add(first_page);
  add(first_page + pages - 1);
  return chosen;
}

LookAt look_through(page::Reader& reader, engine::LanguageSampler& sampler, const page::Source& source,
                    const std::vector<std::string>& said, const std::atomic<bool>& cancelled) {
  return [&, candidates = candidates_of(said)](std::uint32_t page, double most_s) {
    PageLook look;
    const auto image = image_of(reader, source, page, look.cost_s);
    if (cancelled) throw Stopped{"asked to stop while a document's languages were found out"};
    if (!image || look.cost_s >= most_s) return look;
    look.sample = sampler.look(*image, candidates, most_s - look.cost_s);
    look.cost_s += look.sample->cpu_s;
    return look;
  };
}

engine::LanguageChoice choose_languages(const LookAt& look_at, const corpus::Document& document,
                                        const std::vector<std::string>& said) {
  std::vector<engine::LanguageSample> samples;
  std::vector<std::uint32_t> looked_at, read;
  std::string usual;
  double left_s = most_seconds;
  for (const auto page : sample_pages(document.first_page(), document.outcomes())) {
    if (read.size() == enough_samples || left_s <= 0) break;
    looked_at.push_back(page);
    auto look = look_at(page, left_s);
    left_s -= look.cost_s;
    if (!look.sample) continue;
    if (usual.empty()) usual = look.sample->usual;
    if (look.sample->scores.empty()) continue;
    samples.push_back(std::move(*look.sample));
    read.push_back(page);
  }
  auto choice = engine::choose_languages(samples);
  if (!choice.languages.empty()) {
    choice.evidence +=
        fmt::format(" on page{} {}", read.size() == 1 ? "" : "s", fmt::join(read, ", "));
  } else {
    choice.languages = {usual_of(usual, candidates_of(said))};
    choice.evidence =
        fmt::format("{}, since no language reads page{} {} well", choice.languages.front(),
                    looked_at.size() == 1 ? "" : "s", fmt::join(looked_at, ", "));
    log::warning("{}: in which language it is cannot be seen: it is read as {}",
                 printable(document.path), choice.languages.front());
  }
  if (left_s <= 0)
    choice.evidence += fmt::format("; no more was looked at, since that took {:.0f} s", most_seconds);
  return choice;
}

void DocumentLanguages::keep(const Key& key, const engine::LanguageChoice& choice) {
  documents_[key] = {choice, {}};
  decided_.push_back(key);
  if (decided_.size() <= most_kept_) return;
  documents_.erase(decided_.front());
  decided_.pop_front();
}

std::optional<engine::LanguageChoice> DocumentLanguages::of(const Work& work,
                                                            const std::vector<std::string>& said,
                                                            const Choose& choose) {
  const Key key{work->task.page.document, said};
  {
    const std::lock_guard lock{mutex_};
    const auto [entry, is_first] = documents_.try_emplace(key);
    if (entry->second.choice) return entry->second.choice;
    entry->second.waiting.push_back(work);
    if (!is_first) return std::nullopt;
  }
  if (!begin_([this, key, choose](page::Reader& reader) { found(key, choose(reader)); })) found(key, std::nullopt);
  return std::nullopt;
}

void DocumentLanguages::found(const Key& key, const std::optional<engine::LanguageChoice>& choice) {
  std::vector<Work> waiting;
  {
    const std::lock_guard lock{mutex_};
    waiting = std::move(documents_.at(key).waiting);
    if (choice)
      keep(key, *choice);
    else
      documents_.erase(key);
  }
  for (const auto& page : waiting) again_(page);
}

}  // namespace pecia::app
