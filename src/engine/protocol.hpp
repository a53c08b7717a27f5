#pragma once

#include <string>
#include <variant>

#include "pecia/base/bytes.hpp"
#include "pecia/engine/engine.hpp"

// What a rank and an engine process say to each other, in messages of room `child`.
namespace pecia::engine::protocol {

/// First word of the process. `problem`: what the user must mend before it can read (a language that
/// is not installed); empty if it can.
struct Hello {
  Description description;
  std::string problem;
};

/// Rank to process; the image's memfd comes with it.
struct Read {
  std::uint64_t ticket = 0;
  ReadOptions options;
  page::Image image;  ///< without pixels
};

using Answer = std::variant<Hello, Completion>;

[[nodiscard]] Bytes encode(const Read& read);
[[nodiscard]] Read decode_read(const Bytes& bytes);
[[nodiscard]] Bytes encode(const Hello& hello);
[[nodiscard]] Bytes encode(const Completion& completion);
/// Throws `Error` on anything that `encode` does not write.
[[nodiscard]] Answer decode_answer(const Bytes& bytes);

}  // namespace pecia::engine::protocol
