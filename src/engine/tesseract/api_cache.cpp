#include "tesseract/api_cache.hpp"

#include <fmt/format.h>
#include <tesseract/baseapi.h>

#include <algorithm>
#include <utility>

#include "pecia/base/error.hpp"

namespace pecia::engine {

std::unique_ptr<tesseract::TessBaseAPI> quiet_api() {
  auto api = std::make_unique<tesseract::TessBaseAPI>();
  api->SetVariable("debug_file", "/dev/null");
  return api;
}

ApiCache::ApiCache(std::filesystem::path models, tesseract::OcrEngineMode mode, std::size_t most)
    : folder_{std::move(models)}, mode_{mode}, most_{most} {}
ApiCache::~ApiCache() = default;

std::optional<std::string> ApiCache::model_of(const std::string& language) const {
  for (const auto& name : {language, "script/" + language}) {
    if (std::filesystem::exists(folder_ / (name + ".traineddata"))) return name;
  }
  return std::nullopt;
}

tesseract::TessBaseAPI& ApiCache::of(const std::string& models) {
  const auto kept = std::ranges::find(entries_, models, &Entry::models);
  if (kept != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, kept);
    return *entries_.front().api;
  }
  auto api = quiet_api();
  if (api->Init(folder_.c_str(), models.c_str(), mode_) != 0)
    throw Error{fmt::format("Tesseract cannot load the languages {} from {}", models, folder_.string())};
  entries_.push_front({models, std::move(api)});
  if (entries_.size() > most_) entries_.pop_back();
  return *entries_.front().api;
}

void ApiCache::clear() { entries_.clear(); }

}  // namespace pecia::engine
