# Copyright (C) 2026 The interimap authors. SPDX-License-Identifier: GPL-3.0-or-later

# launch <-> workers. A worker trusts launch; launch trusts no worker (ipc/launch_convert.cc is the only reader and
# writer). What the fields mean stands in ipc/launch.h.
@0xd86f0c3a5b9e1742;
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("interimap::schema");

struct Optional {  # an absent text and an empty one differ
  union {
    none @0 :Void;
    some @1 :Data;
  }
}

struct Order {
  union {
    net      @0 :List(Setting);
    sync     @1 :List(Setting);
    delivery @2 :List(Setting);
    go       @3 :Void;
    stop     @4 :Void;
    pull     @5 :List(Setting);
    deliverer @6 :Void;  # the channel comes beside it
    anotherNet @7 :Side;  # ditto
    look     @8 :Void;
    idleNet  @9 :Side;  # the channel comes beside it
  }
  enum Side { local @0; remote @1; }
}

struct Setting {  # which there are, in which order, and within which bounds, stands in ipc/settings.h
  name @0 :Text;
  value :union {
    none    @1 :Void;
    flag    @2 :Bool;
    number  @3 :UInt64;
    percent @4 :UInt64;
    text    @5 :Data;
    texts   @6 :List(Data);
    tables  @7 :List(List(Setting));
  }
}

struct Report {
  union {
    log      @0 :Log;
    locked   @1 :Void;
    progress @2 :Progress;
    traffic  @3 :Traffic;
    ended    @4 :UInt8;  # an ExitStatus
    synchronised @5 :Synchronised;
    wantsDeliverer @6 :Void;
    pulled   @7 :Pulled;
    exported @8 :Data;
    wantsNets @9 :WantsNets;
    finding  @10 :Finding;
    waits    @11 :Waits;
    wantsIdleNet @12 :Order.Side;
  }

  enum Component { none @0; local @1; remote @2; database @3; }
  struct Log {
    level     @0 :Level;
    component @1 :Component;
    mailbox   @2 :Data;
    text      @3 :Data;
    subject   @4 :Subject;
    enum Level { info @0; notice @1; warning @2; error @3; debug @4; }
  }
  struct Finding {
    component @0 :Component;
    mailbox   @1 :Data;
    text      @2 :Data;
    facts     @3 :List(Fact);
  }
  struct Fact {
    name   @0 :Text;
    value :union {
      number @1 :UInt64;
      text   @2 :Data;
    }
  }
  struct Subject {
    uid       @0 :UInt32;
    uids      @1 :Data;
    messageId @2 :Data;
    sender    @3 :Optional;
    recipient @4 :Data;
    reply     @5 :Data;
  }
  struct Progress {
    messages   @0 :UInt64;
    ofMessages @1 :UInt64;
    octets     @2 :UInt64;
    ofOctets   @3 :UInt64;
    target     @4 :Component;
    mailbox    @5 :Data;
  }
  struct Synchronised {
    copiedToLocal  @0 :UInt64;
    copiedToRemote @1 :UInt64;
    flagsUpdated   @2 :UInt64;
    expunged       @3 :UInt64;
    failed         @4 :UInt64;
    octetsToLocal  @5 :UInt64;
    mailboxes      @6 :UInt32;
    waiting        @7 :Bool;
    octetsToRemote @8 :UInt64;
    held           @9 :UInt32;
  }
  struct Pulled {
    delivered @0 :UInt64;
    deferred  @1 :UInt64;
    refused   @2 :UInt64;
    unknown   @3 :UInt64;
    purged    @4 :UInt64;
    octets    @5 :UInt64;
    waiting   @6 :Bool;
  }
  struct Waits {
    milliseconds @0 :UInt64;
    gone         @1 :Bool;
  }
  struct WantsNets {
    local  @0 :UInt8;
    remote @1 :UInt8;
  }
  struct Traffic {
    received           @0 :UInt64;
    sent               @1 :UInt64;
    receivedCompressed @2 :UInt64;
    sentCompressed     @3 :UInt64;
    compressed         @4 :Bool;
  }
}
