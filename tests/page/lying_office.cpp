// A pecia-office that answers with lies. The document says with which: after "lie:", up to the next
// ";".
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <map>
#include <string>

#include "page/office.hpp"
#include "pecia/child/child.hpp"

namespace {

using namespace pecia;
using namespace pecia::page;

UniqueFd opened(const char* path) { return UniqueFd{::open(path, O_RDONLY | O_CLOEXEC)}; }

void send_with(child::Parent& parent, const office::Done& done, const char* path) {
  const auto file = opened(path);
  const int fd = file.get();
  parent.send(office::encode(done), {&fd, 1});
}

const std::map<std::string, std::function<void(child::Parent&)>>& lies() {
  static const std::map<std::string, std::function<void(child::Parent&)>> all{
      {"garbage",
       [](auto& parent) {
         parent.send(std::as_bytes(std::span{"\xFF\x02\x03 no message at all"}));
       }},
      {"nothing", [](auto& parent) { parent.send({}); }},
      {"no file", [](auto& parent) { parent.send(office::encode(office::Done{})); }},
      {"two files",
       [](auto& parent) {
         const auto one = opened("/proc/self/exe"), two = opened("/proc/self/exe");
         const std::array fds{one.get(), two.get()};
         parent.send(office::encode(office::Done{}), fds);
       }},
      {"a device", [](auto& parent) { send_with(parent, {}, "/dev/zero"); }},
      {"a folder", [](auto& parent) { send_with(parent, {}, "/"); }},
      {"no pdf", [](auto& parent) { send_with(parent, {}, "/proc/self/exe"); }},
      {"unknown reason",
       [](auto& parent) {
         parent.send(office::encode({static_cast<Reason>(200), "why", {}}));
       }},
      {"another reason",
       [](auto& parent) {
         parent.send(office::encode({Reason::has_text, "why", {}}));
       }},
      {"a long text",
       [](auto& parent) {
         parent.send(office::encode({Reason::unreadable, std::string(20'000'000, 'a'), {}}));
       }},
      {"no text",
       [](auto& parent) {
         parent.send(office::encode({Reason::unreadable, "\xFF\xFE\xC0", {}}));
       }},
      {"an endless list",
       [](auto& parent) {
         parent.send(office::encode({Reason::none, "", std::vector<std::string>(100'000, "a")}));
       }},
      {"no word", [](auto&) {}},
      {"dies", [](auto&) { ::_exit(3); }},
      {"never answers", [](auto& parent) { (void)parent.receive(); }}};
  return all;
}

std::string lie_in(int fd) {
  std::string text(4096, '\0');
  text.resize(
      static_cast<std::size_t>(std::max<ssize_t>(0, ::pread(fd, text.data(), text.size(), 0))));
  const auto at = text.find("lie:");
  if (at == std::string::npos) return {};
  return text.substr(at + 4, text.find(';', at) - at - 4);
}

}  // namespace

int main() {
  child::Parent parent;
  const auto packet = parent.receive();
  if (!packet || packet->fds.empty()) return 4;
  const auto found = lies().find(lie_in(packet->fds[0].get()));
  if (found == lies().end()) return 5;
  found->second(parent);
  return 0;
}
