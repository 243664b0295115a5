// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a sync may ask of a net or a delivery, and report to launch, once a net has talked it into that.
#include <fcntl.h>
#include <unistd.h>

#include <map>

#include "ipc/delivery.h"
#include "ipc/imap.h"
#include "ipc/launch.h"
#include "tests/compromised/lies.h"

namespace interimap::compromised {
namespace {

// In the first request of this kind to a net, which is sent as it has become.
template <class Kind>
Between::Lie asking(std::function<void(Kind& kind, Request& request)> lie) {
  return [lie = std::move(lie)](Packet& packet, Between& between) {
    Request request = readRequest(copyOf(packet));
    auto* kind = std::get_if<Kind>(&request.what);
    if (kind == nullptr) return false;
    lie(*kind, request);
    between.send(pack(std::move(request)));
    return true;
  };
}

Between::Lie appending(std::function<void(request::Append& append)> lie) {
  return asking<request::Append>([lie = std::move(lie)](request::Append& append, Request&) { lie(append); });
}

Between::Lie appendingFrom(std::function<int()> bodies) {
  return asking<request::Append>([bodies = std::move(bodies)](request::Append&, Request& request) {
    request.bodies = Descriptor(bodies());
  });
}

Between::Lie handingOver(std::function<void(deliver::Window& window, DeliveryRequest& request)> lie) {
  return [lie = std::move(lie)](Packet& packet, Between& between) {
    DeliveryRequest request = readDeliveryRequest(copyOf(packet));
    auto* window = std::get_if<deliver::Window>(&request.what);
    if (window == nullptr || window->messages.empty()) return false;
    lie(*window, request);
    between.send(pack(std::move(request)));
    return true;
  };
}

Between::Lie handingOverFrom(std::function<int()> bodies) {
  return handingOver([bodies = std::move(bodies)](deliver::Window&, DeliveryRequest& request) {
    request.bodies = Descriptor(bodies());
  });
}

// Reported as soon as sync has the lock, and the truth after it.
Between::Lie reporting(std::function<Report()> what, bool forEver = false) {
  return [what = std::move(what), forEver](Packet& packet, Between& between) {
    if (!std::holds_alternative<Locked>(readReport(copyOf(packet)).what)) return false;
    between.send(copyOf(packet));
    if (forEver) between.flood([&] { return pack(what()); });
    between.send(pack(what()));
    return true;
  };
}

const char* const kManyLines = "x\r\n000099 DELETE INBOX\r\n000098 LOGOUT\r\n";

const std::map<std::string, std::function<Between::Lie()>> kLies = {
    // To a net.
    {"append: bodies missing",
     [] {
       return [](Packet& packet, Between& between) {
         if (!packet.descriptor) return false;
         packet.descriptor = {};
         return between.send(std::move(packet)), true;
       };
     }},
    {"append: bodies unsealed", [] { return appendingFrom([] { return memory(0); }); }},
    {"append: bodies half sealed",
     [] { return appendingFrom([] { return memory(F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL); }); }},
    {"append: bodies a pipe", [] { return appendingFrom(readEndOfPipe); }},
    {"append: bodies a short pipe", [] { return appendingFrom(shortPipe); }},
    {"append: bodies not memory",
     [] { return appendingFrom([] { return open("/dev/zero", O_RDONLY | O_CLOEXEC); }); }},
    {"append: bodies a directory",
     [] { return appendingFrom([] { return open("/", O_RDONLY | O_CLOEXEC); }); }},
    {"append: offset outside",
     [] { return appending([](auto& append) { append.messages.back().body.offset += 1 << 30; }); }},
    {"append: size outside",
     [] { return appending([](auto& append) { append.messages.front().body.size = 1ull << 40; }); }},
    {"append: offset and size overflow",
     [] { return appending([](auto& append) {
            append.messages.back().body = {0xffffffffffffffff, 2};
          }); }},
    {"append: too many messages",
     [] {
       return appending([](auto& append) {
         while (append.messages.size() < 300) append.messages.push_back(append.messages.front());
       });
     }},
    {"append: no messages", [] { return appending([](auto& append) { append.messages.clear(); }); }},
    {"fetch: no UIDs",
     [] { return asking<request::Fetch>([](auto& fetch, Request&) { fetch.uids = UidSet(); }); }},
    {"fetch: no bodies",
     [] { return asking<request::FetchBodies>([](auto& fetch, Request&) { fetch.uids = UidSet(); }); }},
    {"flags with a line end", [] { return replacing("\\Flagged", "\\Fl\r\nged"); }},
    {"flags with a parenthesis", [] { return replacing("\\Flagged", "\\Fl) (ed"); }},
    {"commands in a mailbox name",
     [] {
       return asking<request::Select>([](auto& select, Request&) { select.mailbox.bytes = kManyLines; });
     }},
    {"commands in a pattern",
     [] { return asking<request::List>([](auto& list, Request&) { list.patterns = {kManyLines}; }); }},
    {"commands in a reference",
     [] { return asking<request::List>([](auto& list, Request&) { list.reference = kManyLines; }); }},
    {"commands in an option",
     [] {
       return asking<request::List>([](auto& list, Request&) { list.selectionOptions = {kManyLines}; });
     }},
    {"requests without end",
     [] {
       return [](Packet& packet, Between& between) {
         RequestId id = readRequest(copyOf(packet)).id;
         between.flood([&] { return pack(Request{++id, request::Simple{}, {}}); });
         return true;
       };
     }},
    // To a delivery.
    {"window: bodies missing",
     [] {
       return [](Packet& packet, Between& between) {
         if (!packet.descriptor) return false;
         packet.descriptor = {};
         return between.send(std::move(packet)), true;
       };
     }},
    {"window: bodies unsealed", [] { return handingOverFrom([] { return memory(0); }); }},
    {"window: bodies a pipe", [] { return handingOverFrom(readEndOfPipe); }},
    {"window: bodies a short pipe", [] { return handingOverFrom(shortPipe); }},
    {"window: bodies a directory",
     [] { return handingOverFrom([] { return open("/", O_RDONLY | O_CLOEXEC); }); }},
    {"window: offset outside",
     [] { return handingOver([](auto& window, auto&) { window.messages.back().body.offset += 1 << 30; }); }},
    {"window: size outside",
     [] { return handingOver([](auto& window, auto&) { window.messages.front().body.size = 1ull << 40; }); }},
    {"window: no recipients",
     [] { return handingOver([](auto& window, auto&) { window.forwardPaths.clear(); }); }},
    {"window: commands in a recipient", [] { return replacing("alice@example", "al>\r\nRSET\r\n<"); }},
    {"window: commands in a sender", [] { return replacing("bob@example.", "b>\r\nRSET\r\n<"); }},
    // To launch.
    {"report: pulled", [] { return reporting([] { return Report{Pulled{}}; }); }},
    {"report: synchronised", [] { return reporting([] { return Report{Synchronised{}}; }); }},
    {"report: wants a deliverer", [] { return reporting([] { return Report{WantsDeliverer{}}; }); }},
    {"report: exported", [] { return reporting([] { return Report{Exported{"state"}}; }); }},
    {"report: locked twice", [] { return reporting([] { return Report{Locked{}}; }); }},
    {"report: of no component",
     [] {
       return reporting([] { return Report{LogLine{LogLevel::error, static_cast<Component>(4), "", "x"}}; });
     }},
    {"report: of control characters",
     [] {
       return reporting([] {
         return Report{
             LogLine{LogLevel::notice, Component::local, "in\nbox\x1b[2J", "oops\r\nERROR: \x1b]0;t\a"}};
       });
     }},
    {"report: a long line",
     [] {
       return reporting([] {
         return Report{LogLine{LogLevel::notice, Component::local, "", std::string(60'000, 'x')}};
       });
     }},
    {"report: numbers beyond all",
     [] { return reporting([] {
            return Report{Progress{~0ull, ~0ull, ~0ull}};
          }); }},
    {"report: lines without end",
     [] {
       return reporting(
           [] {
             return Report{LogLine{LogLevel::notice, Component::local, "", "never mind"}};
           },
           true);
     }},
    {"report: deliverers without end",
     [] { return reporting([] { return Report{WantsDeliverer{}}; }, true); }},
};

}  // namespace

std::optional<Between::Lie> syncLie(const std::string& name) {
  auto it = kLies.find(name);
  if (it == kLies.end()) return std::nullopt;
  return it->second();
}

}  // namespace interimap::compromised
