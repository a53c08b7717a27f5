#include "office.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <sstream>

#include "conversions.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"
#include "pecia/child/child.hpp"

namespace pecia::page::office {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
/// The child watches the time itself; this is for one that does not.
constexpr double patience_s = 15;
constexpr std::chrono::seconds clearing_patience{15};  ///< to end LibreOffice and remove its folder, on a busy machine
constexpr std::size_t most_text_bytes = 4096, most_texts = 16;
constexpr std::size_t quoted_words_bytes = 300;
constexpr const char* remedy =
    "It is a DOCX or ODT, whose pages are made by LibreOffice, and {}. Install it (Debian: apt-get install libreoffice-writer-nogui; "
    "or the cluster's module, or one of your own, with soffice on PATH or named by PECIA_SOFFICE), then run again with --retry "
    "needs_libreoffice; or convert the document to PDF";

bool is_executable(const fs::path& file) {
  std::error_code ignored;
  return ::access(file.c_str(), X_OK) == 0 && fs::is_regular_file(file, ignored);
}

Failure lost(std::string_view why) {
  return {Reason::child_crashed, fmt::format("the process that converts the document to PDF {}", why), true};
}

/// A file, as far as it is said to be one.
UniqueFd checked_file(std::vector<UniqueFd>& fds) {
  require(fds.size() == 1, "no PDF came with it");
  struct stat status {};
  require(::fstat(fds[0].get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0, "what came with it is no file");
  return std::move(fds[0]);
}

/// As pecia-page will look at it.
bool is_pdf(const UniqueFd& file) {
  std::array<std::byte, 1024> head{};
  const auto got = ::pread(file.get(), head.data(), head.size(), 0);
  return got > 0 && corpus::detect_format(std::span{head}.first(static_cast<std::size_t>(got))) == corpus::Format::pdf;
}

std::string get_text(ByteReader& in) {
  auto text = in.get_text();
  if (text.size() > most_text_bytes) text.resize(most_text_bytes);
  return to_utf8(text);
}

/// What the child has said, or why it has said nothing.
std::variant<child::Packet, Failure> wait(child::Child& child, double wall_s, const std::atomic<bool>& interrupted) {
  const auto until = Clock::now() + std::chrono::duration<double>{wall_s + patience_s};
  while (true) {
    auto received = child.receive(look_every);
    if (received.status == child::Child::Status::message) return std::move(received.packet);
    if (received.status == child::Child::Status::gone) return lost("died: " + child.end());
    if (interrupted) {
      child.hang_up(clearing_patience);
      return Failure{Reason::timeout, "interrupted", true};
    }
    if (Clock::now() < until) continue;
    child.hang_up(clearing_patience);
    return Failure{Reason::timeout, fmt::format("the conversion to PDF did not end in {:.0f} s", wall_s), true};
  }
}

/// `words`: what LibreOffice has printed.
Failure failure(Done done, const std::vector<std::string>& words) {
  if (done.reason == Reason::needs_libreoffice) done.detail = fmt::format(fmt::runtime(remedy), done.detail);
  const bool its_own = done.reason == Reason::unreadable || done.reason == Reason::needs_libreoffice;
  if (its_own && !words.empty()) done.detail += "; its last words: " + words.back().substr(0, quoted_words_bytes);
  return {done.reason, to_utf8(done.detail), done.reason == Reason::timeout || done.reason == Reason::io_error};
}

}  // namespace

Bytes encode(const Order& order) {
  ByteWriter out;
  out.put_text(order.program).put(order.format).put(order.cpu_s).put(order.wall_s);
  return std::move(out).bytes();
}

Order decode_order(const Bytes& bytes) {
  ByteReader in{bytes, "order to pecia-office"};
  Order order;
  order.program = in.get_text();
  order.format = in.get<corpus::Format>();
  order.cpu_s = in.get<double>();
  order.wall_s = in.get<double>();
  in.expect_end();
  return order;
}

Bytes encode(const Done& done) {
  ByteWriter out;
  out.put(done.reason).put_text(done.detail).put(static_cast<std::uint32_t>(done.not_confined.size()));
  for (const auto& text : done.not_confined) out.put_text(text);
  return std::move(out).bytes();
}

Done decode_done(const Bytes& bytes) {
  ByteReader in{bytes, "answer of pecia-office"};
  Done done;
  done.reason = in.get<Reason>();
  done.detail = get_text(in);
  done.not_confined.resize(in.get_count(sizeof(std::uint32_t)));
  require(done.not_confined.size() <= most_texts, "a list without end");
  for (auto& text : done.not_confined) text = get_text(in);
  in.expect_end();
  switch (done.reason) {
    case Reason::none:
    case Reason::unreadable:
    case Reason::timeout:
    case Reason::too_large:
    case Reason::io_error:
    case Reason::needs_libreoffice: break;
    default: throw Error{"a reason that no conversion has"};
  }
  return done;
}

std::variant<Pdf, Failure> to_pdf(const UniqueFd& document, corpus::Format format, const Limits& limits, double scale_limits,
                                  const std::atomic<bool>& interrupted) {
  const auto program = find_libreoffice();
  if (!program) {
    const char* const told = std::getenv("PECIA_SOFFICE");
    const auto why = told != nullptr ? fmt::format("PECIA_SOFFICE, {}, is no program", printable(told)) : "it is not here";
    return Failure{Reason::needs_libreoffice, fmt::format(fmt::runtime(remedy), why), false};
  }
  Order order{program->native(), format, limits.office_cpu_s * scale_limits, limits.office_wall_s * scale_limits};
  std::optional<child::Child> started;
  try {
    child::Program converter;
    converter.executable = child::find_program("pecia-office");
    converter.limits.memory_bytes = static_cast<std::uint64_t>(static_cast<double>(limits.memory_bytes) * scale_limits);
    started.emplace(converter);
  } catch (const Error& error) {  // of this machine, and of this moment perhaps: other documents are read without it
    return lost(fmt::format("cannot be started: {}", error.what()));
  }
  auto& child = *started;
  const int fd = document.get();
  if (!child.send(encode(order), {&fd, 1})) return lost("ended before it had begun: " + child.end());
  auto waited = wait(child, order.wall_s, interrupted);
  if (auto* failure = std::get_if<Failure>(&waited)) return std::move(*failure);
  auto& packet = std::get<child::Packet>(waited);
  try {
    auto done = decode_done(packet.bytes);
    child.hang_up(clearing_patience);
    if (done.reason != Reason::none) return failure(std::move(done), child.printed_lines());
    auto file = checked_file(packet.fds);
    if (!is_pdf(file))
      return Failure{Reason::unreadable,
                     fmt::format("LibreOffice made something else than a PDF of it. Does {} convert documents?", printable(program->native())), false};
    return Pdf{std::move(file), program->filename().string(), std::move(done.not_confined)};
  } catch (const Error& error) {
    return lost(fmt::format("answered nonsense: {}", error.what()));
  }
}

}  // namespace pecia::page::office

namespace pecia::page {

std::optional<std::filesystem::path> find_libreoffice() {
  if (const char* told = std::getenv("PECIA_SOFFICE")) {
    if (office::is_executable(told)) return std::filesystem::absolute(told);
    return std::nullopt;
  }
  const char* const path = std::getenv("PATH");
  for (const auto* name : {"soffice", "libreoffice"}) {
    std::istringstream folders{path != nullptr ? path : ""};
    for (std::string folder; std::getline(folders, folder, ':');) {
      const auto program = std::filesystem::path{folder} / name;
      if (program.is_absolute() && office::is_executable(program)) return program;
    }
  }
  return std::nullopt;
}

}  // namespace pecia::page
