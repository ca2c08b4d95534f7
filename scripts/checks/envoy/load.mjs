/**
 * Opens more streams than Envoy's defaults allow, each on the chat server of its token. Then adds
 * clients that disconnect at once.
 */
import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Ack, Message } from '@parley/contract';
import { webCall } from '@parley/testkit';

const seats = 25;
const rooms = 44;
const cancels = 1_600; // More than Node's HTTP/2 accepts in a row on one connection.
const subscribe = '/chat.v1.ChatService/Subscribe';
const list = '/chat.v1.ChannelService/List';

/** Calls `take` for each item, `atOnce` at a time. */
async function each(items, atOnce, take) {
  const left = [...items.entries()];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await take(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Joins everyone. Each client forges the header that names its chat server. */
async function enter(system, people) {
  const streams = [];
  const spoofs = system.chatServers.map(({ grpc }) => Buffer.from(grpc).toString('base64'));
  for (let room = 0; room < rooms; room++) {
    const inside = people.slice(room * seats, (room + 1) * seats);
    const { id } = await system.trio.create(inside[0], `load ${room}`);
    await each(inside, 8, async (person, n) => {
      streams.push(await system.subscribe(person, id, { headers: { 'x-chat-route': spoofs[n % spoofs.length] } }));
    });
  }
  return streams;
}

/** Sends a message, and sends it again after a temporary refusal. Resolves with the reasons. */
async function speak(system, { token }, word) {
  const bytes = Message.encode(Message.fromPartial({ data: Buffer.from(word) })).finish();
  const reasons = [];
  for (let tries = 0; tries < 10; tries++) {
    const { messages, trailers, http } = await webCall(`${system.url}/chat.v1.ChatService/Send`, bytes, { token });
    const refusal = messages.length > 0 ? Ack.decode(messages[0]).refusal : undefined;
    if (trailers['grpc-status'] === '0' && refusal === undefined) break;
    reasons.push(refusal?.reason ?? trailers['chat-reason'] ?? `${http} ${trailers['grpc-message']}`);
    await pause(500);
  }
  return reasons;
}

/** Sends one message in each room. Returns the number of streams that received it. */
async function countReceived(system, streams, word, log) {
  const speakers = streams.filter((_, n) => n % seats === 0);
  const reasons = [];
  await each(speakers, 8, async (speaker) => reasons.push(...(await speak(system, speaker, word))));
  if (reasons.length > 0) log(`temporarily refused and sent again: ${[...new Set(reasons)]}, ${reasons.length} times`);
  const hasReceived = ({ frames }) => frames.some(({ data }) => data?.toString() === word);
  for (let tries = 0; tries < 100 && !streams.every(hasReceived); tries++) await pause(50);
  return streams.filter(hasReceived).length;
}

/** Opens a page that disconnects right after its request. */
async function leaveAtOnce(system, token) {
  const socket = connect(Number(new URL(system.url).port), '127.0.0.1').on('error', () => {});
  const head = [
    `POST ${subscribe} HTTP/1.1`,
    'host: x',
    'content-type: application/grpc-web+proto',
    'content-length: 5',
  ];
  socket.write(`${[...head, `authorization: Bearer ${token}`].join('\r\n')}\r\n\r\n\0\0\0\0\0`);
  await once(socket, 'connect');
  await pause(2);
  socket.resetAndDestroy();
}

const openSession = (url) => connectHttp2(url).on('error', () => {});

/** Cancels calls of a native client on few connections. If Envoy closes one, opens another. */
async function resetMany(system, token, path, burst) {
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  let sessions = 1;
  let session = openSession(system.url);
  for (let n = 0; n < cancels; n++) {
    if (session.closed || session.destroyed) {
      session = openSession(system.url);
      sessions += 1;
    }
    const call = session.request({ ...headers, authorization: `Bearer ${token}` }).on('error', () => {});
    call.end(Buffer.alloc(5));
    if (n % burst === 0) await pause(2);
    call.close(constants.NGHTTP2_CANCEL);
  }
  session.destroy();
  return sessions;
}

/**
 * Makes short calls as other users while `work` runs. Returns the number of calls and the failures.
 */
async function askMeanwhile(system, person, work) {
  const asked = { calls: 0, failed: [] };
  let going = true;
  const ask = async () => {
    for (; going; await pause(10)) {
      const { trailers } = await webCall(system.url + list, new Uint8Array(), { token: person.token });
      asked.calls += 1;
      if (trailers['grpc-status'] !== '0') asked.failed.push(trailers['grpc-message']);
    }
  };
  const asking = [ask(), ask(), ask()];
  await work();
  await pause(500);
  going = false;
  await Promise.all(asking);
  return asked;
}

export async function load(system, { log, judge }) {
  const { trio } = system;
  for (let n = 0; n < 2; n++) await system.addChatServer();
  const people = await trio.people.makeMany('load', seats * rooms);
  const since = Date.now();
  const streams = await enter(system, people);
  let ended = 0;
  for (const one of streams) one.ended.then(() => (ended += 1));
  log(
    `${streams.length} simultaneous Subscribes on ${system.chatServers.length} chat servers after ${Date.now() - since} ms`,
  );
  const { 'cluster.chat-service.upstream_rq_active': active } = await system.stats(
    'cluster.chat-service.upstream_rq_act',
  );
  judge('streams not open in Envoy', streams.length - active, 0);
  judge(
    'streams that missed the first message',
    streams.length - (await countReceived(system, streams, 'first', log)),
    0,
  );
  const user = await trio.people.make('impatient');
  const { id } = await trio.create(user, 'impatient');
  const resets = async () => Object.values(await system.stats('cluster.chat-service.upstream_rq_tx_reset'))[0];
  const { token } = await trio.listen(user, id);
  await each(Array.from({ length: cancels }), 40, () => leaveAtOnce(system, token));
  log(`${cancels} pages that disconnected at once: ${await resets()} resets reached the chat server`);
  const sessions = await resetMany(system, token, subscribe, 8);
  log(`${cancels} more of a native client, on ${sessions} connections: ${await resets()} resets in all`);
  judge(
    'streams that missed the second message',
    streams.length - (await countReceived(system, streams, 'second', log)),
    0,
  );
  judge('streams of other users that ended', ended, 0);
  const parted = Object.values(await system.stats('cluster.chat-service.upstream_cx_close_notify'))[0];
  log(`connections of Envoy on which the chat server accepts no new calls: ${parted}`);
  for (const one of streams) one.cancel();
  const { calls, failed } = await askMeanwhile(system, people[0], () => resetMany(system, user.token, list, 1));
  judge(`of ${calls} Lists of other users during ${cancels} quick cancels, failed`, failed.length, 0);
  for (const words of new Set(failed)) log(words);
}
