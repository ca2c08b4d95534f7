import { atMost, type Refusal, refuse } from '@parley/runtime';
import { asRefusal, BatchedReads } from '@parley/service-kit';
import type { Channels } from '../core/channels.js';
import type { LiveChannel } from '../core/live-channel.js';
import type { StoredUsage } from '../core/usage.js';
import { type ChannelLoader, lastSeqFor, membershipOf } from '../session/channel-loader.js';
import type { SessionContext } from '../session/session.js';
import type { HandleStore } from '../store/handles.js';
import type { HeadStore, MemberKey, MemberRights } from '../store/heads.js';
import { readBounds } from '../store/read-bounds.js';
import { RelayAuthor } from './author.js';
import type { Handle } from './handle.js';

export interface RelayAuthorsDeps {
  readonly channels: Channels;
  readonly channelLoader: ChannelLoader;
  readonly heads: Pick<HeadStore, 'rights'>;
  readonly handleStore: HandleStore;
  readonly session: SessionContext;
}

/**
 * Callbacks for a user of a channel. `use` is called once the rights are loaded. If they cannot be
 * loaded, `refused` is called with the reason.
 */
interface Turn {
  readonly use: (author: RelayAuthor) => void;
  readonly refused: (refusal: Refusal) => void;
}

/** Turns that wait for the rights of one user in one channel. */
type Loading = Turn[];

/** Maximum number of turns that wait for one load. */
const mostWaiting = 100;
const loadTries = 3;
const reloadWithinMs = 1_000;

/**
 * Returns the refusal for a user who was never a member. It does not reveal whether a hidden
 * channel exists.
 */
function strangerRefusal({ facts }: LiveChannel): Refusal {
  return refuse(facts.kind === 'public' ? 'not-a-member' : 'channel-not-found');
}

/** The authors of all relays, by channel and user. */
export class RelayAuthors {
  readonly #deps: RelayAuthorsDeps;
  readonly #slots = new Map<string, RelayAuthor | Loading>();
  // When many users come at once, one statement serves many of them.
  readonly #usage: BatchedReads<string, StoredUsage>;
  readonly #rights: BatchedReads<MemberKey, MemberRights>;

  constructor(deps: RelayAuthorsDeps) {
    this.#deps = deps;
    this.#usage = new BatchedReads(async (userIds) => {
      const stored = await deps.handleStore.usage([...new Set(userIds)]);
      return userIds.map((userId) => stored.get(userId));
    }, readBounds);
    this.#rights = new BatchedReads((keys) => deps.heads.rights(keys), readBounds);
  }

  /**
   * Calls `use` with the author of a handle in a channel, or `refused` with the reason why the user
   * may not send there. Turns of one user in one channel keep their order. The rights of a removed
   * user are read again each time, because the user may be back.
   */
  with(channelId: number, handle: Handle, turn: Turn): void {
    const key = `${channelId} ${handle.person.id}`;
    const known = this.#slots.get(key);
    if (known instanceof RelayAuthor && this.#isCurrent(known) && !known.membership.removed) turn.use(known);
    else if (known === undefined || known instanceof RelayAuthor) {
      known?.goodbye(known.membership.removed ? 'removed' : 'moved');
      this.#load(key, channelId, handle, turn);
    } else if (known.length < mostWaiting) known.push(turn);
    else turn.refused(refuse('too-busy'));
  }

  /** Like `with`, but starts no load. Calls `use` only if the author is loaded or being loaded. */
  withLoaded(channelId: number, handle: Handle, use: (author: RelayAuthor) => void): void {
    const known = this.#slots.get(`${channelId} ${handle.person.id}`);
    if (known instanceof RelayAuthor) use(known);
    else known?.push({ use, refused: () => {} });
  }

  #isCurrent(author: RelayAuthor): boolean {
    return !author.hasEnded && this.#deps.channels.find(author.key.channelId) === author.channel;
  }

  #load(key: string, channelId: number, handle: Handle, turn: Turn): void {
    const waiting: Loading = [turn];
    this.#slots.set(key, waiting);
    this.#read(channelId, handle).then(
      (author) => {
        this.#slots.set(key, author);
        for (const { use } of waiting) use(author);
      },
      (thrown: unknown) => {
        this.#slots.delete(key);
        for (const { refused } of waiting) refused(asRefusal(thrown));
      },
    );
  }

  async #read(channelId: number, handle: Handle): Promise<RelayAuthor> {
    const { channels, channelLoader, handleStore, session } = this.#deps;
    const userId = handle.person.id;
    const [channel, usage = { bytes: 0, rows: 0 }] = await Promise.all([
      channels.find(channelId) ?? channelLoader.find(channelId),
      this.#usage.ask(userId),
    ]);
    if (channel === undefined) throw refuse(await handleStore.whyNotOwned(channelId));
    if (channel.facts.kind === 'room') throw refuse('wrong-kind');
    session.usage.note(userId, usage);
    for (let tries = 0; tries < loadTries; tries++) {
      const author = await this.#tryRead(channel, handle);
      if (author !== undefined) return author;
    }
    throw refuse('moved');
  }

  /**
   * Reads the rights of a user. Returns undefined if the channel has loaded a later revision or is
   * loading one, because the author would miss its changes.
   */
  async #tryRead(channel: LiveChannel, handle: Handle): Promise<RelayAuthor | undefined> {
    const row = await this.#rights.ask({ channelId: channel.facts.id, userId: handle.person.id });
    if (row === undefined) throw refuse('channel-not-found');
    const { sequencer } = channel;
    if (sequencer === undefined || sequencer.isCurrent(row.revision)) return this.#authorOf(channel, handle, row);
    sequencer.expect(0, row.revision);
    await atMost(sequencer.caughtUp(), reloadWithinMs);
    return undefined;
  }

  #authorOf(channel: LiveChannel, handle: Handle, { member, revision }: MemberRights): RelayAuthor {
    if (member === undefined) throw strangerRefusal(channel);
    const membership = membershipOf(member, revision, Number.isFinite(lastSeqFor(member, channel)));
    const rights = { membership, hiddenUpTo: member.visibleAfter };
    return new RelayAuthor({ handle, channel, ...rights }, this.#deps.session);
  }

  /**
   * Shows waiting typing indicators, and forgets authors that are idle or whose channel is gone.
   */
  tick(): void {
    for (const [key, author] of this.#slots) {
      if (!(author instanceof RelayAuthor)) continue;
      if (!this.#isCurrent(author) || author.isIdle) {
        if (!author.hasEnded) author.goodbye('moved');
        this.#slots.delete(key);
      } else author.showTyping();
    }
  }

  /** Returns the authors in a channel. */
  in(channelId: number): RelayAuthor[] {
    return this.#loaded.filter(({ key }) => key.channelId === channelId);
  }

  get #loaded(): RelayAuthor[] {
    return [...this.#slots.values()].filter((one): one is RelayAuthor => one instanceof RelayAuthor);
  }

  /** Ids of the users whose rights are loaded. */
  get userIds(): string[] {
    return this.#loaded.map(({ person }) => person.id);
  }
}
