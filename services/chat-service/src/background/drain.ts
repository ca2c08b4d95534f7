import { setTimeout as pause } from 'node:timers/promises';
import { atMost, type Logger, type Part } from '@parley/runtime';
import type { AppendQueue } from '../core/append-queue.js';
import type { Channels } from '../core/channels.js';
import type { LiveChannel } from '../core/live-channel.js';
import { spread } from '../core/spread.js';
import type { Participants } from '../session/participants.js';
import type { HeadStore, Ownership } from '../store/heads.js';

export interface DrainDutyDeps {
  readonly channels: Channels;
  readonly participants: Participants;
  readonly heads: Pick<HeadStore, 'ownedHeads' | 'release'>;
  readonly appendQueue: Pick<AppendQueue, 'flushed'>;
  /** Tells the managers to place no more channels here. */
  readonly announce: () => Promise<void>;
  /** Called with the number of channels given back. */
  readonly onGiven: (channels: number) => void;
  /** Time limit of the drain when the process stops, in milliseconds. */
  readonly stopWithinMs: number;
  readonly log: Logger;
}

const stepMs = 100;
const retryMs = 200;
/** Time limit of one attempt, in milliseconds. */
const longestMs = 10_000;
/** Number of streams that reconnect per second, if the deadline leaves time. A channel counts as one more. */
const streamsPerSecond = 100;
const spreadMs = { least: 500, most: 3_000 } as const;

function ownershipOf({ facts }: LiveChannel): Ownership {
  return { channelId: facts.id, epoch: facts.epoch };
}

/** Returns the work that the move of a channel causes: that of the channel, and that of each seat. */
function weightOf({ seats }: LiveChannel): number {
  return 1 + seats;
}

/**
 * Returns a random delay, in milliseconds, before a client reconnects. The streams of a channel end
 * together, and should come back one by one.
 */
function comeBackInMs({ seats }: LiveChannel): number {
  const withinMs = Math.min(spreadMs.most, Math.max(spreadMs.least, (seats * 1_000) / streamsPerSecond));
  return Math.floor(Math.random() * withinMs);
}

/**
 * Gives every channel back, so that about 100 streams reconnect per second, or more if that would
 * take longer than half of the available time. For each channel, it refuses new messages, waits for
 * pending writes, gives the head back and says goodbye to its streams. A channel works as usual,
 * and accepts new streams, until it is given back.
 */
export class Drain implements Part {
  readonly #deps: DrainDutyDeps;
  #endsAt = Number.POSITIVE_INFINITY;
  #over: Promise<void> | undefined;

  constructor(deps: DrainDutyDeps) {
    this.#deps = deps;
  }

  /** True once the drain has begun. It cannot be undone. */
  get begun(): boolean {
    return this.#over !== undefined;
  }

  /**
   * Resolves when no channel is left or the time is over. If called again, the earlier of the two
   * deadlines counts.
   */
  begin(withinMs: number): Promise<void> {
    this.#endsAt = Math.min(this.#endsAt, performance.now() + withinMs);
    this.#over ??= Promise.resolve().then(() => this.#run());
    return this.#over;
  }

  stop(): Promise<void> {
    return this.begin(this.#deps.stopWithinMs);
  }

  async #run(): Promise<void> {
    const { channels, log } = this.#deps;
    log.info({ channels: channels.size, withinMs: Math.round(this.#leftMs) }, 'draining');
    const announcedBy = performance.now() + this.#leftMs / 4;
    await this.#untilDone(this.#deps.announce, () => Math.min(announcedBy, this.#endsAt));
    await this.#moveSpread();
    const rest = () => this.#moveRest();
    const done = await this.#untilDone(rest, () => this.#endsAt);
    log.info({ done }, 'drained');
    if (!done) void this.#untilDone(rest, () => Number.POSITIVE_INFINITY); // Until it succeeds, Listen sends users here.
  }

  get #leftMs(): number {
    return Math.max(0, this.#endsAt - performance.now());
  }

  async #moveSpread(): Promise<void> {
    const channels = this.#deps.channels.all();
    const weight = channels.reduce((sum, one) => sum + weightOf(one), 0);
    const windowMs = Math.min(this.#leftMs / 2, (weight * 1_000) / streamsPerSecond);
    const steps = spread(channels, weightOf, Math.max(1, Math.ceil(windowMs / stepMs)));
    const moves: Promise<void>[] = [];
    for (const [at, group] of steps.entries()) {
      if (group.length > 0) moves.push(this.#move(group));
      await pause(Math.min(stepMs, this.#leftMs / 2 / (steps.length - at)));
    }
    await Promise.all(moves);
  }

  /** Gives back channels that were opened during the drain, and those that were never loaded. */
  async #moveRest(): Promise<void> {
    await this.#move(this.#deps.channels.all().filter(({ moving }) => !moving));
    const owned = await this.#deps.heads.ownedHeads();
    if (owned.length === 0) return;
    await this.#deps.heads.release(owned);
    this.#deps.onGiven(owned.length);
  }

  async #move(group: readonly LiveChannel[]): Promise<void> {
    for (const channel of group) channel.moving = true;
    await this.#atMost(this.#deps.appendQueue.flushed(), this.#leftMs);
    const release = () => this.#deps.heads.release(group.map(ownershipOf));
    const given = await this.#untilDone(release, () => this.#endsAt);
    if (given) this.#deps.onGiven(group.length);
    for (const channel of group) {
      channel.dismissFollowers('draining');
      for (const one of this.#deps.participants.in(channel))
        one.goodbye('draining', { listenAgain: true, retryAfterMs: comeBackInMs(channel) });
      if (given) this.#deps.channels.close(channel); // The gateways learn at once that it has no owner.
    }
  }

  /**
   * Retries until `work` succeeds. Returns false if it has not succeeded by `endsAt`, which may
   * become earlier meanwhile.
   */
  async #untilDone(work: () => Promise<unknown>, endsAt: () => number): Promise<boolean> {
    for (;;) {
      const tried = work().then(
        () => true,
        (err: unknown) => this.#deps.log.warn({ err }, 'a step of the drain failed'),
      );
      if ((await this.#atMost(tried, endsAt() - performance.now())) === true) return true;
      if (performance.now() + retryMs > endsAt()) return false;
      await pause(retryMs);
    }
  }

  #atMost<T>(work: Promise<T>, withinMs: number): Promise<T | undefined> {
    return atMost(work, Math.min(Math.max(0, withinMs), longestMs));
  }
}
