#pragma once

#include <chrono>
#include <memory>

#include "office.hpp"

namespace pecia::page::office {

/// At whether a conversion was interrupted, while it is waited for.
constexpr std::chrono::milliseconds look_every{100};

using Converted = std::variant<std::shared_ptr<const Pdf>, Failure>;

/// The PDF of `document`, whatever it is called, for all threads of this process: whoever asks
/// while it is being made waits for it, and those of the last few documents are kept. As `to_pdf`
/// otherwise.
[[nodiscard]] Converted shared_pdf(const UniqueFd& document, corpus::Format format,
                                   const Limits& limits, double scale_limits,
                                   const std::atomic<bool>& interrupted);

}  // namespace pecia::page::office
