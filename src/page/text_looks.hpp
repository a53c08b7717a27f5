#pragma once

#include <string>

#include "pecia/page/text_layer.hpp"

// Inside pecia-page only.
namespace pecia::page {

/// Counts what the words of a page look like, one after the other, in logical order and normalised or not.
class TextLooks {
 public:
  /// The share of its characters that are known.
  float add(const std::u32string& word);
  /// Sets all counts of the text itself, from `characters` to `mojibake`.
  void put_into(TextEvidence& evidence) const;

 private:
  void add_letters(const std::u32string& word);

  TextEvidence is_;
  std::uint32_t by_script_[256] = {};  ///< letters; scripts of numbers above that count as one
};

}  // namespace pecia::page
