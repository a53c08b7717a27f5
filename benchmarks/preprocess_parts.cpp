// What the engine deepseek_ocr2 does with a page and a prompt before the model: JSON for
// benchmarks/preprocess.py.
//
//   bench_preprocess_parts views WIDTH HEIGHT rgb8|gray8|gray1 REPETITIONS
//   bench_preprocess_parts tokenizer FILE REPETITIONS
//   bench_preprocess_parts make-tokenizer FILE
//
// `views` makes those of a page of the specification's pattern; `crc32` is that of tiles and global
// view. `make-tokenizer` writes one of the published one's size and layout: 128,000 tokens, 127,741
// merges, 830 added tokens.

#include <fmt/format.h>
#include <time.h>
#include <zlib.h>

#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "resize_kernels.hpp"
#include "tokenizer.hpp"
#include "views.hpp"

namespace {

using namespace pecia;
using namespace pecia::engine::deepseek;
using Json = nlohmann::ordered_json;

/// CPU time of this thread: a busy machine does not show.
double now_s() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

template <class Work>
std::vector<double> seconds_of(int repetitions, Work work) {
  std::vector<double> all;
  for (int n = 0; n < repetitions; ++n) {
    const auto start = now_s();
    work();
    all.push_back(now_s() - start);
  }
  return all;
}

page::Image pattern(int width_px, int height_px, const std::string& name) {
  const auto format = name == "rgb8"    ? page::PixelFormat::rgb8
                      : name == "gray8" ? page::PixelFormat::gray8
                                        : page::PixelFormat::gray1;
  const auto made = page::make_image(width_px, height_px, format, 144);
  const int depth = format == page::PixelFormat::rgb8 ? 3 : 1;
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px * depth; ++x) {
      const auto level =
          (37LL * (x / depth) + 91LL * y + 53 * (x % depth) + 7LL * (x / depth) * y) % 256;
      auto* const row = made.pixels.data() + static_cast<std::size_t>(y) * made.image.stride_bytes;
      if (format != page::PixelFormat::gray1)
        row[x] = static_cast<std::byte>(level);
      else if (level < 128)
        row[x / 8] |= std::byte{0x80} >> (x % 8);
    }
  }
  return made.image;
}

Json measure_views(int width_px, int height_px, const std::string& format, int repetitions) {
  const auto image = pattern(width_px, height_px, format);
  Views views;
  const auto seconds = seconds_of(repetitions, [&] { views = make_views(image, {}); });
  const auto crc = crc32_z(crc32_z(0, views.tiles.data(), views.tiles.size()), views.global.data(),
                           views.global.size());
  return {{"seconds", seconds}, {"crc32", crc}, {"kernels", best_kernels().name}};
}

Json measure_tokenizer(const std::string& file, int repetitions) {
  std::size_t tokens = 0;
  const auto seconds = seconds_of(
      repetitions, [&] { tokens = static_cast<std::size_t>(Tokenizer::load(file).size()); });
  const auto tokenizer = Tokenizer::load(file);
  std::string word;
  for (char letter = 'a'; word.size() < 100'000;
       letter = letter == 'z' ? 'a' : static_cast<char>(letter + 1))
    word += letter;
  const auto word_seconds = seconds_of(repetitions, [&] { (void)tokenizer.encode(word); });
  return {{"tokens", tokens},
          {"file_bytes", read_file(file).size()},
          {"seconds", seconds},
          {"word_seconds", word_seconds}};
}

constexpr int vocabulary_size = 128'000, merges_count = 127'741, added_count = 830;

/// Vocabulary and merges of random pairs of what is there already, as long as the published one's.
Json made_model() {
  std::vector<std::string> tokens;
  Json vocabulary = Json::object(), merges = Json::array();
  std::set<std::string> known;
  const auto add = [&](const std::string& token) {
    if (!known.insert(token).second) return false;
    vocabulary[token] = tokens.size();
    tokens.push_back(token);
    return true;
  };
  for (const auto* special : {"<|begin|>", "<|end|>", "<|pad|>"}) add(special);
  for (unsigned byte = 0, next = 256; byte < 256; ++byte) {
    const bool itself = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    const unsigned character = itself ? byte : next++;
    add(character < 128 ? std::string(1, static_cast<char>(character))
                        : std::string{static_cast<char>(0xC0 | character >> 6),
                                      static_cast<char>(0x80 | (character & 63))});
  }
  std::mt19937 random{1};
  while (merges.size() < merges_count) {
    const auto pick = [&] {
      return tokens[3 + random() % std::min<std::size_t>(tokens.size() - 3, 20'000)];
    };
    const auto left = pick(), right = pick();
    if (left.size() + right.size() <= 12 && add(left + right)) merges.push_back({left, right});
  }
  return {{"type", "BPE"},          {"dropout", nullptr},  {"unk_token", nullptr},
          {"byte_fallback", false}, {"vocab", vocabulary}, {"merges", merges}};
}

void make_tokenizer(const std::string& file) {
  Json added = Json::array();
  for (int n = 0; n < added_count; ++n) {
    const int id = n < 3 ? n : vocabulary_size + n - 3;
    const std::string name = n == 0   ? "<|begin|>"
                             : n == 1 ? "<|end|>"
                             : n == 2 ? "<|pad|>"
                                      : fmt::format("<|place holder {}|>", n);
    added.push_back({{"id", id},
                     {"content", name},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  }
  const auto split = [](const char* expression) {
    return Json{{"type", "Split"},
                {"pattern", {{"Regex", expression}}},
                {"behavior", "Isolated"},
                {"invert", false}};
  };
  Json steps = Json::array();
  steps.push_back(split(R"(\p{N}{1,3})"));
  steps.push_back(
      split("[\xE4\xB8\x80-\xE9\xBE\xA5\xE3\x81\x80-\xE3\x82\x9F\xE3\x82\xA0-\xE3\x83\xBF]+"));
  steps.push_back(split(
      R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"));
  const Json bytes{{"type", "ByteLevel"},
                   {"add_prefix_space", false},
                   {"trim_offsets", true},
                   {"use_regex", false}};
  steps.push_back(bytes);
  const Json json{
      {"version", "1.0"},      {"added_tokens", added},
      {"normalizer", nullptr}, {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", steps}}},
      {"decoder", bytes},      {"model", made_model()}};
  replace_file(file, json.dump(2), Durability::none);
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 5 && words[0] == "views")
    fmt::print("{}\n", measure_views(std::stoi(words[1]), std::stoi(words[2]), words[3],
                                     std::stoi(words[4]))
                           .dump());
  else if (words.size() == 3 && words[0] == "tokenizer")
    fmt::print("{}\n", measure_tokenizer(words[1], std::stoi(words[2])).dump());
  else if (words.size() == 2 && words[0] == "make-tokenizer")
    make_tokenizer(words[1]);
  else
    return 2;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
