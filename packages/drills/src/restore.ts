import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createClient } from '@parley/client';
import { type Disturbance, type DisturbanceResult, lacksProcesses, localSystemOf } from './disturbance.js';
import type { DrillContext } from './drill-context.js';
import { eventually } from './eventually.js';
import { InboxLoad } from './inbox-load.js';
import { retrying, storedEntries } from './load.js';
import type { LocalSystem } from './local-system.js';
import { compare, complaintsAbout, type RestoredMessage } from './restore-verdict.js';
import { addressesOf, backUp, RestoredSystem } from './restored-system.js';
import type { Addresses, Witness, WitnessKind } from './witness.js';
import { callsTo, witnessKinds } from './witness-kinds.js';

/**
 * Maximum time, in milliseconds, in which clients of a restored system show a message. After its reset, a
 * native stream first reads all of its chats again, as fast as the limit of History allows.
 */
const caughtUpMs = 300_000;

/** A user with a client of one kind. */
interface Returner {
  readonly kind: WitnessKind;
  readonly token: string;
  readonly witness: Witness;
}

/** Adds users to every chat, and opens a client of each kind for one of them. */
async function openFirst({ rooms, spareUsers: users }: InboxLoad, at: Addresses): Promise<Returner[]> {
  const ids = users.map(({ id }) => id);
  for (const { id, host } of rooms) await retrying(() => host.members.addAll(id, ids));
  const channelIds = rooms.map(({ id }) => id);
  return Promise.all(
    witnessKinds.map(async (kind, n) => {
      const token = users[n]?.token ?? '';
      return { kind, token, witness: await kind.open({ at, token, channelIds, after: undefined }) };
    }),
  );
}

/** Opens each client again, in another system, with the place that it has reached. */
async function moveAll(returners: readonly Returner[], channelIds: readonly number[], at: Addresses) {
  return Promise.all(
    returners.map(async ({ kind, token, witness }) => {
      const after = witness.place();
      await witness.close();
      return { kind, token, witness: await kind.open({ at, token, channelIds, after }) };
    }),
  );
}

/** Lets a client say something in every chat, and waits until every client shows it. Returns the seqs. */
async function say(speaker: Witness, all: readonly Returner[], channelIds: readonly number[], text: string) {
  const said = await Promise.all(channelIds.map(async (id) => ({ id, seq: await speaker.post(id, text) })));
  await shown(all, channelIds, text);
  return said;
}

function shown(all: readonly Returner[], channelIds: readonly number[], text: string): Promise<void> {
  const isShown = async () => all.every(({ witness: { seen } }) => channelIds.every((id) => seen.has(id, text)));
  return eventually(`every client shows "${text}"`, isShown, caughtUpMs);
}

/** Lets every client post and edit in every chat. Returns the kinds that showed an entry before a reset. */
async function carryOn(all: readonly Returner[], channelIds: readonly number[]): Promise<string[]> {
  const isReset = async () => all.every(({ witness: { seen } }) => channelIds.every((id) => seen.hasReset(id)));
  await eventually('every client is reset', isReset).catch(() => {}); // Those that are not are reported below.
  for (const { kind, witness } of all) {
    const said = await say(witness, all, channelIds, `${kind.name} is back`);
    const corrected = `${kind.name} is really back`;
    for (const { id, seq } of said) await witness.edit(id, seq, corrected);
    await shown(all, channelIds, corrected);
  }
  return all.flatMap(({ kind, witness: { seen } }) => Array.from(seen.silent, (id) => `${kind.name} in chat ${id}`));
}

async function storedThere(at: Addresses, token: string, channelIds: readonly number[]): Promise<RestoredMessage[]> {
  const client = createClient({ transport: callsTo(at), token });
  const stored: RestoredMessage[] = [];
  for (const channelId of channelIds)
    for (const entry of await storedEntries(client, channelId))
      if (entry.type === 'message')
        stored.push({ channelId, seq: entry.seq, name: new TextDecoder().decode(entry.data) });
  await client.close();
  return stored;
}

/** Compares the restored system with the load, and then lets the clients carry on there. */
async function judgeRestored(
  load: InboxLoad,
  momentMs: number,
  returners: readonly Returner[],
  restored: LocalSystem,
): Promise<Omit<DisturbanceResult, 'since'>> {
  const at = await addressesOf(restored);
  const channelIds = load.rooms.map(({ id }) => id);
  const reader = load.spareUsers.at(-1); // Not one with a client, which would then wait for the limit of History.
  const stored = await storedThere(at, reader?.token ?? '', channelIds);
  const comparison = compare(
    load.talkers.flatMap(({ acked }) => acked),
    stored,
    momentMs,
  );
  const moved = await moveAll(returners, channelIds, at);
  try {
    const silent = await carryOn(moved, channelIds);
    return {
      complaints: [...complaintsAbout(comparison), ...silent.map((where) => `resumed into other messages: ${where}`)],
      counts: {
        'backups that were restored': 1,
        'acknowledged before a backup': comparison.before,
        'acknowledged before a backup, and missing': comparison.missing.length,
        'sent after a backup': comparison.after,
        'sent after a backup, and there': comparison.present.length,
        'streams that carried on in a restored system': moved.length * channelIds.length,
        'silent resumes': silent.length,
      },
    };
  } finally {
    for (const { witness } of moved) await witness.close();
  }
}

/** Backs up, restores, and judges what users find in the restored system. */
async function backUpAndRestore(
  context: DrillContext,
  file: string,
  tamper: (restored: LocalSystem) => Promise<void>,
): Promise<Omit<DisturbanceResult, 'since'>> {
  const { load } = context;
  if (!(load instanceof InboxLoad)) throw new Error('This drill needs users who hold inboxes.');
  const local = localSystemOf(context);
  const channelIds = load.rooms.map(({ id }) => id);
  const returners = await openFirst(load, await addressesOf(local));
  try {
    const [speaker] = returners as [Returner];
    await eventually('every client has a place', async () => returners.every(({ witness }) => witness.place() !== ''));
    await say(speaker.witness, returners, channelIds, `before backup ${context.round + 1}`);
    const momentMs = await backUp(local, file);
    await say(speaker.witness, returners, channelIds, `after backup ${context.round + 1}`);
    const restored = await RestoredSystem.start(file);
    try {
      await tamper(restored.system);
      return await judgeRestored(load, momentMs, returners, restored.system);
    } finally {
      await restored.stop();
    }
  } finally {
    for (const { witness } of returners) await witness.close();
  }
}

/**
 * A backup under load, and its restore into a fresh system.
 * @param tamper plants a fault in the restored system, for a test
 */
export function restoredFrom(tamper: (restored: LocalSystem) => Promise<void> = async () => {}): Disturbance {
  return {
    name: 'restore: backup, restored into a fresh system',
    backWithinMs: Number.POSITIVE_INFINITY,
    lacks: lacksProcesses,
    make: async (context) => {
      const since = performance.now();
      const folder = await mkdtemp(join(tmpdir(), 'parley-backup-'));
      try {
        return { since, ...(await backUpAndRestore(context, join(folder, 'parley.backup'), tamper)) };
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  };
}
