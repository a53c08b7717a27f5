#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "pecia/base/bytes.hpp"
#include "pecia/page/reader.hpp"

// What a rank and its pecia-page child say to each other, in messages of room `child`.
namespace pecia::page::protocol {

enum class Verb : std::uint8_t { probe = 1, info, render, count, measure };

/// `opens`: a descriptor of the document comes with the message and replaces the one before.
struct Request {
  Verb verb = Verb::probe;
  bool opens = false;
  corpus::Format format = corpus::Format::unknown;  ///< unknown: look at the first bytes
  std::string password;
  std::uint32_t page = 0;
  ImageRequest image;
  std::uint64_t max_pixels = 0;
};

/// An Image's geometry; its pixels are the memfd that comes with the message.
struct Rendered {
  Image image;
};

using Answer = std::variant<Probe, PageInfo, Rendered, Failure, Density>;

[[nodiscard]] Bytes encode(const Request& request);
[[nodiscard]] Request decode_request(const Bytes& bytes);
[[nodiscard]] Bytes encode(const Answer& answer);
/// Throws `Error` on anything that `encode` does not write, and on images of impossible geometry.
[[nodiscard]] Answer decode_answer(const Bytes& bytes);

}  // namespace pecia::page::protocol
