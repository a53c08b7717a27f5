#include "engine_state.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "checkpoint.hpp"
#include "kernels.hpp"
#include "output.hpp"
#include "pecia/base/clock.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "prompt.hpp"
#include "tensor_loader.hpp"

namespace pecia::engine::deepseek {
namespace {

/// Of a decoder: the products of a smaller one take less time than sharing them out among threads.
constexpr int least_width_to_share = 512;

using Clock = std::chrono::steady_clock;

bool is_out_of_memory(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
  // On a CPU, and from libraries that allocate by themselves, it is an Error like others.
  if (dynamic_cast<const c10::Error*>(&error) == nullptr) return false;
  const std::string_view what{error.what()};
  for (const auto* sign : {"DefaultCPUAllocator", "out of memory", "_STATUS_ALLOC_FAILED"})
    if (what.find(sign) != std::string_view::npos) return true;
  return false;
}

}  // namespace

void DeepseekEngine::State::load(std::unique_ptr<WeightSource> source) {
  const auto begin = Clock::now();
  // More than OMP_THREAD_LIMIT allows would leave parts of a product undone.
  at::set_num_threads(
      std::min(settings.threads > 0 ? settings.threads : at::get_num_threads(), most_threads()));
  placement = choose_placement(settings);
  auto files = open_model(settings.weights);
  config = files.config;
  try {
    tokenizer.emplace(load_tokenizer(files));
  } catch (const StorageError&) {
    throw;
  } catch (const Error& error) {  // another process would find the same
    throw UsageError{error.what()};
  }
  // What the user must mend, now rather than at the first page.
  if (settings.no_repeat_ngram) (void)ids_of(settings.no_repeat_ngram->allow);
  (void)prompt_ids(*tokenizer, config, settings.prompt, 1);
  {
    TensorLoader loader{source ? *source : *files.source, placement.device, placement.type};
    vision = load_vision(loader, config);
    decoder = load_decoder(loader, config.decoder);
    fingerprint = fmt::format("{}-{}-{}", deepseek::fingerprint(files, loader.hash()),
                              placement.type == at::kFloat ? "fp32" : "bf16",
                              placement.device.is_cpu() ? "cpu" : "cuda");
  }
  const auto kv_bytes =
      tuning.kv_bytes > 0
          ? tuning.kv_bytes
          : static_cast<std::size_t>(
                settings.memory_fraction * static_cast<double>(free_bytes(placement.device)) /
                (placement.device.is_cpu() ? std::max(1, settings.host_ranks) : 1));
  const auto prompt_tokens = image_tokens(config.encoder, config.image.max_tiles) + 16;
  const auto budget =
      choose_budget(config.decoder, prompt_tokens, kv_bytes, settings.max_batch_pages, placement);
  limits = {budget.sequences, budget.blocks, tuning.chunk_tokens, tuning.prefill_tokens_per_step};
  views_per_step = tuning.views_per_step > 0   ? tuning.views_per_step
                   : placement.device.is_cpu() ? 8
                                               : 32;
  // Whatever the batch, so that its rows stay the same to the last bit.
  is_small = placement.device.is_cpu() && config.decoder.width < least_width_to_share;
  generator.emplace(decoder, config.eos_id, limits);
  figures.load_s = seconds_since(begin);
  log::info("deepseek_ocr2 on {} in {}: {} pages together, KV cache of {} tokens, loaded in {:.1f} s",
            placement.device.str(), placement.type == at::kFloat ? "fp32" : "bf16", limits.sequences,
            limits.blocks * block_tokens, figures.load_s);
}

std::vector<std::int32_t> DeepseekEngine::State::ids_of(const std::vector<std::string>& tokens) const {
  std::vector<std::int32_t> ids;
  for (const auto& token : tokens) {
    const auto id = tokenizer->id_of(token);
    if (!id && !settings.no_repeat_ngram) continue;  // of the guard of a rung, which nobody named
    if (!id)
      throw UsageError{fmt::format(
          "engine.no_repeat_ngram.allow names '{}', which is no token of this model", token)};
    ids.push_back(*id);
  }
  return ids;
}

Sequence DeepseekEngine::State::sequence_of(std::uint64_t ticket, const PageRequest& request) const {
  Sequence sequence;
  sequence.ticket = ticket;
  sequence.prompt_tokens = static_cast<int>(request.ids.size());
  sequence.max_new_tokens =
      std::min(settings.max_new_tokens, config.decoder.max_positions - sequence.prompt_tokens);
  if (request.guard)
    sequence.guard =
        GuardIds{request.guard->n, request.guard->window, ids_of(request.guard->allow)};
  sequence.loop_detection = settings.loop_detection;
  for (const char* const cell : {"<td>", "</td>", "<tr>", "</tr>"})
    if (const auto id = tokenizer->id_of(cell)) sequence.structure.push_back(*id);
  return sequence;
}

void DeepseekEngine::State::submit(std::uint64_t ticket, const PageRequest& request) {
  auto& page = pages.emplace(ticket, Page{}).first->second;
  page.request = request;
  page.begin = Clock::now();
  if (request.problem != Reason::none)
    end(ticket, PageFailure{request.problem, request.detail});
  else
    generator->add(sequence_of(ticket, request));
}

void DeepseekEngine::State::run_once() {
  try {
    for (const auto ticket : generator->take_admitted()) {
      auto& page = pages.at(ticket);
      if (!std::exchange(page.looked_for, true)) to_look_at.push_back(ticket);
      if (!std::exchange(page.begun, true)) page.begin = Clock::now();
    }
    if (tuning.before) tuning.before("vision");
    look();
    if (tuning.before) tuning.before("generation");
    std::optional<OneThread> alone;
    if (is_small) alone.emplace();
    generator->step();
  } catch (const std::exception& error) {
    if (!is_out_of_memory(error)) throw;
    shrink(error.what());
  }
  collect();
  end_late_pages();
}

std::vector<std::uint64_t> DeepseekEngine::State::next_to_look_at() {
  std::vector<std::uint64_t> tickets;
  int views = 0;
  for (const auto ticket : to_look_at) {
    views += pages.at(ticket).request.views->grid.tiles() + 1;
    if (!tickets.empty() && views > views_per_step) break;
    tickets.push_back(ticket);
  }
  return tickets;
}

/// All tiles, or all global views, of these pages: (views x queries, width); undefined if there are
/// none.
at::Tensor DeepseekEngine::State::see_all(const std::vector<std::uint64_t>& tickets, bool tiles) {
  std::vector<at::Tensor> views;
  const std::int64_t side = tiles ? config.image.tile_px : config.image.base_px;
  for (const auto ticket : tickets) {
    const auto& request = *pages.at(ticket).request.views;
    const auto& pixels = tiles ? request.tiles : request.global;
    if (pixels.empty()) continue;
    const auto count = static_cast<std::int64_t>(pixels.size()) / (side * side * 3);
    // from_blob takes no const; nothing writes there.
    views.push_back(at::from_blob(const_cast<std::uint8_t*>(pixels.data()), {count, side, side, 3},
                                  at::TensorOptions{}.dtype(at::kByte))
                        .to(placement.device));
    figures.views += static_cast<std::uint64_t>(count);
  }
  if (views.empty()) return {};
  return see(*vision, views.size() == 1 ? views[0] : at::cat(views)).flatten(0, 1);
}

void DeepseekEngine::State::look() {
  const auto tickets = next_to_look_at();
  if (tickets.empty()) return;
  const auto begin = Clock::now();
  const auto tiles = see_all(tickets, true), globals = see_all(tickets, false);
  std::int64_t tile_row = 0, global_row = 0;
  for (const auto ticket : tickets) {
    auto& request = pages.at(ticket).request;
    auto rows = embed(*decoder, request.ids);
    const auto first =
        std::find(request.ids.begin(), request.ids.end(), config.image_id) - request.ids.begin();
    const std::int64_t of_tiles = request.views->grid.tiles() * config.encoder.tile_queries;
    const std::int64_t of_global = config.encoder.base_queries;
    if (of_tiles > 0) rows.narrow(0, first, of_tiles).copy_(tiles.narrow(0, tile_row, of_tiles));
    rows.narrow(0, first + of_tiles, of_global).copy_(globals.narrow(0, global_row, of_global));
    rows.narrow(0, first + of_tiles + of_global, 1).copy_(separator(*vision).unsqueeze(0));
    tile_row += of_tiles;
    global_row += of_global;
    generator->set_prompt(ticket, rows);
    request.views.reset();
    to_look_at.pop_front();
  }
  wait_for(placement.device);
  figures.vision_s += seconds_since(begin);
}

void DeepseekEngine::State::collect() {
  for (auto& finished : generator->take_finished()) complete(std::move(finished));
}

void DeepseekEngine::State::complete(Finished finished) {
  const auto ticket = finished.ticket;
  const auto& generated = finished.generated;
  if (finished.how == Finished::How::no_numbers)
    return end(ticket, PageFailure{Reason::engine_failed,
                                   "the model's logits are no finite numbers. Check the weights "
                                   "with pecia doctor --weights"});
  if (generated.ids.size() == 1 && generated.ids[0] == config.eos_id)
    return end(ticket, Blank{reading_of(pages.at(ticket), generated)});
  auto reading = reading_of(pages.at(ticket), generated);
  if (finished.how == Finished::How::no_memory)
    return end(
        ticket,
        PageFailure{
            Reason::out_of_memory,
            fmt::format("page and answer do not fit into the KV cache of {} tokens, even alone. "
                        "Lower engine.max_new_tokens, or take a device with more memory",
                        generator->blocks() * block_tokens),
            std::move(reading)});
  switch (generated.finish_reason) {
    case result::FinishReason::repeats:
      return end(ticket, PageFailure{Reason::repetition,
                                     fmt::format("the model repeats itself, {} tokens on",
                                                 generated.ids.size()),
                                     std::move(reading)});
    case result::FinishReason::length:
      return end(ticket, PageFailure{Reason::no_end,
                                     fmt::format("no end of text within {} tokens", generated.ids.size()),
                                     std::move(reading)});
    default:
      return end(ticket, std::move(reading));
  }
}

result::Reading DeepseekEngine::State::reading_of(const Page& page, const Generated& generated) const {
  return to_reading(generated, *tokenizer, config.eos_id, page.request.geometry, page.request.turned);
}

void DeepseekEngine::State::end(std::uint64_t ticket, decltype(Completion::result) result) {
  const auto page = pages.find(ticket);
  done.push_back({ticket, std::move(result), seconds_since(page->second.begin)});
  pages.erase(page);
}

void DeepseekEngine::State::end_late_pages() {
  const auto limit_s = [this](const Page& page) { return settings.watchdog_s * page.request.time_scale; };
  std::vector<std::uint64_t> late;
  for (const auto& [ticket, page] : pages)
    if (page.begun && seconds_since(page.begin) > limit_s(page)) late.push_back(ticket);
  for (const auto ticket : late) {
    auto generated = generator->give_up(ticket);
    generated.finish_reason = result::FinishReason::watchdog;
    to_look_at.erase(std::remove(to_look_at.begin(), to_look_at.end(), ticket), to_look_at.end());
    auto reading = reading_of(pages.at(ticket), generated);
    end(ticket, PageFailure{Reason::engine_timeout,
                            fmt::format("not finished after {} s, {} tokens on (engine.watchdog_s is {})",
                                        limit_s(pages.at(ticket)), generated.ids.size(), settings.watchdog_s),
                            std::move(reading)});
  }
}

/// All pages start anew, fewer together in a smaller KV cache; where one is alone already, it
/// fails.
void DeepseekEngine::State::shrink(const std::string& why) {
  ++figures.out_of_memory;
  collect();
  if (limits.sequences == 1 && views_per_step == 1) {
    std::optional<std::uint64_t> first;
    for (const auto& [ticket, page] : pages)
      if (page.begun && (!first || page.begin < pages.at(*first).begin)) first = ticket;
    if (!first) throw Error{fmt::format("out of memory with no page in work: {}", why)};
    generator->cancel(*first);
    to_look_at.erase(std::remove(to_look_at.begin(), to_look_at.end(), *first), to_look_at.end());
    end(*first, PageFailure{Reason::out_of_memory,
                            fmt::format("the page does not fit, even alone: {}", why)});
  }
  limits.sequences = std::max(1, limits.sequences / 2);
  views_per_step = std::max(1, views_per_step / 2);
  const auto least = blocks_for(config.decoder.max_positions);
  limits.blocks = std::max(std::min(limits.blocks, least), limits.blocks * 3 / 4);
  to_look_at.clear();
  for (auto& [ticket, page] : pages) page.looked_for = page.looked_for && !page.request.views;
  generator->restart(limits);
  log::warning("out of memory: {} pages together from now on, KV cache of {} tokens ({})",
               limits.sequences, limits.blocks * block_tokens, why.substr(0, why.find('\n')));
}

}  // namespace pecia::engine::deepseek
