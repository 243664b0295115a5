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
#include "ipc/secret.h"
#include "ipc/side.h"

namespace interimap {

namespace settings {

struct Tls {
  bool verify = true;
  std::string caFile, caPath;               // empty: the system's
  std::vector<std::string> fingerprints;    // ALGO$HEX of the SubjectPublicKeyInfo; one match suffices
  std::optional<std::string> hostname;      // SNI; none: the host's name, empty: no SNI
  std::string protocolMin, protocolMax;     // "TLSv1.2"; empty: OpenSSL's
  std::vector<std::string> protocols;       // deprecated SSL_protocols, "!SSLv3"
  std::string cipherList;                   // TLS up to 1.2; empty: OpenSSL's
  std::optional<std::string> cipherSuites;  // TLS 1.3; none: OpenSSL's
};

enum class Transport : std::uint8_t { imap, imaps, tunnel };

// COMPRESS (RFC 4978), where the server has it. `ifItPays`: over a link that is slower than compressing, for
// more than a few messages (net/session.h). `yes`: with the first message that is transferred.
enum class Compress : std::uint8_t { no, ifItPays, yes };

// One account. Everything a net needs to connect and log in.
struct Net {
  Transport transport = Transport::imaps;
  std::string host, port, proxy, command;
  bool nullStderr = false;
  bool startTls = true;
  Compress compress = Compress::no;
  Tls tls;
  std::vector<std::string> auth;  // upper case, in order of preference
  std::string username;
  Secret password;
  bool keepAlive = false;            // --watch, --notify, --idle
  std::uint64_t maxMessageSize = 0;  // octets
  std::uint8_t debug = 0;            // 0 no wire log, 1 redacted, 2 in full
  std::string user;                  // to become when started as root; empty: stay
};

// What sync is started for.
enum class Errand : std::uint8_t {
  synchronise,  // once
  watch,        // again every `interval` seconds
  notify,       // again whenever a server has news (RFC 5465), at the latest after `interval` seconds
  repair,       // full comparison, then as synchronise
  remove,       // --delete: `mailboxes`, from `targets`
  rename,       // --rename: mailboxes[0] to mailboxes[1], on `targets`
};

struct Sync {
  std::string databaseDirectory, databaseName;  // absolute directory, file within it
  bool createDatabase = true;
  Errand errand = Errand::synchronise;
  std::uint32_t interval = 0;                               // seconds; watch and notify
  bool onLocal = true, onRemote = true, inDatabase = true;  // targets of remove and rename
  bool dryRun = false;                                      // print the plan, change nothing anywhere
  bool forceDeletions = false;  // expunge even what max-deletions or caution would hold back
  bool adopt = false;        // where UIDs lost their meaning: pair what is the same, however little that is
  bool byMessageId = false;  // with adopt: what has the same Message-ID is the same
  std::optional<std::uint64_t>
      maxDeletions;  // per mailbox and run: a number, or a share of the mapped messages
  bool maxDeletionsPercent = false;
  std::uint8_t localConnections = 1, remoteConnections = 1;  // at most, while there is much to copy
  std::vector<std::string> mailboxes;           // MAILBOX arguments; override patterns and ignore
  std::vector<std::string> patterns;            // list-mailbox; NUL stands for the delimiter; empty: "*"
  std::vector<std::string> selectionOptions;    // list-select-opts, upper case
  std::optional<std::string> ignore;            // ignore-mailbox, a PCRE
  std::string localReference, remoteReference;  // list-reference
  std::string localAccount, remoteAccount;      // "user@host", recorded in the database (shown, compared)
  std::uint8_t debug = 0;
  std::string user;
  std::uint32_t stopAtWrite = 0;  // tests: die at the n-th write to a server or the database
  bool stopAfterWrite = false;    //        ... just after it instead of just before
};

// What sync is started for by pullimap, instead of Sync: one section of its configuration.
struct Pull {
  enum class Errand : std::uint8_t {
    once,
    idle,         // again whenever the server has news, at the latest after `interval` seconds
    exportState,  // say the state in the reference's form, ask no server
  };
  std::string stateDirectory, stateName;  // absolute directory, file within it
  bool createState = true;
  Errand errand = Errand::once;
  std::uint32_t interval = 0;             // seconds; idle
  std::vector<std::string> mailboxes;     // as on the wire; at least one
  std::vector<std::string> forwardPaths;  // deliver-rcpt; each a ForwardPath
  bool deliver = true;                    // false: --no-delivery
  bool retryRefused = false;
  bool forgetRefused = false;               // what was refused counts as settled from now on
  bool seen = true;                         // false: \Seen is left to whoever reads the mailbox
  std::optional<std::string> sender;        // deliver-sender: a ReversePath, instead of each message's own
  std::optional<std::uint32_t> purgeAfter;  // days
  std::string account;                      // "user@host", recorded in the state
  std::uint8_t debug = 0;
  std::string user;
  std::uint32_t stopAtWrite = 0;  // as in Sync
  bool stopAfterWrite = false;
};

// Where mail goes to.
struct Delivery {
  enum class Security : std::uint8_t {
    none,
    startTls,  // STARTTLS if the server offers it
    required,  // STARTTLS, or nothing is said
    implicit,  // TLS from the first byte on
  };
  bool lmtp = false;
  std::string host, port;  // host a name or an address; or, with an absolute path as host, a Unix socket
  std::string ehlo;
  Security security = Security::none;
  Tls tls;
  std::string username;  // empty: no AUTH
  Secret password;
  std::vector<std::string> drop;  // header fields that are left out; their names, in any case
  std::uint8_t debug = 0;         // 0 no wire log, 1 redacted, 2 in full
  std::string user;
};

}  // namespace settings

// launch -> worker. The first packet is Settings. net and delivery connect only after Go: by then sync holds
// the database's lock. Stop: SIGTERM; finish what cannot be interrupted and end with 0.
struct Go {};
struct Stop {};
struct Deliverer {};  // sync: the channel to the delivery process it wanted
struct AnotherNet {   // sync: the channel to one of the nets it wanted
  Side side = Side::local;
};
struct Order {
  std::variant<settings::Net, settings::Sync, settings::Pull, settings::Delivery, Go, Stop, Deliverer,
               AnotherNet>
      what;
  Descriptor peer;  // with Deliverer and AnotherNet, and only then
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

// worker -> launch.
struct LogLine {
  LogLevel level = LogLevel::info;
  std::string
      component;        // from sync: "local", "remote", "database" or empty; ignored from net (launch knows)
  std::string mailbox;  // as on that server, or empty
  std::string text;     // one line; launch escapes control characters and cuts at kMostLogText
  LogSubject subject{};
};
inline constexpr std::size_t kMostLogText = 16384;

struct Locked {};  // sync: the database is open and locked

struct Progress {  // sync: how far the copying is; shown on a terminal
  std::string mailbox;
  std::uint64_t messages = 0, ofMessages = 0, octets = 0;
};

struct Traffic {  // net, at its end: octets of IMAP, and of what went over the wire if it was compressed
  std::uint64_t received = 0, sent = 0, receivedCompressed = 0, sentCompressed = 0;
  bool compressed = false;
};

struct Synchronised {  // sync, when both sides are equal (or as equal as they get): what was done since the
                       // last time
  std::uint64_t copiedToLocal = 0, copiedToRemote = 0, flagsUpdated = 0, expunged = 0, failed = 0, octets = 0;
  std::uint32_t mailboxes = 0;  // that are synchronised
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

struct Pulled {  // sync, pulling, when nothing is left to do: what was done since the last time, in messages;
                 // but deferred and refused are those that wait now, however often they were tried
  std::uint64_t delivered = 0, deferred = 0, refused = 0, unknown = 0, purged = 0, octets = 0;
  bool waiting = false;  // idle: waits for news now
};

struct Exported {  // sync, pulling: the state in the reference's form (a file of 32-bit integers)
  std::string octets;
};

struct Ended {  // the last packet of a worker that ends by itself; its reason has been logged before
  ExitStatus status = ExitStatus::ok;
};

struct Report {
  std::variant<LogLine, Locked, Progress, Traffic, Synchronised, WantsDeliverer, Pulled, Exported, WantsNets,
               Ended>
      what;
};

Packet pack(Order order);
Order readOrder(Packet packet);
Packet pack(const Report& report);
Report readReport(Packet packet);

}  // namespace interimap
