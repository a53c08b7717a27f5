#pragma once

#include <cstdint>
#include <string_view>

#include "pecia/corpus/trace.hpp"

namespace pecia::corpus {

/// A made-up corpus. Defaults: spread as measured on historical scans (median 1.05 s, 95 % below
/// 4.1 s, 79 % of the variance of the logarithm between documents), and an estimate about as good as
/// that of the cost model.
struct SyntheticSpec {
  std::uint64_t pages = 100'000;
  double pages_per_document = 40;  ///< mean; log-normal, from 1 to 5,000
  double median_s = 1.05;
  double document_spread = 0.73;   ///< standard deviation of ln(seconds) between documents
  double page_spread = 0.38;       ///< and within one
  double error = 0.3;              ///< standard deviation of ln(evidence / what the page really costs)
  double loops = 0.03;             ///< share of pages that take `loop_factor` times as long, unforeseen
  double loop_factor = 30;
  std::uint32_t seed = 1;
};

/// "pages=1e6,loops=0.03": keys as above. Throws `UsageError` naming the key and the known ones.
[[nodiscard]] SyntheticSpec parse_synthetic(std::string_view text);
/// The same spec gives the same trace everywhere.
[[nodiscard]] Trace make_synthetic(const SyntheticSpec& spec);

}  // namespace pecia::corpus
