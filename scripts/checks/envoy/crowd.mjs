/** More streams than Envoy's own defaults allow, each on the chat server of its token; then impatient ones among them. */
import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Ack, Message } from '@parley/contract';
import { webCall } from '@parley/testkit';

const seats = 25;
const rooms = 44;
const cancels = 1_600; // above what Node's HTTP/2 takes on one connection in a row
const subscribe = '/chat.v1.ChatService/Subscribe';
const list = '/chat.v1.ChannelService/List';

/** `take` of each, so many at a time. */
async function each(items, atOnce, take) {
  const left = [...items.entries()];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await take(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Each spoofs the header that names its chat server. */
async function enter(stage, people) {
  const streams = [];
  const spoofs = stage.chatServers.map(({ grpc }) => Buffer.from(grpc).toString('base64'));
  for (let room = 0; room < rooms; room++) {
    const inside = people.slice(room * seats, (room + 1) * seats);
    const { id } = await stage.trio.create(inside[0], `crowd ${room}`);
    await each(inside, 8, async (person, n) => {
      streams.push(await stage.subscribe(person, id, { headers: { 'x-chat-route': spoofs[n % spoofs.length] } }));
    });
  }
  return streams;
}

/** Says it, again where it was refused for now; resolves with the reasons. */
async function speak(stage, { token }, word) {
  const bytes = Message.encode(Message.fromPartial({ data: Buffer.from(word) })).finish();
  const reasons = [];
  for (let tries = 0; tries < 10; tries++) {
    const { messages, trailers, http } = await webCall(`${stage.url}/chat.v1.ChatService/Send`, bytes, { token });
    const refusal = messages.length > 0 ? Ack.decode(messages[0]).refusal : undefined;
    if (trailers['grpc-status'] === '0' && refusal === undefined) break;
    reasons.push(refusal?.reason ?? trailers['chat-reason'] ?? `${http} ${trailers['grpc-message']}`);
    await pause(500);
  }
  return reasons;
}

/** One word in each room; how many have heard it. */
async function heard(stage, streams, word, say) {
  const speakers = streams.filter((_, n) => n % seats === 0);
  const reasons = [];
  await each(speakers, 8, async (speaker) => reasons.push(...(await speak(stage, speaker, word))));
  if (reasons.length > 0) say(`refused for now, and said again: ${[...new Set(reasons)]}, ${reasons.length} times`);
  const hears = ({ frames }) => frames.some(({ data }) => data?.toString() === word);
  for (let tries = 0; tries < 100 && !streams.every(hears); tries++) await pause(50);
  return streams.filter(hears).length;
}

/** A page that goes as soon as it has asked. */
async function leaveAtOnce(stage, token) {
  const socket = connect(Number(new URL(stage.url).port), '127.0.0.1').on('error', () => {});
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

/** A native client that does so on few connections; one that Envoy closes on it is followed by another. */
async function resetMany(stage, token, path, burst) {
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  let sessions = 1;
  let session = openSession(stage.url);
  for (let n = 0; n < cancels; n++) {
    if (session.closed || session.destroyed) {
      session = openSession(stage.url);
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

/** Short calls of others meanwhile: how many there were, and how many were not answered. */
async function askMeanwhile(stage, person, work) {
  const asked = { calls: 0, failed: [] };
  let going = true;
  const ask = async () => {
    for (; going; await pause(10)) {
      const { trailers } = await webCall(stage.url + list, new Uint8Array(), { token: person.token });
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

export async function crowd(stage, { say, judge }) {
  const { trio } = stage;
  for (let n = 0; n < 2; n++) await stage.addChatServer();
  const people = await trio.people.makeMany('crowd', seats * rooms);
  const since = Date.now();
  const streams = await enter(stage, people);
  let ended = 0;
  for (const one of streams) one.ended.then(() => (ended += 1));
  say(
    `${streams.length} Subscribes at once on ${stage.chatServers.length} chat servers after ${Date.now() - since} ms`,
  );
  const { 'cluster.chat-service.upstream_rq_active': active } = await stage.stats(
    'cluster.chat-service.upstream_rq_act',
  );
  judge('of them not open in Envoy', streams.length - active, 0);
  judge('that did not hear a word', streams.length - (await heard(stage, streams, 'first', say)), 0);
  const guest = await trio.people.make('impatient');
  const { id } = await trio.create(guest, 'impatient');
  const resets = async () => Object.values(await stage.stats('cluster.chat-service.upstream_rq_tx_reset'))[0];
  const { token } = await trio.listen(guest, id);
  await each(Array.from({ length: cancels }), 40, () => leaveAtOnce(stage, token));
  say(`${cancels} pages that left at once: ${await resets()} resets reached the chat server`);
  const sessions = await resetMany(stage, token, subscribe, 8);
  say(`${cancels} more of a native client, on ${sessions} connections: ${await resets()} resets in all`);
  judge('that did not hear a word afterwards', streams.length - (await heard(stage, streams, 'second', say)), 0);
  judge('streams of others that ended', ended, 0);
  const parted = Object.values(await stage.stats('cluster.chat-service.upstream_cx_close_notify'))[0];
  say(`connections of Envoy that the chat server wants no new calls on: ${parted}`);
  for (const one of streams) one.cancel();
  const { calls, failed } = await askMeanwhile(stage, people[0], () => resetMany(stage, guest.token, list, 1));
  judge(`of ${calls} Lists of others during ${cancels} quick cancels of Lists, not answered`, failed.length, 0);
  for (const words of new Set(failed)) say(words);
}
