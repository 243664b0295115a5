// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// launch <-> workers: settings down, log lines and the end of the story up. launch trusts no worker: what a
// worker logs is text to be shown, escaped, and never anything else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ipc/body.h"
#include "ipc/channel.h"
#include "ipc/exit_status.h"
#include "ipc/settings.h"
#include "ipc/side.h"

namespace interimap {

// launch -> worker. The first packet is Settings. net and delivery connect only after Go: by then sync holds
// the database's lock. Stop: SIGTERM; finish what cannot be interrupted and end with 0.
struct Go {};
struct Stop {};
struct Look {};       // sync, that waits for news: look for it now
struct Deliverer {};  // sync: the channel to the delivery process it wanted
struct AnotherNet {   // sync: the channel to one of the nets it wanted
  Side side = Side::local;
};
struct IdleNet {  // sync: the channel to the net it wanted to idle in a mailbox
  Side side = Side::local;
};
struct Order {
  std::variant<settings::Net, settings::Sync, settings::Pull, settings::Delivery, Go, Stop, Look, Deliverer,
               AnotherNet, IdleNet>
      what;
  Descriptor peer;  // with Deliverer, AnotherNet and IdleNet, and only then
};

enum class LogLevel : std::uint8_t {
  info,     // suppressed by --quiet
  notice,   // shown even with --quiet
  warning,  // "WARNING: " is put in front by launch
  error,    // "ERROR: " is put in front by launch
  debug,    // --debug only
};

// What a log line speaks of, for programs that read it (--log-format=json). Nothing: it speaks of none.
struct LogSubject {
  std::uint32_t uid = 0;              // one message
  std::string uids;                   // several, as a set
  std::string messageId;              // of its header
  std::optional<std::string> sender;  // of its envelope; empty: null
  std::string recipient, reply;       // and what was said to its delivery there
  bool operator==(const LogSubject&) const = default;
};

// Whom a line speaks of; none: the run as a whole.
enum class Component : std::uint8_t { none, local, remote, database };
inline constexpr Component componentOf(Side side) {
  return side == Side::local ? Component::local : Component::remote;
}
const char* nameOf(Component component);  // "local"; none: empty

// worker -> launch.
struct LogLine {
  LogLevel level = LogLevel::info;
  Component component = Component::none;  // from sync; ignored from net and delivery (launch knows)
  std::string mailbox;                    // as on that server, or empty
  std::string text;  // one line; launch escapes control characters and cuts at kMostLogText
  LogSubject subject{};
};
inline constexpr std::size_t kMostLogText = 16384;

struct Locked {};  // sync: the database is open and locked

struct Progress {  // sync: how far the copying is; shown on a terminal
  std::uint64_t messages = 0, ofMessages = 0, octets = 0;
  std::uint64_t ofOctets = 0;  // about; 0: unknown
  Component target = Component::none;  // the side to which it is copied; none: all that is, either way
  std::string mailbox{};               // as on that side
  bool operator==(const Progress&) const = default;
};

struct Traffic {  // net, at its end: octets of IMAP, and of what went over the wire if it was compressed
  std::uint64_t received = 0, sent = 0, receivedCompressed = 0, sentCompressed = 0;
  bool compressed = false;
};

struct Synchronised {  // sync, when both sides are equal (or as equal as they get): what was done since the
                       // last time; of a dry run, what would be
  std::uint64_t copiedToLocal = 0, copiedToRemote = 0, flagsUpdated = 0, expunged = 0, failed = 0;
  std::uint64_t octetsToLocal = 0, octetsToRemote = 0;
  std::uint32_t mailboxes = 0;  // that are synchronised
  std::uint32_t held = 0;       // that are left alone, or expunged nothing in, until somebody decides
  bool waiting = false;         // watch, notify: waits for news now
};

// sync, pulling: a delivery process, please; any former one has ended or is not needed any more. Answered by
// Deliverer.
struct WantsDeliverer {};

// sync: so many nets beside the first of each side, please; any former ones have ended or are not needed any
// more. Answered by as many AnotherNet.
struct WantsNets {
  std::uint8_t local = 0, remote = 0;
};

// sync, watching: one more net of that side, please, to idle in one of idle-mailboxes. Answered by one
// IdleNet, once there are no more than there may be.
struct WantsIdleNet {
  Side side = Side::local;
};

// net: the server asks to be left alone for so long. sync, with `gone`: the octets of the day are used up.
struct Waits {
  std::uint64_t milliseconds = 0;
  bool gone = false;  // and this connection ends: another one may be made then
  bool operator==(const Waits&) const = default;
};

inline constexpr std::uint64_t kLongestWait = 30ULL * 86400 * 1000;

struct Pulled {  // sync, pulling, when nothing is left to do: what was done since the last time, in messages;
                 // but deferred and refused are those that wait now, however often they were tried
  std::uint64_t delivered = 0, deferred = 0, refused = 0, unknown = 0, purged = 0, octets = 0;
  bool waiting = false;  // idle: waits for news now
};

struct Exported {  // sync, pulling: the state in the reference's form (a file of 32-bit integers)
  std::string octets;
};

// sync, asked for the state (--status): one thing that it found, for people and for programs.
struct Finding {
  struct Fact {
    std::string name;  // letters, ours
    std::variant<std::uint64_t, std::string> value;
    bool operator==(const Fact&) const = default;
  };
  Component component = Component::none;
  std::string mailbox;  // or empty
  std::string text;     // as in a LogLine
  std::vector<Fact> facts{};
  bool operator==(const Finding&) const = default;
};
inline constexpr std::size_t kMostFacts = 16;

struct Ended {  // the last packet of a worker that ends by itself; its reason has been logged before
  ExitStatus status = ExitStatus::ok;
};

struct Report {
  std::variant<LogLine, Locked, Progress, Traffic, Synchronised, WantsDeliverer, Pulled, Exported, WantsNets,
               Finding, Waits, WantsIdleNet, Ended>
      what;
};

Packet pack(Order order);
Order readOrder(Packet packet);
Packet pack(const Report& report);
Report readReport(Packet packet);

}  // namespace interimap
