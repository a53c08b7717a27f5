#include "protocol.hpp"

#include "pecia/base/error.hpp"

namespace pecia::engine::protocol {
namespace {

enum class Kind : std::uint8_t { read = 1, hello, reading, blank, failure };

result::Reading decode_sound_reading(ByteReader& in) {
  auto reading = result::decode_reading(in);
  const auto problem = result::problem_of(reading);
  require(problem.empty(), problem);
  return reading;
}

}  // namespace

Bytes encode(const Read& read) {
  ByteWriter out;
  out.put(Kind::read).put(read.ticket).put(static_cast<std::uint32_t>(read.options.languages.size()));
  for (const auto& language : read.options.languages) out.put_text(language);
  out.put_text(read.options.prompt).put(read.options.rung);
  page::encode(out, read.image);
  return std::move(out).bytes();
}

Read decode_read(const Bytes& bytes) {
  ByteReader in{bytes, "message to the engine process"};
  require(in.get<Kind>() == Kind::read, "the engine process understands no other message than `read`");
  Read read;
  read.ticket = in.get<std::uint64_t>();
  read.options.languages.resize(in.get_count(sizeof(std::uint32_t)));
  for (auto& language : read.options.languages) language = in.get_text();
  read.options.prompt = in.get_text();
  read.options.rung = in.get<Rung>();
  require(read.options.rung < Rung::fallback, "there is no such rung for an engine");
  read.image = page::decode_image(in);
  in.expect_end();
  return read;
}

Bytes encode(const Hello& hello) {
  ByteWriter out;
  out.put(Kind::hello).put_text(hello.description.name).put_text(hello.description.version);
  out.put_text(hello.description.fingerprint).put_text(hello.problem);
  return std::move(out).bytes();
}

Bytes encode(const Completion& completion) {
  ByteWriter out;
  if (const auto* reading = std::get_if<result::Reading>(&completion.result)) {
    out.put(Kind::reading).put(completion.ticket).put(completion.seconds);
    result::encode(out, *reading);
  } else if (const auto* failure = std::get_if<PageFailure>(&completion.result)) {
    out.put(Kind::failure).put(completion.ticket).put(completion.seconds);
    out.put(failure->reason).put_text(failure->detail).put(failure->reading.has_value());
    if (failure->reading) result::encode(out, *failure->reading);
  } else {
    out.put(Kind::blank).put(completion.ticket).put(completion.seconds);
  }
  return std::move(out).bytes();
}

Answer decode_answer(const Bytes& bytes) {
  ByteReader in{bytes, "answer of the engine process"};
  const auto kind = in.get<Kind>();
  if (kind == Kind::hello) {
    Hello hello;
    hello.description.name = in.get_text();
    hello.description.version = in.get_text();
    hello.description.fingerprint = in.get_text();
    hello.problem = in.get_text();
    in.expect_end();
    return hello;
  }
  Completion completion;
  completion.ticket = in.get<std::uint64_t>();
  completion.seconds = in.get<double>();
  if (kind == Kind::reading) {
    completion.result = decode_sound_reading(in);
  } else if (kind == Kind::failure) {
    PageFailure failure;
    failure.reason = in.get<Reason>();
    require(failure.reason != Reason::none && static_cast<std::size_t>(failure.reason) <= all_reasons().size(),
            "an unknown reason");
    failure.detail = in.get_text();
    if (in.get<bool>()) failure.reading = decode_sound_reading(in);
    completion.result = std::move(failure);
  } else {
    require(kind == Kind::blank, "an unknown kind of answer");
    completion.result = Blank{};
  }
  in.expect_end();
  return completion;
}

}  // namespace pecia::engine::protocol
