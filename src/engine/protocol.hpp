#pragma once

#include <string>
#include <variant>

#include "pecia/base/bytes.hpp"
#include "pecia/engine/engine.hpp"

// What a rank and an engine process say to each other, in messages of room `child`.
namespace pecia::engine::protocol {

/// First word of the process, but for `Loading`. `problem`: what the user must mend before it can
/// read (a language that is not installed); empty if it can.
struct Hello {
  Description description;
  std::string problem;
  Room room{1, std::size_t{1} << 30};  ///< pages that it takes, and bytes of their images
};

/// The process reads its model. Silence is a hang, so it says so again and again.
struct Loading {
  std::uint64_t done_bytes = 0, all_bytes = 0;
};

/// What a process that has many pages at once takes now, besides those up to ticket `taken` that it
/// has taken already: pages on their way to it still count. Also says that it is alive.
struct Update {
  Room room;
  std::uint64_t taken = 0;
};

/// The answer to a page that was cancelled before it was read.
struct Dropped {
  std::uint64_t ticket = 0;
};

/// Last word of a process that cannot go on, for a person.
struct Lost {
  std::string why;
};

/// Rank to process: forget a page. Each `Read` is answered once all the same.
struct Cancel {
  std::uint64_t ticket = 0;
};

/// Rank to process; the image's memfd comes with it. Tickets are those of the conversation, counted
/// up from 1, not the engine's. `options`: what a process needs of them; that a page is to be alone, the rank sees to.
struct Read {
  std::uint64_t ticket = 0;
  ReadOptions options;
  page::Image image;  ///< without pixels
};

using Order = std::variant<Read, Cancel>;
using Answer = std::variant<Hello, Completion, Loading, Update, Dropped, Lost>;

[[nodiscard]] Bytes encode(const Read& read);
[[nodiscard]] Read decode_read(const Bytes& bytes);
[[nodiscard]] Bytes encode(const Cancel& cancel);
[[nodiscard]] Order decode_order(const Bytes& bytes);
[[nodiscard]] Bytes encode(const Hello& hello);
[[nodiscard]] Bytes encode(const Loading& loading);
[[nodiscard]] Bytes encode(const Update& update);
[[nodiscard]] Bytes encode(const Dropped& dropped);
[[nodiscard]] Bytes encode(const Lost& lost);
[[nodiscard]] Bytes encode(const Completion& completion);
/// Throws `Error` on anything that `encode` does not write.
[[nodiscard]] Answer decode_answer(const Bytes& bytes);

}  // namespace pecia::engine::protocol
