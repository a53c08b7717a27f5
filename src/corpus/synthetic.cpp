#include "pecia/corpus/synthetic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <random>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"
#include "pecia/corpus/listing.hpp"

namespace pecia::corpus {
namespace {

constexpr double longest_document_pages = 5'000;
constexpr double document_length_spread = 1.0;
// What a page shows for the seconds that the cost model as shipped estimates for it: an A4 page of
// 300 dpi costs .28 s by itself, the rest is letters, at 20 transitions each.
constexpr double paper_s = 0.28;
constexpr double width_px = 2480, height_px = 3508;
constexpr double components_per_s = 1'550;
constexpr double transitions_per_s = 31'000;
constexpr double bytes_per_s = 300'000;

/// The standard library's distributions differ between implementations; its engines do not.
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_{seed} {}
  double uniform() { return (static_cast<double>(engine_()) + 0.5) / 4294967296.0; }
  /// Box and Muller.
  double normal() {
    const double radius = std::sqrt(-2 * std::log(uniform()));  // the order of draws is fixed
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

 private:
  std::mt19937 engine_;
};

struct Key {
  std::string_view name;
  double least, most;
  void (*set)(SyntheticSpec&, double);
};

constexpr Key keys[] = {
    {"pages", 0, 4e9, [](SyntheticSpec& spec, double value) { spec.pages = static_cast<std::uint64_t>(value); }},
    {"pages_per_document", 1, 5'000, [](SyntheticSpec& spec, double value) { spec.pages_per_document = value; }},
    {"median_s", 1e-6, 1e6, [](SyntheticSpec& spec, double value) { spec.median_s = value; }},
    {"document_spread", 0, 5, [](SyntheticSpec& spec, double value) { spec.document_spread = value; }},
    {"page_spread", 0, 5, [](SyntheticSpec& spec, double value) { spec.page_spread = value; }},
    {"error", 0, 5, [](SyntheticSpec& spec, double value) { spec.error = value; }},
    {"loops", 0, 1, [](SyntheticSpec& spec, double value) { spec.loops = value; }},
    {"loop_factor", 1, 1e6, [](SyntheticSpec& spec, double value) { spec.loop_factor = value; }},
    {"seed", 0, 4294967295.0, [](SyntheticSpec& spec, double value) { spec.seed = static_cast<std::uint32_t>(value); }},
};

void apply(std::string_view part, SyntheticSpec& spec) {
  const auto equals = part.find('=');
  const auto name = part.substr(0, equals);
  const auto* key = std::ranges::find(keys, name, &Key::name);
  if (key == std::end(keys)) {
    std::string known;
    for (const auto& one : keys) known += fmt::format("{}{}", known.empty() ? "" : ", ", one.name);
    throw UsageError{fmt::format("--synthetic: unknown key '{}'. Known keys: {}", printable(name), known)};
  }
  double value = 0;
  const auto text = equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1);
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || !(value >= key->least && value <= key->most))
    throw UsageError{fmt::format("--synthetic: {} must be a number from {} to {}, not '{}'", name, key->least, key->most,
                                 printable(text))};
  key->set(spec, value);
}

/// Of a page that looks as if it took so long.
PageEvidence evidence_of(double seen_s) {
  PageEvidence evidence;
  const double paper = std::min(1.0, seen_s / (2 * paper_s));  // cheap pages are small ones
  const double letters_s = seen_s - paper * paper_s;
  evidence.width_px = static_cast<float>(width_px * std::sqrt(paper));
  evidence.height_px = static_cast<float>(height_px * std::sqrt(paper));
  evidence.coding = Coding::jpeg;
  evidence.compressed_bytes = static_cast<std::uint64_t>(seen_s * bytes_per_s);
  evidence.transitions = static_cast<float>(letters_s * transitions_per_s);
  evidence.components = static_cast<float>(letters_s * components_per_s);
  return evidence;
}

}  // namespace

SyntheticSpec parse_synthetic(std::string_view text) {
  SyntheticSpec spec;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(','));
    apply(part, spec);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return spec;
}

Trace make_synthetic(const SyntheticSpec& spec) {
  Dice dice{spec.seed};
  Trace trace;
  // The mean of a log-normal is its median times exp(variance / 2).
  const double median_pages =
      spec.pages_per_document / std::exp(document_length_spread * document_length_spread / 2);
  for (std::uint64_t made = 0; made < spec.pages;) {
    const double length = median_pages * std::exp(document_length_spread * dice.normal());
    const auto pages = std::min<std::uint64_t>(
        spec.pages - made, static_cast<std::uint64_t>(std::clamp(std::round(length), 1.0, longest_document_pages)));
    auto& document = trace.documents.emplace_back();
    document.path = fmt::format("synthetic/{:08}.pdf", trace.documents.size());
    document.id = document_id(document.path);
    document.pages.resize(pages);
    auto& seconds = trace.seconds.emplace_back(pages);
    const double document_s = spec.median_s * std::exp(spec.document_spread * dice.normal());
    for (std::uint64_t n = 0; n < pages; ++n) {
      const double page_s = document_s * std::exp(spec.page_spread * dice.normal());
      const double seen_s = page_s * std::exp(spec.error * dice.normal());
      document.pages[n] = evidence_of(seen_s);
      seconds[n] = static_cast<float>(dice.uniform() < spec.loops ? page_s * spec.loop_factor : page_s);
    }
    made += pages;
  }
  return trace;
}

}  // namespace pecia::corpus
