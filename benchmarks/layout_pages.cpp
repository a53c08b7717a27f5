// What the engine takes for two-up scans, skewed pages and turned ones, counted on images of single
// pages in files that Leptonica reads: bench_layout_pages split|single|skew|turn IMAGE...
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <string>
#include <vector>

#include "pecia/base/error.hpp"
#include "tesseract/page_layout.hpp"
#include "tesseract/page_parts.hpp"
#include "tesseract/reduced.hpp"
#include "tesseract/skew.hpp"

namespace {

using namespace pecia;
using namespace pecia::engine;
using Clock = std::chrono::steady_clock;

PixPointer owned(Pix* pix) {
  require(pix != nullptr, "Leptonica could not make an image");
  return PixPointer{pix};
}

/// Gray or bilevel, as the engine asks for it.
PixPointer page_in(const std::string& file) {
  auto pix = owned(pixRead(file.c_str()));
  if (pixGetDepth(pix.get()) == 1) return pix;
  return owned(pixConvertTo8(pix.get(), 0));
}

PixPointer gray(Pix* pix) { return owned(pixConvertTo8(pix, 0)); }

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::vector<PagePart> parts(Pix* pix, bool split, int reading, Orienting& orienting) {
  page::Image image;
  image.width_px = pixGetWidth(pix);
  image.height_px = pixGetHeight(pix);
  image.dpi = 300;
  image.embedded = true;
  ReadOptions options;
  options.split = split;
  options.reading = reading;
  return parts_of(PixPointer{pixClone(pix)}, image, options, orienting);
}

void print(const std::string& name, const std::vector<PagePart>& parts, double seconds) {
  fmt::print("{}\t{}\t{:.3f}", name, parts.size(), seconds);
  for (const auto& part : parts) {
    for (const auto& step : part.steps) fmt::print("\t{}: {}", step.what, step.detail);
  }
  fmt::print("\n");
}

/// Two pages side by side, the second one as high as the first, with a shadow in the fold and a
/// dark border, if asked.
PixPointer spread(Pix* left, Pix* right, bool fold, int border_px) {
  const auto first = gray(left);
  const int height = pixGetHeight(first.get()), width = pixGetWidth(first.get());
  const auto unscaled = gray(right);
  const auto second = owned(pixScaleToSize(unscaled.get(), 0, height));
  const int wide = width + pixGetWidth(second.get());
  auto both = owned(pixCreate(wide + 2 * border_px, height + 2 * border_px, 8));
  pixSetAllArbitrary(both.get(), 20);
  pixRasterop(both.get(), border_px, border_px, width, height, PIX_SRC, first.get(), 0, 0);
  pixRasterop(both.get(), border_px + width, border_px, pixGetWidth(second.get()), height, PIX_SRC,
              second.get(), 0, 0);
  const int reach = fold ? width / 25 : 0;
  for (int x = -reach; x < reach; ++x) {
    const double light = 1 - 0.5 * (1 - std::abs(x) / static_cast<double>(reach));
    for (int y = 0; y < height; ++y) {
      l_uint32 value = 0;
      pixGetPixel(both.get(), border_px + width + x, border_px + y, &value);
      pixSetPixel(both.get(), border_px + width + x, border_px + y,
                  static_cast<l_uint32>(value * light));
    }
  }
  return both;
}

void split(const std::vector<std::string>& files, Orienting& orienting) {
  for (std::size_t n = 0; n + 1 < files.size(); n += 2) {
    const auto left = page_in(files[n]), right = page_in(files[n + 1]);
    for (const bool fold : {false, true}) {
      for (const int border : {0, 80}) {
        for (const double degrees : {0.0, 1.0}) {
          auto both = spread(left.get(), right.get(), fold, border);
          const int expected = pixGetWidth(left.get()) + border;
          if (degrees != 0) both = turned(both.get(), degrees).pix;
          const auto begin = Clock::now();
          const auto found = parts(both.get(), true, 0, orienting);
          print(fmt::format("{} fold {:d} border {} skew {:g} expected {}", files[n], fold, border,
                            degrees, expected),
                found, seconds_since(begin));
        }
      }
    }
  }
}

/// Pages as they are, turned by a quarter, and their upper halves, which are landscape: none is
/// two.
void single(const std::vector<std::string>& files, Orienting& orienting) {
  for (const auto& file : files) {
    const auto page = page_in(file);
    const auto quarter = turned_quarters(page.get(), 1);
    const auto half =
        cut_out(page.get(), 0, 0, pixGetWidth(page.get()), pixGetHeight(page.get()) / 2);
    const auto lower = cut_out(page.get(), 0, pixGetHeight(page.get()) / 2, pixGetWidth(page.get()),
                               pixGetHeight(page.get()));
    for (const auto& [name, pix] : {std::pair{"whole", page.get()},
                                    {"quarter", quarter.pix.get()},
                                    {"upper", half.pix.get()},
                                    {"lower", lower.pix.get()}}) {
      const auto begin = Clock::now();
      const auto found = parts(pix, true, 0, orienting);
      print(fmt::format("{} {}", file, name), found, seconds_since(begin));
    }
  }
}

void skew(const std::vector<std::string>& files) {
  for (const auto& file : files) {
    const auto page = page_in(file);
    for (const double degrees : {0.0, 0.5, -1.0, 2.0, -4.0, 7.0, -9.0}) {
      const auto pix = degrees == 0 ? owned(pixClone(page.get())) : turned(page.get(), degrees).pix;
      const auto begin = Clock::now();
      const auto small = reduced(pix.get(), 1800);
      const auto found = skew_of(small.gray.get());
      fmt::print("{}\t{:g}\t{:.2f}\t{:d}\t{:.3f}\n", file, degrees, found.degrees, found.sure,
                 seconds_since(begin));
    }
  }
}

void turn(const std::vector<std::string>& files, Orienting& orienting) {
  for (const auto& file : files) {
    const auto page = page_in(file);
    for (int quarters = 0; quarters < 4; ++quarters) {
      const auto pix = turned_quarters(page.get(), quarters);
      const auto begin = Clock::now();
      const auto found = orienting.of(pix.pix.get(), 300);
      fmt::print("{}\t{}\t{}\t{}\t{:.3f}\t{}\t{}\n", file, quarters,
                 (4 - quarters) % 4 == found.quarters ? "right" : "wrong",
                 found.sure ? "sure" : "unsure", seconds_since(begin), found.script,
                 found.evidence);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments{argv + 1, argv + argc};
  if (arguments.size() < 2) return 2;
  const std::vector<std::string> files{arguments.begin() + 1, arguments.end()};
  const char* models = std::getenv("PECIA_BENCH_MODELS");
  Orienting orienting{models != nullptr ? models : "/usr/share/tesseract-ocr/5/tessdata"};
  if (arguments[0] == "split") split(files, orienting);
  if (arguments[0] == "single") single(files, orienting);
  if (arguments[0] == "skew") skew(files);
  if (arguments[0] == "turn") turn(files, orienting);
  return 0;
}
