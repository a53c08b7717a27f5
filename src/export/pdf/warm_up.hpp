#pragma once

namespace pecia::exporting::pdf {

/// Loads what libqpdf and its cryptography load when they are first used: in the sandbox nothing can be loaded any more.
void warm_up();

}  // namespace pecia::exporting::pdf
