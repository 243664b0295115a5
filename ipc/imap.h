// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// sync <-> net: what sync may ask of a server, and what net answers. One struct per packet; ipc/imap.capnp is
// the same on the wire and ipc/imap_convert.cc the only way between the two.
//
// net trusts sync. sync trusts nothing in an answer beyond what the types hold: every value is range-checked
// on the way in, and one that does not hold is a PeerViolation.
//
// A request has an id chosen by sync, ascending, never reused. net writes commands in the order of the
// requests, without waiting: pipelining is simply sending. Requests may be sent before login has finished.
// Every request gets any number of answers with its id, the last of which is Done; requests are answered in
// order.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ipc/body.h"
#include "ipc/channel.h"
#include "ipc/extension_set.h"
#include "ipc/flags.h"
#include "ipc/identity.h"
#include "ipc/internal_date.h"
#include "ipc/mailbox_name.h"
#include "ipc/path.h"
#include "ipc/special_use.h"
#include "ipc/uid.h"
#include "ipc/uid_set.h"

namespace interimap {

using RequestId = std::uint32_t;

// Limits of a packet, so that none outgrows Channel::kMostBytes. sync splits, net splits further for the
// wire.
inline constexpr std::size_t kMostRanges = 4096;  // ranges of a UidSet in one request or answer
inline constexpr std::size_t kMostMessages =
    128;  // messages in one window of bodies, one Append, one Messages
inline constexpr std::size_t kMostCopied = 1024;    // messages in one Copy
inline constexpr std::size_t kMostListed = 12;      // entries in one Listed or Statuses
inline constexpr std::size_t kMostText = 1024;      // bytes of server text quoted in an answer
inline constexpr std::size_t kMostMessageId = 256;  // bytes of a Message-ID
inline constexpr std::size_t kMostHops = 4;         // Received fields of a message that are told apart
inline constexpr std::size_t kMostFields = 8;       // header fields that are looked at for recipients
inline constexpr std::size_t kMostNamed = 48;       // addresses in those of one message
inline constexpr std::size_t kMostNamedOctets = 4096;

namespace request {

// The first request: what the server has, ENABLE QRESYNC (RFC 7162 section 3.2.3) if it has that and
// `qresync` asks for it, and NAMESPACE likewise. Answer: Ready, once logged in.
// `greeting`: what Ready said the last time, so that the login may go ahead of it. Empty: it may not.
struct Enable {
  bool qresync = true;
  bool namespaces = false;
  std::string greeting{};
  bool operator==(const Enable&) const = default;
};

// LIST [(options)] reference (patterns) [RETURN (SUBSCRIBED [STATUS (…)])] (RFC 5258, RFC 5819). An empty
// single pattern asks for the hierarchy delimiter and has no RETURN. Answers: Listed, Statuses.
struct List {
  std::string reference;
  std::vector<std::string> patterns;
  std::vector<std::string> selectionOptions;
  bool returnStatus = true;
  bool operator==(const List&) const = default;
};

// What the client knows of a mailbox: the QRESYNC parameter of SELECT (RFC 7162 section 3.2.5).
struct Known {
  UidValidity uidValidity;
  ModSeq modSeq;
  UidSet uids;              // usually 1:UIDNEXT-1
  std::uint32_t count = 0;  // of messages the client has, that the sample ends with; 0 without a sample
  UidSet sample;            // the highest known UIDs: message sequence match data, a few hundred characters
  bool operator==(const Known&) const = default;
};

// SELECT, or EXAMINE if readOnly. Answers: with Known, Vanished and Messages (uid, modSeq, flags) as they
// come; Selected; Done says whether the mailbox is selected now. Nothing a server says unasked about a
// selected mailbox is passed on: the next Select with Known brings it all. `modSequences`: (CONDSTORE), for
// servers without QRESYNC that would not keep mod-sequences otherwise (RFC 7162 section 3.1.8).
struct Select {
  WireName mailbox;
  bool readOnly = false;
  std::optional<Known> known;
  bool modSequences = false;
  bool operator==(const Select&) const = default;
};

// UID FETCH of everything but bodies. Answer: Messages.
struct Fetch {
  enum class Items : std::uint8_t {
    flags,     // UID FLAGS, and MODSEQ where QRESYNC is enabled
    sizes,     // and RFC822.SIZE: servers know it, while they open a message for its INTERNALDATE
    identity,  // and INTERNALDATE, and the header's digest: BODY.PEEK[HEADER]
    content,   // likewise, and the digest of the whole message: BODY.PEEK[]
    listing,   // sizes, and what the server calls it (ServerId), if it has such names
  };
  UidSet uids;
  Items items = Items::flags;
  ModSeq changedSince{};  // only what has changed since (CHANGEDSINCE, RFC 7162 section 3.1.4.1); 0: all
  bool operator==(const Fetch&) const = default;
};

// UID FETCH (FLAGS INTERNALDATE [ENVELOPE] BODY.PEEK[]) of at most kMostMessages messages, one window.
// Answers: Window, usually one; net cuts early when a packet would grow too large. An ENVELOPE that cannot be
// read means the null reverse-path, unless a Return-Path tells another. A message that does not come is gone,
// or all of its response could not be read: Done is OK either way.
struct FetchBodies {
  UidSet uids;
  bool envelope = false;              // who sent it, and which way it came, is asked for, too
  Reading reading = Reading::once;    // of the bodies
  std::vector<std::string> fields{};  // with the envelope: header fields whose addresses are asked for
  bool operator==(const FetchBodies&) const = default;
};

struct NewMessage {
  Flags flags;
  InternalDate date;
  BodyRange body;  // within the descriptor beside the request
};

// APPEND (RFC 3501 section 6.3.11, RFC 3502, RFC 4315): one MULTIAPPEND if `together` and the server has it,
// else one command each, pipelined. At most kMostMessages. The bodies come beside it. Answer: Appended.
struct Append {
  WireName mailbox;
  bool together = true;
  std::vector<NewMessage> messages;
  std::optional<std::uint64_t> limit{};  // octets; what is larger is refused in the server's name (kTooBig)
};

// UID STORE uids (+|-)FLAGS (flags), not silent: answers Messages with what each message has now. The
// difference is sent, never the whole list, so that a change made meanwhile by somebody else is not undone.
struct Store {
  enum class Change : std::uint8_t { add, remove };
  UidSet uids;
  Change change = Change::add;
  Flags flags;
  bool operator==(const Store&) const = default;
};

// UID STORE +FLAGS.SILENT (\Deleted), then UID EXPUNGE of exactly these (RFC 4315 section 2.1), or one of the
// two alone. Answer: Vanished, as far as the server said so; without QRESYNC it does not, and OK has to do.
struct Expunge {
  enum class Step : std::uint8_t {
    both,
    mark,    // only \Deleted
    remove,  // only UID EXPUNGE, which spares what is not \Deleted
    all,     // without UIDPLUS: EXPUNGE, which takes whatever else is \Deleted along (sync/pass/marks.h)
  };
  UidSet uids;
  Step step = Step::both;
  bool operator==(const Expunge&) const = default;
};

// UID MOVE (RFC 6851): these messages to another mailbox, all of them or, if that fails, those that are gone.
// Answer: Vanished, as for Expunge.
struct Move {
  UidSet uids;
  WireName to;
  bool operator==(const Move&) const = default;
};

// UID COPY (RFC 3501 section 6.4.7): these messages, at most kMostCopied, to another mailbox, too. Answer:
// Appended, per message, in the order of their UIDs: `stored`, unless it is known that it was not; with the
// UID of the copy if the server told (COPYUID, RFC 4315) and that makes sense.
struct Copy {
  UidSet uids;
  WireName to;
  bool operator==(const Copy&) const = default;
};

// UID SEARCH UID uids [BEFORE date] [flag] (RFC 3501 section 6.4.4): which of these are there, came in before
// that day, by the server's reckoning, and have all of these flags. Answers: Found, as they come, possibly
// none.
struct Search {
  UidSet uids;
  std::optional<std::chrono::year_month_day> before{};
  Flags with{};
  bool operator==(const Search&) const = default;
};

// One command on a mailbox as such.
struct Manage {
  enum class Verb : std::uint8_t { create, remove, rename, subscribe, unsubscribe };
  Verb verb = Verb::create;
  WireName mailbox;
  WireName to;            // rename only, else empty
  std::uint8_t uses = 0;  // create only: what it is for, a bit for each of kSpecialUses, where the server can
  bool operator==(const Manage&) const = default;
};

// Waits for news from the server, in whatever way it can tell: NOTIFY of all personal mailboxes (RFC 5465,
// set once per connection) if `all` of them count, else IDLE on `mailbox`, which is examined: whatever was
// selected before is not selected any more. Answer: Done as soon as there is any news; what came unasked
// since the last Watch counts, and the first one of a connection is Done at once, as nobody watched before
// it. The next request ends the wait, too. After `seconds` without news net asks for a sign of life and goes
// on; where the server can do neither, Done it is then: it is time to look. 0 seconds: no such thing.
struct Watch {
  WireName mailbox;
  std::uint32_t seconds = 0;
  bool all = true;
  bool operator==(const Watch&) const = default;
};

// UNSELECT (or CLOSE-free fallback), NOOP, LOGOUT.
struct Simple {
  enum class Verb : std::uint8_t { unselect, noop, logout };
  Verb verb = Verb::noop;
  bool operator==(const Simple&) const = default;
};

}  // namespace request

struct Request {
  RequestId id = 0;
  std::variant<request::Enable, request::List, request::Select, request::Fetch, request::FetchBodies,
               request::Append, request::Store, request::Expunge, request::Move, request::Copy,
               request::Search, request::Manage, request::Watch, request::Simple>
      what;
  Descriptor bodies;  // with Append, and only then
};

namespace answer {

// Logged in: what the server has. What of it is used is for sync to decide.
struct Ready {
  ExtensionSet extensions;
  bool qresync = false;    // enabled
  std::string refusal;     // the server's words to ENABLE, if they were not OK
  std::string personal{};  // prefix of the personal namespace: "INBOX."
  // The text of the greeting, if it told all that the login had to know and nothing had to be awaited after
  // it: behind TLS the same login may go ahead of it the next time. At most kMostText octets; else empty.
  std::string greeting{};
  bool operator==(const Ready&) const = default;
};

struct ListEntry {
  WireName mailbox;
  std::optional<char> delimiter;  // none: NIL, a flat namespace
  bool nonExistent = false, noSelect = false, subscribed = false;
  std::uint8_t uses = 0;  // a bit for each of kSpecialUses
  bool operator==(const ListEntry&) const = default;
};
struct Listed {
  std::vector<ListEntry> entries;  // at most kMostListed
  bool operator==(const Listed&) const = default;
};

struct StatusEntry {
  WireName mailbox;
  std::optional<UidValidity> uidValidity;
  std::optional<UidNext> uidNext;
  std::optional<ModSeq> highestModSeq;
  std::optional<std::uint32_t> messages;
  std::optional<std::uint64_t> appendLimit{};  // octets of a message: of this mailbox, or of all (RFC 7889)
  bool operator==(const StatusEntry&) const = default;
};
struct Statuses {
  std::vector<StatusEntry> entries;  // at most kMostListed
  bool operator==(const Statuses&) const = default;
};

// The state of a mailbox as SELECT told it.
struct Selected {
  UidValidity uidValidity;  // 0: the server did not say
  UidNext uidNext;          // 0: the server did not say
  ModSeq highestModSeq;     // 0: NOMODSEQ, or the server did not say
  std::uint32_t exists = 0;
  bool readOnly = false, uidNotSticky = false;
  StorableFlags storable;
  bool operator==(const Selected& o) const {
    return uidValidity == o.uidValidity && uidNext == o.uidNext && highestModSeq == o.highestModSeq &&
           exists == o.exists && readOnly == o.readOnly && uidNotSticky == o.uidNotSticky;
  }
};

struct Vanished {
  UidSet uids;  // may hold UIDs that this mailbox never showed us
  bool operator==(const Vanished&) const = default;
};

struct Found {
  UidSet uids;  // of those asked about
  bool operator==(const Found&) const = default;
};

struct Message {
  Uid uid;
  ModSeq modSeq;                         // 0 if not told
  std::optional<Flags> flags;            // without \Recent
  std::optional<InternalDate> date;      // Items::identity
  std::uint64_t size = 0;                // RFC822.SIZE; all but Items::flags
  std::optional<HeaderDigest> header;    // Items::identity
  std::optional<ContentDigest> content;  // Items::content
  std::optional<ServerId> id{};          // Items::listing
};
struct Messages {
  std::vector<Message> messages;  // at most kMostMessages
};

struct WindowMessage {
  Uid uid;
  Flags flags;
  InternalDate date;
  BodyRange body;  // size 0: an empty message
  HeaderDigest header{};
  // If the envelope was asked for: who sent the message, and which way it came.
  ReversePath sender;                 // by its Return-Path, else its Sender, else its From
  ContentDigest content{};            // of all of it
  std::uint32_t received = 0;         // Received fields in its header
  std::vector<ContentDigest> hops{};  // of the topmost of them; at most kMostHops
  std::string messageId{};            // as it stands in the header, at most kMostMessageId
  // By field that was asked for: the addresses in the topmost one of that name; none if it has anything else,
  // or too many. Altogether at most kMostNamed, of kMostNamedOctets.
  std::vector<std::vector<ForwardPath>> named{};
};
struct Window {
  std::vector<WindowMessage> messages;  // in the order they came; those that were asked for and still exist
  std::vector<Uid> tooLarge;            // larger than max-message-size, skipped
};

// Per message of the request, an Append or a Copy, in its order.
struct Appended {
  UidValidity uidValidity;
  std::vector<std::optional<Uid>> uids;  // none: refused, or the server did not tell (see `stored`)
  std::string refusal;                   // the server's words for the (last) refused one
  std::vector<bool> stored;              // its command was OK
  bool operator==(const Appended&) const = default;
};

// How a refusal begins that is net's own, of a message above the limit.
inline constexpr std::string_view kTooBig = "[TOOBIG] not sent: ";

// The response code of a NO that net gave itself: a response of the server could not be read, so that the
// answer to a Select or Fetch may be short of something. No server's code has a blank.
inline constexpr const char* kUnreadable = "UNREADABLE RESPONSE";

// The response code of a NO to Append that stands for the server's refusal to do anything now: it is asked
// too much. What was refused may be sent again, once net writes again. No server's code has a blank.
inline constexpr const char* kNotNow = "NOT NOW";

// The last answer to a request.
struct Done {
  enum class Completion : std::uint8_t { ok, no, bad };
  Completion completion = Completion::ok;
  std::string code;  // the response code without brackets, "OVERQUOTA"; at most kMostText
  std::string text;  // the server's words with the code, "[OVERQUOTA] Quota exceeded"; at most kMostText
  bool ok() const { return completion == Completion::ok; }
  bool operator==(const Done&) const = default;
};

// A tagged NO or BAD as it is shown: "NO [OVERQUOTA] Quota exceeded".
inline std::string words(const Done& done) {
  return (done.completion == Done::Completion::no ? "NO " : "BAD ") + done.text;
}

}  // namespace answer

struct Answer {
  RequestId id = 0;
  std::variant<answer::Ready, answer::Listed, answer::Statuses, answer::Selected, answer::Vanished,
               answer::Found, answer::Messages, answer::Window, answer::Appended, answer::Done>
      what;
  Descriptor bodies;  // with Window, and only then
};

// Packets. The readers throw PeerViolation for whatever does not hold.
Packet pack(Request request);
Request readRequest(Packet packet);
Packet pack(Answer answer);
Answer readAnswer(Packet packet);

}  // namespace interimap
