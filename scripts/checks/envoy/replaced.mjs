/**
 * Adds a chat server and removes an old one while users chat through Envoy, as in a compose
 * deployment.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { WebStream } from '@parley/testkit';
import { Talker } from '../../../packages/drills/dist/src/talker.js';
import { nothing, waitUntil } from './system.mjs';

const rooms = 6;
const peopleOfRoom = 4;
const usableWithinMs = 2_000;

/** Returns the internal address of the chat server in a join token. */
function placeOf(token) {
  const { route } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
  return Buffer.from(route, 'base64').toString();
}

/** Creates channels. In each, users of the SDK send, and one bare page only receives. */
async function talk({ trio, address }) {
  const inside = [];
  for (let n = 0; n < rooms; n++) {
    const people = await trio.people.makeMany(`talk-${n}`, peopleOfRoom);
    const [channel, talkers] = [{}, []];
    for (const { token, id: name } of people) {
      const client = createClient({
        transport: grpcTransport({ userService: address, channelService: address }),
        token,
      });
      channel.id ??= (await client.create({ name: `talk ${n}`, limit: 10, retention: { everything: true } })).id;
      talkers.push({ ...channel, client, talker: new Talker(name, await client.listen(channel.id)) });
    }
    inside.push(...talkers);
  }
  for (const { talker } of inside) talker.talk(5);
  return inside;
}

/** Opens a page in a room of its own on each chat server. */
async function pages(system) {
  const listening = [];
  for (const person of await system.trio.people.makeMany('page', 8)) {
    const { id } = await system.trio.create(person, person.id);
    listening.push(await system.subscribe(person, id));
  }
  return listening;
}

/**
 * Returns the milliseconds until a page got a welcome from the chat server through Envoy, and the
 * number of pages that Envoy refused before.
 */
async function untilUsable(system, { grpc }, since) {
  let refused = 0;
  const people = await system.trio.people.makeMany('new', 60);
  for (const person of people) {
    const { id } = await system.trio.create(person, person.id);
    const { token } = await system.trio.listen(person, id);
    if (placeOf(token) !== grpc) continue;
    const page = new WebStream(`${system.url}/chat.v1.ChatService/Subscribe`, nothing, { token });
    const welcomed = page
      .find(({ welcome }) => welcome !== undefined)
      .then(
        () => true,
        () => false,
      );
    if (await Promise.race([welcomed, page.ended.then(() => false)])) {
      page.cancel();
      return { ms: Date.now() - since, refused };
    }
    refused += 1;
    await pause(20);
  }
  return { ms: Number.POSITIVE_INFINITY, refused };
}

function faultsOf(talkers) {
  const lacks = talkers.filter(({ startsAfter, lastSeq, received }) => {
    const seqs = received.map(({ is, seq }) => (is === 'entry' ? seq : Number.NaN));
    return seqs.length !== lastSeq - startsAfter || seqs.some((seq, n) => seq !== startsAfter + 1 + n);
  });
  return {
    'users with missing, duplicate or unordered entries': lacks.length,
    'rejected sends': talkers.flatMap(({ refused }) => refused).length,
    'users whose conversation ended': talkers.filter(({ endReason }) => endReason !== undefined).length,
    'acks later than 5 s': talkers.reduce((sum, { late }) => sum + late, 0),
  };
}

async function drain(system, inside, { log, judge }) {
  const talkers = inside.map(({ talker }) => talker);
  const listening = await pages(system);
  const [old] = system.chatServers.splice(0, 1);
  const there = listening.filter(({ token }) => placeOf(token) === old.grpc);
  const since = performance.now();
  system.names.hosts = system.names.hosts.filter((host) => !old.grpc.startsWith(`${host}:`));
  await old.stop();
  log(`drained and exited after ${Math.round(performance.now() - since)} ms, and its name was removed`);
  const endings = await Promise.all(
    there.map(async ({ ended, frames }) => ({ ...(await ended), last: frames.at(-1) })),
  );
  const wordless = endings.filter(({ last }) => last.goodbye?.listenAgain !== true || last.goodbye.log === '');
  judge(
    `of ${there.length} pages there, ended without a position to resume`,
    there.length === 0 ? 1 : wordless.length,
    0,
  );
  await pause(3_000);
  for (const one of talkers) one.stop();
  await waitUntil('every send is answered', () => talkers.every(({ unanswered }) => unanswered === 0));
  await pause(500);
  const moved = talkers.filter(({ reconnected }) => reconnected.length > 0);
  log(`${moved.length} of ${talkers.length} users moved: ${[...new Set(moved.flatMap((one) => one.reconnected))]}`);
  judge(
    'users who moved for another reason',
    moved.filter((one) => one.reconnected.some((why) => why !== 'draining')).length,
    0,
  );
  judge('longest time without an ack, ms', Math.max(...talkers.map((one) => one.silenceSince(since))), 5_000);
  for (const [what, count] of Object.entries(faultsOf(talkers))) judge(what, count, 0);
  for (const one of listening) one.cancel();
}

export async function replaced(system, print) {
  const inside = await talk(system);
  const since = Date.now();
  const server = await system.addChatServer();
  print.log(
    `a new chat server listens after ${server.listensAt - since} ms, a manager accepted it after ${Date.now() - since} ms`,
  );
  const { ms, refused } = await untilUsable(system, server, Date.now());
  print.judge('ms from then until a page got a welcome there through Envoy', ms, usableWithinMs);
  print.log(`sent there before Envoy knew it, and refused: ${refused}`);
  await drain(system, inside, print);
  await Promise.all(inside.map(({ client }) => client.close()));
}
