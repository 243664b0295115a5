#include "launch/log_prefix.h"

#include <optional>

namespace interimap {

namespace {

struct Expansion {
  std::string_view component, mailbox;

  std::string_view value(char name) const {
    return name == 'n' ? component : name == 'm' ? mailbox : std::string_view();
  }

  // Text up to a "&" or "?" that ends a branch (inside one), or to the end of the format.
  std::string text(std::string_view& rest, bool inBranch) const {
    std::string out;
    while (!rest.empty()) {
      if (inBranch && (rest[0] == '&' || rest[0] == '?')) break;
      if (rest.size() >= 2 && rest[0] == '\\' && std::string_view("&?\\").find(rest[1]) != rest.npos) {
        out += rest[1];
        rest.remove_prefix(2);
      } else if (auto chosen = condition(rest)) {
        out += *chosen;
      } else if (rest.size() >= 2 && rest[0] == '%' && std::string_view("%nm").find(rest[1]) != rest.npos) {
        rest[1] == '%' ? void(out += '%') : void(out += value(rest[1]));
        rest.remove_prefix(2);
      } else {
        out += rest[0];
        rest.remove_prefix(1);
      }
    }
    return out;
  }

  // %?X?then?, %?X?then&else?; nothing, and `rest` as it was, if there is none here.
  std::optional<std::string> condition(std::string_view& rest) const {
    bool letter =
        rest.size() > 3 && ((rest[2] >= 'a' && rest[2] <= 'z') || (rest[2] >= 'A' && rest[2] <= 'Z'));
    if (!letter || !rest.starts_with("%?") || rest[3] != '?') return std::nullopt;
    std::string_view inside = rest.substr(4);
    std::string then = text(inside, true), otherwise;
    if (inside.starts_with('&')) {
      inside.remove_prefix(1);
      otherwise = text(inside, true);
    }
    if (!inside.starts_with('?')) return std::nullopt;
    bool holds = !value(rest[2]).empty();
    rest = inside.substr(1);
    return holds ? then : otherwise;
  }
};

}  // namespace

std::string logPrefix(std::string_view format, std::string_view component, std::string_view mailbox) {
  return Expansion{component, mailbox}.text(format, false);
}

}  // namespace interimap
