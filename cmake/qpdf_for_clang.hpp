// Included before all else where clang compiles what uses qpdf 11: a class nested in its JSON has a vector of JSON and a
// defaulted destructor, for which clang, up to 16 at least, wants JSON complete with C++20's constexpr vector. None of
// our code touches that vector: it may look opaque, of the same size.
#pragma once

#include <vector>

class JSON;
template <>
class std::vector<JSON> {
 public:
  ~vector();

 private:
  void* opaque_[3];
};
