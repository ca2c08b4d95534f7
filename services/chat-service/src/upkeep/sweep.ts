import { limits, type Reason } from '@parley/runtime';
import type { Channels } from '../core/channels.js';
import type { LiveChannel } from '../core/live-channel.js';
import type { Parting, Session } from '../rpc/session.js';
import type { Sessions } from '../rpc/sessions.js';
import type { HeadStore, OwnedHead } from '../store/heads.js';
import type { SeatStore } from '../store/seats.js';

export interface SweepDeps {
  readonly seats: SeatStore;
  readonly heads: HeadStore;
  readonly channels: Channels;
  readonly sessions: Sessions;
  readonly now: () => number;
}

/** How long an empty channel stays in memory, for those who come back. */
const keepEmptyMs = 120_000;
const again: ReadonlySet<Reason> = new Set<Reason>(['moved', 'draining']);

function partingFor(reason: Reason): Parting {
  return { listenAgain: again.has(reason), retryAfterMs: again.has(reason) ? Math.floor(Math.random() * 500) : 0 };
}

/**
 * Makes this process and the database agree, once a second: streams whose seat is gone end with the reason, seats
 * whose stream is gone are deleted, channels that are owned elsewhere are left.
 */
export class Sweep {
  readonly #deps: SweepDeps;

  constructor(deps: SweepDeps) {
    this.#deps = deps;
  }

  async run(): Promise<void> {
    await this.checkHeads();
    await this.#checkSeats();
    this.#forgetEmpty();
  }

  /** Leaves every channel that the database gives to another server, or to nobody; shows what others wrote in the rest. */
  async checkHeads(): Promise<void> {
    const before = this.#deps.channels.all();
    const mine = await this.#deps.heads.mine();
    const heads = new Map(mine.map((head: OwnedHead) => [head.channel_id, head]));
    for (const channel of before) {
      const head = heads.get(channel.facts.id);
      if (head?.epoch !== channel.facts.epoch) await this.#leaveChannel(channel);
      else channel.feed?.expect(head.last_seq, head.roster);
    }
  }

  async #leaveChannel(channel: LiveChannel): Promise<void> {
    if (this.#deps.channels.find(channel.facts.id) === channel) this.#deps.channels.close(channel.facts.id);
    const inside = this.#deps.sessions.find({ channelId: channel.facts.id }).filter((one) => one.channel === channel);
    await this.#endAll(inside);
  }

  async #checkSeats(): Promise<void> {
    const open = this.#deps.sessions.find();
    const rows = await this.#deps.seats.mine();
    const known = new Set(rows.map(({ id }) => id));
    await this.#endAll(open.filter(({ key }) => !known.has(key.seat)));
    const stale = rows.filter(({ id, live, late }) => (live || late) && !this.#deps.sessions.has(id));
    await this.#deps.seats.leave(stale.map(({ id }) => id));
  }

  async #endAll(sessions: readonly Session[]): Promise<void> {
    for (const session of sessions) {
      const reason = await this.#deps.seats.whyGone(session.key);
      session.goodbye(reason, partingFor(reason));
    }
  }

  /** Those that have been empty for long; and while all rings are too large, those that have been it longest. */
  #forgetEmpty(): void {
    const { channels, now } = this.#deps;
    const before = now() - keepEmptyMs;
    let tooMany = channels.ringBytes - limits.allRingsBytes;
    for (const { facts, logs, emptySinceMs } of channels.empty()) {
      if (emptySinceMs >= before && tooMany <= 0) return;
      tooMany -= logs.entries.bytes + logs.lossy.bytes;
      channels.close(facts.id);
    }
  }
}
