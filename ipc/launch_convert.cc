// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// launch <-> workers: the only way between the schema and the types of ipc/launch.h.
#include <string.h>

#include <algorithm>

#include "ipc/convert.h"
#include "ipc/launch.capnp.h"
#include "ipc/launch.h"
#include "ipc/settings_convert.h"

namespace interimap {

namespace {

using convert::bytes;
using convert::countSettings, convert::writeSettings, convert::readSettings;
using convert::shortText;
using convert::text;

// What launch takes from a worker; longer ones are cut where they are sent, since a server may choose them.
constexpr std::size_t kMostMailbox = 4096, kMostSubject = 2048, kMostFactName = 32;

capnp::Data::Reader cut(std::string_view text, std::size_t most) { return bytes(text.substr(0, most)); }

std::optional<std::string> read(schema::Optional::Reader in) {
  if (!in.isSome()) return std::nullopt;
  return text(in.getSome());
}

struct WriteOrder {
  schema::Order::Builder to;

  void operator()(const settings::Net& net) { writeSettings(to.initNet(countSettings(net)), net); }
  void operator()(const settings::Sync& sync) { writeSettings(to.initSync(countSettings(sync)), sync); }
  void operator()(const settings::Delivery& delivery) {
    writeSettings(to.initDelivery(countSettings(delivery)), delivery);
  }
  void operator()(const settings::Pull& pull) { writeSettings(to.initPull(countSettings(pull)), pull); }
  void operator()(const Deliverer&) { to.setDeliverer(); }
  void operator()(const AnotherNet& net) { to.setAnotherNet(static_cast<schema::Order::Side>(net.side)); }
  void operator()(const IdleNet& net) { to.setIdleNet(static_cast<schema::Order::Side>(net.side)); }
  void operator()(const Go&) { to.setGo(); }
  void operator()(const Stop&) { to.setStop(); }
  void operator()(const Look&) { to.setLook(); }
};

Side side(schema::Order::Side in) {
  if (in > schema::Order::Side::REMOTE) throw PeerViolation("an unknown side");
  return static_cast<Side>(in);
}

decltype(Order::what) readWhat(schema::Order::Reader in) {
  switch (in.which()) {
    case schema::Order::NET: return readSettings<settings::Net>(in.getNet());
    case schema::Order::SYNC: return readSettings<settings::Sync>(in.getSync());
    case schema::Order::DELIVERY: return readSettings<settings::Delivery>(in.getDelivery());
    case schema::Order::GO: return Go{};
    case schema::Order::STOP: return Stop{};
    case schema::Order::LOOK: return Look{};
    case schema::Order::PULL: return readSettings<settings::Pull>(in.getPull());
    case schema::Order::DELIVERER: return Deliverer{};
    case schema::Order::ANOTHER_NET: return AnotherNet{side(in.getAnotherNet())};
    case schema::Order::IDLE_NET: return IdleNet{side(in.getIdleNet())};
  }
  throw PeerViolation("an unknown order");
}

struct WriteReport {
  schema::Report::Builder to;

  void operator()(const LogLine& line) {
    auto out = to.initLog();
    out.setLevel(static_cast<schema::Report::Log::Level>(line.level));
    out.setComponent(static_cast<schema::Report::Component>(line.component));
    out.setMailbox(cut(line.mailbox, kMostMailbox));
    out.setText(cut(line.text, kMostLogText));
    const LogSubject& subject = line.subject;
    if (subject == LogSubject()) return;
    auto about = out.initSubject();
    about.setUid(subject.uid);
    about.setUids(cut(subject.uids, kMostSubject));
    about.setMessageId(cut(subject.messageId, kMostSubject));
    if (subject.sender) about.initSender().setSome(cut(*subject.sender, kMostSubject));
    about.setRecipient(cut(subject.recipient, kMostSubject));
    about.setReply(cut(subject.reply, kMostSubject));
  }
  void operator()(const Locked&) { to.setLocked(); }
  void operator()(const Progress& progress) {
    auto out = to.initProgress();
    out.setMessages(progress.messages);
    out.setOfMessages(progress.ofMessages);
    out.setOctets(progress.octets);
    out.setOfOctets(progress.ofOctets);
    out.setTarget(static_cast<schema::Report::Component>(progress.target));
    out.setMailbox(cut(progress.mailbox, kMostMailbox));
  }
  void operator()(const Traffic& traffic) {
    auto out = to.initTraffic();
    out.setReceived(traffic.received);
    out.setSent(traffic.sent);
    out.setReceivedCompressed(traffic.receivedCompressed);
    out.setSentCompressed(traffic.sentCompressed);
    out.setCompressed(traffic.compressed);
  }
  void operator()(const Synchronised& done) {
    auto out = to.initSynchronised();
    out.setCopiedToLocal(done.copiedToLocal);
    out.setCopiedToRemote(done.copiedToRemote);
    out.setFlagsUpdated(done.flagsUpdated);
    out.setExpunged(done.expunged);
    out.setFailed(done.failed);
    out.setOctetsToLocal(done.octetsToLocal);
    out.setOctetsToRemote(done.octetsToRemote);
    out.setMailboxes(done.mailboxes);
    out.setHeld(done.held);
    out.setWaiting(done.waiting);
  }
  void operator()(const WantsDeliverer&) { to.setWantsDeliverer(); }
  void operator()(const WantsNets& wants) {
    auto out = to.initWantsNets();
    out.setLocal(wants.local);
    out.setRemote(wants.remote);
  }
  void operator()(const WantsIdleNet& wants) {
    to.setWantsIdleNet(static_cast<schema::Order::Side>(wants.side));
  }
  void operator()(const Waits& waits) {
    auto out = to.initWaits();
    out.setMilliseconds(waits.milliseconds);
    out.setGone(waits.gone);
  }
  void operator()(const Pulled& pulled) {
    auto out = to.initPulled();
    out.setDelivered(pulled.delivered);
    out.setDeferred(pulled.deferred);
    out.setRefused(pulled.refused);
    out.setUnknown(pulled.unknown);
    out.setPurged(pulled.purged);
    out.setOctets(pulled.octets);
    out.setWaiting(pulled.waiting);
  }
  void operator()(const Exported& exported) { to.setExported(bytes(exported.octets)); }
  void operator()(const Finding& finding) {
    auto out = to.initFinding();
    out.setComponent(static_cast<schema::Report::Component>(finding.component));
    out.setMailbox(cut(finding.mailbox, kMostMailbox));
    out.setText(cut(finding.text, kMostLogText));
    auto facts = out.initFacts(static_cast<unsigned>(finding.facts.size()));
    for (unsigned i = 0; i < facts.size(); ++i) {
      facts[i].setName(finding.facts[i].name.c_str());
      auto value = facts[i].getValue();
      if (auto* text = std::get_if<std::string>(&finding.facts[i].value))
        value.setText(cut(*text, kMostSubject));
      else
        value.setNumber(std::get<std::uint64_t>(finding.facts[i].value));
    }
  }
  void operator()(const Ended& ended) { to.setEnded(static_cast<std::uint8_t>(ended.status)); }
};

LogSubject readSubject(schema::Report::Subject::Reader in) {
  LogSubject subject{in.getUid(),
                     shortText(in.getUids(), kMostSubject),
                     shortText(in.getMessageId(), kMostSubject),
                     read(in.getSender()),
                     shortText(in.getRecipient(), kMostSubject),
                     shortText(in.getReply(), kMostSubject)};
  if (subject.sender && subject.sender->size() > kMostSubject)
    throw PeerViolation("a sender that is too long");
  return subject;
}

Component readComponent(schema::Report::Component in) {
  if (in > schema::Report::Component::DATABASE) throw PeerViolation("an unknown component");
  return static_cast<Component>(in);
}

// A name becomes one of JSON as it is.
Finding::Fact readFact(schema::Report::Fact::Reader in) {
  std::string_view name(in.getName().cStr(), in.getName().size());
  bool letters =
      std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
  if (name.empty() || name.size() > kMostFactName || !letters) throw PeerViolation("a fact of no name");
  if (in.getValue().isText()) return {std::string(name), shortText(in.getValue().getText(), kMostSubject)};
  return {std::string(name), in.getValue().getNumber()};
}

Finding readFinding(schema::Report::Finding::Reader in) {
  Finding finding{readComponent(in.getComponent()), shortText(in.getMailbox(), kMostMailbox),
                  shortText(in.getText(), kMostLogText)};
  if (in.getFacts().size() > kMostFacts) throw PeerViolation("too many facts");
  for (auto fact : in.getFacts()) finding.facts.push_back(readFact(fact));
  return finding;
}

LogLine readLog(schema::Report::Log::Reader in) {
  if (in.getLevel() > schema::Report::Log::Level::DEBUG) throw PeerViolation("an unknown log level");
  return {static_cast<LogLevel>(in.getLevel()), readComponent(in.getComponent()),
          shortText(in.getMailbox(), kMostMailbox), shortText(in.getText(), kMostLogText),
          readSubject(in.getSubject())};
}

decltype(Report::what) readWhat(schema::Report::Reader in) {
  switch (in.which()) {
    case schema::Report::LOG: return readLog(in.getLog());
    case schema::Report::LOCKED: return Locked{};
    case schema::Report::PROGRESS: {
      auto progress = in.getProgress();
      return Progress{progress.getMessages(),
                      progress.getOfMessages(),
                      progress.getOctets(),
                      progress.getOfOctets(),
                      readComponent(progress.getTarget()),
                      shortText(progress.getMailbox(), kMostMailbox)};
    }
    case schema::Report::TRAFFIC: {
      auto traffic = in.getTraffic();
      return Traffic{traffic.getReceived(), traffic.getSent(), traffic.getReceivedCompressed(),
                     traffic.getSentCompressed(), traffic.getCompressed()};
    }
    case schema::Report::SYNCHRONISED: {
      auto done = in.getSynchronised();
      return Synchronised{done.getCopiedToLocal(),  done.getCopiedToRemote(), done.getFlagsUpdated(),
                          done.getExpunged(),       done.getFailed(),         done.getOctetsToLocal(),
                          done.getOctetsToRemote(), done.getMailboxes(),      done.getHeld(),
                          done.getWaiting()};
    }
    case schema::Report::WANTS_DELIVERER: return WantsDeliverer{};
    case schema::Report::WANTS_NETS: {
      auto wants = in.getWantsNets();
      return WantsNets{wants.getLocal(), wants.getRemote()};
    }
    case schema::Report::WANTS_IDLE_NET: return WantsIdleNet{side(in.getWantsIdleNet())};
    case schema::Report::WAITS: {
      auto waits = in.getWaits();
      if (waits.getMilliseconds() > kLongestWait) throw PeerViolation("a wait that is too long");
      return Waits{waits.getMilliseconds(), waits.getGone()};
    }
    case schema::Report::PULLED: {
      auto pulled = in.getPulled();
      return Pulled{pulled.getDelivered(), pulled.getDeferred(), pulled.getRefused(), pulled.getUnknown(),
                    pulled.getPurged(),    pulled.getOctets(),   pulled.getWaiting()};
    }
    case schema::Report::FINDING: return readFinding(in.getFinding());
    case schema::Report::EXPORTED: return Exported{text(in.getExported())};
    case schema::Report::ENDED:
      return Ended{in.getEnded() == static_cast<int>(kStale) ? kStale : convert::exitStatus(in.getEnded())};
  }
  throw PeerViolation("an unknown report");
}

}  // namespace

const char* nameOf(Component component) {
  switch (component) {
    case Component::none: break;
    case Component::local: return "local";
    case Component::remote: return "remote";
    case Component::database: return "database";
  }
  return "";
}

Packet pack(Order order) {
  convert::Writer writer;
  std::visit(WriteOrder{writer.root<schema::Order>()}, order.what);
  return writer.packet(std::move(order.peer));
}

Order readOrder(Packet packet) {
  return convert::checked([&] {
    convert::Reader reader(packet);
    Order order{readWhat(reader.root<schema::Order>()), std::move(packet.descriptor)};
    convert::checkDescriptor(order.peer, std::holds_alternative<Deliverer>(order.what) ||
                                             std::holds_alternative<AnotherNet>(order.what) ||
                                             std::holds_alternative<IdleNet>(order.what));
    explicit_bzero(packet.words.data(), packet.words.size() * 8);  // an order may hold the password
    return order;
  });
}

Packet pack(const Report& report) {
  convert::Writer writer;
  std::visit(WriteReport{writer.root<schema::Report>()}, report.what);
  return writer.packet();
}

Report readReport(Packet packet) {
  return convert::checked([&] {
    convert::Reader reader(packet);
    if (packet.descriptor) throw PeerViolation("a descriptor in a report");
    return Report{readWhat(reader.root<schema::Report>())};
  });
}

}  // namespace interimap
