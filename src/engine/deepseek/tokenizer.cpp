#include "tokenizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

#include "byte_pairs.hpp"
#include "flat_map.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"
#include "pre_tokenizer.hpp"
#include "tokenizer_file.hpp"
#include "utf8.hpp"

namespace pecia::engine::deepseek {
namespace {

using Ids = FlatMap<std::string_view, std::int32_t, std::hash<std::string_view>>;

/// GPT-2's characters that stand for bytes in a vocabulary: printable ones of Latin-1 for
/// themselves, the others from U+0100 on in their order.
struct ByteCharacters {
  std::array<std::int16_t, 324> byte_of{};
  std::array<std::int16_t, 256> character_of{};
};
constexpr auto byte_characters = [] {
  ByteCharacters map;
  for (auto& byte : map.byte_of) byte = -1;
  std::int16_t next = 256;
  for (std::int16_t byte = 0; byte < 256; ++byte) {
    const bool itself = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    const std::int16_t character = itself ? byte : next++;
    map.byte_of[static_cast<std::size_t>(character)] = byte;
    map.character_of[static_cast<std::size_t>(byte)] = character;
  }
  return map;
}();

/// All such characters are below U+0800.
std::string spelling_of(std::size_t byte) {
  const auto character = static_cast<unsigned>(byte_characters.character_of[byte]);
  if (character < 0x80) return {static_cast<char>(character)};
  return {static_cast<char>(0xC0 | character >> 6), static_cast<char>(0x80 | (character & 0x3F))};
}

/// What a vocabulary's spelling stands for; itself if any character stands for no byte. Into
/// `into`, which has room for it.
std::size_t put_bytes(std::string_view spelling, char* into) {
  std::size_t length = 0;
  for (auto rest = spelling; !rest.empty();) {
    const auto step = utf8_step(rest);
    const auto byte =
        step.kind == Utf8Step::Kind::character && step.character < byte_characters.byte_of.size()
            ? byte_characters.byte_of[step.character]
            : std::int16_t{-1};
    if (byte < 0) {
      std::ranges::copy(spelling, into);
      return spelling.size();
    }
    into[length++] = static_cast<char>(byte);
    rest.remove_prefix(step.length);
  }
  return length;
}

}  // namespace

struct Tokenizer::State {
  State(TokenizerFile&& file, const std::string& name);

  void add(std::string_view spelling, std::int32_t id, const std::string& name);
  void find_byte_symbols(const std::string& name);
  void add_merges(const TokenizerFile& file, const std::string& name);
  void set_added(const TokenizerFile& file, const std::string& name);
  /// The longest added token at the start of `text`; empty if there is none.
  [[nodiscard]] std::string_view added_at(std::string_view text) const;
  void encode_plain(std::string_view text, std::vector<std::int32_t>& ids) const;

  std::unique_ptr<std::pmr::monotonic_buffer_resource> text;  // what the views below point into
  PreTokenizer pre_tokenizer;
  Ids ids;                              // by spelling
  std::vector<std::string_view> bytes;  // by id
  std::vector<bool> known;              // by id
  std::array<std::int32_t, 256> byte_symbols{};
  BytePairs pairs;
  Ids added;
  std::array<bool, 256> begins_added{};
  std::vector<std::size_t> added_lengths;  // longest first
};

Tokenizer::State::State(TokenizerFile&& file, const std::string& name)
    : text{std::move(file.text)}, pre_tokenizer{file.expressions, name} {
  const auto count = file.vocabulary.size() + file.added.size();
  ids.reserve(count);
  bytes.reserve(count);
  for (const auto& [spelling, id] : file.vocabulary) add(spelling, id, name);
  find_byte_symbols(name);
  add_merges(file, name);
  set_added(file, name);
}

void Tokenizer::State::add(std::string_view spelling, std::int32_t id, const std::string& name) {
  const auto n = static_cast<std::size_t>(id);
  if (n >= bytes.size()) {
    bytes.resize(n + 1);
    known.resize(n + 1);
  }
  if (known[n])
    refuse_tokenizer(
        name, fmt::format("id {} is that of '{}' and of another token", id, printable(spelling)));
  if (const auto [first, is_new] = ids.try_emplace(spelling, id); !is_new)
    refuse_tokenizer(name, fmt::format("the token '{}' is there twice, with ids {} and {}",
                                       printable(spelling), *first, id));
  auto* const into = static_cast<char*>(text->allocate(spelling.size() + 1, 1));
  bytes[n] = {into, put_bytes(spelling, into)};
  known[n] = true;
}

void Tokenizer::State::find_byte_symbols(const std::string& name) {
  for (std::size_t byte = 0; byte < byte_symbols.size(); ++byte) {
    const auto* const found = ids.find(spelling_of(byte));
    if (!found)
      refuse_tokenizer(
          name, fmt::format("its vocabulary has no token '{}', which stands for byte {:#04x}",
                            spelling_of(byte), byte));
    byte_symbols[byte] = *found;
  }
}

void Tokenizer::State::add_merges(const TokenizerFile& file, const std::string& name) {
  pairs.reserve(file.merges.size());
  std::string both;
  for (std::size_t n = 0; n < file.merges.size(); ++n) {
    const std::string_view left = file.merges[n][0], right = file.merges[n][1];
    const auto id = [&](std::string_view token) {
      const auto* const found = ids.find(token);
      if (!found)
        refuse_tokenizer(
            name,
            fmt::format("merge {} ('{}' and '{}') needs a token '{}', which the vocabulary lacks",
                        n, printable(left), printable(right), printable(token)));
      return *found;
    };
    both.assign(left).append(right);
    if (!pairs.add(id(left), id(right), id(both)))
      refuse_tokenizer(name, fmt::format("merge {} ('{}' and '{}') is there twice", n,
                                         printable(left), printable(right)));
  }
}

void Tokenizer::State::set_added(const TokenizerFile& file, const std::string& name) {
  for (const auto& [content, id] : file.added) {
    const auto* const found = ids.find(content);
    if (!added.try_emplace(content, id).second)
      refuse_tokenizer(name,
                       fmt::format("the added token '{}' is there twice", printable(content)));
    if (!found || *found != id) add(content, id, name);
    begins_added[static_cast<unsigned char>(content[0])] = true;
    added_lengths.push_back(content.size());
  }
  std::sort(added_lengths.begin(), added_lengths.end(), std::greater<>{});
  added_lengths.erase(std::unique(added_lengths.begin(), added_lengths.end()), added_lengths.end());
}

std::string_view Tokenizer::State::added_at(std::string_view rest) const {
  if (!begins_added[static_cast<unsigned char>(rest[0])]) return {};
  for (const auto length : added_lengths) {
    if (length <= rest.size() && added.find(rest.substr(0, length))) return rest.substr(0, length);
  }
  return {};
}

void Tokenizer::State::encode_plain(std::string_view plain, std::vector<std::int32_t>& into) const {
  std::vector<std::int32_t> symbols;
  for (const auto piece : pre_tokenizer.split(plain)) {
    symbols.clear();
    for (const char c : piece) symbols.push_back(byte_symbols[static_cast<unsigned char>(c)]);
    pairs.merge(symbols);
    into.insert(into.end(), symbols.begin(), symbols.end());
  }
}

Tokenizer::Tokenizer(std::unique_ptr<State> state) : state_{std::move(state)} {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::load(const std::filesystem::path& file) {
  return parse(read_file(file), file.string());
}

Tokenizer Tokenizer::parse(std::string_view json, const std::string& name) {
  return Tokenizer{std::make_unique<State>(read_tokenizer_file(json, name), name)};
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text) const {
  std::string mended;
  if (!is_utf8(text)) {
    Utf8Stream stream;
    mended = stream.push(text);
    mended += stream.finish();
    text = mended;
  }
  std::vector<std::int32_t> ids;
  std::size_t plain = 0;  // where the text begins that no added token has taken
  for (std::size_t at = 0; at < text.size();) {
    const auto token = state_->added_at(text.substr(at));
    if (token.empty()) {
      ++at;
      continue;
    }
    if (at > plain) state_->encode_plain(text.substr(plain, at - plain), ids);
    ids.push_back(*state_->added.find(token));
    plain = at += token.size();
  }
  if (plain < text.size()) state_->encode_plain(text.substr(plain), ids);
  return ids;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids) const {
  std::string bytes;
  for (const auto id : ids) bytes += bytes_of(id);
  Utf8Stream stream;
  auto text = stream.push(bytes);
  return text += stream.finish();
}

std::string_view Tokenizer::bytes_of(std::int32_t id) const {
  return id >= 0 && id < size() ? state_->bytes[static_cast<std::size_t>(id)] : std::string_view{};
}

std::optional<std::int32_t> Tokenizer::id_of(std::string_view token) const {
  const auto* const found = state_->ids.find(token);
  return found ? std::optional{*found} : std::nullopt;
}

std::int32_t Tokenizer::size() const noexcept {
  return static_cast<std::int32_t>(state_->bytes.size());
}

}  // namespace pecia::engine::deepseek
