#pragma once

#include <string>
#include <vector>

#include "pecia/base/bytes.hpp"
#include "pecia/engine/language_sampler.hpp"

// What a rank and a process that samples languages say to each other.
namespace pecia::engine::protocol {

/// Rank to process; the page's memfd comes with it. Answered by a `LanguageSample`.
struct Sample {
  std::vector<std::string> candidates;
  page::Image image;  ///< without pixels
};

[[nodiscard]] Bytes encode(const Sample& sample);
[[nodiscard]] Bytes encode(const LanguageSample& sample);
/// These throw `Error` on anything that `encode` does not write.
[[nodiscard]] Sample decode_sample(const Bytes& bytes);
[[nodiscard]] LanguageSample decode_language_sample(const Bytes& bytes);

}  // namespace pecia::engine::protocol
