#pragma once

#include <compare>
#include <cstdint>

#include "pecia/base/ids.hpp"
#include "pecia/result/outcome.hpp"

namespace pecia::store {

/// Which page a record is about.
struct PageKey {
  DocumentId document;
  std::uint32_t revision = 0;
  std::uint32_t page = 0;
  auto operator<=>(const PageKey&) const = default;
};

/// What decides between records of the same key.
struct RecordOrder {
  std::uint32_t generation = 0;  ///< of `--retry`
  result::State state = result::State::failed;
  std::uint32_t attempt = 0;     ///< tries before this one, in its job
  std::uint32_t epoch = 0;
  std::uint32_t rank = 0;
  std::uint64_t sequence = 0;    ///< of its rank in its epoch
};

/// The one function that decides, for every reader: greatest generation, then best state (ok >
/// ok_fallback > blank > skipped > failed), then smallest (attempt, epoch, rank, sequence).
[[nodiscard]] bool wins(const RecordOrder& one, const RecordOrder& other) noexcept;

/// One committed outcome.
struct Record {
  PageKey key;
  RecordOrder order;  ///< `order.state` is `outcome.state`
  result::PageOutcome outcome;
};

}  // namespace pecia::store
