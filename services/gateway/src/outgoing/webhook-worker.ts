import { randomUUID } from 'node:crypto';
import { type Pool, snapshot } from '@parley/database';
import { type Logger, limits, type Metrics, type Part } from '@parley/runtime';
import { Deliveries } from '../outbound/deliveries.js';
import { postPublic } from '../outbound/public-post.js';
import { partParameters, readLogs, type StoredLogEntry } from '../store/inbox-store.js';
import {
  forgetEntry,
  readTakenWebhook,
  recordFailure,
  recordSent,
  releaseWebhook,
  skipEntries,
  type TakenWebhook,
  takeWebhooks,
  type WebhookLease,
} from '../store/outgoing-store.js';
import {
  type DeliveryOutcome,
  type DisabledReason,
  disabledBy,
  outcomeOfAnswer,
  outcomeWithoutAnswer,
  pauseAfterFailures,
  waitAfterAttempts,
} from './delivery-rules.js';
import { eventRequest, eventType } from './webhook-event.js';

/** Milliseconds for which a gateway takes a webhook: longer than a turn that ends with the longest request. */
const leaseMs = 90_000;
/** Milliseconds after which a gateway gives a webhook back, so that other webhooks get their turn. */
const turnMs = 30_000;
/** Number of webhooks to which a gateway sends at the same time. */
const webhooksAtOnce = 20;
/** Maximum entries and bytes that are read at once. */
const batch = { size: 20, bytes: 262_144 };

export interface WebhookWorkerDeps {
  readonly pool: Pool;
  /** Hosts, with their ports, that may have private addresses. */
  readonly privateHosts: readonly string[];
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Result of a step: the gateway goes on, or gives the webhook back. */
type Step =
  | { readonly type: 'more' }
  | { readonly type: 'end'; readonly pauseMs: number; readonly disabledReason: DisabledReason | null };

const more = { type: 'more' } as const;
const done = { type: 'end', pauseMs: 0, disabledReason: null } as const;

/** Fields of a webhook that a success resets. */
type Past = Pick<TakenWebhook, 'failures' | 'failingMs'>;
const unfailing: Past = { failures: 0, failingMs: 0 };

/** Entries to send, and the seq up to which the log was read. A retry has one entry. */
interface Batch {
  readonly hook: TakenWebhook;
  readonly entries: readonly StoredLogEntry[];
  readonly reached: number;
}

/** Posts the new entries of chats to their outgoing webhooks, one request at a time for each webhook. */
export class WebhookWorker implements Part {
  readonly #deps: WebhookWorkerDeps;
  readonly #deliveries: Deliveries<WebhookLease>;
  readonly #counts = { sent: 0, failed: 0, gone: 0 };
  #stopped = false;

  constructor(deps: WebhookWorkerDeps) {
    const { log, metrics } = deps;
    this.#deps = deps;
    const help = 'requests to outgoing webhooks';
    metrics.totals('parley_webhook_requests_total', help, 'outcome', () => this.#counts);
    this.#deliveries = new Deliveries({
      most: webhooksAtOnce,
      take: (size) => this.#take(size),
      deliver: (lease) => this.#turn(lease),
      failed: (err) => log.warn({ err }, 'webhooks failed; retrying'),
    });
  }

  /** Ends the turns after their current requests. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#deliveries.stop();
  }

  async #take(size: number): Promise<readonly WebhookLease[]> {
    const lease = randomUUID();
    const mostFailures = limits.webhookFailures;
    const rows = await takeWebhooks.run(this.#deps.pool, { leaseMs, lease, mostFailures, size });
    return rows.map(({ id }) => ({ id, lease }));
  }

  async #turn(lease: WebhookLease): Promise<void> {
    const endsAt = performance.now() + turnMs;
    const isOver = () => this.#stopped || performance.now() >= endsAt;
    let step: Step = more;
    while (step.type === 'more' && !isOver()) step = await this.#step(lease, isOver);
    const { pauseMs, disabledReason } = step.type === 'end' ? step : done;
    if (disabledReason !== null) this.#deps.log.info({ webhook: lease.id, disabledReason }, 'webhook disabled');
    await releaseWebhook.run(this.#deps.pool, { pauseMs, disabledReason, ...lease });
  }

  /** Reads the next entries in one snapshot: the failure that is due first, or else new entries. */
  #read(lease: WebhookLease): Promise<Batch | undefined> {
    return snapshot(this.#deps.pool, async (client) => {
      const [hook] = await readTakenWebhook.run(client, lease);
      if (hook === undefined) return undefined;
      const { channelId, seq, lastSeq, retrySeq, failed } = hook;
      const lastNew = failed < limits.webhookFailures ? lastSeq : seq;
      const part =
        retrySeq === null
          ? { channelId, afterSeq: seq, untilSeq: lastNew }
          : { channelId, afterSeq: retrySeq - 1, untilSeq: retrySeq };
      if (part.untilSeq <= part.afterSeq) return { hook, entries: [], reached: seq };
      const entries = await readLogs.run(client, { ...partParameters([part]), ...batch });
      const last = entries.at(-1);
      const isCut = last !== undefined && (entries.length === batch.size || last.totalBytes >= batch.bytes);
      return { hook, entries, reached: isCut ? last.seq : part.untilSeq };
    });
  }

  async #step(lease: WebhookLease, isOver: () => boolean): Promise<Step> {
    const { pool } = this.#deps;
    const read = await this.#read(lease);
    if (read === undefined) return done;
    const { hook, entries, reached } = read;
    if (!hook.isManaged) return { type: 'end', pauseMs: 0, disabledReason: 'creator' };
    if (hook.retrySeq === null && reached <= hook.seq) return done;
    if (hook.retrySeq !== null && entries.length === 0) {
      await forgetEntry.run(pool, { seq: hook.retrySeq, ...lease });
      return more;
    }
    let past: Past = hook;
    for (const entry of entries) {
      if (isOver()) return done;
      if (hook.types.length > 0 && !hook.types.includes(eventType(entry.kind))) continue;
      const ending = await this.#send(lease, { ...hook, ...past }, entry);
      if (ending !== undefined) return ending;
      past = unfailing;
    }
    if (hook.retrySeq === null) await skipEntries.run(pool, { seq: reached, ...lease });
    return more;
  }

  /** Sends one entry and records the outcome. Returns the end of the turn after a failure, else undefined. */
  async #send(lease: WebhookLease, hook: TakenWebhook, entry: StoredLogEntry): Promise<Step | undefined> {
    const { pool, privateHosts, log } = this.#deps;
    const allowsPrivate = privateHosts.includes(new URL(hook.url).host);
    const request = eventRequest(lease.id, hook, entry);
    const outcome: DeliveryOutcome = await postPublic(request, allowsPrivate).then(
      outcomeOfAnswer,
      outcomeWithoutAnswer,
    );
    this.#counts[outcome.type] += 1;
    const { seq } = entry;
    if (outcome.type === 'sent') {
      await recordSent.run(pool, { seq, ...lease });
      return undefined;
    }
    const { afterMs, why } = outcome;
    const attempts = (hook.retrySeq === null ? 0 : hook.attempts) + 1;
    const waitMs = waitAfterAttempts(attempts, afterMs) ?? null;
    log.info({ webhook: lease.id, seq, attempts, why }, 'webhook not delivered');
    await recordFailure.run(pool, { seq, ...lease, attempts, waitMs, why });
    const deadLetters = hook.dead + (waitMs === null ? 1 : 0);
    const disabledReason = disabledBy({ isGone: outcome.type === 'gone', failingMs: hook.failingMs, deadLetters });
    return {
      type: 'end',
      pauseMs: pauseAfterFailures(hook.failures + 1, afterMs),
      disabledReason: disabledReason ?? null,
    };
  }
}
