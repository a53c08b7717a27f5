#include "tokenizer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "fuzz.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

// A tokenizer.json, a zero byte, a text. What is accepted encodes any text to ids that it has, and
// gives the text back. The JSON is tried as it is, and as a patch of a whole tokenizer, so that
// small inputs get far.
namespace pecia {
namespace {

using engine::deepseek::Tokenizer;
using engine::deepseek::Utf8Stream;
using Json = nlohmann::json;

constexpr std::size_t longest_text =
    256;  // an expression may take its limit of steps on every byte

std::string mended(std::string_view text) {
  Utf8Stream stream;
  auto whole = stream.push(text);
  return whole += stream.finish();
}

void check(const Tokenizer& tokenizer, std::string_view text) {
  fuzz::expect(is_utf8(mended(text)), "a stream gives UTF-8");
  const auto ids = tokenizer.encode(text);
  Utf8Stream stream;
  std::string streamed;
  for (const auto id : ids) {
    fuzz::expect(id >= 0 && id < tokenizer.size(), "ids are of the vocabulary");
    streamed += stream.push(tokenizer.bytes_of(id));
  }
  streamed += stream.finish();
  fuzz::expect(tokenizer.decode(ids) == streamed, "token by token is as all at once");
  // An added token may be spelled with characters that stand for bytes; none of those is ASCII and
  // another byte.
  const bool ascii =
      std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  fuzz::expect(!ascii || streamed == text, "text comes back as it went in");
}

Json whole_tokenizer() {
  Json vocabulary = Json::object();
  for (unsigned byte = 0, next = 256; byte < 256; ++byte) {
    const bool itself = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    const unsigned character = itself ? byte : next++;
    vocabulary[character < 128 ? std::string(1, static_cast<char>(character))
                               : std::string{static_cast<char>(0xC0 | character >> 6),
                                             static_cast<char>(0x80 | (character & 63))}] = byte;
  }
  vocabulary["ab"] = 256;
  vocabulary["abc"] = 257;
  Json steps = Json::array();
  for (const auto* expression : {R"(\p{N}{1,3})", R"([^\r\n\p{L}]?[\p{L}\p{M}]+|\s+(?!\S)|\s+)"})
    steps.push_back(
        {{"type", "Split"}, {"behavior", "Isolated"}, {"pattern", {{"Regex", expression}}}});
  steps.push_back({{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}});
  return {{"added_tokens", Json::array({{{"id", 300}, {"content", "<td>"}}})},
          {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", steps}}},
          {"decoder", {{"type", "ByteLevel"}}},
          {"model",
           {{"type", "BPE"},
            {"vocab", vocabulary},
            {"merges", Json::array({Json::array({"a", "b"}), Json::array({"ab", "c"})})}}}};
}

void try_tokenizer(std::string_view json, std::string_view text) {
  try {
    check(Tokenizer::parse(json, "fuzzed"), text);
  } catch (const Error&) {
  }
}

}  // namespace
}  // namespace pecia

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pecia;
  static const auto whole = whole_tokenizer();
  const auto input = fuzz::text_of({data, size});
  const auto zero = std::min(input.find('\0'), input.size());
  const auto json = input.substr(0, zero);
  const auto text = input.substr(std::min(zero + 1, input.size())).substr(0, longest_text);
  try_tokenizer(json, text);
  const auto patch = Json::parse(json, nullptr, false);
  if (patch.is_discarded()) return 0;
  auto patched = whole;
  patched.merge_patch(patch);
  try_tokenizer(patched.dump(), text);
  return 0;
}
