// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

// sync <-> delivery: messages to be handed to the SMTP or LMTP server, and what became of each. One struct
// per packet; ipc/delivery.capnp is the same on the wire and ipc/delivery_convert.cc the only way between the
// two.
//
// delivery trusts sync. sync trusts nothing in an answer beyond what the types hold.
//
// A request has an id chosen by sync, ascending, never reused. Any number may be outstanding; delivery takes
// them in their order and begins messages without waiting for those before, where the server allows it. It
// connects when the first request is there; a window of no messages does that and nothing else.
//
// Every window gets one Settled for each of its messages, as soon as it is known and in any order, then Done.
// A connection that is lost ends the process, and its last packet is Closed: what was not answered before
// was not begun, or is certain to have come to nothing, and may be asked of the next process at once. If the
// channel ends without Closed, what was not answered may have been delivered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ipc/body.h"
#include "ipc/channel.h"
#include "ipc/enhanced_status.h"
#include "ipc/exit_status.h"
#include "ipc/imap.h"  // RequestId, kMostMessages
#include "ipc/path.h"

namespace interimap {

// Limits of a packet, so that none outgrows Channel::kMostBytes.
inline constexpr std::size_t kMostForwardPaths = 48;  // recipients of one window
inline constexpr std::size_t kMostReplyText = 512;    // bytes of a server's reply quoted in an answer

namespace deliver {

struct Message {
  ReversePath reversePath;
  BodyRange body;  // within the descriptor beside the request
};

// At most kMostMessages messages, each for all the forward-paths, at least one. The bodies come beside it.
struct Window {
  std::vector<ForwardPath> forwardPaths;
  std::vector<Message> messages;
};

// No more requests follow: finish what is outstanding, say QUIT, end. Answer: Closed. Where nothing was asked
// for, closing the channel does without a connection.
struct Quit {
  bool operator==(const Quit&) const = default;
};

// What became of a message for one recipient.
struct Outcome {
  enum class Kind : std::uint8_t {
    delivered,  // the server has taken it over
    deferred,   // it has not: try again later
    refused,    // it has not, and never will, says the server
    unknown,    // everything was sent and no reply came: it has, or it has not
  };
  enum class Stage : std::uint8_t { connection, mail, rcpt, data, end };  // ... of mail data
  Kind kind = Kind::deferred;
  Stage stage = Stage::connection;  // what the reply answers, or how far it was when the connection was lost
  std::uint16_t code = 0;           // the reply code, 200 ... 599; 0: there was no reply, `text` is ours
  std::optional<EnhancedStatus> status;
  std::string text;  // the server's words without the codes, or the reason; at most kMostReplyText
  bool operator==(const Outcome&) const = default;
};

struct Settled {
  std::uint32_t message = 0;      // its place in the window, from 0
  std::vector<Outcome> outcomes;  // one per forward-path, in the order of the request
  bool operator==(const Settled&) const = default;
};

struct Done {
  bool operator==(const Done&) const = default;
};

// The last packet. Its id is that of the Quit it answers, or 0.
struct Closed {
  std::string reason;                  // at most kMostReplyText; empty after QUIT
  ExitStatus status = ExitStatus::ok;  // why: `unavailable` may pass, kStale is over with the next
                                       // connection, `noPermission` and `config` stay
  bool operator==(const Closed&) const = default;
};

}  // namespace deliver

struct DeliveryRequest {
  RequestId id = 0;
  std::variant<deliver::Window, deliver::Quit> what;
  Descriptor bodies;  // with Window, and only then
};

struct DeliveryAnswer {
  RequestId id = 0;
  std::variant<deliver::Settled, deliver::Done, deliver::Closed> what;
};

// Packets. The readers throw PeerViolation for whatever does not hold.
Packet pack(DeliveryRequest request);
DeliveryRequest readDeliveryRequest(Packet packet);
Packet pack(const DeliveryAnswer& answer);
DeliveryAnswer readDeliveryAnswer(Packet packet);

}  // namespace interimap
