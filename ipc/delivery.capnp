# Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

# sync <-> delivery. delivery trusts sync; sync checks every answer (ipc/delivery_convert.cc is the only reader
# and writer). What the fields mean, and what is answered to what, stands in ipc/delivery.h.
@0xe4718b0c2f9d6a35;
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("interimap::schema");

struct DeliveryRequest {
  id @0 :UInt32;  # chosen by sync, ascending, never reused
  union {
    window @1 :Window;  # the bodies come beside it: one sealed memfd
    quit   @2 :Void;
  }

  struct Window {
    forwardPaths @0 :List(Data);
    messages     @1 :List(Message);
  }
  struct Message {
    reversePath @0 :Data;  # empty: null
    offset      @1 :UInt64;
    size        @2 :UInt64;
  }
}

struct DeliveryAnswer {
  id @0 :UInt32;  # of the request; done is the last one with this id
  union {
    settled @1 :Settled;
    done    @2 :Void;
    closed  @3 :Closed;  # the last packet of all
  }

  struct Closed {
    reason @0 :Data;
    status @1 :UInt8;  # an ExitStatus
  }
  struct Settled {
    message  @0 :UInt32;
    outcomes @1 :List(Outcome);
  }
  struct Outcome {
    kind   @0 :Kind;
    stage  @1 :Stage;
    code   @2 :UInt16;  # 0: no reply
    status @3 :UInt32;  # 1000000 class + 1000 subject + detail; 0: none
    text   @4 :Data;
    enum Kind { delivered @0; deferred @1; refused @2; unknown @3; }
    enum Stage { connection @0; mail @1; rcpt @2; data @3; end @4; }
  }
}
