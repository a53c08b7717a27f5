#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "checkpoint.hpp"

// Random weights come without a tokenizer; prompts in ASCII are to work with them all the same.
namespace pecia::engine::deepseek {
namespace {

/// As byte-level BPE spells a byte: itself if it can be printed, else a character from U+0100 on.
std::string spelling_of(int byte, int& others) {
  const bool itself = (byte > ' ' && byte < 0x7F) || (byte > 0xA0 && byte != 0xAD);
  const auto code = static_cast<unsigned>(itself ? byte : 0x100 + others++);
  if (code < 0x80) return {static_cast<char>(code)};
  return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
}

/// Ids from 3 on, ASCII first; what a small vocabulary has no room for comes after it.
nlohmann::json byte_symbols(const Config& config) {
  constexpr int symbols = 256, specials = 3;
  const int room = std::min(config.image_id, config.decoder.vocabulary) - specials;
  nlohmann::json vocabulary = nlohmann::json::object();
  const auto add = [&](const std::string& spelling) {
    const auto n = static_cast<int>(vocabulary.size());
    vocabulary[spelling] = n < room ? specials + n : config.decoder.vocabulary + n;
  };
  std::array<std::string, symbols> spellings;
  int others = 0;
  for (int byte = 0; byte < symbols; ++byte)
    spellings[static_cast<std::size_t>(byte)] = spelling_of(byte, others);
  for (std::size_t byte = ' '; byte < 0x7F; ++byte) add(spellings[byte]);
  for (std::size_t byte = 0; byte < symbols; ++byte)
    if (byte < ' ' || byte >= 0x7F) add(spellings[byte]);
  return vocabulary;
}

nlohmann::json added_tokens(const Config& config) {
  nlohmann::json tokens = nlohmann::json::array();
  const auto add = [&](int id, const char* content) {
    tokens.push_back({{"id", id}, {"content", content}});
  };
  add(config.bos_id, "<bos>");
  add(config.eos_id, "<eos>");
  add(config.pad_id, "<pad>");
  int id = config.image_id;
  for (const auto* content :
       {"<image>", "<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>", "<|grounding|>", "<td>", "</td>"})
    add(id++, content);
  return tokens;
}

}  // namespace

Tokenizer load_tokenizer(const ModelFiles& files) {
  if (!files.tokenizer.empty()) return Tokenizer::load(files.tokenizer);
  const nlohmann::json byte_level{
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
  const nlohmann::json json{
      {"model",
       {{"type", "BPE"},
        {"vocab", byte_symbols(files.config)},
        {"merges", nlohmann::json::array()}}},
      {"pre_tokenizer",
       {{"type", "Sequence"}, {"pretokenizers", nlohmann::json::array({byte_level})}}},
      {"decoder", byte_level},
      {"added_tokens", added_tokens(files.config)}};
  return Tokenizer::parse(json.dump(), "of random weights");
}

}  // namespace pecia::engine::deepseek
