// What follows from a job: for one document, and for its engines.
#include <algorithm>
#include <optional>

#include "pecia/app/job.hpp"
#include "pecia/base/text.hpp"

namespace pecia::app {
namespace {

constexpr double usual_watchdog_s = 300, model_watchdog_s = 600;
constexpr std::string_view box_engine = "tesseract";

/// These languages and those of the rules, each once.
std::vector<std::string> with_rules(const std::vector<std::string>& languages, const Job& job) {
  std::vector<std::string> all;
  const auto add = [&](const std::vector<std::string>& more) {
    for (const auto& language : more) {
      if (std::ranges::find(all, language) == all.end()) all.push_back(language);
    }
  };
  add(languages);
  for (const auto& rule : job.rules) {
    if (rule.languages) add(*rule.languages);
  }
  return all;
}

/// Of a host with so many ranks; nothing: what the other engine leaves.
std::optional<int> ranks_with(const std::string& engine, const Job& job, int gpus) {
  const auto& ranks = job.ranks;
  const int said = engine == "deepseek_ocr2" ? ranks.deepseek_ocr2
                   : engine == "tesseract"   ? ranks.tesseract
                                             : ranks.echo;
  if (said == Job::Ranks::visible_gpus && gpus > 0) return gpus;
  if (said < 0) return std::nullopt;
  return said;
}

}  // namespace

bool has_fallback_as_engine(const Job& job, int host_rank, int host_size, int gpus) {
  if (!job.fallback.exists()) return false;
  auto with_engine = ranks_with(job.engine.name, job, gpus);
  if (with_engine == 0) with_engine.reset();  // somebody has to read
  auto with_fallback = ranks_with(job.fallback.engine, job, gpus);
  if (with_fallback && !with_engine) with_fallback = std::min(*with_fallback, host_size - 1);  // likewise
  if (with_fallback)
    return host_rank >= with_engine.value_or(host_size - *with_fallback) &&
           host_rank < with_engine.value_or(host_size - *with_fallback) + *with_fallback;
  return host_rank >= with_engine.value_or(host_size);
}

DocumentSettings settings_for(const Job& job, std::string_view path) {
  DocumentSettings settings;
  settings.languages = job.engine.languages;
  settings.fallback_languages = job.fallback.languages.value_or(job.engine.languages);
  settings.password = job.passwords.all.value_or("");
  if (const auto* listed = job.passwords.listed.find(path)) settings.password = *listed;
  settings.text_layer = job.page.text_layer;
  settings.geometry = job.geometry;
  for (const auto& rule : job.rules) {
    if (!glob_match(rule.match, path)) continue;
    if (rule.languages) settings.languages = settings.fallback_languages = *rule.languages;
    if (rule.password) settings.password = *rule.password;
    if (rule.prompt) settings.prompt = *rule.prompt;
    if (rule.text_layer) settings.text_layer = *rule.text_layer;
    if (rule.geometry) settings.geometry = *rule.geometry;
    if (rule.engine) settings.by_fallback = *rule.engine != job.engine.name;
  }
  return settings;
}

corpus::Priority priority_of(const Job& job, std::string_view path) {
  auto priority = corpus::Priority::normal;
  for (const auto& rule : job.rules) {
    if (rule.priority && glob_match(rule.match, path)) priority = *rule.priority;
  }
  return priority;
}

merge::Kind kind_of(const Job& job, std::string_view path) {
  auto kind = merge::Kind::automatic;
  for (const auto& rule : job.rules) {
    if (rule.kind && glob_match(rule.match, path)) kind = *rule.kind;
  }
  return kind;
}

std::vector<std::string> all_languages(const Job& job) {
  return with_rules(job.engine.languages, job);
}

engine::EngineSettings engine_settings(const Job& job, int cores, int local_rank) {
  engine::EngineSettings settings;
  settings.name = job.engine.name;
  settings.threads = job.engine.threads > 0 ? job.engine.threads : cores;
  const auto usual_s = job.engine.name == "deepseek_ocr2" ? model_watchdog_s : usual_watchdog_s;
  settings.watchdog_s = job.engine.watchdog_s > 0 ? job.engine.watchdog_s : usual_s;
  settings.time_scale = job.engine.time_scale;
  settings.languages = all_languages(job);
  settings.local_rank = local_rank;
  settings.deepseek = job.engine.deepseek;
  settings.deepseek.no_repeat_ngram.reset();
  if (job.engine.no_repeat_ngram.n > 0)
    settings.deepseek.no_repeat_ngram = job.engine.no_repeat_ngram;
  settings.deepseek.watchdog_s = settings.watchdog_s;
  settings.deepseek.threads = settings.threads;
  return settings;
}

engine::EngineSettings fallback_settings(const Job& job, int cores, int local_rank) {
  engine::EngineSettings settings;
  settings.name = job.fallback.engine;
  settings.threads = job.fallback.threads > 0 ? job.fallback.threads : cores;
  settings.watchdog_s = job.fallback.watchdog_s > 0 ? job.fallback.watchdog_s : usual_watchdog_s;
  settings.languages = with_rules(job.fallback.languages.value_or(job.engine.languages), job);
  settings.local_rank = local_rank;
  return settings;
}

bool wants_boxes(const Job& job) {
  return job.geometry || std::ranges::any_of(job.rules, [](const Rule& rule) { return rule.geometry.value_or(false); });
}

std::optional<engine::EngineSettings> box_settings(const Job& job, std::string_view engine, int cores, int local_rank) {
  if (!wants_boxes(job) || engine == box_engine) return std::nullopt;
  auto settings = fallback_settings(job, cores, local_rank);
  settings.name = box_engine;
  return settings;
}

}  // namespace pecia::app
