// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What each worker is told, and which key of the configuration says it. A new key is a member with its
// default and a row, both here, and its use; launch's own keys are in launch/config in the same way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "ipc/secret.h"
#include "ipc/setting.h"
#include "ipc/side.h"

namespace interimap::settings {

struct Tls {
  bool verify = true;
  std::string caFile, caPath;               // empty: the system's
  std::string certificate, key;             // PEM files, to show who we are; the key is empty: in the former
  std::vector<std::string> fingerprints;    // ALGO$HEX of the SubjectPublicKeyInfo; one match suffices
  std::optional<std::string> hostname;      // SNI; none: the host's name, empty: no SNI
  std::string protocolMin, protocolMax;     // "TLSv1.2"; empty: OpenSSL's
  std::vector<std::string> protocols;       // deprecated SSL_protocols, "!SSLv3"
  std::string cipherList;                   // TLS up to 1.2; empty: OpenSSL's
  std::optional<std::string> cipherSuites;  // TLS 1.3; none: OpenSSL's

  static constexpr auto rows() {
    return std::tuple{
        Key("SSL_verify", &Tls::verify, as::YesNo{}),
        Key("SSL_CAfile", &Tls::caFile, as::Text{}),
        Key("SSL_CApath", &Tls::caPath, as::Text{}),
        Key("SSL_cert", &Tls::certificate, as::Text{}),
        Key("SSL_key", &Tls::key, as::Text{}),
        Key("SSL_fingerprint", &Tls::fingerprints, as::Fingerprints{}),
        Key("SSL_hostname", &Tls::hostname, as::TextOrEmpty{}),
        Key("SSL_protocol_min", &Tls::protocolMin, as::ProtocolVersion{}),
        Key("SSL_protocol_max", &Tls::protocolMax, as::ProtocolVersion{}),
        Key("SSL_protocols", &Tls::protocols, as::Protocols{}),
        Key("SSL_cipherlist", &Tls::cipherList, as::Text{}),
        Key("SSL_ciphersuites", &Tls::cipherSuites, as::TextOrEmpty{}),
    };
  }
};

enum class Transport : std::uint8_t { imap, imaps, tunnel };
constexpr Transport last(Transport) { return Transport::tunnel; }

// COMPRESS (RFC 4978), where the server has it. `ifItPays`: over a link that is slower than compressing, for
// more than a few messages (net/session.h). `yes`: with the first message that is transferred.
enum class Compress : std::uint8_t { no, ifItPays, yes };
constexpr Compress last(Compress) { return Compress::yes; }

// What a login has to be at least. `scram`: nothing that shows the server the password, or a token.
enum class Least : std::uint8_t { anything, scram };
constexpr Least last(Least) { return Least::scram; }

// One account. Everything a net needs to connect and log in.
struct Net {
  Transport transport = Transport::imaps;
  std::string host = "localhost";
  std::string port;  // empty in a configuration: that of `transport`
  std::string proxy, command;
  bool nullStderr = false;
  bool startTls = true;
  Compress compress = Compress::no;  // interimap's local account's; others' is `ifItPays`
  Tls tls;
  std::vector<std::string> auth;  // upper case, in order of preference; empty: the strongest first
  Least least = Least::anything;
  std::string username, authzid;  // who logs in, and whom to act as; empty: the same
  Secret password, keyPassword;   // the latter of SSL_key
  bool renewable = false;         // the password is an access token, of which there may be a newer one
  bool renewed = false;           // ... and this is one that was asked for once more: a refusal is one
  bool keepAlive = false;         // --watch, --notify, --idle
  bool check = false;             // --check: tell each step
  // Octets. Larger than any server we know of lets anyone append, small enough for the memory of most
  // machines.
  std::uint64_t maxMessageSize = 512ULL << 20;
  std::uint32_t maxWait = 3600;  // seconds: for how long a server may ask us to leave it alone, all in all
  std::uint16_t pipeline = 256;  // commands that may be unanswered
  std::uint64_t rate = 0;        // octets a second, both ways together; 0: as fast as it goes
  std::uint8_t debug = 0;        // 0 no wire log, 1 redacted, 2 in full
  std::string user = "nobody";   // to become when started as root; empty: stay

  static constexpr auto rows() {
    return std::tuple{
        Key("type", &Net::transport,
            as::oneOf<Transport>(
                {{"imap", Transport::imap}, {"imaps", Transport::imaps}, {"tunnel", Transport::tunnel}})),
        Key("host", &Net::host, as::Text{}),
        Key("port", &Net::port, as::Port{}),
        Key("proxy", &Net::proxy, as::HiddenText{}),
        Key("command", &Net::command, as::Text{}),
        Key("null-stderr", &Net::nullStderr, as::YesNo{}),
        Key("STARTTLS", &Net::startTls, as::YesNo{}),
        Key("compress", &Net::compress, as::YesNo{}),
        Part("", &Net::tls),
        Key("auth", &Net::auth, as::Mechanisms{}),
        Key("auth-min", &Net::least, as::oneOf<Least>({{"scram", Least::scram}})),
        Key("username", &Net::username, as::Credential{}),
        Key("authzid", &Net::authzid, as::Credential{}),
        Told("password", &Net::password),
        Told("key password", &Net::keyPassword),
        Told("renewable", &Net::renewable),
        Told("renewed", &Net::renewed),
        Told("keep alive", &Net::keepAlive),
        Told("check", &Net::check),
        Key("max-message-size", &Net::maxMessageSize, as::Octets{}),
        Key("max-wait", &Net::maxWait, as::Number{0, 86400}),
        Key("pipeline", &Net::pipeline, as::Number{1, 256}),
        Key("rate", &Net::rate, as::Octets{}),
        Told("debug", &Net::debug),
        Key("user", &Net::user, as::Text{}),
    };
  }
};

// What sync is started for.
enum class Errand : std::uint8_t {
  synchronise,  // once
  watch,        // again every `interval` seconds
  notify,       // again whenever a server has news (RFC 5465), at the latest after `interval` seconds
  repair,       // full comparison, then as synchronise
  remove,       // --delete: `mailboxes`, from `targets`
  rename,       // --rename: mailboxes[0] to mailboxes[1], on `targets`
  status,       // --status: say what the database knows, ask no server
  check,        // --check: say what both know, change nothing
};
constexpr Errand last(Errand) { return Errand::check; }

// A number, or a share of so many per cent.
struct Share {
  std::uint64_t number = 0;
  bool percent = false;
  bool operator==(const Share&) const = default;
};

// Whether a mailbox that was deleted on one side is on the other: never, if no message is in it there, or
// also with its messages.
enum class DeleteMailboxes : std::uint8_t { no, empty, yes };
constexpr DeleteMailboxes last(DeleteMailboxes) { return DeleteMailboxes::yes; }
inline constexpr auto kDeleteMailboxes = as::oneOf<DeleteMailboxes>(
    {{"no", DeleteMailboxes::no}, {"empty", DeleteMailboxes::empty}, {"yes", DeleteMailboxes::yes}});

// Mailboxes of an account that a watcher idles in at most, beside INBOX: each takes a connection, and a
// process for it.
inline constexpr unsigned kMostIdle = 8;

// What sync is told of each account.
struct OfAccount {
  std::string name;              // "user@host", recorded in the database (shown, compared)
  std::string reference;         // list-reference
  std::uint8_t connections = 1;  // at most, while there is much to copy
  std::uint64_t daily = 0;       // octets of messages to be transferred in a day (UTC); 0: any number
  std::uint32_t maxWait = 3600;  // seconds, as in Net
  // Patterns as Sync's, of mailboxes that a watcher idles in, where it is not told of all.
  std::vector<std::string> idleMailboxes;

  static constexpr auto rows() {
    return std::tuple{
        Told("name", &OfAccount::name),
        Key("list-reference", &OfAccount::reference, as::WireTextOrEmpty{}),
        Key("connections", &OfAccount::connections, as::Number{1, 8}),
        Key("daily", &OfAccount::daily, as::Octets{}),
        Key("max-wait", &OfAccount::maxWait, as::Number{0, 86400}),
        Key("idle-mailboxes", &OfAccount::idleMailboxes, as::Patterns{}),
    };
  }
};

// A section [mailbox PATTERN]: what is carried over between the two sides of the mailboxes that it matches.
// The first that matches counts.
struct OfMailbox {
  enum class Direction : std::uint8_t {
    both,
    toLocal,   // nothing at all is written to remote
    toRemote,  // nor to local
  };
  friend constexpr Direction last(Direction) { return Direction::toRemote; }
  enum class Deletions : std::uint8_t {
    both,
    never,
    toLocal,  // what is expunged on remote is on local
    toRemote,
  };
  friend constexpr Deletions last(Deletions) { return Deletions::toRemote; }

  std::string pattern;  // NUL stands for the delimiter
  Direction direction = Direction::both;
  Deletions deletions = Deletions::both;
  std::optional<Share> maxDeletions;               // none: Sync's
  bool flags = true;                               // whether changes of flags are carried over
  bool create = true;                              // whether it is created where it is missing
  std::optional<std::uint64_t> maxSize;            // octets; larger messages stay where they are
  std::optional<std::uint32_t> maxAge;             // days; likewise older ones
  std::optional<DeleteMailboxes> deleteMailboxes;  // none: Sync's
  bool operator==(const OfMailbox&) const = default;

  static constexpr auto rows() {
    return std::tuple{
        Told("pattern", &OfMailbox::pattern),
        Key("direction", &OfMailbox::direction,
            as::oneOf<Direction>({{"both", Direction::both},
                                  {"to-local", Direction::toLocal},
                                  {"to-remote", Direction::toRemote}})),
        Key("deletions", &OfMailbox::deletions,
            as::oneOf<Deletions>({{"both", Deletions::both},
                                  {"never", Deletions::never},
                                  {"to-local", Deletions::toLocal},
                                  {"to-remote", Deletions::toRemote}})),
        Key("max-deletions", &OfMailbox::maxDeletions, as::Share{}),
        Key("flags", &OfMailbox::flags, as::YesNo{}),
        Key("create", &OfMailbox::create, as::YesNo{}),
        Key("max-size", &OfMailbox::maxSize, as::Octets{}),
        Key("max-age", &OfMailbox::maxAge, as::Age{}),
        Key("delete-mailboxes", &OfMailbox::deleteMailboxes, kDeleteMailboxes),
    };
  }
};

struct Sync {
  std::string databaseDirectory, databaseName;  // absolute directory, file within it
  Errand errand = Errand::synchronise;
  std::uint32_t interval = 0;                               // seconds; watch and notify
  bool onLocal = true, onRemote = true, inDatabase = true;  // targets of remove and rename
  bool dryRun = false;                                      // print the plan, change nothing anywhere
  bool tellsMailboxes = false;                              // tells of the copying of each mailbox, too
  bool forceDeletions = false;  // expunge even what max-deletions or caution would hold back
  bool adopt = false;        // where UIDs lost their meaning: pair what is the same, however little that is
  bool byMessageId = false;  // with adopt: what has the same Message-ID is the same
  std::optional<Share> maxDeletions;  // per mailbox and run: of the mapped messages
  DeleteMailboxes deleteMailboxes = DeleteMailboxes::no;
  bool moves = false;  // what was moved or copied on one side is copied there within the other (UID COPY)
  std::vector<std::string> mailboxes;         // MAILBOX arguments; override patterns and ignore
  std::vector<std::string> patterns;          // NUL stands for the delimiter; empty: "*"
  std::vector<std::string> selectionOptions;  // upper case
  std::optional<std::string> ignore;          // a PCRE
  std::vector<std::string> ignoreUses{"\\All", "\\Flagged", "\\Important"};  // of kSpecialUses
  // Names that differ on both sides, by turns that on local and that on remote; NUL stands for the delimiter
  // (ipc/name_map.h). And whether mailboxes for the same use are the same, whatever their names.
  std::vector<std::string> map;
  bool specialUse = false;
  std::vector<OfMailbox> ofMailboxes;  // in their order
  Both<OfAccount> of;
  std::string user = "nobody";
  std::uint32_t stopAtWrite = 0;  // tests: die at the n-th write to a server or the database
  bool stopAfterWrite = false;    //        ... just after it instead of just before

  static constexpr auto rows() {
    return std::tuple{
        Told("database directory", &Sync::databaseDirectory),
        Told("database name", &Sync::databaseName),
        Told("errand", &Sync::errand),
        Told("interval", &Sync::interval),
        Told("on local", &Sync::onLocal),
        Told("on remote", &Sync::onRemote),
        Told("in database", &Sync::inDatabase),
        Told("dry run", &Sync::dryRun),
        Told("tells mailboxes", &Sync::tellsMailboxes),
        Told("force deletions", &Sync::forceDeletions),
        Told("adopt", &Sync::adopt),
        Told("by message-id", &Sync::byMessageId),
        Key("max-deletions", &Sync::maxDeletions, as::Share{}),
        Key("delete-mailboxes", &Sync::deleteMailboxes, kDeleteMailboxes),
        Key("moves", &Sync::moves, as::YesNo{}),
        Told("mailboxes", &Sync::mailboxes),
        Key("list-mailbox", &Sync::patterns, as::Patterns{}),
        Key("list-select-opts", &Sync::selectionOptions, as::SelectionOptions{}),
        Key("ignore-mailbox", &Sync::ignore, as::WireText{}),
        Key("ignore-special-use", &Sync::ignoreUses, as::SpecialUses{}),
        Told("map", &Sync::map),
        Key("special-use", &Sync::specialUse, as::YesNo{}),
        Told("of mailboxes", &Sync::ofMailboxes),
        OfEach(&Sync::of),
        Key("user", &Sync::user, as::Text{}),
        Told("stop at write", &Sync::stopAtWrite),
        Told("stop after write", &Sync::stopAfterWrite),
    };
  }
};

// What sync is started for by pullimap, instead of Sync: one section of its configuration.
struct Pull {
  enum class Errand : std::uint8_t {
    once,
    idle,         // again whenever the server has news, at the latest after `interval` seconds
    exportState,  // say the state in the reference's form, ask no server
    status,       // say the state, ask no server
    check,        // say the state and ask the server, change nothing
  };
  friend constexpr Errand last(Errand) { return Errand::check; }

  std::string stateDirectory, stateName;  // absolute directory, file within it
  bool createState = true;
  Errand errand = Errand::once;
  std::uint32_t interval = 0;  // seconds; idle
  // Patterns of LIST, as on the wire, each once; at least one. NUL stands for the delimiter.
  std::vector<std::string> mailboxes{"INBOX"};
  bool unseenOnly = false;                // of what is new; the rest counts as settled
  std::vector<std::string> forwardPaths;  // each a ForwardPath, once; empty in a configuration: the user's
  std::vector<std::string> rcptFrom;      // header fields that name the recipients, the preferred one first
  std::vector<std::string> rcptAllow;     // which of those may be; "*" stands for anything
  std::uint8_t connections = 1;           // delivery processes at a time
  bool deliver = true;                    // false: --no-delivery
  bool retryRefused = false;
  bool forgetRefused = false;               // what was refused counts as settled from now on
  bool seen = true;                         // false: \Seen is left to whoever reads the mailbox
  std::optional<std::string> sender;        // a ReversePath, instead of each message's own
  std::optional<std::uint32_t> purgeAfter;  // days
  std::vector<std::string> after;           // then: "delete", or "move" and a mailbox as on the wire
  std::string account;                      // "user@host", recorded in the state
  std::string user = "nobody";
  std::uint32_t stopAtWrite = 0;  // as in Sync
  bool stopAfterWrite = false;

  static constexpr auto rows() {
    return std::tuple{
        Told("state directory", &Pull::stateDirectory),
        Told("state name", &Pull::stateName),
        Told("create state", &Pull::createState),
        Told("errand", &Pull::errand),
        Told("interval", &Pull::interval),
        Key("mailbox", &Pull::mailboxes, as::Mailboxes{}),
        Key("filter", &Pull::unseenOnly, as::oneOf<bool>({{"all", false}, {"unseen", true}})),
        Key("deliver-rcpt", &Pull::forwardPaths, as::ForwardPaths{}),
        Key("rcpt-from", &Pull::rcptFrom, as::FieldNames{}),
        Key("rcpt-allow", &Pull::rcptAllow, as::AddressPatterns{}),
        Key("deliver-connections", &Pull::connections, as::Number{1, 8}),
        Told("deliver", &Pull::deliver),
        Told("retry refused", &Pull::retryRefused),
        Told("forget refused", &Pull::forgetRefused),
        Key("deliver-seen", &Pull::seen, as::YesNo{}),
        Key("deliver-sender", &Pull::sender, as::Sender{}),
        Key("purge-after", &Pull::purgeAfter, as::Days{}),
        Key("after", &Pull::after, as::After{}),
        Told("account", &Pull::account),
        Key("user", &Pull::user, as::Text{}),
        Told("stop at write", &Pull::stopAtWrite),
        Told("stop after write", &Pull::stopAfterWrite),
    };
  }
};

// Where mail goes to.
struct Delivery {
  enum class Security : std::uint8_t {
    none,
    startTls,  // STARTTLS if the server offers it
    required,  // STARTTLS, or nothing is said
    implicit,  // TLS from the first byte on
  };
  friend constexpr Security last(Security) { return Security::implicit; }

  bool lmtp = false;
  std::string host, port;  // host a name or an address; or, with an absolute path as host, a Unix socket
  std::string ehlo = "localhost.localdomain";
  Security security = Security::none;
  Tls tls;
  std::vector<std::string> auth;  // as in Net; empty: what is surest to work first
  Least least = Least::anything;
  std::string username, authzid;  // no username: no AUTH
  Secret password, keyPassword;
  bool renewable = false;
  // --check: tell each step, and ask for these recipients, of mail from this sender, without any mail.
  bool check = false;
  std::vector<std::string> askedFor;
  std::string askedFrom;
  std::vector<std::string> drop;  // header fields that are left out; their names, in any case
  std::uint8_t debug = 0;         // 0 no wire log, 1 redacted, 2 in full
  std::string user = "nobody";

  static constexpr auto rows() {
    return std::tuple{
        Told("lmtp", &Delivery::lmtp),
        Told("host", &Delivery::host),
        Told("port", &Delivery::port),
        Key("deliver-ehlo", &Delivery::ehlo, as::Word{}),
        Key("deliver-tls", &Delivery::security,
            as::oneOf<Security>({{"no", Security::none},
                                 {"starttls", Security::startTls},
                                 {"required", Security::required},
                                 {"implicit", Security::implicit}})),
        Part("deliver-", &Delivery::tls),
        Key("deliver-auth", &Delivery::auth, as::Mechanisms{}),
        Key("deliver-auth-min", &Delivery::least, as::oneOf<Least>({{"scram", Least::scram}})),
        Key("deliver-username", &Delivery::username, as::Credential{}),
        Key("deliver-authzid", &Delivery::authzid, as::Credential{}),
        Told("password", &Delivery::password),
        Told("key password", &Delivery::keyPassword),
        Told("renewable", &Delivery::renewable),
        Told("check", &Delivery::check),
        Told("asked for", &Delivery::askedFor),
        Told("asked from", &Delivery::askedFrom),
        Key("deliver-drop", &Delivery::drop, as::FieldNames{}),
        Told("debug", &Delivery::debug),
        Key("user", &Delivery::user, as::Text{}),
    };
  }
};

}  // namespace interimap::settings
