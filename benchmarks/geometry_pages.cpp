// Finds the words of texts among the boxes of a run's readings: bench_geometry_pages RUN, with a task a line on standard input,
// {"document": ..., "page": ..., "text": ...}, for each of which a line is printed. Or bench_geometry_pages RUN KEPT: the texts, and
// the true boxes of their words, are those of pages of another run that kept the text of their PDF. Or bench_geometry_pages --made
// WORDS: the seconds for a made page of so many words, of which one in ten was misread.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "pecia/base/error.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/result/align.hpp"
#include "pecia/store/contents.hpp"

namespace {

using namespace pecia;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

json parts(const std::vector<result::Part>& of) {
  auto list = json::array();
  for (const auto& part : of)
    list.push_back({part.text_begin, part.text_end, part.box.x0, part.box.y0, part.box.x1, part.box.y1});
  return list;
}

json align(const result::Reading& text, const result::Reading& boxes) {
  const auto begin = Clock::now();
  const auto aligned = result::align_words(text, boxes);
  const auto seconds = seconds_since(begin);
  return {{"seconds", seconds}, {"letters", aligned.letters}, {"placed_letters", aligned.placed_letters}, {"words", aligned.all_words},
          {"placed_words", aligned.placed_words}, {"similarity", aligned.similarity}, {"line_parts", parts(aligned.lines)},
          {"word_parts", parts(aligned.words)}};
}

int of_run(const std::string& folder) {
  const store::Contents contents{store::RunPaths{folder}};
  for (std::string line; std::getline(std::cin, line);) {
    const auto task = json::parse(line);
    const auto id = corpus::document_id(task.at("document").get<std::string>());
    const auto page = task.at("page").get<std::uint32_t>();
    for (const auto& row : contents.rows()) {
      if (row.key.document != id || row.key.page != page) continue;
      result::Reading text;
      text.text = task.at("text").get<std::string>();
      auto answer = align(text, contents.load(row).reading);
      answer["document"] = task.at("document");
      answer["page"] = page;
      fmt::print("{}\n", answer.dump());
    }
  }
  return 0;
}

/// How boxes that were found agree with the true ones.
struct Agreement {
  std::uint64_t pages = 0, words = 0, centres = 0;
  std::vector<float> overlaps;  ///< horizontal, intersection over union
};

void compare(const std::vector<result::Part>& found, const std::vector<result::Part>& truth, Agreement& agreement) {
  auto word = truth.begin();
  for (const auto& part : found) {
    while (word != truth.end() && word->text_begin < part.text_begin) ++word;
    if (word == truth.end() || word->text_end > part.text_end) continue;
    auto box = word->box;
    for (; word != truth.end() && word->text_end <= part.text_end; ++word) {
      box.x0 = std::min(box.x0, word->box.x0);
      box.x1 = std::max(box.x1, word->box.x1);
    }
    const auto centre = (part.box.y0 + part.box.y1) / 2;
    ++agreement.words;
    if (centre >= box.y0 && centre <= box.y1) ++agreement.centres;
    const auto both = std::min(box.x1, part.box.x1) - std::max(box.x0, part.box.x0);
    const auto either = std::max(box.x1, part.box.x1) - std::min(box.x0, part.box.x0);
    agreement.overlaps.push_back(either > 0 ? std::max(0.0F, both) / either : 0);
  }
}

/// Texts without line ends, as a model would give them.
int of_kept_texts(const std::string& folder, const std::string& kept_folder) {
  const store::Contents contents{store::RunPaths{folder}}, kept{store::RunPaths{kept_folder}};
  Agreement agreement;
  for (const auto& row : kept.rows()) {
    const auto* boxes = row.engine == "text_layer" ? contents.find(row.key) : nullptr;
    if (boxes == nullptr) continue;
    auto text = kept.load(row).reading;
    const auto truth = std::exchange(text.words, {});
    text.blocks.clear();
    text.lines.clear();
    std::ranges::replace(text.text, '\n', ' ');
    ++agreement.pages;
    compare(result::align_words(text, contents.load(*boxes).reading).words, truth, agreement);
  }
  require(!agreement.overlaps.empty(), "no page of the second run kept its text, or none is in the first");
  auto& overlaps = agreement.overlaps;
  const auto middle = overlaps.begin() + static_cast<std::ptrdiff_t>(overlaps.size() / 2);
  std::ranges::nth_element(overlaps, middle);
  const json answer{{"pages", agreement.pages}, {"words", agreement.words}, {"centres", agreement.centres}, {"median_overlap", *middle}};
  fmt::print("{}\n", answer.dump());
  return 0;
}

/// Words of a language of 2,000, ten a line.
int of_made_page(std::size_t words) {
  std::mt19937 random{1};  // NOLINT: the same page each time
  const auto one_of = [&](std::size_t most) { return random() % most; };
  std::vector<std::string> known(2000);
  for (auto& word : known) {
    const auto letters = 2 + one_of(9);
    for (std::size_t n = 0; n < letters; ++n) word += static_cast<char>('a' + one_of(26));
  }
  result::Reading text, boxes;
  for (std::size_t n = 0; n < words; ++n) {
    auto word = known[one_of(known.size())];
    text.text += word + " ";
    if (one_of(10) == 0) word[one_of(word.size())] = '#';
    const auto x = static_cast<float>(n % 10 * 120), y = static_cast<float>(n / 10 * 30);
    result::Part part;
    part.box = {x, y, x + static_cast<float>(10 * word.size()), y + 20};
    part.text_begin = static_cast<std::uint32_t>(boxes.text.size());
    boxes.text += word;
    part.text_end = static_cast<std::uint32_t>(boxes.text.size());
    boxes.words.push_back(part);
    boxes.text += n % 10 == 9 ? '\n' : ' ';
    if (n % 10 == 0) boxes.lines.push_back(part);
    boxes.lines.back().text_end = part.text_end;
  }
  auto answer = align(text, boxes);
  answer.erase("line_parts");
  answer.erase("word_parts");
  fmt::print("{}\n", answer.dump());
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count == 3 && std::string{arguments[1]} == "--made") return of_made_page(std::stoul(arguments[2]));
    if (count == 3) return of_kept_texts(arguments[1], arguments[2]);
    if (count == 2) return of_run(arguments[1]);
    fmt::print(stderr, "usage: bench_geometry_pages RUN < TASKS, or RUN KEPT, or --made WORDS\n");
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_geometry_pages: {}\n", error.what());
    return 1;
  }
}
