// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// sync <-> delivery: the only way between the schema and the types of ipc/delivery.h, and the only place that
// refuses.
#include <stdexcept>
#include <string_view>

#include "ipc/convert.h"
#include "ipc/delivery.capnp.h"
#include "ipc/delivery.h"

namespace interimap {

namespace {

using convert::bytes;
using convert::shortText;

// The text of a reply is longer than we quote: cut here, once.
capnp::Data::Reader quote(std::string_view text) { return bytes(text.substr(0, kMostReplyText)); }

template <typename List>
unsigned sizeWithin(const List& list, std::size_t most) {
  if (list.size() > most) throw std::logic_error("a window that must be split first");
  return static_cast<unsigned>(list.size());
}

template <typename List>
void limit(const List& list, std::size_t most, const char* what) {
  if (list.size() > most) throw PeerViolation(std::string("too many ") + what);
}

template <typename To, typename From>
To readEnum(From value, To last) {
  if (static_cast<unsigned>(value) > static_cast<unsigned>(last))
    throw PeerViolation("an unknown enumerator");
  return static_cast<To>(value);
}

// Requests.

struct WriteRequest {
  schema::DeliveryRequest::Builder to;

  void operator()(const deliver::Window& window) {
    auto out = to.initWindow();
    auto paths = out.initForwardPaths(sizeWithin(window.forwardPaths, kMostForwardPaths));
    for (unsigned i = 0; i < window.forwardPaths.size(); ++i)
      paths.set(i, bytes(window.forwardPaths[i].text()));
    auto messages = out.initMessages(sizeWithin(window.messages, kMostMessages));
    for (unsigned i = 0; i < window.messages.size(); ++i) {
      messages[i].setReversePath(bytes(window.messages[i].reversePath.text()));
      messages[i].setOffset(window.messages[i].body.offset);
      messages[i].setSize(window.messages[i].body.size);
    }
  }
  void operator()(const deliver::Quit&) { to.setQuit(); }
};

// Parsed again although sync has parsed it: what delivery writes into a line of SMTP it has checked itself.
template <typename Path>
Path readPath(capnp::Data::Reader in) {
  auto path = Path::parse(shortText(in, kLongestPath));
  if (!path) throw PeerViolation("a reverse-path or forward-path that is none");
  return *path;
}

deliver::Window readWindow(schema::DeliveryRequest::Window::Reader in) {
  limit(in.getForwardPaths(), kMostForwardPaths, "recipients");
  limit(in.getMessages(), kMostMessages, "messages");
  deliver::Window window;
  for (auto path : in.getForwardPaths()) window.forwardPaths.push_back(readPath<ForwardPath>(path));
  if (window.forwardPaths.empty()) throw PeerViolation("messages for nobody");
  for (auto message : in.getMessages())
    window.messages.push_back(
        {readPath<ReversePath>(message.getReversePath()), {message.getOffset(), message.getSize()}});
  return window;
}

decltype(DeliveryRequest::what) readWhat(schema::DeliveryRequest::Reader in) {
  switch (in.which()) {
    case schema::DeliveryRequest::WINDOW: return readWindow(in.getWindow());
    case schema::DeliveryRequest::QUIT: return deliver::Quit{};
  }
  throw PeerViolation("an unknown request");
}

// Answers.

constexpr std::uint32_t kClassUnit = 1'000'000, kSubjectUnit = 1000;

std::uint32_t writeStatus(const std::optional<EnhancedStatus>& status) {
  if (!status) return 0;
  return status->kind * kClassUnit + status->subject * kSubjectUnit + status->detail;
}

std::optional<EnhancedStatus> readStatus(std::uint32_t in) {
  if (in == 0) return std::nullopt;
  if (in / kClassUnit > 9) throw PeerViolation("an enhanced status code that is none");
  EnhancedStatus status{static_cast<std::uint8_t>(in / kClassUnit),
                        static_cast<std::uint16_t>(in % kClassUnit / kSubjectUnit),
                        static_cast<std::uint16_t>(in % kSubjectUnit)};
  if (!status.valid()) throw PeerViolation("an enhanced status code that is none");
  return status;
}

struct WriteAnswer {
  schema::DeliveryAnswer::Builder to;

  void operator()(const deliver::Settled& settled) {
    auto out = to.initSettled();
    out.setMessage(settled.message);
    auto outcomes = out.initOutcomes(sizeWithin(settled.outcomes, kMostForwardPaths));
    for (unsigned i = 0; i < settled.outcomes.size(); ++i) {
      const deliver::Outcome& outcome = settled.outcomes[i];
      outcomes[i].setKind(static_cast<schema::DeliveryAnswer::Outcome::Kind>(outcome.kind));
      outcomes[i].setStage(static_cast<schema::DeliveryAnswer::Outcome::Stage>(outcome.stage));
      outcomes[i].setCode(outcome.code);
      outcomes[i].setStatus(writeStatus(outcome.status));
      outcomes[i].setText(quote(outcome.text));
    }
  }
  void operator()(const deliver::Done&) { to.setDone(); }
  void operator()(const deliver::Closed& closed) {
    auto out = to.initClosed();
    out.setReason(quote(closed.reason));
    out.setStatus(static_cast<std::uint8_t>(closed.status));
  }
};

deliver::Outcome readOutcome(schema::DeliveryAnswer::Outcome::Reader in) {
  if (in.getCode() != 0 && (in.getCode() < 200 || in.getCode() > 599))
    throw PeerViolation("a reply code that is none");
  return {readEnum(in.getKind(), deliver::Outcome::Kind::unknown),
          readEnum(in.getStage(), deliver::Outcome::Stage::end), in.getCode(), readStatus(in.getStatus()),
          shortText(in.getText(), kMostReplyText)};
}

deliver::Settled readSettled(schema::DeliveryAnswer::Settled::Reader in) {
  if (in.getMessage() >= kMostMessages) throw PeerViolation("a message outside its window");
  limit(in.getOutcomes(), kMostForwardPaths, "recipients");
  deliver::Settled settled{in.getMessage(), {}};
  for (auto outcome : in.getOutcomes()) settled.outcomes.push_back(readOutcome(outcome));
  if (settled.outcomes.empty()) throw PeerViolation("outcomes for nobody");
  return settled;
}

ExitStatus readWhy(std::uint8_t number) {
  return number == static_cast<int>(kStale) ? kStale : convert::exitStatus(number);
}

decltype(DeliveryAnswer::what) readWhat(schema::DeliveryAnswer::Reader in) {
  switch (in.which()) {
    case schema::DeliveryAnswer::SETTLED: return readSettled(in.getSettled());
    case schema::DeliveryAnswer::DONE: return deliver::Done{};
    case schema::DeliveryAnswer::CLOSED:
      return deliver::Closed{shortText(in.getClosed().getReason(), kMostReplyText),
                             readWhy(in.getClosed().getStatus())};
  }
  throw PeerViolation("an unknown answer");
}

}  // namespace

Packet pack(DeliveryRequest request) {
  convert::Writer writer;
  auto root = writer.root<schema::DeliveryRequest>();
  root.setId(request.id);
  std::visit(WriteRequest{root}, request.what);
  return writer.packet(std::move(request.bodies));
}

DeliveryRequest readDeliveryRequest(Packet packet) {
  return convert::checked([&] {
    convert::Reader reader(packet);
    auto root = reader.root<schema::DeliveryRequest>();
    DeliveryRequest request{root.getId(), readWhat(root), std::move(packet.descriptor)};
    convert::checkDescriptor(request.bodies, std::holds_alternative<deliver::Window>(request.what));
    return request;
  });
}

Packet pack(const DeliveryAnswer& answer) {
  convert::Writer writer;
  auto root = writer.root<schema::DeliveryAnswer>();
  root.setId(answer.id);
  std::visit(WriteAnswer{root}, answer.what);
  return writer.packet();
}

DeliveryAnswer readDeliveryAnswer(Packet packet) {
  return convert::checked([&] {
    convert::Reader reader(packet);
    auto root = reader.root<schema::DeliveryAnswer>();
    if (packet.descriptor) throw PeerViolation("a descriptor in an answer");
    return DeliveryAnswer{root.getId(), readWhat(root)};
  });
}

}  // namespace interimap
