// Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

#include "sync/peers/delivery_process.h"

#include <poll.h>

#include <utility>

#include "ipc/failure.h"

namespace interimap {

void DeliveryProcess::want() {
  unwanted_ = false;
  if (wanted_ || channel_ || end_) return;
  wanted_ = true;
  launch_.report({WantsDeliverer{}});
}

void DeliveryProcess::admit(Descriptor peer) {
  if (!wanted_) throw PeerViolation("launch sent a delivery process that was not wanted");
  wanted_ = false;
  if (std::exchange(unwanted_, false)) return;  // it has nothing to do, and sees that
  quitting_ = answered_ = false;
  channel_.emplace(std::move(peer));
}

RequestId DeliveryProcess::submit(deliver::Window window, Descriptor bodies) {
  RequestId id = nextId_++;
  seam_.before();
  send({id, std::move(window), std::move(bodies)});
  seam_.after();
  return id;
}

void DeliveryProcess::quit() {
  unwanted_ = wanted_;
  if (!ready()) return;
  quitting_ = true;
  send({nextId_++, deliver::Quit{}, {}});
}

// One that has just ended may have left a last word: the end is receive()'s to find.
void DeliveryProcess::send(DeliveryRequest request) {
  try {
    if (channel_) channel_->send(pack(std::move(request)));
  } catch (const PeerGone&) {
    receive();
  }
}

void DeliveryProcess::receive() {
  try {
    channel_->flush();
  } catch (const PeerGone&) {  // as above
  }
  try {
    for (int packets = 0; packets < kPacketsInTurn; ++packets) {
      auto packet = channel_->receive();
      if (!packet) break;
      DeliveryAnswer answer = readDeliveryAnswer(std::move(*packet));
      if (auto* closed = std::get_if<deliver::Closed>(&answer.what)) {
        end_ = End{std::move(*closed), answered_};
        break;
      }
      answers_.push_back(std::move(answer));
      answered_ = true;
    }
  } catch (const PeerGone&) {
    end_ = End{{}, answered_};
  }
  if (end_) channel_.reset();
}

std::optional<DeliveryAnswer> DeliveryProcess::next() {
  if (answers_.empty()) return std::nullopt;
  DeliveryAnswer answer = std::move(answers_.front());
  answers_.pop_front();
  return answer;
}

std::optional<DeliveryProcess::End> DeliveryProcess::takeEnd() {
  if (!answers_.empty()) return std::nullopt;
  return std::exchange(end_, std::nullopt);
}

void DeliveryProcess::forget() {
  channel_.reset();
  answers_.clear();
  end_.reset();
}

void DeliveryProcess::outlast(std::chrono::milliseconds patience) {
  auto end = std::chrono::steady_clock::now() + patience;
  while (channel_) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    pollfd waited{channel_->fd(), static_cast<short>(POLLIN | (channel_->sending() ? POLLOUT : 0)), 0};
    if (poll(&waited, 1, static_cast<int>(left.count())) > 0) receive();
  }
}

}  // namespace interimap
