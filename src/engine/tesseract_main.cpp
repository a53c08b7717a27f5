#include <fmt/format.h>

#include <cstdio>
#include <string_view>

#include "pecia/base/error.hpp"
#include "pecia/base/version.hpp"
#include "pecia/engine/serve.hpp"
#include "tesseract_engine.hpp"

/// Reads pages with Tesseract for the rank that started it. Arguments: the languages it may be asked
/// for; or --version, --list-languages for a person.
int main(int argc, char** argv) {
  using namespace pecia;
  try {
    const std::vector<std::string> arguments{argv + 1, argv + argc};
    const bool asked = arguments.size() == 1 && arguments[0].starts_with("--");
    engine::TesseractEngine engine{asked ? std::vector<std::string>{} : arguments};
    if (asked && arguments[0] == "--list-languages") {
      for (const auto& language : engine.installed_languages()) fmt::print("{}\n", language);
      return 0;
    }
    if (asked) {
      fmt::print("pecia-tesseract {}, Tesseract {}\n", version(), engine.description().version);
      return 0;
    }
    child::Parent parent;
    return engine::serve(parent, engine, engine.missing_languages());
  } catch (const UsageError& error) {
    fmt::print(stderr, "pecia-tesseract: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "pecia-tesseract: {}\n", error.what());
    return 1;
  }
}
