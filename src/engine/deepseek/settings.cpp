#include <nlohmann/json.hpp>

#include "pecia/base/error.hpp"
#include "pecia/engine/deepseek_settings.hpp"

namespace pecia::engine {
namespace {

using Json = nlohmann::json;

template <class T>
void read(const Json& json, const char* key, T& into) {
  if (const auto found = json.find(key); found != json.end()) into = found->get<T>();
}

}  // namespace

std::string to_json(const DeepseekSettings& settings) {
  Json json{{"weights", settings.weights},
            {"device", settings.device},
            {"dtype", settings.dtype},
            {"prompt", settings.prompt},
            {"max_new_tokens", settings.max_new_tokens},
            {"loop_detection", settings.loop_detection},
            {"max_batch_pages", settings.max_batch_pages},
            {"memory_fraction", settings.memory_fraction},
            {"restarts", settings.restarts},
            {"watchdog_s", settings.watchdog_s},
            {"host_ranks", settings.host_ranks},
            {"threads", settings.threads},
            {"no_repeat_ngram", nullptr}};
  if (const auto& guard = settings.no_repeat_ngram)
    json["no_repeat_ngram"] = {{"n", guard->n}, {"window", guard->window}, {"allow", guard->allow}};
  return json.dump();
}

DeepseekSettings deepseek_settings_from_json(const std::string& text) {
  DeepseekSettings settings;
  try {
    const auto json = Json::parse(text);
    read(json, "weights", settings.weights);
    read(json, "device", settings.device);
    read(json, "dtype", settings.dtype);
    read(json, "prompt", settings.prompt);
    read(json, "max_new_tokens", settings.max_new_tokens);
    read(json, "loop_detection", settings.loop_detection);
    read(json, "max_batch_pages", settings.max_batch_pages);
    read(json, "memory_fraction", settings.memory_fraction);
    read(json, "restarts", settings.restarts);
    read(json, "watchdog_s", settings.watchdog_s);
    read(json, "host_ranks", settings.host_ranks);
    read(json, "threads", settings.threads);
    if (const auto guard = json.find("no_repeat_ngram"); guard != json.end()) {
      settings.no_repeat_ngram.reset();
      if (!guard->is_null()) {
        auto& made = settings.no_repeat_ngram.emplace();
        read(*guard, "n", made.n);
        read(*guard, "window", made.window);
        read(*guard, "allow", made.allow);
      }
    }
  } catch (const Json::exception& error) {
    throw UsageError{std::string{"settings of deepseek_ocr2: "} + error.what()};
  }
  return settings;
}

}  // namespace pecia::engine
