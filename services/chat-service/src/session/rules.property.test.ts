import { Channel, Kind, Message } from '@parley/contract';
import { FlushQueue } from '@parley/fanout';
import fc from 'fast-check';
import { DedupeMemory } from '../core/dedupe-cache.js';
import { LiveChannel } from '../core/live-channel.js';
import { denialFor, type Membership } from './rules.js';

const runs = { numRuns: 500, seed: 42 };
const users = ['owner', 'ann', 'bob'];
const rate = { messagesPerSecond: 10, bytesPerSecond: 1_000 };
const kinds = [Kind.UNSPECIFIED, Kind.EDIT, Kind.DELETE, Kind.REACT, Kind.PIN];
/** Kinds that show new text, to which slow mode applies. */
const speech: readonly Kind[] = [Kind.UNSPECIFIED, Kind.EDIT];

function open(kind: 'room' | 'direct', slowModeS: number): LiveChannel {
  const memory = new DedupeMemory({ ms: 1_000, storedMs: 1_000, ofSender: 100, ofAll: 1_000 });
  const bounds = { ringBytes: 1_000, lossyRingBytes: 100, writeBytes: 200, rate, senderRate: rate, memory };
  const facts = { id: 1, kind, epoch: 1, log: 'l', hasHistory: true, lastSeq: 0 };
  const flushQueue = new FlushQueue(
    (run) => run(),
    () => {},
  );
  return new LiveChannel(
    { facts, settings: { ...Channel.fromPartial({ ownerId: 'owner', slowModeS }), revision: 0 } },
    bounds,
    flushQueue,
    0,
  );
}

interface Try {
  readonly afterMs: number;
  readonly userId: string;
  readonly kind: Kind;
  readonly isTyping: boolean;
  readonly removed: boolean;
  /** End of the mute relative to now, in milliseconds. */
  readonly mutedForMs: number;
}

const tries = fc.array(
  fc.record<Try>({
    afterMs: fc.nat(4_000),
    userId: fc.constantFrom(...users),
    kind: fc.constantFrom(...kinds),
    isTyping: fc.boolean(),
    removed: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    mutedForMs: fc.oneof(
      { weight: 4, arbitrary: fc.constant(-1) },
      { weight: 1, arbitrary: fc.integer({ min: -5_000, max: 9e15 - 1e12 }) },
    ),
  }),
  { maxLength: 30, size: 'max' },
);

test('checks removal before mute and mute before slow mode, and slow mode limits everyone but the owner', () => {
  fc.assert(
    fc.property(tries, fc.constantFrom('room', 'direct'), fc.nat(5), (taken, kind, slowModeS) => {
      const channel = open(kind as 'room' | 'direct', slowModeS);
      const lastSpeechMs = new Map<string, number>();
      let nowMs = 0;
      for (const one of taken) {
        nowMs += one.afterMs;
        const now = { unixMs: 1e12 + nowMs, monotonicMs: nowMs };
        const mutedUntilMs = now.unixMs + one.mutedForMs;
        const membership: Membership = { role: 'member', mutedUntilMs, removed: one.removed, revision: 0 };
        const typing = one.isTyping ? { userId: '', stopped: false } : undefined;
        const message = Message.fromPartial({ kind: one.kind, ...(typing && { typing }) });
        const denial = denialFor({ message, userId: one.userId, membership }, channel, now);

        const isOwner = one.userId === 'owner' && kind !== 'direct';
        const isSpeech = !one.isTyping && speech.includes(one.kind);
        const nextMs = (lastSpeechMs.get(one.userId) ?? Number.NEGATIVE_INFINITY) + slowModeS * 1_000;
        if (one.removed) expect(denial).toEqual({ reason: 'removed' });
        else if (one.mutedForMs > 0) {
          expect(denial?.reason).toBe('muted');
          expect(denial?.retryAfterMs).toBe(Math.min(one.mutedForMs, 2 ** 31 - 1));
        } else if (isSpeech && !isOwner && nowMs < nextMs) {
          expect(denial).toEqual({ reason: 'slow-mode', retryAfterMs: nextMs - nowMs });
        } else {
          expect(denial).toBeUndefined();
          if (isSpeech) lastSpeechMs.set(one.userId, nowMs);
        }
      }
    }),
    runs,
  );
});
