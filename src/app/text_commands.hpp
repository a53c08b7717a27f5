#pragma once

#include "export_verb.hpp"
#include "find_verb.hpp"
#include "text_verb.hpp"

namespace CLI {
class App;
}

namespace pecia::app {

/// The verbs that make something of a run's texts.
struct TextCommands {
  ExportVerbOptions exporting;
  TextVerbOptions text;
  FindVerbOptions find;
};
/// Adds their command lines to the program's; `commands` must live until it is parsed.
void add_text_commands(CLI::App& program, TextCommands& commands);

}  // namespace pecia::app
