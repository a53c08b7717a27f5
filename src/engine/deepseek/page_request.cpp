#include "page_request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pecia/base/error.hpp"
#include "prompt.hpp"

namespace pecia::engine::deepseek {

std::optional<NoRepeatNgram> guard_of(Rung rung, const std::optional<NoRepeatNgram>& normal) {
  if (rung == Rung::normal) return normal;
  // n = 1 guards against nothing; below some 6 a guard forbids words that every page repeats.
  constexpr int least = 6;
  auto guard = normal.value_or(NoRepeatNgram{});
  if (!normal || normal->n < 2) guard.n = 20, guard.window = 100;
  guard.n = std::max(std::min(guard.n, least), guard.n / 2);
  guard.window *= 4;
  return guard;
}

PageRequest make_request(const page::Image& image, const ReadOptions& options,
                         const DeepseekSettings& settings, const Config& config,
                         const Tokenizer& tokenizer) {
  PageRequest request;
  request.geometry = image;
  request.geometry.pixels = {};
  request.geometry.owner.reset();
  request.geometry.fd = -1;
  request.time_scale = options.time_scale;
  request.turned = options.rung == Rung::rotated;
  request.guard = guard_of(options.rung, settings.no_repeat_ngram);
  try {
    request.views = std::make_shared<const Views>(
        make_views(request.turned ? rotated(image) : image, config.image));
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {
    request.problem = Reason::too_large;
    request.detail = error.what();
    return request;
  }
  const std::string_view prompt = options.rung == Rung::plain_prompt ? "plain"
                                  : options.prompt.empty() ? std::string_view{settings.prompt}
                                                           : std::string_view{options.prompt};
  request.ids = prompt_ids(tokenizer, config, prompt,
                           image_tokens(config.encoder, request.views->grid.tiles()));
  const auto most = static_cast<std::size_t>(config.decoder.max_positions);
  if (request.ids.size() >= most) {
    request.problem = Reason::too_large;
    request.detail = fmt::format(
        "the prompt takes {} of the model's {} positions, which leaves none for an answer",
        request.ids.size(), most);
  }
  return request;
}

}  // namespace pecia::engine::deepseek
