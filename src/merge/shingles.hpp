#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pecia::merge {

/// A 64-bit hash (FNV-1a, then the finaliser of MurmurHash3).
[[nodiscard]] std::uint64_t hash_of(std::string_view bytes) noexcept;
[[nodiscard]] std::uint64_t mixed(std::uint64_t value) noexcept;

/// Calls `use` with every word of a text: letters and digits, ASCII letters in lower case, at most 64 bytes; a character of
/// Chinese, Japanese or Korean is a word. Tags of tables are no words.
template <typename Use>
void for_each_word(std::string_view text, Use use) {
  std::array<char, 64> word{};
  std::size_t size = 0;
  const auto end_word = [&] {
    if (size > 0) use(std::string_view{word.data(), size});
    size = 0;
  };
  for (std::size_t n = 0; n < text.size(); ++n) {
    const auto byte = static_cast<unsigned char>(text[n]);
    const auto put = [&](char c) {
      if (size < word.size()) word[size++] = c;
    };
    const bool upper = byte >= 'A' && byte <= 'Z';
    if (upper || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9')) {
      put(upper ? static_cast<char>(byte - 'A' + 'a') : text[n]);
    } else if (byte < 0x80) {
      end_word();
      const auto next = n + 1 < text.size() ? text[n + 1] : ' ';
      if (byte == '<' && (next == '/' || (next >= 'a' && next <= 'z'))) {
        const auto end = text.substr(n, 80).find('>');
        if (end != std::string_view::npos) n += end;
      }
    } else if (byte == 0xE2 || (byte == 0xC2 && n + 1 < text.size() && static_cast<unsigned char>(text[n + 1]) < 0xC0)) {
      end_word();  // dashes, quotation marks and other signs
      n += byte == 0xE2 ? 2 : 1;
    } else if (byte >= 0xE3 && byte <= 0xED) {
      end_word();
      for (const auto end = n + 3; n < end && n < text.size(); ++n) put(text[n]);
      --n;
      end_word();
    } else {
      put(text[n]);
    }
  }
  end_word();
}

/// The smallest hashes of a page's shingles (three words in sequence): pages that share most of their text share most of these
/// (Broder, On the resemblance and containment of documents, 1997).
class Sketch {
 public:
  static constexpr std::size_t most = 32;

  void add_word(std::uint64_t hash);
  /// The next word does not follow the last.
  void begin_block() noexcept { words_in_row_ = 0; }
  [[nodiscard]] const std::vector<std::uint64_t>& smallest() const noexcept { return smallest_; }  ///< sorted

 private:
  std::array<std::uint64_t, 2> before_{};
  std::size_t words_in_row_ = 0;
  std::vector<std::uint64_t> smallest_;
};

/// Two pages whose sketches share at least `least_shared` hashes that at most `most_pages` pages have; first < second. What more
/// pages have is printed on all of them (a form) and says nothing of two.
struct Candidate {
  std::uint32_t first = 0, second = 0, shared = 0;
};
[[nodiscard]] std::vector<Candidate> candidates(const std::vector<std::vector<std::uint64_t>>& sketches, std::size_t least_shared,
                                                std::size_t most_pages);

/// How the words of two texts differ.
struct Difference {
  double common = 0;  ///< share of the words that both have, 0 to 1
  double unlike = 0;  ///< share of the words to which no word of the other is even similar: not a misreading
  std::size_t unlike_numbers = 0;
  std::size_t words = 0;   ///< of both
};
[[nodiscard]] Difference difference(std::string_view a, std::string_view b);

}  // namespace pecia::merge
