import { setTimeout as pause } from 'node:timers/promises';
import type { Receipt, RelayUp } from '@parley/contract';
import { MessageRateLimiter } from '@parley/fanout';
import { limits, type MemoryBudget, type Refusal, refuse } from '@parley/runtime';
import { asRefusal } from '@parley/service-kit';
import type { ResetCause } from '../session/session.js';
import type { MessageStream } from '../session/stream.js';
import type { Handle } from './handle.js';
import { OwnedFeed } from './owned-feed.js';
import { type FollowContext, RelayFollows } from './relay-follows.js';
import { decodeRequest, encodeDown } from './relay-frames.js';
import { type HandleContext, RelayHandles } from './relay-handles.js';
import { RelayOutbox } from './relay-outbox.js';

/** Dependencies that all relays of a chat server share. */
export interface RelayContext extends FollowContext, HandleContext {
  readonly unread: MemoryBudget;
  readonly onReset: (why: ResetCause) => void;
  /** Called when a relay has said its name. Ends an earlier relay of the same name. */
  readonly onHello: (relay: Relay) => void;
  /** Called once when a relay has ended, with the handles that it had. */
  readonly onClose: (relay: Relay, handles: readonly Handle[]) => void;
  /** Takes a handle over from a broken relay with this key. */
  readonly takeBack: (key: string, handle: number) => Handle | undefined;
}

const rate = { messagesPerSecond: limits.relayFramesPerSecond, bytesPerSecond: limits.relayBytesPerSecond };

/** The stream between this chat server and one gateway. */
export class Relay {
  readonly #gatewayId: string;
  readonly #stream: MessageStream;
  readonly #context: RelayContext;
  readonly #outbox: RelayOutbox;
  readonly #owned: OwnedFeed;
  readonly #arrivals = new MessageRateLimiter(rate);
  readonly follows: RelayFollows;
  readonly handles: RelayHandles;
  #name: string | undefined;
  #heardAtMs = performance.now();
  #hasEnded = false;

  /** `gatewayId` is the instance id of the gateway. */
  constructor(gatewayId: string, stream: MessageStream, context: RelayContext) {
    this.#gatewayId = gatewayId;
    this.#stream = stream;
    this.#context = context;
    const unread = context.unread.open(
      () => [`relay ${this.key}`],
      () => this.#reset('memory'),
    );
    const onOverflow = () => this.#reset('behind');
    const outbox = new RelayOutbox({ stream, unread, maxBytes: limits.relayUnreadBytes, onOverflow });
    this.#outbox = outbox;
    this.#owned = new OwnedFeed(context.channels, (owned) => this.#send({ owned }));
    this.follows = new RelayFollows(context, outbox, (channelId) => this.handles.isInRoom(channelId));
    this.handles = new RelayHandles(context, {
      outbox,
      takeBack: (handle) => context.takeBack(this.key, handle),
      onRoomLeft: (channelId) => this.follows.close(channelId, 'handle-gone'),
    });
  }

  /**
   * Key of this relay. It contains the gateway's id, so no gateway can take the name of another
   * gateway's relay.
   */
  get key(): string {
    return `${this.#gatewayId} ${this.#name}`;
  }

  /** Whether the gateway has said hello. */
  get isNamed(): boolean {
    return this.#name !== undefined;
  }

  open(): void {
    this.#stream.onClose(() => this.#close());
    this.#stream.onHalfClose(() => this.end());
    this.#stream.onMessage((bytes) => this.#receive(bytes), limits.relayFrameBytes);
  }

  #send(down: Parameters<typeof encodeDown>[0]): void {
    this.#outbox.send(encodeDown(down));
  }

  #receive(bytes: Buffer): void {
    if (this.#hasEnded) return;
    this.#heardAtMs = performance.now();
    this.#restrain(bytes.length);
    try {
      const request = decodeRequest(bytes);
      if (this.#name === undefined) this.#greet('up' in request ? request.up : undefined);
      else if ('post' in request) this.handles.post(request.post);
      else this.#handle(request.up);
    } catch (thrown) {
      this.end(asRefusal(thrown));
    }
  }

  /** Stops reading while the rate is too high. */
  #restrain(bytes: number): void {
    const waitMs = this.#arrivals.take(bytes, this.#heardAtMs);
    if (waitMs === 0) return;
    this.#stream.pause();
    void pause(waitMs, undefined, { ref: false }).then(() => this.#stream.resume());
  }

  #greet(up: RelayUp | undefined): void {
    const name = up?.hello?.name ?? '';
    if (!/^[\x21-\x7e]+$/.test(name) || name.length > limits.relayNameCharacters) throw refuse('invalid-relay');
    this.#name = name;
    this.#context.onHello(this);
  }

  #handle(up: RelayUp): void {
    const { id, channelId, follow, attach, owned } = up;
    if (follow !== undefined) this.follows.follow(id, channelId, follow);
    else if (attach !== undefined) this.handles.attach(id, channelId, attach);
    else if (owned !== undefined) this.#send({ id, owned: this.#owned.page(owned.afterChannelId) });
    else if (up.hello !== undefined) throw refuse('invalid-relay');
    else this.#handleUnanswered(up);
  }

  /** Handles a request without a response. A frame of an unknown kind is ignored. */
  #handleUnanswered({ channelId, unfollow, detach, enter, leave }: RelayUp): void {
    if (unfollow === true) this.follows.unfollow(channelId);
    else if (detach !== undefined) this.handles.detach(detach);
    else if (enter !== undefined) this.handles.enter(channelId, enter);
    else if (leave !== undefined) this.handles.leave(channelId, leave);
  }

  /** Tells the gateway of a receipt that only its user may see. */
  tellOwn(channelId: number, receipt: Receipt): void {
    if (this.handles.hasUser(receipt.userId)) this.#send({ channelId, receipt });
  }

  /** Pings the gateway, or resets the stream if the gateway has been silent for too long. */
  tick(nowMs: number): void {
    if (performance.now() - this.#heardAtMs > limits.relaySilentMs) this.#reset('silent');
    else if (this.#outbox.isIdle) this.#ping(nowMs);
  }

  /**
   * If a follow still has frames to write after its turn, the outbox is busy, and no ping is sent.
   */
  #ping(nowMs: number): void {
    const shownUntil = this.follows.shownUntil(nowMs);
    if (this.#outbox.isIdle) this.#send({ ping: { shownUntil, ping: { sentAt: nowMs, lastSeq: 0 } } });
  }

  /** Ends the stream, with a reason for the gateway if there is one. */
  end(refusal?: Refusal): void {
    this.#outbox.flush();
    this.#stream.end(refusal);
    this.#close();
  }

  #reset(why: ResetCause): void {
    if (!this.#stream.ended) this.#context.onReset(why);
    this.#stream.reset();
    this.#close();
  }

  #close(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#owned.end();
    this.follows.end();
    this.#outbox.end();
    this.#context.onClose(this, this.handles.end());
  }
}
