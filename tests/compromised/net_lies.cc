// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What a net may say of a server that it has read to its own ruin.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "ipc/imap.h"
#include "tests/compromised/lies.h"

namespace interimap::compromised {
namespace {

using namespace answer;

// A lie about an answer: true if it was one for it. Then what it has become is sent.
using AboutAnswer = std::function<bool(Answer& answer, Between& between)>;

Between::Lie inAnswer(AboutAnswer lie) {
  return [lie = std::move(lie)](Packet& packet, Between& between) {
    Answer answer = readAnswer(copyOf(packet));
    if (!lie(answer, between)) return false;
    between.send(pack(std::move(answer)));
    return true;
  };
}

template <class Kind>
Between::Lie in(std::function<bool(Kind& kind, Answer& answer, Between& between)> lie) {
  return inAnswer([lie = std::move(lie)](Answer& answer, Between& between) {
    auto* kind = std::get_if<Kind>(&answer.what);
    return kind != nullptr && lie(*kind, answer, between);
  });
}

// Instead of an answer of this kind, one of another.
template <class Kind, class Other>
Between::Lie insteadOf(Other other) {
  return in<Kind>([other](Kind&, Answer& answer, Between&) {
    answer.bodies = {};
    answer.what = other;
    return true;
  });
}

Between::Lie withBodies(std::function<int()> make) {
  return in<Window>([make = std::move(make)](Window& window, Answer& answer, Between&) {
    if (window.messages.empty()) return false;
    answer.bodies = Descriptor(make());
    return true;
  });
}

template <class Change>
Between::Lie inWindow(Change change) {
  return in<Window>([change](Window& window, Answer&, Between&) {
    if (window.messages.empty()) return false;
    change(window);
    return true;
  });
}

Uid uid(std::uint64_t n) { return *Uid::of(n); }

// Of the first INTERNALDATE, "02-Feb-2021 03:04:05 +0000".
Between::Lie replacingMonth(std::string_view with) {
  return [with](Packet& packet, Between& between) {
    auto* begin = reinterpret_cast<char*>(packet.words.data());
    std::string_view octets(begin, packet.words.size() * 8);
    for (std::size_t at = 0; (at = octets.find('-', at)) != octets.npos && at + 24 < octets.size(); ++at) {
      if (octets[at + 4] != '-' || octets[at + 9] != ' ' || octets[at + 12] != ':') continue;
      std::copy(with.begin(), with.end(), begin + at + 1);
      return between.send(std::move(packet)), true;
    }
    return false;
  };
}

Messages oneMessage(std::uint64_t n) { return {{Message{.uid = uid(n), .modSeq = {}, .flags = Flags()}}}; }

const std::map<std::string, std::function<Between::Lie()>> kLies = {
    {"unknown id", [] { return inAnswer([](Answer& a, Between&) { return a.id += 1000, true; }); }},
    {"id 0", [] { return inAnswer([](Answer& a, Between&) { return a.id = 0, true; }); }},
    {"done twice",
     [] {
       return in<Done>([](Done& done, Answer& a, Between& between) {
         between.send(pack(Answer{a.id, done, {}}));
         return true;
       });
     }},
    {"done out of order", [] { return in<Done>([](Done&, Answer& a, Between&) { return ++a.id, true; }); }},
    {"after the end",
     [] {
       return in<Done>([](Done& done, Answer& a, Between& between) {
         between.send(pack(Answer{a.id, done, {}}));
         a.what = oneMessage(1);
         return true;
       });
     }},
    {"appended unasked",
     [] {
       return insteadOf<Listed>(Appended{{1}, {uid(7)}, "", {true}});
     }},
    {"ready for LIST", [] { return insteadOf<Listed>(Ready{}); }},
    {"messages for LIST", [] { return insteadOf<Listed>(oneMessage(5)); }},
    {"found for SELECT", [] { return insteadOf<Selected>(Found{UidSet::range(1, 9)}); }},
    {"vanished for FETCH", [] { return insteadOf<Window>(Vanished{UidSet::range(1, 0xffffffff)}); }},
    {"listed for APPEND", [] { return insteadOf<Appended>(Listed{}); }},
    // Bodies.
    {"bodies missing",
     [] {
       return [](Packet& packet, Between& between) {
         if (!packet.descriptor) return false;
         packet.descriptor = {};
         return between.send(std::move(packet)), true;
       };
     }},
    {"bodies unsealed", [] { return withBodies([] { return memory(0); }); }},
    {"bodies half sealed",
     [] { return withBodies([] { return memory(F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL); }); }},
    {"bodies not memory", [] { return withBodies([] { return open("/dev/zero", O_RDONLY | O_CLOEXEC); }); }},
    {"bodies a pipe", [] { return withBodies(readEndOfPipe); }},
    {"bodies a short pipe", [] { return withBodies(shortPipe); }},
    {"bodies out of order",
     [] { return inWindow([](Window& w) { std::swap(w.messages.front().body, w.messages.back().body); }); }},
    {"bodies a directory", [] { return withBodies([] { return open("/", O_RDONLY | O_CLOEXEC); }); }},
    {"offset outside", [] { return inWindow([](Window& w) { w.messages.back().body.offset += 1 << 30; }); }},
    {"size outside", [] { return inWindow([](Window& w) { w.messages.front().body.size = 1ull << 40; }); }},
    {"offset and size overflow",
     [] { return inWindow([](Window& w) {
            w.messages.back().body = {0xffffffffffffffff, 2};
          }); }},
    {"body not asked for",
     [] { return inWindow([](Window& w) { w.messages.back().uid = uid(4000000000); }); }},
    {"too large, not asked for",
     [] { return inWindow([](Window& w) { w.tooLarge.push_back(uid(4000000000)); }); }},
    {"body twice",
     [] { return inWindow([](Window& w) { w.messages.back().uid = w.messages.front().uid; }); }},
    // What was appended.
    {"too many appended",
     [] {
       return in<Appended>([](Appended& a, Answer&, Between&) {
         a.uids.push_back(uid(77));
         a.stored.push_back(true);
         return true;
       });
     }},
    {"too few appended",
     [] {
       return in<Appended>([](Appended& a, Answer&, Between&) {
         a.uids.pop_back();
         a.stored.pop_back();
         return true;
       });
     }},
    {"appended twice",
     [] {
       return in<Appended>([](Appended& a, Answer& answer, Between& between) {
         between.send(pack(Answer{answer.id, a, {}}));
         return true;
       });
     }},
    {"appended all as one",
     [] {
       return in<Appended>([](Appended& a, Answer&, Between&) {
         for (auto& each : a.uids) each = a.uids.front();
         return a.uids.size() > 1;
       });
     }},
    {"appended as what is there",
     [] {
       return in<Appended>([](Appended& a, Answer&, Between&) {
         std::uint64_t n = 0;
         for (auto& each : a.uids) each = uid(1 + n++ % 3);
         return true;
       });
     }},
    {"appended where nothing is",
     [] {
       return in<Appended>([](Appended& a, Answer&, Between&) {
         std::uint64_t n = 4000000000;
         for (auto& each : a.uids) each = uid(n++);
         return true;
       });
     }},
    {"appended in another mailbox",
     [] {
       return in<Appended>([](Appended& a, Answer&, Between&) { return a.uidValidity.value ^= 1, true; });
     }},
    // What there is.
    {"a UID never listed",
     [] {
       return in<Messages>([](Messages& m, Answer&, Between&) {
         if (m.messages.empty()) return false;
         m.messages.front().uid = uid(4000000000);
         return true;
       });
     }},
    {"everything vanished",
     [] {
       return in<Selected>([](Selected&, Answer& answer, Between& between) {
         between.send(pack(Answer{answer.id, Vanished{UidSet::range(1, 0xffffffff)}, {}}));
         return true;
       });
     }},
    {"UIDNEXT goes back",
     [] { return in<Selected>([](Selected& s, Answer&, Between&) { return s.uidNext = {1}, true; }); }},
    {"UIDVALIDITY changed",
     [] { return in<Selected>([](Selected& s, Answer&, Between&) { return ++s.uidValidity.value, true; }); }},
    {"HIGHESTMODSEQ beyond all",
     [] {
       return in<Selected>([](Selected& s, Answer&, Between&) { return s.highestModSeq = {~0ull}, true; });
     }},
    {"selected twice",
     [] {
       return in<Selected>([](Selected& s, Answer& answer, Between& between) {
         between.send(pack(Answer{answer.id, s, {}}));
         return true;
       });
     }},
    {"a flag with a line end", [] { return replacing("\\Flagged", "\\Fl\r\nged"); }},
    {"a flag with a parenthesis", [] { return replacing("\\Flagged", "\\Fl) (ed"); }},
    {"a date that is none", [] { return replacingMonth("Xyz"); }},
    // Floods.
    {"a flood of lists",
     [] {
       return in<Listed>([](Listed& listed, Answer& answer, Between& between) {
         std::uint64_t n = 0;
         between.flood([&] {
           Listed more;
           for (int i = 0; i < 12; ++i) {
             more.entries.push_back(listed.entries.front());
             more.entries.back().mailbox.bytes = "box" + std::to_string(n++);
           }
           return pack(Answer{answer.id, std::move(more), {}});
         });
         return true;
       });
     }},
    {"a flood of long names",
     [] {
       return in<Listed>([](Listed& listed, Answer& answer, Between& between) {
         std::uint64_t n = 0;
         between.flood([&] {
           Listed more;
           for (int i = 0; i < 12; ++i) {
             more.entries.push_back(listed.entries.front());
             more.entries.back().mailbox.bytes = std::to_string(n++) + std::string(4000, 'n');
           }
           return pack(Answer{answer.id, std::move(more), {}});
         });
         return true;
       });
     }},
    {"a flood of messages",
     [] {
       return in<Selected>([](Selected&, Answer& answer, Between& between) {
         std::uint64_t n = 1;
         between.flood([&] {
           Messages more;
           for (int i = 0; i < 100; ++i, n = n % 0xffffffff + 1)
             more.messages.push_back({.uid = uid(n), .modSeq = {n}, .flags = Flags()});
           return pack(Answer{answer.id, std::move(more), {}});
         });
         return true;
       });
     }},
    {"a flood of bodies",
     [] {
       return in<Window>([](Window& window, Answer& answer, Between& between) {
         between.flood([&] {
           Answer again{answer.id, window, Descriptor(fcntl(answer.bodies.get(), F_DUPFD_CLOEXEC, 0))};
           return pack(std::move(again));
         });
         return true;
       });
     }},
};

}  // namespace

std::optional<Between::Lie> netLie(const std::string& name) {
  auto it = kLies.find(name);
  if (it == kLies.end()) return std::nullopt;
  return it->second();
}

}  // namespace interimap::compromised
