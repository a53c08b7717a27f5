#include "pecia/corpus/cost_model.hpp"

#include <algorithm>
#include <cmath>

#include "cost_engine.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"

namespace pecia::corpus {
namespace {

constexpr std::string_view known_engine = "tesseract";  ///< for engines that are not

/// Pages of one document are alike: 79 % of the variance is between documents, so that a hundred
/// pages of one document say less than three documents.
constexpr double alike = 0.5;
/// What is shipped counts like so many documents of a page each, what was learned like its pages.
constexpr double shipped_weight = 20;
constexpr double most_weight = 200;

constexpr float no_reading_s = 0.001F;

}  // namespace

Rates shipped_rates(std::string_view engine) noexcept {
  // Derived, not measured: a token is about 3.6 letters, so that a component (a letter) is 0.28
  // tokens, and one GPU writes 2,500 tokens/s over all pages of its batch (the figure published
  // for this architecture on an A100); 50 ms are for looking at the page. Bytes are text in the
  // proportions that they are for Tesseract. What a run learns replaces all this.
  if (engine == "deepseek_ocr2") return {0.05, 0.001, 0, 0.11, 0, 0, 0.0024, 0.00016, 0.031, 0.2};
  // Seconds of one core of Tesseract 5.3 with tessdata_fast, a Xeon: fitted as `refit` does on 366
  // pages of 62 documents, each as measured and as not (docs/performance.md, "Prediction").
  return {0.0037, 0.0316, 0.0191, 0.262, 0.0453, 0.0097, 0.0131, 0.0009, 0.1725, 1.0};
}

double shipped_estimate_s(std::string_view engine, const PageEvidence& page) noexcept {
  return std::clamp(seconds_of(features_of(page), shipped_rates(engine)), CostModel::shortest_s,
                    CostModel::longest_s);
}

double CostModel::Engine::estimate_s(const PageEvidence& page, double factor) const noexcept {
  return std::clamp(seconds_of(features_of(page), rates) * factor, shortest_s, longest_s);
}

void CostModel::Engine::learn(const Document& document, std::uint32_t page_position,
                              double seconds) {
  if (page_position >= document.pages.size() || !std::isfinite(seconds)) return;
  seconds = std::clamp(seconds, shortest_s, longest_s);
  const auto page = with_measurements(document, page_position);
  tally.add(document, estimate_s(page, factors.factor(document.id, rates)), seconds);
  const auto features = features_of(page);
  finished.offer({features, static_cast<float>(seconds), document.id});
  if (document.pages.size() > 1) factors.learn(document.id, features, seconds, rates);
}

void CostModel::Engine::refit() {
  std::unordered_map<DocumentId, int> pages_of;
  for (const auto& page : finished.items()) ++pages_of[page.document];
  std::vector<FitPage> pages;
  for (const auto& page : finished.items()) {
    const double weight = 1 / (1 + alike * (pages_of[page.document] - 1));
    pages.push_back({page.features, page.seconds, static_cast<float>(weight)});
  }
  const auto learned = static_cast<double>(pages_before) / 10;
  rates = fit_rates(pages, before, std::min(shipped_weight + learned, most_weight));
}

CostModel::CostModel() {
  for (const auto* name : {"tesseract", "deepseek_ocr2"}) {
    auto made = std::make_unique<Engine>();
    made->rates = made->before = shipped_rates(name);
    engines_.emplace(name, std::move(made));
  }
}
CostModel::~CostModel() = default;
CostModel::CostModel(CostModel&&) noexcept = default;
CostModel& CostModel::operator=(CostModel&&) noexcept = default;

const CostModel::Engine& CostModel::engine(std::string_view name) const {
  auto found = engines_.find(name);
  if (found == engines_.end()) found = engines_.find(known_engine);
  require(found != engines_.end(), "a cost model without tesseract's rates");
  return *found->second;
}

CostModel::Engine& CostModel::own_engine(std::string_view name) {
  const auto found = engines_.find(name);
  if (found != engines_.end()) return *found->second;
  auto made = std::make_unique<Engine>();
  made->rates = made->before = engine(name).rates;
  return *engines_.emplace(name, std::move(made)).first->second;
}

double CostModel::estimate_s(std::string_view name, const PageEvidence& page) const {
  return engine(name).estimate_s(page, 1);
}

std::vector<float> CostModel::estimate_s(std::string_view name, const Document& document) const {
  if (document.pages.empty()) return {no_reading_s};
  const auto& known = engine(name);
  const double factor = known.factors.factor(document.id, known.rates);
  std::vector<float> seconds;
  seconds.reserve(document.pages.size());
  for (const auto& page : with_measurements(document))
    seconds.push_back(static_cast<float>(known.estimate_s(page, factor)));
  return seconds;
}

void CostModel::learn(std::string_view name, const Document& document, std::uint32_t page_position,
                      double seconds) {
  own_engine(name).learn(document, page_position, seconds);
}

void CostModel::refit(std::string_view name) {
  const auto found = engines_.find(name);
  if (found != engines_.end()) found->second->refit();
}

std::vector<std::string> CostModel::engines() const {
  std::vector<std::string> names;
  for (const auto& [name, known] : engines_) names.push_back(name);
  return names;
}

CostQuality CostModel::quality(std::string_view name) const {
  const auto& known = engine(name);
  return known.finished.offered() > 0 ? known.tally.quality() : known.quality_before;
}

std::uint64_t CostModel::pages_learned(std::string_view name) const {
  const auto& known = engine(name);
  return known.pages_before + known.finished.offered();
}

std::size_t CostModel::memory_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const auto& [name, known] : engines_)
    bytes += sizeof(Engine) + known->finished.memory_bytes() + known->factors.memory_bytes() +
             known->tally.memory_bytes();
  return bytes;
}

std::vector<double> CostModel::rates(std::string_view name) const {
  const auto& known = engine(name);
  return {known.rates.begin(), known.rates.end()};
}

std::vector<std::string_view> cost_feature_names() {
  return {feature_names.begin(), feature_names.end()};
}

}  // namespace pecia::corpus
