// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// What was synchronised, in the reference's database: its four tables to the letter, so that either program
// can open the file at any time, and tables of our own beside them, which it ignores.
//
// Used by sync alone, in one thread. The file is locked from the constructor to the destructor. Nothing is
// written outside a Transaction, and each commit passes one seam where a test can stop the process. Errors
// are Failures that name the file; a use that makes no sense is a std::logic_error.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ipc/flags.h"
#include "ipc/identity.h"
#include "ipc/launch.h"
#include "ipc/mailbox_name.h"
#include "ipc/uid.h"
#include "ipc/uid_set.h"

namespace interimap::store {

class Database;
class Store;

// Messages of a side whose headers are remembered.
inline constexpr std::size_t kLandmarks = 4;

// A mailbox in the database, never given twice.
struct MailboxId {
  std::int64_t value = 0;
  auto operator<=>(const MailboxId&) const = default;
};

struct KnownMailbox {
  MailboxId id;
  MailboxName name;
  bool subscribed = false;
};

// How far one side of a mailbox is synchronised. UIDNEXT 0: never completed. HIGHESTMODSEQ 0: none.
struct SideState {
  UidValidity uidValidity;  // never 0 in the database
  UidNext uidNext;
  ModSeq highestModSeq;
  // How many messages it had then. None: not known, as where the reference has been at work since.
  std::optional<std::uint32_t> messages{};
  bool operator==(const SideState&) const = default;
};

// The same message on both sides.
struct Pair {
  Uid local, remote;
  std::optional<Flags> base;  // its flags when both sides last agreed; none: not known
  bool operator==(const Pair&) const = default;
};

// A message, and what its server calls it.
struct Named {
  Uid uid;
  ServerId id;
  bool operator==(const Named&) const = default;
};

// An APPEND about to be sent. Before its message is there, all that is known of it is that it will be.
struct Intent {
  Uid source;
  std::optional<Identity> identity;
  Flags flags;  // if the identity is known
  bool operator==(const Intent&) const = default;
};

// What was intended for one side of a mailbox and is not settled. Whatever arrived has a UID from
// `targetNext` on.
struct Journal {
  UidNext targetNext;
  std::vector<Intent> intents;  // by source UID
  // Those that may have been sent though it is not written down what they are: the power failed since, and
  // took that with it; or a server told UIDs that were wrong.
  UidSet unclear;
  std::int64_t newest = 0;  // when the last of them was written, seconds since 1970
};

// An APPEND of an earlier run, or over a connection that was lost, of which nobody knows whether it will take
// effect, and when: a slow line, a proxy or a stalled disk may hold it back for as long as they like. What
// turns up on the target and is like it is that copy, never new mail.
struct Stray {
  std::int64_t id = 0;
  std::optional<Uid> source;  // none: that side's UIDs mean others by now
  Identity identity;
  Flags flags;  // that it was sent with
  UidNext targetNext;
  std::int64_t at = 0;                   // when it was sent, seconds since 1970
  std::optional<ContentDigest> content;  // as far as the source could still tell
};

// Why a message is on one side only. The numbers are in the database.
enum class Refusal : std::uint8_t {
  refused = 0,   // the target said NO
  empty = 1,     // no octets
  tooLarge = 2,  // above max-message-size
  unsent = 3,    // listed, but its server did not send it
  denied = 4,    // the target may not be written to
  kept = 5,      // to be expunged on this side, as on the other, and it could not be yet
  surplus = 6,   // a second copy of what the other side has once, and not for us to expunge
  apart = 7,     // a server hung up at it: see Hangup
  // The configuration has it so (sync/mailboxes/policy.h), in the words that are kept in place of a reply:
  outside = 8,  // it is not copied
  parted = 9,   // its partner was expunged, and it is to stay
};

// Why a mailbox is left alone, and the side whose fault it is.
struct Held {
  Side side = Side::local;
  std::string reason;
};

// Deletions that are held back because they are most of a mailbox.
struct Brake {
  std::int64_t since = 0;  // seconds since 1970
  UidSet uids;
  bool operator==(const Brake&) const = default;
};

// Ours are expunged where the server cannot be told which: these are messages that somebody else has marked
// \Deleted, and that are without that mark meanwhile.
struct Marked {
  UidValidity uidValidity;
  std::int64_t at = 0;  // since when; seconds since 1970
  UidSet uids;          // perhaps none
  bool operator==(const Marked&) const = default;
};

struct RefusedMessage {
  Side source = Side::local;
  Uid uid;
  Refusal kind = Refusal::refused;
  std::string reply;    // the server's words, at most kMostReply bytes
  std::int64_t at = 0;  // seconds since 1970
};

// What a server was asked for when the connection to it was lost: it may be the cause. The numbers are in the
// database.
struct Hangup {
  enum class Asked : std::uint8_t {
    mailbox = 0,   // to select it, or to list it: no UIDs
    messages = 1,  // for something of these messages of `side`
    append = 2,    // to store copies of these messages of the other side
    flags = 3,     // to store flags of these
    expunge = 4,   // to expunge these
  };
  // Lost so often while nothing else was asked for, it is the cause, and is left out ...
  static constexpr unsigned kProven = 2;
  // ... for so long, in seconds.
  static constexpr std::int64_t kRest = 24 * 3600;

  std::int64_t id = 0;  // given by addHangup()
  MailboxId mailbox;
  Side side = Side::local;
  Asked asked = Asked::mailbox;
  UidSet uids;
  unsigned alone = 0;
  std::int64_t at = 0;  // seconds since 1970
  std::string words;    // at most Store::kMostReply bytes
  bool operator==(const Hangup&) const = default;

  // Whose UIDs they are.
  Side sideOfUids() const { return asked == Asked::append ? other(side) : side; }
  bool isProven() const { return alone >= kProven; }
  bool isDue(std::int64_t now) const { return !isProven() || now < at || now >= at + kRest; }
};

// A --delete or --rename, or a renaming or deletion that is followed, on its way: written down before a
// server is told.
struct Undertaking {
  std::int64_t id = 0;  // given by undertake()
  MailboxName mailbox;
  std::optional<MailboxName> to;  // none: it is deleted
  // Where it is to be done, and the UIDVALIDITY the mailbox had there; 0: not known.
  std::optional<UidValidity> local, remote;
  bool inDatabase = false;
  bool follows = false;  // a deletion that the other side has seen: nobody has asked for this one
  bool operator==(const Undertaking&) const = default;
};

// Whether a commit has to be on the disk before it returns. What is not is lost only with the machine, and
// then with everything committed after it: of what was done on a server since, the intents tell.
enum class Lasting : std::uint8_t { throughKill, throughPowerLoss };

// Called with what a commit is about, just before it and just after it.
using Seam = std::function<void(const char* what, bool after)>;

// Rolls back what was written unless it came to commit().
class Transaction {
 public:
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit(const char* what);

 private:
  friend class Store;
  Transaction(Store& store, Lasting lasting);
  Store& store_;
  bool open_ = true;
};

// A database that is looked at, and not written to.
struct ToLook {};

class Store {
 public:
  static constexpr std::size_t kMostReply = 1024;

  // To be called before the process locks itself in: SQLite's random numbers are seeded from a file.
  static void prime();
  // Any number of random octets, by the same generator.
  static void random(std::span<std::byte> out);

  // Opens and locks. A file is created (mode 0600) if `create` and there is none. Failures: tryAgain
  // "database is locked"; data if it is no database, corrupt, somebody else's, or of a version to come;
  // cantCreate.
  Store(const std::string& directory, const std::string& name, bool create, Seam seam = {},
        const std::string& shown = {});
  // An existing one, of either version. Nothing is made ours, or new; a use that would write fails.
  Store(ToLook, const std::string& directory, const std::string& name, const std::string& shown = {});
  // In memory, and new: nobody else's, and gone with this object.
  explicit Store(Seam seam);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // No tables yet: createSchema() comes first.
  bool isNew() const { return isNew_; }
  // 0: new, or the reference's ancestor, whose mailbox names have hierarchy delimiters: migrate() comes
  // first.
  int version() const { return version_; }
  void createSchema();                          // a transaction of its own
  void migrate(std::optional<char> delimiter);  // ditto; none: the servers have no hierarchy

  // One at a time.
  [[nodiscard]] Transaction begin(Lasting lasting = Lasting::throughKill) {
    return Transaction(*this, lasting);
  }

  // Which account each side was synchronised with.
  std::optional<std::string> account(Side side) const;
  void setAccount(Side side, const std::string& name);
  // In front of the names of its mailboxes, without being part of the names here; none: not recorded.
  std::optional<std::string> prefix(Side side) const;
  void setPrefix(Side side, const std::string& prefix);

  // The greeting that this side's next login may go ahead of; empty if it may not. What is put once more is
  // not written.
  std::string greeting(Side side) const;
  void putGreeting(Side side, const std::string& greeting);
  void waitForGreeting(Side side);  // for a month, or until it is another one

  std::vector<KnownMailbox> mailboxes() const;  // by name
  MailboxId addMailbox(const MailboxName& name, bool subscribed);
  void setSubscribed(MailboxId id, bool subscribed);
  void removeMailbox(MailboxId id);  // and all that is known of it
  // Renames a mailbox and those under it; how many that were. Failure(data) if one of the new names is taken.
  std::size_t rename(const MailboxName& from, const MailboxName& to);

  std::optional<SideState> state(MailboxId id, Side side) const;
  void putState(MailboxId id, const SideState& local, const SideState& remote);
  // When that was last done by us, seconds since 1970.
  std::optional<std::int64_t> stateSince(MailboxId id) const;

  // Failure(data) if either UID has a partner already.
  void map(MailboxId id, Uid local, Uid remote, const std::optional<Flags>& base = std::nullopt);
  // The same, but false if either has.
  [[nodiscard]] bool tryMap(MailboxId id, Uid local, Uid remote, const std::optional<Flags>& base);
  // The same, of many that all have a base, for a fraction of the time. How many of the first were recorded:
  // the rest are to be tried one by one, at least one of them has a partner.
  [[nodiscard]] std::size_t tryMap(MailboxId id, std::span<const Pair> pairs);
  void unmap(MailboxId id, Uid local);
  // And what was based on them: base flags, the journal, and why the mailbox was left alone.
  void forgetPairs(MailboxId id);
  std::optional<Uid> partner(MailboxId id, Side side, Uid uid) const;  // of a UID of that side
  std::uint64_t count(MailboxId id) const;                           // of pairs; takes time with their number
  UidSet mapped(MailboxId id, Side side, UidNext from = {1}) const;  // those not below `from`
  // Likewise, one after the other, ascending. The visitor does not write.
  void forEachMapped(MailboxId id, Side side, const std::function<void(Uid)>& visit,
                     UidNext from = {1}) const;
  UidSet newest(MailboxId id, Side side, std::size_t most) const;
  // The least UIDNEXT that this side can have, after all that was seen of it: mapped, refused, to be copied.
  UidNext leastNext(MailboxId id, Side side) const;
  // The pairs whose UID on `side` is in `uids`, by that UID.
  std::vector<Pair> pairs(MailboxId id, Side side, const UidSet& uids) const;

  std::optional<Flags> base(MailboxId id, Uid local) const;
  std::optional<Flags> base(MailboxId id, Side side, Uid uid) const;  // by the UID of that side
  void setBase(MailboxId id, Uid local, const Flags& flags);          // of a pair that is mapped
  // Whether the base flags go with the state. Not so if only the reference has synchronised this mailbox, or
  // was the last to: then there is no base, and every base since is ours.
  bool hasBase(MailboxId id) const;
  void dropBase(MailboxId id);

  // Before APPENDs to `target` are sent, with a UIDNEXT it had before them. More than once is fine. First
  // that these messages are to be sent at some time, in a transaction that lasts; then what they are.
  void intend(MailboxId id, Side target, UidNext targetNext, const UidSet& sources);
  void intend(MailboxId id, Side target, UidNext targetNext, std::span<const Intent> intents);
  // Of these there are copies, but not where the target said that they are.
  void suspect(MailboxId id, Side target, UidNext targetNext, const UidSet& sources);
  Journal journal(MailboxId id, Side target) const;
  // When the machine was started, seconds since 1970: for tests.
  void setBooted(std::int64_t at) { booted_ = at; }
  void settle(MailboxId id, Side target, Uid source);  // copied, adopted or given up
  void settle(MailboxId id, Side target, const UidSet& sources);
  std::vector<MailboxId> withJournal() const;

  // The newest messages of `side` that are known, and the digests of their headers there: a few, by which to
  // see whether its UIDs still mean what they meant. At most kLandmarks.
  void setLandmarks(MailboxId id, Side side, const std::map<Uid, HeaderDigest>& headers);
  std::map<Uid, HeaderDigest> landmarks(MailboxId id, Side side) const;

  // What the server of `side` calls these, by UID, each once. What was known before stays as it was.
  void addIds(MailboxId id, Side side, std::span<const Named> named);
  UidSet identified(MailboxId id, Side side) const;  // of which that is known, whether they are there or not
  // Messages of `side`, in any mailbox, that are called one of these, which are sorted.
  struct Called {
    ServerId name;
    MailboxId mailbox;
    Uid uid;
  };
  std::vector<Called> find(Side side, std::span<const ServerId> names) const;

  // What was copied to `target` within the last day, whether it is still there or not.
  void addCopied(MailboxId id, Side target, const UidSet& uids);
  UidSet copied(MailboxId id, Side target) const;
  void forgetCopied(MailboxId id);  // all that is older

  // What may have been sent to `target` and is not settled is a stray from now on; the messages are still to
  // be copied. `told`: what those are that the journal does not know.
  void disown(MailboxId id, Side target, const std::map<Uid, Identity>& told = {});
  std::vector<Stray> strays(MailboxId id, Side target) const;  // in the order of their sending
  void setContent(std::int64_t stray, const ContentDigest& content);
  void forgetStray(std::int64_t stray);  // it has arrived
  // Those that were sent before `at`, but for messages that are still to be copied.
  void forgetStrays(MailboxId id, Side target, std::int64_t at);

  void refuse(MailboxId id, Side source, Uid uid, Refusal kind, const std::string& reply);
  void unrefuse(MailboxId id, Side source, Uid uid);
  std::vector<RefusedMessage> refused(MailboxId id) const;  // by side and UID
  UidSet refusedUids(MailboxId id, Side source) const;
  std::vector<MailboxId> withRefused() const;
  // Those that another run may copy: refused, unsent or apart.
  std::vector<MailboxId> withRetried() const;
  // Why messages of that side are left out by the configuration: each of the reasons once.
  std::vector<std::string> whyOutside(MailboxId id, Side source) const;

  void addHangup(const Hangup& hangup);
  void putHangup(const Hangup& hangup);  // one that is known
  void forgetHangup(std::int64_t id);    // it was not the cause, or is none any more
  std::vector<Hangup> hangups() const;   // in the order in which they came
  std::vector<Hangup> hangups(MailboxId id) const;

  void undertake(const Undertaking& undertaking);
  std::vector<Undertaking> undertakings() const;  // oldest first
  void accomplish(std::int64_t id);               // or give up

  // A mailbox that a server no longer has as we know it: left alone until it is removed from here.
  void hold(MailboxId id, Side side, const std::string& reason);
  std::optional<Held> held(MailboxId id) const;
  // A mailbox whose UIDs lost their meaning was compared in full while it had these UIDVALIDITYs, and is too
  // different to go on: it need not be compared again until they change.
  void setUnlike(MailboxId id, UidValidity local, UidValidity remote, const std::string& found);
  std::optional<std::string> unlike(MailboxId id, UidValidity local, UidValidity remote) const;
  // That most messages of `side` are to be expunged, and that this is held back; none: not so.
  void setBrake(MailboxId id, Side side, const std::optional<Brake>& brake);
  std::optional<Brake> brake(MailboxId id, Side side) const;
  std::vector<MailboxId> withBrake() const;
  // Sides of mailboxes that wait for somebody to decide: left alone, or with deletions held back.
  std::uint32_t countHeld() const;

  // Before the marks are taken off, and none once they are back (sync/pass/marks.h).
  void setMarked(MailboxId id, Side side, const std::optional<Marked>& marked);
  std::optional<Marked> marked(MailboxId id, Side side) const;
  std::vector<MailboxId> withMarked() const;

  // Octets of messages that went to or came from that side's server on a day (since 1970). The last one
  // counts.
  void spend(Side side, std::int64_t day, std::uint64_t octets);
  std::uint64_t spent(Side side, std::int64_t day) const;

  // For tests: "ok", or what SQLite finds wrong with the file and its references.
  std::string check() const;

 private:
  friend class Transaction;
  void adopt();
  std::vector<MailboxId> staleBases() const;
  std::vector<MailboxId> goneMailboxes() const;
  std::string pretty(MailboxId id) const;

  // What base() has read in advance, where messages are asked for one after the other: valid until something
  // is written.
  struct ReadAhead {
    MailboxId id;
    Side side = Side::local;
    std::uint32_t asked = 0;  // last
    UidSet::Range range{1, 0};
    std::uint64_t writes = 0;
    std::vector<Pair> pairs{};
  };
  std::uint32_t aheadOf(MailboxId id, Side side, Uid uid) const;

  std::unique_ptr<Database> database_;
  mutable ReadAhead ahead_;
  Seam seam_;
  bool isNew_ = false;
  int version_ = 0;
  std::int64_t booted_;
};

}  // namespace interimap::store
