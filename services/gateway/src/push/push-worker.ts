import type { Pool } from '@parley/database';
import type { Logger, Metrics } from '@parley/runtime';
import webPush from 'web-push';
import type { PushConfig } from '../config.js';
import { type PublicPost, postPublic } from '../outbound/public-post.js';
import {
  type DuePush,
  finishPush,
  forgetFailures,
  forgetPush,
  postponePushes,
  readPushes,
  reportPushKey,
  takePushes,
} from '../store/push-store.js';
import { type PushKeys, pushKeysOf } from './push-key.js';
import { outcomeOf, outcomeOfFailure, type PushOutcome } from './push-outcome.js';
import { payloadOf } from './push-payload.js';

/**
 * Milliseconds in which a gateway sends a push that it has taken. A request lasts 10 s at most, and a
 * look-up about as long.
 */
const leaseMs = 60_000;
/** Time for which a push service keeps a message for a device that is off, in seconds. */
const keepSeconds = 86_400;
const firstWaitMs = 10_000;
const longestWaitMs = 3_600_000;
const decoder = new TextDecoder();

/** Returns the wait in milliseconds after failures in a row: 10 s, and twice as long each time, up to an hour. */
export function waitAfter(failures: number): number {
  return Math.min(firstWaitMs * 2 ** (failures - 1), longestWaitMs);
}

export interface PushWorkerDeps {
  readonly pool: Pool;
  readonly config: PushConfig;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Sends the notifications of users to the push services of their browsers (RFC 8030, 8291, 8292). */
export class PushWorker {
  readonly #deps: PushWorkerDeps;
  readonly #keys: PushKeys;
  readonly #counts = { sent: 0, gone: 0, later: 0, never: 0, unwanted: 0 };
  /** Sessions to which this gateway is sending: one push at a time, as their push service may be slow. */
  readonly #busy = new Set<string>();

  /** @throws {Error} one sentence, if the key is invalid. */
  constructor(deps: PushWorkerDeps) {
    this.#deps = deps;
    this.#keys = pushKeysOf(deps.config.key);
    deps.metrics.totals('parley_pushes_total', 'messages of Web Push', 'outcome', () => this.#counts);
  }

  /** Tells managers the public key. */
  async reportKey(): Promise<void> {
    await reportPushKey.run(this.#deps.pool, { publicKey: Buffer.from(this.#keys.publicKey, 'base64url') });
  }

  /** Takes up to `size` pushes that are due. The caller must send each of them. */
  async take(size: number): Promise<readonly DuePush[]> {
    const { pool } = this.#deps;
    const rows = await takePushes.run(pool, { leaseMs, size, busyIds: [...this.#busy] });
    if (rows.length === 0) return [];
    const due = await readPushes.run(pool, {
      sessionIds: rows.map(({ sessionId }) => sessionId),
      channelIds: rows.map(({ channelId }) => channelId),
      notificationIds: rows.map(({ notificationId }) => notificationId),
    });
    for (const { sessionId } of due) this.#busy.add(sessionId);
    return due;
  }

  /** Sends a push that was taken, and records the outcome. */
  async send(push: DuePush): Promise<void> {
    try {
      const outcome = push.isLive && push.isWanted ? await this.#request(push) : undefined;
      await this.#record(push, outcome);
    } finally {
      this.#busy.delete(push.sessionId);
    }
  }

  async #record(push: DuePush, outcome: PushOutcome | undefined): Promise<void> {
    const { pool, log } = this.#deps;
    const { sessionId, channelId, notificationId, endpoint, failures } = push;
    this.#counts[outcome?.type ?? 'unwanted'] += 1;
    if (outcome !== undefined && outcome.type !== 'sent') {
      const { host } = new URL(endpoint);
      log.info({ host, failures, outcome: outcome.type, why: outcome.why }, 'push not sent');
    }
    if (!push.isLive || outcome?.type === 'gone') return void (await forgetPush.run(pool, { sessionId, endpoint }));
    if (outcome?.type === 'later') {
      const afterMs = outcome.afterMs ?? waitAfter(failures + 1);
      return void (await postponePushes.run(pool, { sessionId, afterMs }));
    }
    await finishPush.run(pool, { sessionId, channelId, notificationId });
    if (failures > 0 && outcome !== undefined) await forgetFailures.run(pool, { sessionId });
  }

  async #request(push: DuePush): Promise<PushOutcome> {
    let request: PublicPost;
    try {
      request = this.#encrypted(push);
    } catch (thrown) {
      return { type: 'gone', why: String(thrown) }; // The key of the subscription is no point of the curve.
    }
    return postPublic(request, this.#deps.config.allowsPrivate).then(outcomeOf, outcomeOfFailure);
  }

  #encrypted({ endpoint, publicKey, secret, textBytes, ...facts }: DuePush): PublicPost {
    const { kind, channelId, seq, channelName, channelKind, byName } = facts;
    const text = decoder.decode(textBytes).replace(/\uFFFD+$/, '');
    const payload = payloadOf({ kind, channelId, seq, channelName, channelKind, byName, text });
    const keys = { p256dh: publicKey.toString('base64url'), auth: secret.toString('base64url') };
    const { headers, body } = webPush.generateRequestDetails({ endpoint, keys }, payload, {
      vapidDetails: { subject: this.#deps.config.contact, ...this.#keys },
      TTL: keepSeconds,
      urgency: 'high',
      topic: `chat-${channelId}`,
    });
    return { url: endpoint, headers, body: body ?? Buffer.alloc(0) };
  }
}
