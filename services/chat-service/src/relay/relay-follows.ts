import type { Follow as FollowRequest } from '@parley/contract';
import { limits, type Reason } from '@parley/runtime';
import { asRefusal } from '@parley/service-kit';
import type { Channels } from '../core/channels.js';
import type { LiveChannel } from '../core/live-channel.js';
import type { ChannelLoader } from '../session/channel-loader.js';
import type { HandleStore } from '../store/handles.js';
import type { HeadStore } from '../store/heads.js';
import { Follow, type FollowPosition, followStart, isAhead } from './follow.js';
import { encodeDown, goodbyeFor } from './relay-frames.js';
import type { RelayOutbox } from './relay-outbox.js';

/** Dependencies that the follows of all relays share. */
export interface FollowContext {
  readonly channels: Channels;
  readonly channelLoader: ChannelLoader;
  readonly heads: Pick<HeadStore, 'ownedHead'>;
  readonly handleStore: HandleStore;
  readonly now: () => number;
  readonly onWrite: (frames: number) => void;
  /** Returns whether a channel is deleted; false if the database does not respond. */
  readonly isDeleted: (channelId: number) => Promise<boolean>;
}

/** A request to follow a channel. */
interface Wish {
  readonly id: number;
  readonly channelId: number;
  readonly position: FollowPosition;
}

/** Maximum number of users whom `Following` names. It counts the others. */
const peopleNamed = 100;

/** The follows of one relay. */
export class RelayFollows {
  readonly #context: FollowContext;
  readonly #outbox: RelayOutbox;
  /** Whether the relay may follow a room. */
  readonly #isInRoom: (channelId: number) => boolean;
  readonly #follows = new Map<number, Follow>();
  /** Ids of the requests that wait for the database, by channel. */
  readonly #pending = new Map<number, number>();
  #hasEnded = false;

  constructor(context: FollowContext, outbox: RelayOutbox, isInRoom: (channelId: number) => boolean) {
    this.#context = context;
    this.#outbox = outbox;
    this.#isInRoom = isInRoom;
  }

  get size(): number {
    return this.#follows.size;
  }

  /** Follows a channel, instead of the earlier follow of the channel if there is one. */
  follow(id: number, channelId: number, { log, afterSeq }: FollowRequest): void {
    this.unfollow(channelId);
    const wish = { id, channelId, position: { log, afterSeq } };
    const channel = this.#context.channels.find(channelId);
    if (channelId < 1 || channelId > limits.channelId) this.#refuse(id, channelId, 'invalid-channel-id');
    else if (this.size + this.#pending.size >= limits.relayFollows) this.#refuse(id, channelId, 'too-busy');
    else if (channel !== undefined && !isAhead(channel, wish.position)) this.#begin(wish, channel);
    else this.#lookUp(wish);
  }

  #lookUp(wish: Wish): void {
    const { id, channelId } = wish;
    const isWanted = () => this.#pending.get(channelId) === id && this.#pending.delete(channelId);
    this.#pending.set(channelId, id);
    this.#read(wish).then(
      (begin) => isWanted() && begin(),
      (thrown: unknown) => isWanted() && this.#refuse(id, channelId, asRefusal(thrown).reason),
    );
  }

  /** Reads the head of a channel. Returns a function with the next step. */
  async #read(wish: Wish): Promise<() => void> {
    const { channelLoader, heads, handleStore, now } = this.#context;
    const { id, channelId } = wish;
    const readAtMs = now();
    const head = await heads.ownedHead(channelId);
    if (head === undefined) {
      const why = await handleStore.whyNotOwned(channelId);
      return () => this.#refuse(id, channelId, why);
    }
    const channel = channelLoader.open(head, readAtMs);
    channel.sequencer?.expect(channel.facts.hasHistory ? head.lastSeq : 0, head.revision);
    return () => this.#begin(wish, channel, head.lastSeq);
  }

  #begin({ id, channelId, position }: Wish, channel: LiveChannel, storedTo?: number): void {
    const { facts, moving } = channel;
    if (moving) this.#refuse(id, channelId, 'moved');
    else if (facts.kind === 'room' && !this.#isInRoom(channelId)) this.#refuse(id, channelId, 'handle-gone');
    else if (!this.#hasEnded) this.#start({ id, channelId, position }, channel, storedTo);
  }

  #start({ id, channelId, position }: Wish, channel: LiveChannel, storedTo: number | undefined): void {
    const { log, epoch, hasHistory: stored } = channel.facts;
    const { cursor, resume, firstSeq } = followStart(channel, position, storedTo);
    const { now, onWrite } = this.#context;
    const onEnd = (ended: Follow, why: Reason) => this.#ended(ended, why);
    const follow = new Follow({ id, channel, outbox: this.#outbox, cursor, now, onWrite, onEnd });
    this.#follows.set(channelId, follow);
    const presence = { came: channel.people(peopleNamed), went: [], here: channel.users };
    const following = { log, firstSeq, lastSeq: channel.lastSeq, resume, epoch, presence, stored };
    this.#outbox.send(encodeDown({ id, channelId, following }));
    follow.start();
  }

  unfollow(channelId: number): void {
    this.#pending.delete(channelId);
    this.#follows.get(channelId)?.leave();
    this.#follows.delete(channelId);
  }

  /** Ends the follow of a channel after the waiting frames. */
  close(channelId: number, why: Reason): void {
    this.#follows.get(channelId)?.close(why);
  }

  #ended(follow: Follow, why: Reason): void {
    const { id: channelId } = follow.channel.facts;
    if (this.#follows.get(channelId) === follow) this.#follows.delete(channelId);
    if (why !== 'moved') this.#refuse(follow.id, channelId, why);
    else
      void this.#context
        .isDeleted(channelId)
        .then((isDeleted) => this.#refuse(follow.id, channelId, isDeleted ? 'channel-deleted' : 'moved'));
  }

  #refuse(id: number, channelId: number, why: Reason): void {
    this.#outbox.send(encodeDown({ id, channelId, closed: { goodbye: goodbyeFor(why) } }));
  }

  /**
   * Writes the waiting frames. Returns the time up to which all followed channels have been shown.
   */
  shownUntil(nowMs: number): number {
    let untilMs = nowMs;
    for (const follow of this.#follows.values()) {
      follow.flush();
      untilMs = Math.min(untilMs, follow.channel.shownUntilMs);
    }
    return untilMs;
  }

  end(): void {
    this.#hasEnded = true;
    for (const channelId of [...this.#follows.keys()]) this.unfollow(channelId);
    this.#pending.clear();
  }
}
