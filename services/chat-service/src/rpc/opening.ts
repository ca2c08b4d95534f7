import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Kind } from '@parley/contract';
import { type Logger, limits } from '@parley/runtime';
import type { Channels } from '../core/channels.js';
import { type FedEntry, Feed, type Roster } from '../core/feed.js';
import type { LiveChannel, Opening } from '../core/live-channel.js';
import type { HeadRow, HeadStore, MemberRow, RosterRow } from '../store/heads.js';
import type { MessageStore, StoredEntry } from '../store/messages.js';
import { storedFrame } from './frames.js';
import type { Session } from './session.js';
import type { Sessions } from './sessions.js';

export interface OpenerDeps {
  readonly channels: Channels;
  readonly sessions: Sessions;
  readonly heads: HeadStore;
  readonly messages: MessageStore;
  readonly now: () => number;
  readonly log: Logger;
}

function openingOf(row: HeadRow): Opening {
  const kept = row.keeps ? { log: row.log_id, lastSeq: row.last_seq } : { log: randomUUID(), lastSeq: 0 };
  return {
    facts: { id: row.channel_id, kind: row.kind, epoch: row.epoch, keeps: row.keeps, ...kept },
    settings: settingsOf(row),
  };
}

function settingsOf(row: Pick<HeadRow, 'name' | 'user_limit' | 'owner_id' | 'slow_mode_s'>): Opening['settings'] {
  return { name: row.name, limit: row.user_limit, ownerId: row.owner_id, slowModeS: row.slow_mode_s };
}

function fedEntry(entry: StoredEntry): FedEntry {
  return { seq: entry.seq, frame: storedFrame(entry), changesRoster: entry.kind === Kind.MEMBER };
}

/** Opens live channels as the database has them; those that keep something get a feed. */
export class Opener {
  readonly #deps: OpenerDeps;

  constructor(deps: OpenerDeps) {
    this.#deps = deps;
  }

  /** The live channel of this ownership. Whoever sits in an older one hears that it moved. */
  open(row: HeadRow): LiveChannel {
    const { channels, sessions, now } = this.#deps;
    const before = channels.find(row.channel_id);
    const channel = channels.open(openingOf(row), now());
    if (channel.facts.keeps) channel.trimTo(row.first_seq);
    if (channel === before) return channel;
    if (channel.facts.keeps) channel.feed = this.#feedOf(channel, row.roster);
    for (const session of sessions.find({ channelId: row.channel_id })) {
      if (session.channel !== channel) session.goodbye('moved', { listenAgain: true, retryAfterMs: 0 });
    }
    return channel;
  }

  #feedOf(channel: LiveChannel, roster: number): Feed {
    const { messages, log } = this.#deps;
    return new Feed(
      {
        lastSeq: () => channel.lastSeq,
        show: ({ frame }) => channel.show(frame),
        readAfter: async (seq) => (await messages.after(channel.facts.id, seq, limits.pageEntries)).map(fedEntry),
        reload: () => this.#reload(channel),
        pause,
        onDoubt: (err) => log.warn({ err, channel: channel.facts.id }, 'the log could not be read; trying on'),
      },
      roster,
    );
  }

  async #reload(channel: LiveChannel): Promise<Roster> {
    const { heads, sessions } = this.#deps;
    const here = sessions.find({ channelId: channel.facts.id }).filter((session) => session.channel === channel);
    const row = await heads.roster(channel.facts.id, [...new Set(here.map(({ person }) => person.id))]);
    if (row === undefined) return { number: 0, partAfter: Number.POSITIVE_INFINITY };
    channel.settings = settingsOf(row);
    return { number: row.roster, partAfter: partFrom(channel, here, row) };
  }
}

/** Parts from those who may not read on, and tells behind which seq the next one has to be parted from. */
function partFrom(channel: LiveChannel, here: readonly Session[], row: RosterRow): number {
  const members = new Map(row.members.map((member) => [member.user_id, member]));
  let partAfter = Number.POSITIVE_INFINITY;
  for (const session of here) {
    const last = lastSeqFor(members.get(session.person.id), channel);
    if (last <= channel.lastSeq) session.goodbye('removed');
    else partAfter = Math.min(partAfter, last);
    session.standing = standingOf(members.get(session.person.id));
  }
  return partAfter;
}

function lastSeqFor(member: MemberRow | undefined, { facts }: LiveChannel): number {
  if (member === undefined) return facts.kind === 'room' ? Number.POSITIVE_INFINITY : 0;
  return member.left_seq ?? (member.banned ? 0 : Number.POSITIVE_INFINITY);
}

function standingOf(member: MemberRow | undefined): Session['standing'] {
  return { role: member?.role ?? 'none', mutedUntilMs: member?.muted_until_ms ?? 0 };
}
