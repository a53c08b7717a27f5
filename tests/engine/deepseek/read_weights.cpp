#include <cstdio>

#include "checkpoint.hpp"
#include "pecia/base/error.hpp"
#include "weights_hash.hpp"

// Reads a checkpoint whole and says its fingerprint, or what went wrong: for faults that are played
// from outside.
int main(int argc, char** argv) {
  using namespace pecia;
  using namespace pecia::engine::deepseek;
  if (argc != 2) return 2;
  try {
    const auto model = open_model(argv[1]);
    WeightsHash hash;
    for (const auto& tensor : model.source->tensors()) {
      std::vector<std::byte> bytes(tensor.bytes());
      model.source->read(tensor.name, 0, bytes);
      hash.add(tensor, 0, bytes);
    }
    std::puts(fingerprint(model, hash.value()).c_str());
    return 0;
  } catch (const Error& error) {
    std::puts(error.what());
    return 1;
  }
}
