import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Kind } from '@parley/contract';
import { type Logger, limits } from '@parley/runtime';
import { type StoredEntry, settingsOf } from '@parley/service-kit';
import type { ChannelSettings, LoadedChannel } from '../core/channel-settings.js';
import type { Channels } from '../core/channels.js';
import { type LiveChannel, Sequencer } from '../core/live-channel.js';
import type { LoadedMembers, SequencedEntry } from '../core/sequenced-log.js';
import type { ChannelHead, ChannelMember, ChannelMembers, HeadStore } from '../store/heads.js';
import type { MessageStore } from '../store/messages.js';
import { encodeStored } from './frames.js';
import { atOnce, type Participant, type Participants } from './participants.js';
import type { Membership } from './rules.js';
import type { Sessions } from './sessions.js';

export interface ChannelLoaderDeps {
  readonly channels: Channels;
  readonly sessions: Sessions;
  readonly participants: Participants;
  readonly heads: HeadStore;
  readonly messages: MessageStore;
  readonly now: () => number;
  readonly log: Logger;
}

function loadedChannelOf(row: ChannelHead): LoadedChannel {
  const logState = row.hasHistory ? { log: row.logId, lastSeq: row.lastSeq } : { log: randomUUID(), lastSeq: 0 };
  return {
    facts: { id: row.channelId, kind: row.kind, epoch: row.epoch, hasHistory: row.hasHistory, ...logState },
    settings: liveSettings(row),
  };
}

function liveSettings(row: ChannelSettings): ChannelSettings {
  return { ownerId: row.ownerId, revision: row.revision, ...settingsOf(row) };
}

function sequencedEntry(entry: StoredEntry): SequencedEntry {
  return { seq: entry.seq, frame: encodeStored(entry), changesMembers: entry.kind === Kind.MEMBER };
}

/** Opens live channels from their rows in the database, each with its sequencer. */
export class ChannelLoader {
  readonly #deps: ChannelLoaderDeps;

  constructor(deps: ChannelLoaderDeps) {
    this.#deps = deps;
  }

  /**
   * Returns the live channel of a row that was read at `readAtMs` by the database's clock, or
   * later. Ends streams of an older epoch with `moved`.
   */
  open(row: ChannelHead, readAtMs: number): LiveChannel {
    const { channels, sessions, now } = this.#deps;
    const before = channels.find(row.channelId);
    const channel = channels.open(loadedChannelOf(row), now());
    if (channel.facts.hasHistory) channel.trimTo(row.firstSeq);
    channel.stored = { bytes: row.storedBytes, rows: row.storedRows };
    if (channel === before) return channel;
    channel.shownUntilMs = readAtMs;
    channel.sequencer = this.#sequencerOf(channel, row.revision);
    for (const session of sessions.find({ channelId: row.channelId })) {
      if (session.channel !== channel) session.goodbye('moved', atOnce);
    }
    return channel;
  }

  /** Returns a channel that this server owns, loading it from the database. */
  async find(channelId: number): Promise<LiveChannel | undefined> {
    const readAtMs = this.#deps.now();
    const head = await this.#deps.heads.ownedHead(channelId);
    return head === undefined ? undefined : this.open(head, readAtMs);
  }

  #sequencerOf(channel: LiveChannel, revision: number): Sequencer {
    const { messages, log } = this.#deps;
    return new Sequencer(
      channel,
      {
        readAfter: async (seq) =>
          (await messages.entriesAfter(channel.facts.id, seq, limits.pageEntries)).map(sequencedEntry),
        reload: () => this.#reload(channel),
        pause,
        onDoubt: (err) => log.warn({ err, channel: channel.facts.id }, 'reading the log failed; retrying'),
      },
      revision,
    );
  }

  async #reload(channel: LiveChannel): Promise<LoadedMembers> {
    const { heads, participants } = this.#deps;
    const here = participants.in(channel);
    const row = await heads.members(channel.facts.id, [...new Set(here.map(({ person }) => person.id))]);
    if (row === undefined) return { revision: 0, partAfter: Number.POSITIVE_INFINITY };
    channel.settings = liveSettings(row);
    return { revision: row.revision, partAfter: endRemoved(channel, here, row) };
  }
}

/**
 * Says goodbye to removed users who have seen their last entry, and to users who were added again
 * and may not see the next ones. Returns the lowest of the last seqs that the other removed users
 * may see; infinite if there are none.
 */
function endRemoved(channel: LiveChannel, here: readonly Participant[], row: ChannelMembers): number {
  const members = new Map(row.members.map((member) => [member.userId, member]));
  let partAfter = Number.POSITIVE_INFINITY;
  for (const one of here) {
    const member = members.get(one.person.id);
    const last = lastSeqFor(member, channel);
    one.membership = membershipOf(member, row.revision, Number.isFinite(last));
    if (last <= channel.lastSeq) part(one, member);
    else if (isAddedAgain(member, channel)) one.goodbye('moved', atOnce);
    else partAfter = Math.min(partAfter, last);
  }
  return partAfter;
}

/**
 * Returns whether a user was removed and added again: the next entries of the log are older than
 * the new membership, so the user may not see them. A new stream begins after those entries.
 */
function isAddedAgain(member: ChannelMember | undefined, { facts, lastSeq }: LiveChannel): boolean {
  return facts.hasHistory && member !== undefined && member.visibleAfter > lastSeq;
}

function isBanned(member: ChannelMember | undefined): boolean {
  return (member?.bannedForMs ?? 0) > 0;
}

/**
 * Says goodbye to a removed user. In a room, the goodbye says how long a ban lasts, because the
 * user may come back after it.
 */
function part(one: Participant, member: ChannelMember | undefined): void {
  const isOut = one.channel.facts.kind === 'room' && isBanned(member);
  if (isOut) one.goodbye('banned', { listenAgain: false, retryAfterMs: member?.bannedForMs ?? 0 });
  else one.goodbye('removed');
}

/**
 * Returns the last seq that a user may see; infinite if the user may stay. Rooms have no members: a
 * row there is only a mute or a ban. Without history, seqs cannot be compared with `left_seq`.
 */
export function lastSeqFor(member: ChannelMember | undefined, { facts }: Pick<LiveChannel, 'facts'>): number {
  const isRoom = facts.kind === 'room';
  if (!isRoom && member === undefined) return 0;
  if (!isRoom && member?.leftSeq != null) return facts.hasHistory ? member.leftSeq : 0;
  return isBanned(member) ? 0 : Number.POSITIVE_INFINITY;
}

export function membershipOf(member: ChannelMember | undefined, revision: number, removed: boolean): Membership {
  return { role: member?.role ?? 'none', mutedUntilMs: member?.mutedUntilMs ?? 0, removed, revision };
}
