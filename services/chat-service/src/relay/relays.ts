import type { Receipt } from '@parley/contract';
import { type Logger, limits, type Reason, refuse } from '@parley/runtime';
import { KeyedSemaphore } from '@parley/service-kit';
import { type CloseInfo, forGood } from '../session/participants.js';
import type { MessageStream } from '../session/stream.js';
import { RelayAuthors, type RelayAuthorsDeps } from './authors.js';
import type { Handle } from './handle.js';
import { Relay, type RelayContext } from './relay.js';

/** Dependencies of the relays on the rest of the chat server. */
export type RelaysDeps = Omit<RelayContext & RelayAuthorsDeps, keyof OwnContext> & {
  readonly log: Logger;
};

type OwnContext = Pick<
  RelayContext,
  'authors' | 'lookUp' | 'isDeleted' | 'nextNumber' | 'onHello' | 'onClose' | 'takeBack'
>;

/** Selection of the handles, presences and follows that an operator or a manager ends. */
export interface RelayFilter {
  /** 0: all channels. */
  readonly channelId: number;
  /** Empty: all users. */
  readonly userId: string;
}

/** Reasons that end every follow of a channel at this server. */
const endsChannel: ReadonlySet<Reason> = new Set<Reason>(['moved', 'channel-deleted']);
/** Maximum number of seats of rooms that are taken at the same time. */
const lookUpsAtOnce = 4;

/** All relays of a chat server, and the handles of relays that broke. */
export class Relays {
  readonly #deps: RelaysDeps;
  readonly #context: RelayContext;
  readonly #authors: RelayAuthors;
  readonly #lookUps = new KeyedSemaphore(lookUpsAtOnce, limits.relayWaiting);
  readonly #all = new Set<Relay>();
  readonly #named = new Map<string, Relay>();
  /** Handles whose relay broke, by the key of the relay and the number of the handle. */
  readonly #orphans = new Map<string, Map<number, Handle>>();
  #number = 0;

  constructor(deps: RelaysDeps) {
    this.#deps = deps;
    this.#authors = new RelayAuthors(deps);
    this.#context = {
      ...deps,
      lookUp: (read) => this.#lookUps.run('all', read),
      authors: this.#authors,
      isDeleted: (channelId) => deps.handleStore.isDeleted(channelId).catch(() => false),
      nextNumber: () => ++this.#number,
      onHello: (relay) => this.#welcome(relay),
      onClose: (relay, handles) => this.#part(relay, handles),
      takeBack: (key, handle) => this.#takeBack(key, handle),
    };
  }

  /** Numbers of relays, follows and handles. */
  get counts() {
    let [follows, handles] = [0, 0];
    for (const relay of this.#all) {
      follows += relay.follows.size;
      handles += relay.handles.size;
    }
    return { relays: this.#all.size, follows, handles };
  }

  /** Ids of the users for whom relays have sent lately. */
  get authorIds(): string[] {
    return this.#authors.userIds;
  }

  /**
   * Opens a relay on the stream of a gateway.
   * @throws {Refusal} `too-busy` if there are too many.
   */
  open(gatewayId: string, stream: MessageStream): void {
    if (this.#all.size >= limits.relays) throw refuse('too-busy');
    const relay = new Relay(gatewayId, stream, this.#context);
    this.#all.add(relay);
    relay.open();
  }

  #welcome(relay: Relay): void {
    this.#named.get(relay.key)?.end(refuse('replaced'));
    this.#named.set(relay.key, relay);
    this.#deps.log.info({ relay: relay.key }, 'relay opened');
  }

  #part(relay: Relay, handles: readonly Handle[]): void {
    const { key } = relay;
    this.#all.delete(relay);
    if (this.#named.get(key) === relay) this.#named.delete(key);
    const orphans = this.#orphans.get(key) ?? new Map<number, Handle>();
    for (const handle of handles) {
      handle.brokeAtMs = performance.now();
      orphans.set(handle.number, handle);
    }
    if (orphans.size > 0) this.#orphans.set(key, orphans);
    if (relay.isNamed) this.#deps.log.info({ relay: key, handles: handles.length }, 'relay closed');
  }

  #takeBack(key: string, number: number): Handle | undefined {
    const orphans = this.#orphans.get(key);
    const handle = orphans?.get(number);
    orphans?.delete(number);
    return handle;
  }

  /**
   * Ends the handles for which no new relay came in time. Handles that had already ended are kept
   * for the same time.
   */
  #buryOrphans(): void {
    const before = performance.now() - limits.relayGraceMs;
    for (const [key, orphans] of this.#orphans) {
      for (const handle of orphans.values()) {
        if (handle.brokeAtMs > before) continue;
        orphans.delete(handle.number);
        handle.end();
      }
      if (orphans.size === 0) this.#orphans.delete(key);
    }
  }

  /**
   * Returns the handles for chats, including those whose relay broke. Handles for rooms are not
   * included, because they have seats.
   */
  #chatHandles(): Handle[] {
    const held = [...this.#all].flatMap(({ handles }) => handles.all());
    const orphans = [...this.#orphans.values()].flatMap((some) => [...some.values()]);
    return [...held, ...orphans].filter(({ roomId }) => roomId === 0);
  }

  /** Pings the gateways, and ends silent relays and idle authors. Called once a second. */
  tick(): void {
    const nowMs = this.#deps.now();
    for (const relay of [...this.#all]) relay.tick(nowMs);
    this.#authors.tick();
    this.#buryOrphans();
  }

  /** Ends the handles whose session or user has ended. Called once a second. */
  async endSessions(): Promise<void> {
    const handles = this.#chatHandles();
    const ended = await this.#deps.handleStore.ended([...new Set(handles.map(({ sessionId }) => sessionId))]);
    if (ended.length === 0) return;
    const reasons = new Map(ended.map(({ sessionId, reason }) => [sessionId, reason]));
    for (const handle of handles) {
      const reason = reasons.get(handle.sessionId);
      if (reason !== undefined) handle.end(reason, forGood);
    }
  }

  /** Tells the gateways of a receipt that only its user may see. */
  readonly tellOwn = (channelId: number, receipt: Receipt): void => {
    for (const relay of this.#all) relay.tellOwn(channelId, receipt);
  };

  /**
   * Ends the handles of a user, the presence in a channel, or the follows of a channel, as a
   * manager requests.
   */
  disconnect({ channelId, userId }: RelayFilter, reason: Reason, closeInfo: CloseInfo): void {
    if (channelId === 0) {
      for (const handle of this.#chatHandles()) if (handle.person.id === userId) handle.end(reason, closeInfo);
      return;
    }
    const isOfUser = (id: string) => userId === '' || id === userId;
    if (reason !== 'removed')
      for (const author of this.#authors.in(channelId))
        if (isOfUser(author.person.id)) author.goodbye(reason, closeInfo);
    if (userId === '' && endsChannel.has(reason)) for (const { follows } of this.#all) follows.close(channelId, reason);
  }

  /** Ends all relays. Their gateways come back to the next process. */
  stop(): void {
    for (const relay of [...this.#all]) relay.end(refuse('draining'));
  }
}
