#include "protocol.hpp"

#include <cmath>
#include <optional>

#include "pecia/base/error.hpp"

namespace pecia::engine::protocol {
namespace {

enum class Kind : std::uint8_t {
  read = 1,
  hello,
  reading,
  blank,
  failure,
  cancel,
  loading,
  update,
  dropped,
  lost
};

void put(ByteWriter& out, const Room& room) {
  out.put(static_cast<std::int32_t>(room.pages)).put(static_cast<std::uint64_t>(room.bytes));
}

Room get_room(ByteReader& in) {
  Room room;
  room.pages = in.get<std::int32_t>();
  room.bytes = in.get<std::uint64_t>();
  require(room.pages >= 0, "room for less than no pages");
  return room;
}

Hello get_hello(ByteReader& in) {
  Hello hello;
  hello.description.name = in.get_text();
  hello.description.version = in.get_text();
  hello.description.fingerprint = in.get_text();
  hello.problem = in.get_text();
  hello.room = get_room(in);
  return hello;
}

/// What is said of the process, not of a page's reading; nothing if it is the latter.
std::optional<Answer> get_word(Kind kind, ByteReader& in) {
  switch (kind) {
    case Kind::hello:
      return get_hello(in);
    case Kind::loading: {
      const auto done_bytes = in.get<std::uint64_t>();
      return Loading{done_bytes, in.get<std::uint64_t>()};
    }
    case Kind::update: {
      const auto room = get_room(in);
      return Update{room, in.get<std::uint64_t>()};
    }
    case Kind::dropped:
      return Dropped{in.get<std::uint64_t>()};
    case Kind::lost:
      return Lost{in.get_text()};
    default:
      return std::nullopt;
  }
}

result::Reading decode_sound_reading(ByteReader& in) {
  auto reading = result::decode_reading(in);
  const auto problem = result::problem_of(reading);
  require(problem.empty(), problem);
  return reading;
}

}  // namespace

Bytes encode(const Read& read) {
  ByteWriter out;
  out.put(Kind::read)
      .put(read.ticket)
      .put(static_cast<std::uint32_t>(read.options.languages.size()));
  for (const auto& language : read.options.languages) out.put_text(language);
  out.put_text(read.options.prompt).put(read.options.rung).put(static_cast<std::int32_t>(read.options.reading));
  out.put(read.options.by_rows).put(read.options.time_scale).put(read.options.split).put(read.options.find_blank).put(read.options.mend_old_letters);
  page::encode(out, read.image);
  return std::move(out).bytes();
}

Read decode_read(const Bytes& bytes) {
  ByteReader in{bytes, "message to the engine process"};
  require(in.get<Kind>() == Kind::read,
          "the engine process understands no other message than `read`");
  Read read;
  read.ticket = in.get<std::uint64_t>();
  read.options.languages.resize(in.get_count(sizeof(std::uint32_t)));
  for (auto& language : read.options.languages) language = in.get_text();
  read.options.prompt = in.get_text();
  read.options.rung = in.get<Rung>();
  require(read.options.rung < Rung::fallback, "there is no such rung for an engine");
  read.options.reading = in.get<std::int32_t>();
  require(read.options.reading >= 0, "there is no such way of reading");
  read.options.by_rows = in.get<bool>();
  read.options.time_scale = in.get<double>();
  require(std::isfinite(read.options.time_scale) && read.options.time_scale > 0, "a limit of time that is none");
  read.options.split = in.get<bool>();
  read.options.find_blank = in.get<bool>();
  read.options.mend_old_letters = in.get<bool>();
  read.image = page::decode_image(in);
  in.expect_end();
  return read;
}

Bytes encode(const Cancel& cancel) {
  ByteWriter out;
  out.put(Kind::cancel).put(cancel.ticket);
  return std::move(out).bytes();
}

Order decode_order(const Bytes& bytes) {
  ByteReader in{bytes, "message to the engine process"};
  if (in.get<Kind>() != Kind::cancel) return decode_read(bytes);
  const Cancel cancel{in.get<std::uint64_t>()};
  in.expect_end();
  return cancel;
}

Bytes encode(const Loading& loading) {
  ByteWriter out;
  out.put(Kind::loading).put(loading.done_bytes).put(loading.all_bytes);
  return std::move(out).bytes();
}

Bytes encode(const Update& update) {
  ByteWriter out;
  out.put(Kind::update);
  put(out, update.room);
  out.put(update.taken);
  return std::move(out).bytes();
}

Bytes encode(const Dropped& dropped) {
  ByteWriter out;
  out.put(Kind::dropped).put(dropped.ticket);
  return std::move(out).bytes();
}

Bytes encode(const Lost& lost) {
  ByteWriter out;
  out.put(Kind::lost).put_text(lost.why);
  return std::move(out).bytes();
}

Bytes encode(const Hello& hello) {
  ByteWriter out;
  out.put(Kind::hello).put_text(hello.description.name).put_text(hello.description.version);
  out.put_text(hello.description.fingerprint).put_text(hello.problem);
  put(out, hello.room);
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
    result::encode(out, std::get<Blank>(completion.result).reading);
  }
  return std::move(out).bytes();
}

Answer decode_answer(const Bytes& bytes) {
  ByteReader in{bytes, "answer of the engine process"};
  const auto kind = in.get<Kind>();
  if (auto word = get_word(kind, in)) {
    in.expect_end();
    return std::move(*word);
  }
  Completion completion;
  completion.ticket = in.get<std::uint64_t>();
  completion.seconds = in.get<double>();
  require(std::isfinite(completion.seconds) && completion.seconds >= 0, "a time that is none");
  if (kind == Kind::reading) {
    completion.result = decode_sound_reading(in);
  } else if (kind == Kind::failure) {
    PageFailure failure;
    failure.reason = in.get<Reason>();
    require(failure.reason != Reason::none &&
                static_cast<std::size_t>(failure.reason) <= all_reasons().size(),
            "an unknown reason");
    failure.detail = in.get_text();
    if (in.get<bool>()) failure.reading = decode_sound_reading(in);
    completion.result = std::move(failure);
  } else {
    require(kind == Kind::blank, "an unknown kind of answer");
    auto& blank = completion.result.emplace<Blank>(Blank{decode_sound_reading(in)});
    require(blank.reading.text.empty(), "a blank page with a text");
  }
  in.expect_end();
  return completion;
}

}  // namespace pecia::engine::protocol
