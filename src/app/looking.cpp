// Finds out the languages of documents, beside the decoders.
#include <algorithm>

#include "page_readers.hpp"
#include "pecia/base/stop.hpp"

namespace pecia::app {
namespace {

/// After which a thread that has nothing to look at ends its process.
constexpr std::chrono::seconds most_idle{10};

}  // namespace

bool PageReaders::find_languages(const page::Source& source, const Work& work) {
  auto& languages = work->options.languages;
  work->language.reset();
  if (!is_auto(languages) || lane_of(*work).settings.name != "tesseract") return true;
  const auto choose = [this, source, work, said = languages](page::Reader& reader) {
    return look_into(reader, source, *work, said);
  };
  const auto choice = languages_.of(work, languages, choose);
  if (!choice) return false;
  languages = choice->languages;
  work->language = Step{"language", choice->evidence, std::nullopt};
  return true;
}

std::optional<engine::LanguageChoice> PageReaders::look_into(page::Reader& reader, const page::Source& source,
                                                             const PageWork& work, const std::vector<std::string>& said) {
  const AloneGate::Pass inside{decoding_, false};
  if (cancelled_) return std::nullopt;
  try {
    return choose_languages(look_through(reader, sampler_, source, said, cancelled_), document(work), said);
  } catch (const Stopped&) {
  } catch (const std::exception& error) {
    sink_.failed(error.what(), false);
    give_up();
  }
  return std::nullopt;
}

bool PageReaders::begin_look(DocumentLanguages::Look look) {
  if (!to_look_.push(std::move(look))) return false;
  const std::lock_guard lock{lookers_mutex_};
  const auto most = static_cast<std::size_t>(std::max(1, settings_.engine.threads));
  if (lookers_.size() < most) lookers_.emplace_back([this] { look_loop(); });
  return true;
}

void PageReaders::look_loop() {
  std::optional<page::Reader> reader;
  const auto forget = [&] {
    const std::lock_guard lock{readers_mutex_};
    if (reader) std::erase(readers_, &*reader);
  };
  while (!to_look_.closed() || to_look_.size() > 0) {
    const auto look = to_look_.pop(most_idle);
    if (!look) {
      forget();
      reader.reset();
      continue;
    }
    if (!reader) {
      reader.emplace();
      const std::lock_guard lock{readers_mutex_};
      readers_.push_back(&*reader);
    }
    (*look)(*reader);
  }
  forget();
}

}  // namespace pecia::app
