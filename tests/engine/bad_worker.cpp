// An engine process that misbehaves as its argument says, after a proper hello.
#include <string>
#include <string_view>

#include "pecia/child/child.hpp"
#include "protocol.hpp"

int main(int argc, char** argv) {
  using namespace pecia;
  using namespace pecia::engine;
  const std::string_view what{argc > 1 ? argv[1] : ""};
  if (what == "never-starts") return 4;
  child::Parent parent;
  parent.send(protocol::encode(protocol::Hello{{"bad", "1", "bad"}, ""}));
  while (auto packet = parent.receive()) {
    const auto read = protocol::decode_read(packet->bytes);
    if (what == "exits") return 3;
    Completion answer;
    answer.ticket = what == "wrong-ticket" ? read.ticket + 1 : read.ticket;
    result::Reading reading;
    reading.text = what == "bad-text" ? "\xFF\xFE" : "text";
    answer.result = reading;
    auto bytes = protocol::encode(answer);
    if (what == "garbage") bytes.resize(bytes.size() / 2);
    if (what == "two-hellos") bytes = protocol::encode(protocol::Hello{{"bad", "1", "bad"}, ""});
    if (what == "bad-update") bytes = protocol::encode(protocol::Update{{1, 1}, 99});
    if (what == "drops") bytes = protocol::encode(protocol::Dropped{read.ticket});
    parent.send(bytes);
  }
  return 0;
}
