// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// sync <-> net: the only way between the schema and the types of ipc/imap.h, and the only place that refuses.
#include <algorithm>
#include <stdexcept>

#include "ipc/convert.h"
#include "ipc/imap.capnp.h"
#include "ipc/imap.h"

namespace interimap {

namespace {

using convert::bytes;
using convert::shortText;
using convert::shortView;

constexpr std::size_t kLongestName = MailboxName::kLongest;  // bytes of a mailbox name on the wire
constexpr std::size_t kLongestFlags = 32768;                 // bytes of all flags of one message

// The values that requests and answers are made of. Each reader refuses what its type cannot hold.

Uid readUid(std::uint32_t n) {
  auto uid = Uid::of(n);
  if (!uid) throw PeerViolation("UID 0");
  return *uid;
}

// 2^32 is right after the largest UID, 2^32-1 (RFC 3501 section 2.3.1.1): one more than fits into an UID.
UidNext readUidNext(std::uint64_t n) {
  if (n > std::uint64_t{1} << 32) throw PeerViolation("a UIDNEXT above 2^32");
  return {n};
}

// Ours are split before they come here; more of them would not fit into a packet.
unsigned rangesIn(const UidSet& set) {
  if (set.ranges().size() > kMostRanges) throw std::logic_error("a UID set that must be split first");
  return static_cast<unsigned>(set.ranges().size());
}

void write(capnp::List<schema::Range>::Builder list, const UidSet& set) {
  unsigned i = 0;
  for (UidSet::Range range : set.ranges()) {
    list[i].setFirst(range.first);
    list[i++].setLast(range.last);
  }
}

// In order and apart, as a UidSet holds them: to add them is then an append each, whatever the peer sends.
UidSet readSet(capnp::List<schema::Range>::Reader list) {
  if (list.size() > kMostRanges) throw PeerViolation("a UID set with too many ranges");
  UidSet set;
  for (auto range : list) {
    if (range.getFirst() == 0 || range.getFirst() > range.getLast())
      throw PeerViolation("a UID range that is none");
    if (!set.empty() && range.getFirst() <= set.last().value())
      throw PeerViolation("UID ranges out of order");
    set.add(UidSet::Range{range.getFirst(), range.getLast()});
  }
  return set;
}

WireName readName(capnp::Data::Reader name) { return {shortText(name, kLongestName)}; }

Flags readFlags(capnp::Data::Reader flags) {
  auto parsed = Flags::parse(shortView(flags, kLongestFlags));
  if (!parsed) throw PeerViolation("flags that are none");
  return *parsed;
}

capnp::Text::Reader dateText(const InternalDate& date) { return {date.text().data(), date.text().size()}; }

InternalDate readDate(capnp::Text::Reader date) {
  auto parsed = InternalDate::parse({date.cStr(), date.size()});
  if (!parsed) throw PeerViolation("an INTERNALDATE that is none");
  return *parsed;
}

// Compared as octets and never interpreted: any of the right length will do.
template <typename Octets>
Octets readOctets(capnp::Data::Reader in, const char* wrong) {
  Octets octets;
  if (in.size() != octets.size()) throw PeerViolation(wrong);
  std::copy(in.begin(), in.end(), octets.begin());
  return octets;
}
HeaderDigest readDigest(capnp::Data::Reader in) {
  return readOctets<HeaderDigest>(in, "a digest of odd length");
}
ServerId readServerId(capnp::Data::Reader in) {
  return readOctets<ServerId>(in, "a message's name of the wrong length");
}

capnp::Data::Reader bytes(const HeaderDigest& digest) { return {digest.data(), digest.size()}; }
capnp::Data::Reader bytes(const ServerId& id) { return {id.data(), id.size()}; }

void write(schema::BodyRange::Builder builder, const BodyRange& range) {
  builder.setOffset(range.offset);
  builder.setSize(range.size);
}

BodyRange readBody(schema::BodyRange::Reader range) { return {range.getOffset(), range.getSize()}; }

template <typename List>
void limit(const List& list, std::size_t most, const char* what) {
  if (list.size() > most) throw PeerViolation(std::string("too many ") + what);
}

// An enumerator that this schema does not have would mean nothing to us.
template <typename To, typename From>
To readEnum(From value, To last) {
  if (static_cast<unsigned>(value) > static_cast<unsigned>(last))
    throw PeerViolation("an unknown enumerator");
  return static_cast<To>(value);
}

template <typename To, typename From>
To writeEnum(From value) {
  return static_cast<To>(value);
}

// Requests.

struct WriteRequest {
  schema::Request::Builder to;

  void operator()(const request::Enable& enable) {
    auto out = to.initEnable();
    out.setQresync(enable.qresync);
    out.setNamespaces(enable.namespaces);
    out.setGreeting(bytes(enable.greeting));
  }
  void operator()(const request::List& list) {
    auto out = to.initList();
    out.setReference(bytes(list.reference));
    convert::writeTexts(out.initPatterns(static_cast<unsigned>(list.patterns.size())), list.patterns);
    convert::writeTexts(out.initSelectionOptions(static_cast<unsigned>(list.selectionOptions.size())),
                        list.selectionOptions);
    out.setReturnStatus(list.returnStatus);
  }
  void operator()(const request::Select& select) {
    auto out = to.initSelect();
    out.setMailbox(bytes(select.mailbox.bytes));
    out.setReadOnly(select.readOnly);
    out.setModSequences(select.modSequences);
    if (!select.known) return;
    auto known = out.initKnown();
    known.setUidValidity(select.known->uidValidity.value);
    known.setModSeq(select.known->modSeq.value);
    write(known.initUids(rangesIn(select.known->uids)), select.known->uids);
    known.setCount(select.known->count);
    write(known.initSample(rangesIn(select.known->sample)), select.known->sample);
  }
  void operator()(const request::Fetch& fetch) {
    auto out = to.initFetch();
    write(out.initUids(rangesIn(fetch.uids)), fetch.uids);
    out.setItems(writeEnum<schema::Request::Fetch::Items>(fetch.items));
    out.setChangedSince(fetch.changedSince.value);
  }
  void operator()(const request::FetchBodies& fetch) {
    auto out = to.initFetchBodies();
    write(out.initUids(rangesIn(fetch.uids)), fetch.uids);
    out.setEnvelope(fetch.envelope);
    out.setAgain(fetch.reading == Reading::again);
    convert::writeTexts(out.initFields(static_cast<unsigned>(fetch.fields.size())), fetch.fields);
  }
  void operator()(const request::Append& append) {
    auto out = to.initAppend();
    out.setMailbox(bytes(append.mailbox.bytes));
    out.setTogether(append.together);
    out.setHasLimit(append.limit.has_value());
    out.setLimit(append.limit.value_or(0));
    auto messages = out.initMessages(static_cast<unsigned>(append.messages.size()));
    for (unsigned i = 0; i < append.messages.size(); ++i) {
      messages[i].setFlags(bytes(append.messages[i].flags.text()));
      messages[i].setDate(dateText(append.messages[i].date));
      write(messages[i].initBody(), append.messages[i].body);
    }
  }
  void operator()(const request::Store& store) {
    auto out = to.initStore();
    write(out.initUids(rangesIn(store.uids)), store.uids);
    out.setChange(writeEnum<schema::Request::Store::Change>(store.change));
    out.setFlags(bytes(store.flags.text()));
  }
  void operator()(const request::Expunge& expunge) {
    auto out = to.initExpunge();
    write(out.initUids(rangesIn(expunge.uids)), expunge.uids);
    out.setStep(writeEnum<schema::Request::Expunge::Step>(expunge.step));
  }
  void operator()(const request::Move& move) {
    auto out = to.initMove();
    write(out.initUids(rangesIn(move.uids)), move.uids);
    out.setTo(bytes(move.to.bytes));
  }
  void operator()(const request::Copy& copy) {
    auto out = to.initCopy();
    write(out.initUids(rangesIn(copy.uids)), copy.uids);
    out.setTo(bytes(copy.to.bytes));
  }
  void operator()(const request::Search& search) {
    auto out = to.initSearch();
    write(out.initUids(rangesIn(search.uids)), search.uids);
    out.setWith(bytes(search.with.text()));
    if (!search.before) return;
    out.setYear(static_cast<std::uint16_t>(static_cast<int>(search.before->year())));
    out.setMonth(static_cast<std::uint8_t>(static_cast<unsigned>(search.before->month())));
    out.setDay(static_cast<std::uint8_t>(static_cast<unsigned>(search.before->day())));
  }
  void operator()(const request::Manage& manage) {
    auto out = to.initManage();
    out.setVerb(writeEnum<schema::Request::Manage::Verb>(manage.verb));
    out.setMailbox(bytes(manage.mailbox.bytes));
    out.setTo(bytes(manage.to.bytes));
    out.setUses(manage.uses);
  }
  void operator()(const request::Watch& watch) {
    auto out = to.initWatch();
    out.setMailbox(bytes(watch.mailbox.bytes));
    out.setSeconds(watch.seconds);
    out.setAll(watch.all);
  }
  void operator()(const request::Simple& simple) {
    to.setSimple(writeEnum<schema::Request::Simple>(simple.verb));
  }
};

request::Select readSelect(schema::Request::Select::Reader in) {
  request::Select select{readName(in.getMailbox()), in.getReadOnly(), {}, in.getModSequences()};
  if (!in.isKnown()) return select;
  auto known = in.getKnown();
  select.known = request::Known{{known.getUidValidity()},
                                {known.getModSeq()},
                                readSet(known.getUids()),
                                known.getCount(),
                                readSet(known.getSample())};
  return select;
}

request::Append readAppend(schema::Request::Append::Reader in) {
  limit(in.getMessages(), kMostMessages, "messages");
  request::Append append{readName(in.getMailbox()), in.getTogether(), {}};
  for (auto message : in.getMessages())
    append.messages.push_back(
        {readFlags(message.getFlags()), readDate(message.getDate()), readBody(message.getBody())});
  if (in.getHasLimit()) append.limit = in.getLimit();
  return append;
}

request::Copy readCopy(schema::Request::Copy::Reader in) {
  request::Copy copy{readSet(in.getUids()), readName(in.getTo())};
  if (copy.uids.size() > kMostCopied) throw PeerViolation("too many messages");
  return copy;
}

request::Search readSearch(schema::Request::Search::Reader in) {
  request::Search search{readSet(in.getUids()), {}, readFlags(in.getWith())};
  if (in.getYear() == 0 && in.getMonth() == 0 && in.getDay() == 0) return search;
  std::chrono::year_month_day before{std::chrono::year(in.getYear()), std::chrono::month(in.getMonth()),
                                     std::chrono::day(in.getDay())};
  if (!before.ok() || in.getYear() > 9999) throw PeerViolation("a day that is none");
  search.before = before;
  return search;
}

// They stand in the command as they are: atoms (RFC 3501 section 9).
std::vector<std::string> readOptions(capnp::List<capnp::Data>::Reader list) {
  std::vector<std::string> options = convert::texts(list);
  for (const std::string& option : options)
    if (option.empty() || !std::ranges::all_of(option, [](char c) {
          return c > ' ' && c < 0x7f && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
        }))
      throw PeerViolation("a selection option that is none");
  return options;
}

decltype(Request::what) readWhat(schema::Request::Reader in) {
  switch (in.which()) {
    case schema::Request::ENABLE:
      return request::Enable{in.getEnable().getQresync(), in.getEnable().getNamespaces(),
                             shortText(in.getEnable().getGreeting(), kMostText)};
    case schema::Request::LIST: {
      auto list = in.getList();
      request::List out{
          convert::text(list.getReference()), convert::texts(list.getPatterns()), {}, list.getReturnStatus()};
      out.selectionOptions = readOptions(list.getSelectionOptions());
      return out;
    }
    case schema::Request::SELECT: return readSelect(in.getSelect());
    case schema::Request::FETCH:
      return request::Fetch{readSet(in.getFetch().getUids()),
                            readEnum(in.getFetch().getItems(), request::Fetch::Items::listing),
                            ModSeq{in.getFetch().getChangedSince()}};
    case schema::Request::FETCH_BODIES:
      return request::FetchBodies{readSet(in.getFetchBodies().getUids()), in.getFetchBodies().getEnvelope(),
                                  in.getFetchBodies().getAgain() ? Reading::again : Reading::once,
                                  convert::texts(in.getFetchBodies().getFields())};
    case schema::Request::SEARCH: return readSearch(in.getSearch());
    case schema::Request::APPEND: return readAppend(in.getAppend());
    case schema::Request::STORE: {
      auto store = in.getStore();
      return request::Store{readSet(store.getUids()),
                            readEnum(store.getChange(), request::Store::Change::remove),
                            readFlags(store.getFlags())};
    }
    case schema::Request::EXPUNGE:
      return request::Expunge{readSet(in.getExpunge().getUids()),
                              readEnum(in.getExpunge().getStep(), request::Expunge::Step::all)};
    case schema::Request::MOVE:
      return request::Move{readSet(in.getMove().getUids()), readName(in.getMove().getTo())};
    case schema::Request::COPY: return readCopy(in.getCopy());
    case schema::Request::MANAGE: {
      auto manage = in.getManage();
      return request::Manage{readEnum(manage.getVerb(), request::Manage::Verb::unsubscribe),
                             readName(manage.getMailbox()), readName(manage.getTo()), manage.getUses()};
    }
    case schema::Request::WATCH:
      return request::Watch{readName(in.getWatch().getMailbox()), in.getWatch().getSeconds(),
                            in.getWatch().getAll()};
    case schema::Request::SIMPLE:
      return request::Simple{readEnum(in.getSimple(), request::Simple::Verb::logout)};
  }
  throw PeerViolation("an unknown request");
}

// Answers.

struct WriteAnswer {
  schema::Answer::Builder to;

  void operator()(const answer::Ready& ready) {
    auto out = to.initReady();
    out.setExtensions(ready.extensions.bits());
    out.setQresync(ready.qresync);
    out.setRefusal(bytes(std::string_view(ready.refusal).substr(0, kMostText)));
    out.setPersonal(bytes(ready.personal));
    out.setGreeting(bytes(ready.greeting));
  }
  void operator()(const answer::Listed& listed) {
    auto out = to.initListed(static_cast<unsigned>(listed.entries.size()));
    for (unsigned i = 0; i < listed.entries.size(); ++i) {
      const answer::ListEntry& entry = listed.entries[i];
      out[i].setMailbox(bytes(entry.mailbox.bytes));
      out[i].setDelimiter(entry.delimiter ? static_cast<unsigned char>(*entry.delimiter) : 0);
      out[i].setNonExistent(entry.nonExistent);
      out[i].setNoSelect(entry.noSelect);
      out[i].setSubscribed(entry.subscribed);
      out[i].setUses(entry.uses);
    }
  }
  void operator()(const answer::Statuses& statuses) {
    auto out = to.initStatuses(static_cast<unsigned>(statuses.entries.size()));
    for (unsigned i = 0; i < statuses.entries.size(); ++i) {
      const answer::StatusEntry& entry = statuses.entries[i];
      out[i].setMailbox(bytes(entry.mailbox.bytes));
      out[i].setHasUidValidity(entry.uidValidity.has_value());
      out[i].setUidValidity(entry.uidValidity.value_or(UidValidity{}).value);
      out[i].setHasUidNext(entry.uidNext.has_value());
      out[i].setUidNext(entry.uidNext.value_or(UidNext{}).value);
      out[i].setHasModSeq(entry.highestModSeq.has_value());
      out[i].setModSeq(entry.highestModSeq.value_or(ModSeq{}).value);
      out[i].setHasMessages(entry.messages.has_value());
      out[i].setMessages(entry.messages.value_or(0));
      out[i].setHasAppendLimit(entry.appendLimit.has_value());
      out[i].setAppendLimit(entry.appendLimit.value_or(0));
    }
  }
  void operator()(const answer::Selected& selected) {
    auto out = to.initSelected();
    out.setUidValidity(selected.uidValidity.value);
    out.setUidNext(selected.uidNext.value);
    out.setHighestModSeq(selected.highestModSeq.value);
    out.setExists(selected.exists);
    out.setReadOnly(selected.readOnly);
    out.setUidNotSticky(selected.uidNotSticky);
    out.setStoresAll(selected.storable.all);
    out.setStoresKeywords(selected.storable.keywords);
    out.setStorable(bytes(selected.storable.flags.text()));
  }
  void operator()(const answer::Vanished& vanished) {
    write(to.initVanished(rangesIn(vanished.uids)), vanished.uids);
  }
  void operator()(const answer::Found& found) { write(to.initFound(rangesIn(found.uids)), found.uids); }
  void operator()(const answer::Messages& messages) {
    auto out = to.initMessages(static_cast<unsigned>(messages.messages.size()));
    for (unsigned i = 0; i < messages.messages.size(); ++i) {
      const answer::Message& message = messages.messages[i];
      out[i].setUid(message.uid.value());
      out[i].setModSeq(message.modSeq.value);
      out[i].setHasFlags(message.flags.has_value());
      if (message.flags) out[i].setFlags(bytes(message.flags->text()));
      if (message.date) out[i].setDate(dateText(*message.date));
      out[i].setSize(message.size);
      if (message.header) out[i].setHeader(bytes(*message.header));
      if (message.content) out[i].setContent(bytes(*message.content));
      if (message.id) out[i].setId(bytes(*message.id));
    }
  }
  void operator()(const answer::Window& window) {
    auto out = to.initWindow();
    auto messages = out.initMessages(static_cast<unsigned>(window.messages.size()));
    for (unsigned i = 0; i < window.messages.size(); ++i) {
      const answer::WindowMessage& message = window.messages[i];
      messages[i].setUid(message.uid.value());
      messages[i].setFlags(bytes(message.flags.text()));
      messages[i].setDate(dateText(message.date));
      write(messages[i].initBody(), message.body);
      messages[i].setHeader(bytes(message.header));
      if (message.content == ContentDigest()) continue;  // without the envelope, as all of interimap's
      messages[i].setSender(bytes(message.sender.text()));
      messages[i].setContent(bytes(message.content));
      messages[i].setReceived(message.received);
      messages[i].setMessageId(bytes(message.messageId));
      auto hops = messages[i].initHops(static_cast<unsigned>(message.hops.size()));
      for (unsigned hop = 0; hop < message.hops.size(); ++hop) hops.set(hop, bytes(message.hops[hop]));
      auto named = messages[i].initNamed(static_cast<unsigned>(message.named.size()));
      for (unsigned field = 0; field < message.named.size(); ++field) {
        const auto& paths = message.named[field];
        auto texts = named.init(field, static_cast<unsigned>(paths.size()));
        for (unsigned path = 0; path < paths.size(); ++path) texts.set(path, bytes(paths[path].text()));
      }
    }
    auto tooLarge = out.initTooLarge(static_cast<unsigned>(window.tooLarge.size()));
    for (unsigned i = 0; i < window.tooLarge.size(); ++i) tooLarge.set(i, window.tooLarge[i].value());
  }
  void operator()(const answer::Appended& appended) {
    auto out = to.initAppended();
    out.setUidValidity(appended.uidValidity.value);
    auto uids = out.initUids(static_cast<unsigned>(appended.uids.size()));
    for (unsigned i = 0; i < appended.uids.size(); ++i)
      uids.set(i, appended.uids[i] ? appended.uids[i]->value() : 0);
    auto stored = out.initStored(static_cast<unsigned>(appended.stored.size()));
    for (unsigned i = 0; i < appended.stored.size(); ++i) stored.set(i, appended.stored[i]);
    out.setRefusal(bytes(std::string_view(appended.refusal).substr(0, kMostText)));
  }
  void operator()(const answer::Done& done) {
    auto out = to.initDone();
    out.setCompletion(writeEnum<schema::Answer::Done::Completion>(done.completion));
    out.setCode(bytes(std::string_view(done.code).substr(0, kMostText)));
    out.setText(bytes(std::string_view(done.text).substr(0, kMostText)));
  }
};

answer::Ready readReady(schema::Answer::Ready::Reader in) {
  auto extensions = ExtensionSet::ofBits(in.getExtensions());
  if (!extensions) throw PeerViolation("an extension that is none");
  return {*extensions, in.getQresync(), shortText(in.getRefusal(), kMostText),
          readName(in.getPersonal()).bytes, shortText(in.getGreeting(), kMostText)};
}

answer::ListEntry readListEntry(schema::Answer::ListEntry::Reader in) {
  answer::ListEntry entry{readName(in.getMailbox()), {},          in.getNonExistent(), in.getNoSelect(),
                          in.getSubscribed(),        in.getUses()};
  if (in.getDelimiter() > 0x7f) throw PeerViolation("a hierarchy delimiter that is none");
  if (in.getDelimiter() != 0) entry.delimiter = static_cast<char>(in.getDelimiter());
  return entry;
}

answer::StatusEntry readStatusEntry(schema::Answer::StatusEntry::Reader in) {
  answer::StatusEntry entry{readName(in.getMailbox()), {}, {}, {}, {}};
  if (in.getHasUidValidity()) entry.uidValidity = UidValidity{in.getUidValidity()};
  if (in.getHasUidNext()) entry.uidNext = readUidNext(in.getUidNext());
  if (in.getHasModSeq()) entry.highestModSeq = ModSeq{in.getModSeq()};
  if (in.getHasMessages()) entry.messages = in.getMessages();
  if (in.getHasAppendLimit()) entry.appendLimit = in.getAppendLimit();
  return entry;
}

answer::Selected readSelected(schema::Answer::Selected::Reader in) {
  answer::Selected selected{{in.getUidValidity()},
                            readUidNext(in.getUidNext()),
                            {in.getHighestModSeq()},
                            in.getExists(),
                            in.getReadOnly(),
                            in.getUidNotSticky(),
                            {}};
  selected.storable = {in.getStoresAll(), in.getStoresKeywords(), readFlags(in.getStorable())};
  return selected;
}

answer::Message readMessage(schema::Answer::Message::Reader in) {
  answer::Message message{readUid(in.getUid()), {in.getModSeq()}, {}, {}, in.getSize(), {}, {}};
  if (in.getHasFlags()) message.flags = readFlags(in.getFlags());
  if (in.getDate().size() != 0) message.date = readDate(in.getDate());
  if (in.getHeader().size() != 0) message.header = readDigest(in.getHeader());
  if (in.getContent().size() != 0) message.content = readDigest(in.getContent());
  if (in.getId().size() != 0) message.id = readServerId(in.getId());
  return message;
}

ReversePath readSender(capnp::Data::Reader in) {
  auto path = ReversePath::parse(convert::text(in));
  if (!path) throw PeerViolation("a reverse-path that is none");
  return *path;
}

std::vector<std::vector<ForwardPath>> readNamed(schema::Answer::WindowMessage::Reader in) {
  limit(in.getNamed(), kMostFields, "header fields");
  std::vector<std::vector<ForwardPath>> named;
  std::size_t count = 0, octets = 0;
  for (auto field : in.getNamed()) {
    named.emplace_back();
    for (auto text : field) {
      auto path = ForwardPath::parse(shortView(text, kLongestPath));
      if (!path) throw PeerViolation("a recipient that is none");
      octets += path->text().size();
      if (++count > kMostNamed || octets > kMostNamedOctets) throw PeerViolation("too many recipients");
      named.back().push_back(std::move(*path));
    }
  }
  return named;
}

answer::Window readWindow(schema::Answer::Window::Reader in) {
  limit(in.getMessages(), kMostMessages, "messages");
  limit(in.getTooLarge(), kMostMessages, "messages");
  answer::Window window;
  window.messages.reserve(in.getMessages().size());
  for (auto message : in.getMessages()) {
    answer::WindowMessage& read = window.messages.emplace_back(answer::WindowMessage{
        readUid(message.getUid()), readFlags(message.getFlags()), readDate(message.getDate()),
        readBody(message.getBody()), readDigest(message.getHeader())});
    if (!message.hasContent()) continue;
    read.sender = readSender(message.getSender());
    read.content = readDigest(message.getContent());
    read.received = message.getReceived();
    limit(message.getHops(), kMostHops, "hops");
    for (auto hop : message.getHops()) read.hops.push_back(readDigest(hop));
    read.messageId = shortText(message.getMessageId(), kMostMessageId);
    read.named = readNamed(message);
  }
  for (std::uint32_t uid : in.getTooLarge()) window.tooLarge.push_back(readUid(uid));
  return window;
}

answer::Appended readAppended(schema::Answer::Appended::Reader in) {
  limit(in.getUids(), kMostCopied, "messages");
  limit(in.getStored(), kMostCopied, "messages");
  answer::Appended appended{{in.getUidValidity()}, {}, shortText(in.getRefusal(), kMostText), {}};
  for (std::uint32_t uid : in.getUids()) appended.uids.push_back(Uid::of(uid));
  for (bool stored : in.getStored()) appended.stored.push_back(stored);
  return appended;
}

template <typename To, typename List, typename Read>
std::vector<To> readAll(const List& list, std::size_t most, const char* what, Read read) {
  limit(list, most, what);
  std::vector<To> out;
  out.reserve(list.size());
  for (auto item : list) out.push_back(read(item));
  return out;
}

decltype(Answer::what) readWhat(schema::Answer::Reader in) {
  switch (in.which()) {
    case schema::Answer::READY: return readReady(in.getReady());
    case schema::Answer::LISTED:
      return answer::Listed{
          readAll<answer::ListEntry>(in.getListed(), kMostListed, "mailboxes", readListEntry)};
    case schema::Answer::STATUSES:
      return answer::Statuses{
          readAll<answer::StatusEntry>(in.getStatuses(), kMostListed, "mailboxes", readStatusEntry)};
    case schema::Answer::SELECTED: return readSelected(in.getSelected());
    case schema::Answer::VANISHED: return answer::Vanished{readSet(in.getVanished())};
    case schema::Answer::FOUND: return answer::Found{readSet(in.getFound())};
    case schema::Answer::MESSAGES:
      return answer::Messages{
          readAll<answer::Message>(in.getMessages(), kMostMessages, "messages", readMessage)};
    case schema::Answer::WINDOW: return readWindow(in.getWindow());
    case schema::Answer::APPENDED: return readAppended(in.getAppended());
    case schema::Answer::DONE: {
      auto done = in.getDone();
      return answer::Done{readEnum(done.getCompletion(), answer::Done::Completion::bad),
                          shortText(done.getCode(), kMostText), shortText(done.getText(), kMostText)};
    }
  }
  throw PeerViolation("an unknown answer");
}

}  // namespace

Packet pack(Request request) {
  convert::Writer writer;
  auto root = writer.root<schema::Request>();
  root.setId(request.id);
  std::visit(WriteRequest{root}, request.what);
  return writer.packet(std::move(request.bodies));
}

Request readRequest(Packet packet) {
  return convert::checked([&] {
    convert::Reader reader(packet);
    auto root = reader.root<schema::Request>();
    Request request{root.getId(), readWhat(root), std::move(packet.descriptor)};
    convert::checkDescriptor(request.bodies, std::holds_alternative<request::Append>(request.what));
    return request;
  });
}

Packet pack(Answer answer) {
  convert::Writer writer;
  auto root = writer.root<schema::Answer>();
  root.setId(answer.id);
  std::visit(WriteAnswer{root}, answer.what);
  return writer.packet(std::move(answer.bodies));
}

Answer readAnswer(Packet packet) {
  return convert::checked([&] {
    convert::Reader reader(packet);
    auto root = reader.root<schema::Answer>();
    Answer answer{root.getId(), readWhat(root), std::move(packet.descriptor)};
    convert::checkDescriptor(answer.bodies, std::holds_alternative<answer::Window>(answer.what));
    return answer;
  });
}

}  // namespace interimap
