#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "pecia/base/bytes.hpp"
#include "pecia/page/reader.hpp"

// What a rank and its pecia-page child say to each other, in messages of room `child`.
namespace pecia::page::protocol {

/// With which a child exits that ran out of stack (stack_guard.hpp).
constexpr int nested_too_deep_status = 77;

enum class Verb : std::uint8_t { probe = 1, info, render, count, measure, text_layer };

/// `opens`: a descriptor of the document comes with the message and replaces the one before.
struct Request {
  Verb verb = Verb::probe;
  bool opens = false;
  std::string password;
  std::uint32_t page = 0;
  ImageRequest image;
  std::uint64_t max_pixels = 0;
  bool look = false;  ///< of text_layer: compare it with the page's pixels
};

/// An Image's geometry; its pixels are the memfd that comes with the message.
struct Rendered {
  Image image;
};

/// The child's first word, before it is asked for anything: it is ready. A child may leave it out.
struct Hello {
  std::vector<std::string> not_confined;  ///< as child::Confinement::missing
};

/// The document has no pages until it is converted to PDF, which is to be opened in its place.
struct Office {
  corpus::Format format = corpus::Format::docx;
};

using Answer = std::variant<Probe, PageInfo, Rendered, Failure, Density, Hello, TextLayer, Office>;

/// What a document says comes from anywhere: makes each text for a person one line of printable UTF-8, of at most
/// 1 KiB, and the steps as few as are taken. For a child, before it encodes its answer.
void make_legible(Answer& answer);

[[nodiscard]] Bytes encode(const Request& request);
[[nodiscard]] Request decode_request(const Bytes& bytes);
[[nodiscard]] Bytes encode(const Answer& answer);
/// Throws `Error` on anything that `encode` does not write, on images of impossible geometry, and on reasons
/// that are no document's. Texts are cut where they are longer than any that the child writes.
[[nodiscard]] Answer decode_answer(const Bytes& bytes);

}  // namespace pecia::page::protocol
