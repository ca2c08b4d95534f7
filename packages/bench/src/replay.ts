import { Message } from '@parley/contract';
import { Trio } from '@parley/testkit';
import type { SuitePlan, SuiteResult } from './ladder.js';
import { ChannelBytes } from './load/channel-bytes.js';
import { GrpcWire } from './load/grpc-wire.js';
import type { BenchSeat } from './load/job.js';
import { payload } from './load/payload.js';
import { type BenchRound, inWords, roundOf, takeTurns } from './rounds.js';
import { Seating } from './seating.js';

const missed = 10_000;
const crowd = { channels: 1, users: 1, keeps: true };
const withinMs = 60_000;

const fillLog = `INSERT INTO chat.message (channel_id, seq, sender_id, client_id, sent_at, data, digest)
  SELECT c.id, n, c.owner_id, gen_random_uuid(), now(), d, sha256(d)
  FROM chat.channel c, unnest($1::bytea[]) WITH ORDINALITY AS said (d, n) WHERE c.id = (SELECT max(id) FROM chat.channel)`;
const moveHead = `UPDATE chat.channel_head SET last_seq = $1 WHERE channel_id = (SELECT max(id) FROM chat.channel) RETURNING log_id`;

/** A seat in a new channel where so much was said, with the metadata of somebody who has heard nothing of it. */
async function prepare({ people }: Trio, seating: Seating): Promise<BenchSeat> {
  const [seat] = (await seating.seat(crowd)) as [BenchSeat];
  const said = Array.from({ length: missed }, (_, n) => Message.decode(payload(0, n)).data);
  await people.sql(fillLog, [said]);
  const [head] = await people.sql(moveHead, [missed]);
  return { ...seat, headers: { ...seat.headers, 'chat-resume': `${head?.log_id}:0` } };
}

/** Milliseconds from the request to the last byte of what was missed. */
async function comeBack({ address, headers }: BenchSeat): Promise<BenchRound> {
  const wire = new GrpcWire(address, 1);
  const bytes = new ChannelBytes(0, 1, wire);
  const [listener] = bytes.listeners as [(typeof bytes.listeners)[number]];
  const began = performance.now();
  await new Promise<void>((resolve, reject) => {
    const patience = setTimeout(() => reject(new Error(`${listener.frames} of ${missed} came`)), withinMs);
    const onBytes = (chunk: Buffer) => {
      bytes.take(listener, chunk);
      if (listener.frames < missed) return;
      clearTimeout(patience);
      resolve();
    };
    wire.open(headers, { onBytes, onEnd: (why) => reject(new Error(why)) }).catch(reject);
  });
  const ms = performance.now() - began;
  wire.close();
  return roundOf(ms, bytes.faults);
}

/** How long somebody who comes back waits for all that was missed. */
export async function climbReplay(plan: SuitePlan): Promise<SuiteResult> {
  const trio = await Trio.start();
  const seating = await Seating.open(trio);
  const players = new Map([['ours', async () => comeBack(await prepare(trio, seating))]]);
  try {
    const rounds = await takeTurns(players, { name: 'replay', ...plan, wordsFor: inWords('ms', 0) });
    const says = `${missed} missed entries of 64 bytes, in order`;
    return { shape: 'replay', says, figure: 'ms to the last one', less: true, rounds };
  } finally {
    await seating.close();
    await trio.stop();
  }
}
