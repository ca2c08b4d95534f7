import { Message } from '@parley/contract';
import { Trio } from '@parley/testkit';
import { ChannelBytes } from './load/channel-bytes.js';
import { GrpcWire } from './load/grpc-wire.js';
import type { BenchSeat } from './load/job.js';
import { payload } from './load/payload.js';
import { type BenchRound, formatRound, playInTurn, roundOf } from './rounds.js';
import { Seating } from './seating.js';
import type { SuitePlan, SuiteResult } from './suite.js';

const missed = 10_000;
const audience = { channels: 1, users: 1, isStored: true };
const withinMs = 60_000;

const fillLog = `INSERT INTO chat.message (channel_id, seq, sender_id, client_id, sent_at, data, digest)
  SELECT c.id, n, c.owner_id, gen_random_uuid(), now(), d, sha256(d)
  FROM chat.channel c, unnest($1::bytea[]) WITH ORDINALITY AS payloads (d, n) WHERE c.id = (SELECT max(id) FROM chat.channel)`;
const moveHead = `UPDATE chat.channel_head SET last_seq = $1 WHERE channel_id = (SELECT max(id) FROM chat.channel) RETURNING log_id`;

/** Creates a channel with `missed` entries, and returns a seat that resumes from the start. */
async function prepare({ people }: Trio, seating: Seating): Promise<BenchSeat> {
  const [seat] = (await seating.seat(audience)) as [BenchSeat];
  const payloads = Array.from({ length: missed }, (_, n) => Message.decode(payload(0, n)).data);
  await people.sql(fillLog, [payloads]);
  const [head] = await people.sql(moveHead, [missed]);
  return { ...seat, headers: { ...seat.headers, 'chat-resume': `${head?.log_id}:0` } };
}

/** Measures milliseconds from the request to the last missed byte. */
async function resume({ address, headers }: BenchSeat): Promise<BenchRound> {
  const wire = new GrpcWire(address, 1);
  const bytes = new ChannelBytes(0, 1, wire);
  const [listener] = bytes.listeners as [(typeof bytes.listeners)[number]];
  const began = performance.now();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`Only ${listener.frames} of ${missed} frames arrived.`)), withinMs);
    const onBytes = (chunk: Buffer) => {
      bytes.take(listener, chunk);
      if (listener.frames < missed) return;
      clearTimeout(timer);
      resolve();
    };
    wire.open(headers, { onBytes, onEnd: (why) => reject(new Error(why)) }).catch(reject);
  });
  const ms = performance.now() - began;
  wire.close();
  return roundOf(ms, bytes.faults);
}

/** Measures how long a resuming reader waits for all missed entries. */
export async function benchReplay(plan: SuitePlan): Promise<SuiteResult> {
  const trio = await Trio.start();
  const seating = await Seating.open(trio);
  const players = new Map([['ours', async () => resume(await prepare(trio, seating))]]);
  try {
    const rounds = await playInTurn(players, { name: 'replay', ...plan, describe: formatRound('ms', 0) });
    const description = `${missed} missed entries of 64 bytes, in order`;
    return { shape: 'replay', description, figure: 'ms to the last one', lowerIsBetter: true, rounds };
  } finally {
    await seating.close();
    await trio.stop();
  }
}
