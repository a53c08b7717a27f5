#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cost_engine.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"

namespace pecia::corpus {
namespace {

using Json = nlohmann::ordered_json;

constexpr int version = 1;
constexpr std::uintmax_t largest_file_bytes = 1 << 20;
constexpr std::size_t most_engines = 100;
constexpr double most_pages = 1e15;
constexpr double most_seconds = 1e15;

std::int64_t line_at(std::string_view text, std::size_t position) {
  return 1 + std::ranges::count(text.substr(0, position), '\n');
}

/// Where in the file one is, for messages: the names of the keys that lead there.
class Place {
 public:
  Place(const std::string& text, const std::string& name) : text_{text}, name_{name} {}

  /// Within this one; keys follow each other in the text as they are nested.
  [[nodiscard]] Place at(const std::string& key) const {
    auto inner = *this;
    const auto found = text_.find(Json(key).dump(), position_);
    if (found != std::string::npos) inner.position_ = found;
    inner.keys_.push_back(printable(key));
    return inner;
  }

  [[noreturn]] void fail(std::string_view problem) const {
    throw UsageError{fmt::format(
        "{}:{}: {}{}. A cost model is a file cost_model.json that a run wrote; without one the job "
        "begins with what is shipped",
        name_, line_at(text_, position_),
        keys_.empty() ? "" : fmt::format("{}: ", fmt::join(keys_, ".")), problem)};
  }

 private:
  const std::string& text_;
  const std::string& name_;
  std::size_t position_ = 0;
  std::vector<std::string> keys_;
};

const Json& member(const Json& object, const std::string& key, const Place& place) {
  if (!object.is_object()) place.fail("keys are expected here");
  const auto found = object.find(key);
  if (found == object.end()) place.fail(fmt::format("the key '{}' is missing", key));
  return *found;
}

double number(const Json& object, const std::string& key, double least, double most,
              const Place& place) {
  const auto& value = member(object, key, place);
  const auto here = place.at(key);
  if (!value.is_number()) here.fail("a number is expected here");
  const auto read = value.get<double>();
  if (!std::isfinite(read) || read < least || read > most)
    here.fail(fmt::format("{:g} is not between {:g} and {:g}", read, least, most));
  return read;
}

std::uint64_t count(const Json& object, const std::string& key, const Place& place) {
  return static_cast<std::uint64_t>(number(object, key, 0, most_pages, place));
}

void check_keys(const Json& object, std::span<const std::string_view> known, const Place& place) {
  if (!object.is_object()) place.fail("keys are expected here");
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(known, key) != known.end()) continue;
    const auto near = nearest(key, known.data(), known.data() + known.size());
    place.at(key).fail(near.empty() ? fmt::format("unknown; known are {}", fmt::join(known, ", "))
                                    : fmt::format("unknown. Did you mean '{}'?", near));
  }
}

Rates read_rates(const Json& object, const Place& place) {
  check_keys(object, feature_names, place);
  Rates rates{};
  for (std::size_t n = 0; n < features_count; ++n)
    rates[n] = number(object, std::string{feature_names[n]}, 0, largest_rate, place);
  return rates;
}

CostQuality read_quality(const Json& object, const Place& place) {
  CostQuality quality;
  quality.pages = count(object, "pages", place);
  quality.rank_correlation = number(object, "rank_correlation", -1.001, 1.001, place);
  quality.mean_error_s = number(object, "mean_error_s", 0, most_seconds, place);
  quality.mean_relative_error = number(object, "mean_relative_error", 0, most_seconds, place);
  const auto& worst = member(object, "worst_documents", place);
  const auto list = place.at("worst_documents");
  if (!worst.is_array()) list.fail("a list is expected here");
  for (const auto& entry : worst) {
    const auto& path = member(entry, "path", list);
    if (!path.is_string()) list.at("path").fail("a text is expected here");
    quality.worst.push_back(
        {unprintable(path.get<std::string>()), number(entry, "predicted_s", 0, most_seconds, list),
         number(entry, "taken_s", 0, most_seconds, list), count(entry, "pages", list)});
  }
  return quality;
}

Json to_json(const CostQuality& quality) {
  Json made{{"pages", quality.pages},
            {"rank_correlation", quality.rank_correlation},
            {"mean_error_s", quality.mean_error_s},
            {"mean_relative_error", quality.mean_relative_error},
            {"worst_documents", Json::array()}};
  for (const auto& document : quality.worst)
    made["worst_documents"].push_back({{"path", printable(document.path)},
                                       {"pages", document.pages},
                                       {"predicted_s", document.predicted_s},
                                       {"taken_s", document.taken_s}});
  return made;
}

Json parse(const std::string& text, const std::string& name) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw UsageError{fmt::format("{}:{}: this is not JSON: {}", name,
                                 line_at(text, std::min(error.byte, text.size())), error.what())};
  } catch (const Json::exception& error) {  // a number that no double can hold, in quotes
    const std::string message = error.what();
    const auto quote = message.find('\'');
    const auto token = quote == std::string::npos
                           ? std::string{}
                           : message.substr(quote + 1, message.rfind('\'') - quote - 1);
    throw UsageError{fmt::format("{}:{}: this is not JSON: {}", name,
                                 line_at(text, std::min(text.find(token), text.size())), message)};
  }
}

}  // namespace

CostModel read_cost_model(const std::string& text, const std::string& name) {
  const auto json = parse(text, name);
  const Place top{text, name};
  if (number(json, "pecia_cost_model", 0, 1e9, top) != version)
    top.at("pecia_cost_model").fail(fmt::format("this pecia reads version {} only", version));
  const auto& engines = member(json, "engines", top);
  const auto within = top.at("engines");
  if (!engines.is_object() || engines.size() > most_engines)
    within.fail(fmt::format("keys are expected here, at most {}", most_engines));
  CostModel model;
  for (const auto& [engine, entry] : engines.items()) {
    const auto place = within.at(engine);
    auto& known = model.own_engine(engine);
    known.before = known.rates = read_rates(member(entry, "rates_s", place), place.at("rates_s"));
    known.pages_before = count(entry, "pages_learned", place);
    known.quality_before = read_quality(member(entry, "quality", place), place.at("quality"));
  }
  return model;
}

CostModel load_cost_model(const std::filesystem::path& file) {
  const auto name = printable(file.native());
  std::error_code failure;
  if (std::filesystem::is_regular_file(file, failure) &&
      std::filesystem::file_size(file, failure) > largest_file_bytes)
    throw UsageError{fmt::format("{}:1: this is no cost model: it is larger than 1 MiB", name)};
  std::string text;
  try {
    text = read_file(file);
  } catch (const Error& error) {
    throw UsageError{fmt::format("the cost model: {}", error.what())};
  }
  return read_cost_model(text, name);
}

std::string to_json(const CostModel& model) {
  Json engines = Json::object();
  for (const auto& engine : model.engines()) {
    Json rates = Json::object();
    const auto values = model.rates(engine);
    for (std::size_t n = 0; n < features_count; ++n)
      rates[std::string{feature_names[n]}] = values[n];
    engines[engine] = {{"rates_s", rates},
                       {"pages_learned", model.pages_learned(engine)},
                       {"quality", to_json(model.quality(engine))}};
  }
  const Json json{{"pecia_cost_model", version}, {"engines", engines}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void save_cost_model(const std::filesystem::path& file, const CostModel& model) {
  replace_file(file, to_json(model), Durability::whole);
}

}  // namespace pecia::corpus
