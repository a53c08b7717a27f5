#include "sample_protocol.hpp"

#include "pecia/base/error.hpp"

namespace pecia::engine::protocol {
namespace {

/// Neither is a message of `protocol.hpp`.
enum class SampleKind : std::uint8_t { sample = 64, scores };

float share(ByteReader& in) {
  const auto value = in.get<float>();
  require(value >= 0 && value <= 1, "a share that is none");
  return value;
}

}  // namespace

Bytes encode(const Sample& sample) {
  ByteWriter out;
  out.put(SampleKind::sample).put(static_cast<std::uint32_t>(sample.candidates.size()));
  for (const auto& language : sample.candidates) out.put_text(language);
  page::encode(out, sample.image);
  return std::move(out).bytes();
}

Sample decode_sample(const Bytes& bytes) {
  ByteReader in{bytes, "message to the process that samples languages"};
  require(in.get<SampleKind>() == SampleKind::sample, "it understands no other message than `sample`");
  Sample sample;
  sample.candidates.resize(in.get_count(sizeof(std::uint32_t)));
  for (auto& language : sample.candidates) language = in.get_text();
  sample.image = page::decode_image(in);
  in.expect_end();
  return sample;
}

Bytes encode(const LanguageSample& sample) {
  ByteWriter out;
  out.put(SampleKind::scores)
      .put_text(sample.script)
      .put_text(sample.usual)
      .put(static_cast<std::uint32_t>(sample.scores.size()));
  for (const auto& score : sample.scores)
    out.put_text(score.language).put(score.confidence).put(score.known).put(score.common).put(score.letters);
  return std::move(out).bytes();
}

LanguageSample decode_language_sample(const Bytes& bytes) {
  ByteReader in{bytes, "answer of the process that samples languages"};
  require(in.get<SampleKind>() == SampleKind::scores, "an unknown kind of answer");
  LanguageSample sample;
  sample.script = in.get_text();
  sample.usual = in.get_text();
  constexpr std::size_t least_bytes =
      sizeof(std::uint32_t) + 3 * sizeof(float) + sizeof(std::uint32_t);
  sample.scores.resize(in.get_count(least_bytes));
  for (auto& score : sample.scores) {
    score.language = in.get_text();
    score.confidence = share(in);
    score.known = share(in);
    score.common = share(in);
    score.letters = in.get<std::uint32_t>();
  }
  in.expect_end();
  return sample;
}

}  // namespace pecia::engine::protocol
