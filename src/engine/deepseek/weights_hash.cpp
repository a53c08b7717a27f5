#include "weights_hash.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace pecia::engine::deepseek {
namespace {

constexpr std::uint64_t prime_1 = 0x9E3779B185EBCA87, prime_2 = 0xC2B2AE3D27D4EB4F,
                        prime_3 = 0x165667B19E3779F9, prime_4 = 0x85EBCA77C2B2AE63,
                        prime_5 = 0x27D4EB2F165667C5;

template <class Word>
Word word_at(const std::byte* bytes) noexcept {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

std::uint64_t round(std::uint64_t lane, std::uint64_t input) noexcept {
  return std::rotl(lane + input * prime_2, 31) * prime_1;
}

std::uint64_t merge(std::uint64_t hash, std::uint64_t lane) noexcept {
  return (hash ^ round(0, lane)) * prime_1 + prime_4;
}

std::uint64_t add_rest(std::uint64_t hash, std::span<const std::byte> rest) noexcept {
  for (; rest.size() >= 8; rest = rest.subspan(8))
    hash = std::rotl(hash ^ round(0, word_at<std::uint64_t>(rest.data())), 27) * prime_1 + prime_4;
  for (; rest.size() >= 4; rest = rest.subspan(4))
    hash = std::rotl(hash ^ word_at<std::uint32_t>(rest.data()) * prime_1, 23) * prime_2 + prime_3;
  for (const auto byte : rest)
    hash = std::rotl(hash ^ static_cast<std::uint64_t>(byte) * prime_5, 11) * prime_1;
  return hash;
}

}  // namespace

std::array<std::uint64_t, 4> StreamHash::initial_lanes() noexcept {
  return {prime_1 + prime_2, prime_2, 0, 0 - prime_1};
}

void StreamHash::add_stripes(std::span<const std::byte> stripes) noexcept {
  auto lanes = lanes_;
  const auto* at = stripes.data();
  for (std::size_t n = 0; n < stripes.size() / stripe_bytes; ++n, at += stripe_bytes)
    for (std::size_t lane = 0; lane < 4; ++lane)
      lanes[lane] = round(lanes[lane], word_at<std::uint64_t>(at + 8 * lane));
  lanes_ = lanes;
}

void StreamHash::add(std::span<const std::byte> bytes) noexcept {
  bytes_ += bytes.size();
  if (held_bytes_ > 0 || bytes.size() < stripe_bytes) {
    const auto taken = std::min(stripe_bytes - held_bytes_, bytes.size());
    std::copy_n(bytes.begin(), taken, held_.begin() + static_cast<std::ptrdiff_t>(held_bytes_));
    held_bytes_ += taken;
    bytes = bytes.subspan(taken);
    if (held_bytes_ < stripe_bytes) return;
    add_stripes(held_);
    held_bytes_ = 0;
  }
  const auto whole = bytes.size() - bytes.size() % stripe_bytes;
  add_stripes(bytes.first(whole));
  held_bytes_ = bytes.size() - whole;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(whole), held_bytes_, held_.begin());
}

std::uint64_t StreamHash::value() const noexcept {
  std::uint64_t hash = prime_5;
  if (bytes_ >= stripe_bytes) {
    hash = std::rotl(lanes_[0], 1) + std::rotl(lanes_[1], 7) + std::rotl(lanes_[2], 12) +
           std::rotl(lanes_[3], 18);
    for (const auto lane : lanes_) hash = merge(hash, lane);
  }
  hash = add_rest(hash + bytes_, std::span{held_}.first(held_bytes_));
  hash = (hash ^ hash >> 33) * prime_2;
  hash = (hash ^ hash >> 29) * prime_3;
  return hash ^ hash >> 32;
}

std::uint64_t hash_of(std::string_view text) noexcept {
  StreamHash hash;
  hash.add(std::as_bytes(std::span{text}));
  return hash.value();
}

void WeightsHash::add(const TensorInfo& tensor, std::uint64_t offset,
                      std::span<const std::byte> block) {
  if (offset == 0) current_ = {};
  current_.add(block);
  if (offset + block.size() < tensor.bytes()) return;
  // A sum: the order in which tensors come does not matter.
  sum_ += hash_of(fmt::format("{} {} {} {}", tensor.name, static_cast<int>(tensor.type),
                              fmt::join(tensor.shape, ","), current_.value()));
}

}  // namespace pecia::engine::deepseek
