/** A new chat server comes, and an old one goes, while people talk through Envoy as they do in a deployment by compose. */

import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { WebStream } from '@parley/testkit';
import { Talker } from '../../../packages/drills/dist/src/talker.js';
import { nothing, until } from './stage.mjs';

const rooms = 6;
const peopleOfRoom = 4;
const usableWithinMs = 2_000;

/** internal_addr of the chat server that this join token leads to. */
function placeOf(token) {
  const { route } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
  return Buffer.from(route, 'base64').toString();
}

/** Channels that last, with people of the SDK who talk; and a bare page in each that only listens. */
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
      channel.id ??= (await client.create({ name: `talk ${n}`, limit: 10, keep: { everything: true } })).id;
      talkers.push({ ...channel, client, talker: new Talker(name, await client.listen(channel.id)) });
    }
    inside.push(...talkers);
  }
  for (const { talker } of inside) talker.talk(5);
  return inside;
}

/** A page in a room of its own on each chat server; what its stream was told at the end. */
async function pages(stage) {
  const listening = [];
  for (const person of await stage.trio.people.makeMany('page', 8)) {
    const { id } = await stage.trio.create(person, person.id);
    listening.push(await stage.subscribe(person, id));
  }
  return listening;
}

/** Milliseconds until a page was welcomed there through Envoy, and how many were sent there too soon. */
async function untilUsable(stage, { grpc }, since) {
  let refused = 0;
  const people = await stage.trio.people.makeMany('new', 60);
  for (const person of people) {
    const { id } = await stage.trio.create(person, person.id);
    const { token } = await stage.trio.listen(person, id);
    if (placeOf(token) !== grpc) continue;
    const page = new WebStream(`${stage.url}/chat.v1.ChatService/Subscribe`, nothing, { token });
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
  const lacks = talkers.filter(({ startsAfter, lastSeq, heard }) => {
    const seqs = heard.map(({ is, seq }) => (is === 'entry' ? seq : Number.NaN));
    return seqs.length !== lastSeq - startsAfter || seqs.some((seq, n) => seq !== startsAfter + 1 + n);
  });
  return {
    'people who lack an entry, heard one twice or out of order': lacks.length,
    'sends given back': talkers.flatMap(({ refused }) => refused).length,
    'people whose conversation ended': talkers.filter(({ over }) => over !== undefined).length,
    'acks later than 5 s': talkers.reduce((sum, { late }) => sum + late, 0),
  };
}

async function drain(stage, inside, { say, judge }) {
  const talkers = inside.map(({ talker }) => talker);
  const listening = await pages(stage);
  const [old] = stage.chatServers.splice(0, 1);
  const there = listening.filter(({ token }) => placeOf(token) === old.grpc);
  const since = performance.now();
  stage.names.hosts = stage.names.hosts.filter((host) => !old.grpc.startsWith(`${host}:`));
  await old.stop();
  say(`drained and gone after ${Math.round(performance.now() - since)} ms, its name with it`);
  const endings = await Promise.all(
    there.map(async ({ ended, frames }) => ({ ...(await ended), last: frames.at(-1) })),
  );
  const wordless = endings.filter(({ last }) => last.goodbye?.listenAgain !== true || last.goodbye.log === '');
  judge(`of ${there.length} pages there, ended without where to resume`, there.length === 0 ? 1 : wordless.length, 0);
  await pause(3_000);
  for (const one of talkers) one.hush();
  await until('all is answered', () => talkers.every(({ unanswered }) => unanswered === 0));
  await pause(500);
  const moved = talkers.filter(({ reconnected }) => reconnected.length > 0);
  say(`${moved.length} of ${talkers.length} people moved: ${[...new Set(moved.flatMap((one) => one.reconnected))]}`);
  judge(
    'people who moved for another reason',
    moved.filter((one) => one.reconnected.some((why) => why !== 'draining')).length,
    0,
  );
  judge('longest time without an ack, ms', Math.max(...talkers.map((one) => one.silenceSince(since))), 5_000);
  for (const [what, count] of Object.entries(faultsOf(talkers))) judge(what, count, 0);
  for (const one of listening) one.cancel();
}

export async function replaced(stage, print) {
  const inside = await talk(stage);
  const since = Date.now();
  const server = await stage.addChatServer();
  print.say(
    `a new chat server listens after ${server.listensAt - since} ms, a manager knows it after ${Date.now() - since} ms`,
  );
  const { ms, refused } = await untilUsable(stage, server, Date.now());
  print.judge('ms from then until a page was welcomed there through Envoy', ms, usableWithinMs);
  print.say(`sent there before Envoy knew it, and refused at once: ${refused}`);
  await drain(stage, inside, print);
  await Promise.all(inside.map(({ client }) => client.close()));
}
