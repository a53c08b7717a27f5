// What is taken for blank among pages made by code and images in files that Leptonica reads, all of which have
// something on them: bench_blank_pages SEEDS [IMAGE...] prints one line of JSON for bench_blank.
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/made_sheets.hpp"
#include "pecia/base/error.hpp"
#include "tesseract/blank.hpp"

namespace {

using namespace pecia;
using Clock = std::chrono::steady_clock;

struct Kind {
  const char* name;
  bool blank;
  void (*change)(test::Sheet&);
};

const std::vector<Kind> kinds{
    {"paper", true, [](test::Sheet&) {}},
    {"coarse paper", true, [](test::Sheet& sheet) { sheet.grain = 9; }},
    {"shaded paper with dust", true, [](test::Sheet& sheet) { sheet.shading = 80, sheet.dust = 80; }},
    {"show-through", true, [](test::Sheet& sheet) { sheet.show_through = 60, sheet.dust = 20; }},
    {"strong show-through", true, [](test::Sheet& sheet) { sheet.show_through = 110, sheet.grain = 5; }},
    {"scanner edges and a fold", true, [](test::Sheet& sheet) { sheet.border_px = 60, sheet.fold = true, sheet.dust = 20; }},
    {"page number", false, [](test::Sheet& sheet) { sheet.text = std::to_string(10 + sheet.seed), sheet.dust = 20; }},
    {"one numeral", false, [](test::Sheet& sheet) { sheet.text = std::to_string(sheet.seed % 10); }},
    {"faint page number", false, [](test::Sheet& sheet) { sheet.text = std::to_string(100 + sheet.seed), sheet.ink = 165; }},
    {"page number on show-through", false, [](test::Sheet& sheet) { sheet.text = std::to_string(30 + sheet.seed), sheet.show_through = 60; }},
    {"a line", false, [](test::Sheet& sheet) { sheet.text = "Finis operis", sheet.shading = 60; }},
    {"stamp", false, [](test::Sheet& sheet) { sheet.stamp = true, sheet.dust = 20; }},
    {"picture", false, [](test::Sheet& sheet) { sheet.picture = true; }},
};

/// Gray or bilevel, as the engine asks for it.
engine::PixPointer page_in(const std::string& file) {
  engine::PixPointer pix{pixRead(file.c_str())};
  require(pix != nullptr, file + " is no image that Leptonica reads");
  if (pixGetDepth(pix.get()) == 1 && pixGetColormap(pix.get()) == nullptr) return pix;
  return engine::PixPointer{pixConvertTo8(pix.get(), 0)};
}

int run(int argc, char** argv) {
  if (argc < 2) throw UsageError{"arguments: SEEDS [IMAGE...]"};
  const auto seeds = static_cast<unsigned>(std::stoul(argv[1]));
  nlohmann::json report;
  for (const auto& kind : kinds) {
    unsigned wrong = 0;
    for (unsigned seed = 1; seed <= seeds; ++seed) {
      test::Sheet sheet;
      sheet.seed = seed;
      kind.change(sheet);
      if (engine::blankness_of(test::made(sheet).get()).blank != kind.blank) ++wrong;
    }
    report["made"].push_back({{"kind", kind.name}, {"blank", kind.blank}, {"pages", seeds}, {"wrong", wrong}});
  }
  std::vector<std::string> blank;
  double seconds = 0;
  for (int n = 2; n < argc; ++n) {
    const auto pix = page_in(argv[n]);
    const auto began = Clock::now();
    if (engine::blankness_of(pix.get()).blank) blank.emplace_back(argv[n]);
    seconds += std::chrono::duration<double>(Clock::now() - began).count();
  }
  report["images"] = {{"pages", argc - 2}, {"blank", blank}, {"seconds", seconds}};
  std::puts(report.dump().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_blank_pages: %s\n", error.what());
    return 2;
  }
}
