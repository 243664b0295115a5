// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// launch <-> workers: the only way between the schema and the types of ipc/launch.h.
#include <string.h>

#include "ipc/convert.h"
#include "ipc/launch.capnp.h"
#include "ipc/launch.h"

namespace interimap {

namespace {

using convert::bytes;
using convert::shortText;
using convert::text;

// What launch takes from a worker; longer ones are cut where they are sent, since a server may choose them.
constexpr std::size_t kMostComponent = 64, kMostMailbox = 4096, kMostSubject = 2048;

capnp::Data::Reader cut(std::string_view text, std::size_t most) { return bytes(text.substr(0, most)); }

void write(schema::Optional::Builder to, const std::optional<std::string>& value) {
  if (value) to.setSome(bytes(*value));
}
std::optional<std::string> read(schema::Optional::Reader in) {
  if (!in.isSome()) return std::nullopt;
  return text(in.getSome());
}

unsigned size(const std::vector<std::string>& texts) { return static_cast<unsigned>(texts.size()); }

void write(schema::Order::Tls::Builder to, const settings::Tls& tls) {
  to.setVerify(tls.verify);
  to.setCaFile(bytes(tls.caFile));
  to.setCaPath(bytes(tls.caPath));
  convert::writeTexts(to.initFingerprints(size(tls.fingerprints)), tls.fingerprints);
  write(to.initHostname(), tls.hostname);
  to.setProtocolMin(bytes(tls.protocolMin));
  to.setProtocolMax(bytes(tls.protocolMax));
  convert::writeTexts(to.initProtocols(size(tls.protocols)), tls.protocols);
  to.setCipherList(bytes(tls.cipherList));
  write(to.initCipherSuites(), tls.cipherSuites);
}

settings::Tls readTls(schema::Order::Tls::Reader in) {
  settings::Tls tls;
  tls.verify = in.getVerify();
  tls.caFile = text(in.getCaFile());
  tls.caPath = text(in.getCaPath());
  tls.fingerprints = convert::texts(in.getFingerprints());
  tls.hostname = read(in.getHostname());
  tls.protocolMin = text(in.getProtocolMin());
  tls.protocolMax = text(in.getProtocolMax());
  tls.protocols = convert::texts(in.getProtocols());
  tls.cipherList = text(in.getCipherList());
  tls.cipherSuites = read(in.getCipherSuites());
  return tls;
}

struct WriteOrder {
  schema::Order::Builder to;

  void operator()(const settings::Net& net) {
    auto out = to.initNet();
    out.setTransport(static_cast<schema::Order::Net::Transport>(net.transport));
    out.setHost(bytes(net.host));
    out.setPort(bytes(net.port));
    out.setProxy(bytes(net.proxy));
    out.setCommand(bytes(net.command));
    out.setNullStderr(net.nullStderr);
    out.setStartTls(net.startTls);
    out.setCompress(static_cast<schema::Order::Net::Compress>(net.compress));
    write(out.initTls(), net.tls);
    convert::writeTexts(out.initAuth(size(net.auth)), net.auth);
    out.setUsername(bytes(net.username));
    out.setPassword(bytes(net.password.reveal()));
    out.setKeepAlive(net.keepAlive);
    out.setMaxMessageSize(net.maxMessageSize);
    out.setDebug(net.debug);
    out.setUser(bytes(net.user));
  }
  void operator()(const settings::Sync& sync) {
    auto out = to.initSync();
    out.setDatabaseDirectory(bytes(sync.databaseDirectory));
    out.setDatabaseName(bytes(sync.databaseName));
    out.setCreateDatabase(sync.createDatabase);
    convert::writeTexts(out.initMailboxes(size(sync.mailboxes)), sync.mailboxes);
    convert::writeTexts(out.initPatterns(size(sync.patterns)), sync.patterns);
    convert::writeTexts(out.initSelectionOptions(size(sync.selectionOptions)), sync.selectionOptions);
    write(out.initIgnore(), sync.ignore);
    out.setLocalReference(bytes(sync.localReference));
    out.setRemoteReference(bytes(sync.remoteReference));
    out.setLocalAccount(bytes(sync.localAccount));
    out.setRemoteAccount(bytes(sync.remoteAccount));
    out.setDebug(sync.debug);
    out.setUser(bytes(sync.user));
    out.setStopAtWrite(sync.stopAtWrite);
    out.setStopAfterWrite(sync.stopAfterWrite);
    out.setErrand(static_cast<schema::Order::Sync::Errand>(sync.errand));
    out.setInterval(sync.interval);
    out.setOnLocal(sync.onLocal);
    out.setOnRemote(sync.onRemote);
    out.setInDatabase(sync.inDatabase);
    out.setDryRun(sync.dryRun);
    out.setForceDeletions(sync.forceDeletions);
    out.setAdopt(sync.adopt);
    out.setByMessageId(sync.byMessageId);
    auto most = out.getMaxDeletions();
    if (!sync.maxDeletions)
      most.setUnlimited();
    else if (sync.maxDeletionsPercent)
      most.setPercent(*sync.maxDeletions);
    else
      most.setNumber(*sync.maxDeletions);
    out.setLocalConnections(sync.localConnections);
    out.setRemoteConnections(sync.remoteConnections);
  }
  void operator()(const settings::Delivery& delivery) {
    auto out = to.initDelivery();
    out.setLmtp(delivery.lmtp);
    out.setHost(bytes(delivery.host));
    out.setPort(bytes(delivery.port));
    out.setEhlo(bytes(delivery.ehlo));
    out.setUser(bytes(delivery.user));
    out.setSecurity(static_cast<schema::Order::Delivery::Security>(delivery.security));
    write(out.initTls(), delivery.tls);
    out.setUsername(bytes(delivery.username));
    out.setPassword(bytes(delivery.password.reveal()));
    convert::writeTexts(out.initDrop(size(delivery.drop)), delivery.drop);
    out.setDebug(delivery.debug);
  }
  void operator()(const settings::Pull& pull) {
    auto out = to.initPull();
    out.setStateDirectory(bytes(pull.stateDirectory));
    out.setStateName(bytes(pull.stateName));
    out.setCreateState(pull.createState);
    out.setErrand(static_cast<schema::Order::Pull::Errand>(pull.errand));
    out.setInterval(pull.interval);
    convert::writeTexts(out.initMailboxes(size(pull.mailboxes)), pull.mailboxes);
    convert::writeTexts(out.initForwardPaths(size(pull.forwardPaths)), pull.forwardPaths);
    out.setDeliver(pull.deliver);
    out.setRetryRefused(pull.retryRefused);
    out.setForgetRefused(pull.forgetRefused);
    out.setSeen(pull.seen);
    write(out.initSender(), pull.sender);
    out.setPurges(pull.purgeAfter.has_value());
    out.setPurgeAfter(pull.purgeAfter.value_or(0));
    out.setAccount(bytes(pull.account));
    out.setDebug(pull.debug);
    out.setUser(bytes(pull.user));
    out.setStopAtWrite(pull.stopAtWrite);
    out.setStopAfterWrite(pull.stopAfterWrite);
  }
  void operator()(const Deliverer&) { to.setDeliverer(); }
  void operator()(const AnotherNet& net) { to.setAnotherNet(static_cast<schema::Order::Side>(net.side)); }
  void operator()(const Go&) { to.setGo(); }
  void operator()(const Stop&) { to.setStop(); }
};

settings::Net readNet(schema::Order::Net::Reader in) {
  settings::Net net;
  if (in.getTransport() > schema::Order::Net::Transport::TUNNEL) throw PeerViolation("an unknown transport");
  net.transport = static_cast<settings::Transport>(in.getTransport());
  net.host = text(in.getHost());
  net.port = text(in.getPort());
  net.proxy = text(in.getProxy());
  net.command = text(in.getCommand());
  net.nullStderr = in.getNullStderr();
  net.startTls = in.getStartTls();
  if (in.getCompress() > schema::Order::Net::Compress::YES) throw PeerViolation("an unknown way to compress");
  net.compress = static_cast<settings::Compress>(in.getCompress());
  net.tls = readTls(in.getTls());
  net.auth = convert::texts(in.getAuth());
  net.username = text(in.getUsername());
  net.password = Secret(text(in.getPassword()));
  net.keepAlive = in.getKeepAlive();
  net.maxMessageSize = in.getMaxMessageSize();
  net.debug = in.getDebug();
  net.user = text(in.getUser());
  return net;
}

settings::Sync readSync(schema::Order::Sync::Reader in) {
  settings::Sync sync;
  sync.databaseDirectory = text(in.getDatabaseDirectory());
  sync.databaseName = text(in.getDatabaseName());
  sync.createDatabase = in.getCreateDatabase();
  sync.mailboxes = convert::texts(in.getMailboxes());
  sync.patterns = convert::texts(in.getPatterns());
  sync.selectionOptions = convert::texts(in.getSelectionOptions());
  sync.ignore = read(in.getIgnore());
  sync.localReference = text(in.getLocalReference());
  sync.remoteReference = text(in.getRemoteReference());
  sync.localAccount = text(in.getLocalAccount());
  sync.remoteAccount = text(in.getRemoteAccount());
  sync.debug = in.getDebug();
  sync.user = text(in.getUser());
  sync.stopAtWrite = in.getStopAtWrite();
  sync.stopAfterWrite = in.getStopAfterWrite();
  if (in.getErrand() > schema::Order::Sync::Errand::RENAME) throw PeerViolation("an unknown errand");
  sync.errand = static_cast<settings::Errand>(in.getErrand());
  sync.interval = in.getInterval();
  sync.onLocal = in.getOnLocal();
  sync.onRemote = in.getOnRemote();
  sync.inDatabase = in.getInDatabase();
  sync.dryRun = in.getDryRun();
  sync.forceDeletions = in.getForceDeletions();
  sync.adopt = in.getAdopt();
  sync.byMessageId = in.getByMessageId();
  auto most = in.getMaxDeletions();
  sync.maxDeletionsPercent = most.isPercent();
  if (most.isPercent()) sync.maxDeletions = most.getPercent();
  if (most.isNumber()) sync.maxDeletions = most.getNumber();
  sync.localConnections = in.getLocalConnections();
  sync.remoteConnections = in.getRemoteConnections();
  return sync;
}

settings::Delivery readDelivery(schema::Order::Delivery::Reader in) {
  settings::Delivery delivery;
  delivery.lmtp = in.getLmtp();
  delivery.host = text(in.getHost());
  delivery.port = text(in.getPort());
  delivery.ehlo = text(in.getEhlo());
  if (in.getSecurity() > schema::Order::Delivery::Security::IMPLICIT)
    throw PeerViolation("an unknown kind of security");
  delivery.security = static_cast<settings::Delivery::Security>(in.getSecurity());
  delivery.tls = readTls(in.getTls());
  delivery.username = text(in.getUsername());
  delivery.password = Secret(text(in.getPassword()));
  delivery.drop = convert::texts(in.getDrop());
  delivery.debug = in.getDebug();
  delivery.user = text(in.getUser());
  return delivery;
}

settings::Pull readPull(schema::Order::Pull::Reader in) {
  settings::Pull pull;
  pull.stateDirectory = text(in.getStateDirectory());
  pull.stateName = text(in.getStateName());
  pull.createState = in.getCreateState();
  if (in.getErrand() > schema::Order::Pull::Errand::EXPORT_STATE) throw PeerViolation("an unknown errand");
  pull.errand = static_cast<settings::Pull::Errand>(in.getErrand());
  pull.interval = in.getInterval();
  pull.mailboxes = convert::texts(in.getMailboxes());
  pull.forwardPaths = convert::texts(in.getForwardPaths());
  pull.deliver = in.getDeliver();
  pull.retryRefused = in.getRetryRefused();
  pull.forgetRefused = in.getForgetRefused();
  pull.seen = in.getSeen();
  pull.sender = read(in.getSender());
  if (in.getPurges()) pull.purgeAfter = in.getPurgeAfter();
  pull.account = text(in.getAccount());
  pull.debug = in.getDebug();
  pull.user = text(in.getUser());
  pull.stopAtWrite = in.getStopAtWrite();
  pull.stopAfterWrite = in.getStopAfterWrite();
  return pull;
}

decltype(Order::what) readWhat(schema::Order::Reader in) {
  switch (in.which()) {
    case schema::Order::NET: return readNet(in.getNet());
    case schema::Order::SYNC: return readSync(in.getSync());
    case schema::Order::DELIVERY: return readDelivery(in.getDelivery());
    case schema::Order::GO: return Go{};
    case schema::Order::STOP: return Stop{};
    case schema::Order::PULL: return readPull(in.getPull());
    case schema::Order::DELIVERER: return Deliverer{};
    case schema::Order::ANOTHER_NET:
      if (in.getAnotherNet() > schema::Order::Side::REMOTE) throw PeerViolation("an unknown side");
      return AnotherNet{static_cast<Side>(in.getAnotherNet())};
  }
  throw PeerViolation("an unknown order");
}

struct WriteReport {
  schema::Report::Builder to;

  void operator()(const LogLine& line) {
    auto out = to.initLog();
    out.setLevel(static_cast<schema::Report::Log::Level>(line.level));
    out.setComponent(cut(line.component, kMostComponent));
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
    out.setMailbox(cut(progress.mailbox, kMostMailbox));
    out.setMessages(progress.messages);
    out.setOfMessages(progress.ofMessages);
    out.setOctets(progress.octets);
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
    out.setOctets(done.octets);
    out.setMailboxes(done.mailboxes);
    out.setWaiting(done.waiting);
  }
  void operator()(const WantsDeliverer&) { to.setWantsDeliverer(); }
  void operator()(const WantsNets& wants) {
    auto out = to.initWantsNets();
    out.setLocal(wants.local);
    out.setRemote(wants.remote);
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

LogLine readLog(schema::Report::Log::Reader in) {
  if (in.getLevel() > schema::Report::Log::Level::DEBUG) throw PeerViolation("an unknown log level");
  return {static_cast<LogLevel>(in.getLevel()), shortText(in.getComponent(), kMostComponent),
          shortText(in.getMailbox(), kMostMailbox), shortText(in.getText(), kMostLogText),
          readSubject(in.getSubject())};
}

decltype(Report::what) readWhat(schema::Report::Reader in) {
  switch (in.which()) {
    case schema::Report::LOG: return readLog(in.getLog());
    case schema::Report::LOCKED: return Locked{};
    case schema::Report::PROGRESS: {
      auto progress = in.getProgress();
      return Progress{shortText(progress.getMailbox(), kMostMailbox), progress.getMessages(),
                      progress.getOfMessages(), progress.getOctets()};
    }
    case schema::Report::TRAFFIC: {
      auto traffic = in.getTraffic();
      return Traffic{traffic.getReceived(), traffic.getSent(), traffic.getReceivedCompressed(),
                     traffic.getSentCompressed(), traffic.getCompressed()};
    }
    case schema::Report::SYNCHRONISED: {
      auto done = in.getSynchronised();
      return Synchronised{done.getCopiedToLocal(), done.getCopiedToRemote(), done.getFlagsUpdated(),
                          done.getExpunged(),      done.getFailed(),         done.getOctets(),
                          done.getMailboxes(),     done.getWaiting()};
    }
    case schema::Report::WANTS_DELIVERER: return WantsDeliverer{};
    case schema::Report::WANTS_NETS: {
      auto wants = in.getWantsNets();
      return WantsNets{wants.getLocal(), wants.getRemote()};
    }
    case schema::Report::PULLED: {
      auto pulled = in.getPulled();
      return Pulled{pulled.getDelivered(), pulled.getDeferred(), pulled.getRefused(), pulled.getUnknown(),
                    pulled.getPurged(),    pulled.getOctets(),   pulled.getWaiting()};
    }
    case schema::Report::EXPORTED: return Exported{text(in.getExported())};
    case schema::Report::ENDED: return Ended{convert::exitStatus(in.getEnded())};
  }
  throw PeerViolation("an unknown report");
}

}  // namespace

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
                                             std::holds_alternative<AnotherNet>(order.what));
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
