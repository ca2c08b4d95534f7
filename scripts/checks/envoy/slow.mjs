/**
 * Measures readers whose network is blocked: the bytes that Envoy holds for them, and the time
 * until they are reset.
 */
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Chatter } from '@parley/testkit';
import { waitUntil } from './system.mjs';

const messageBytes = 16_384;
const perSecond = 60; // Messages per second of one sender. Their bytes stay below the limit of 1 MiB per second.
const ringBytes = 1_048_576;
const heldBound = 524_288; // Maximum bytes held in Envoy, for all five streams together.
const outsideBound = 1_048_576;
const authorized = (token) => ({ authorization: `Bearer ${token}`, te: 'trailers', 'chat-events': '1' });

/** Opens a page on HTTP/1.1 in text mode, which stops reading after its welcome. */
async function slowPage({ url }, token) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
  const type = 'application/grpc-web-text';
  const head = ['POST /chat.v1.ChatService/Subscribe HTTP/1.1', 'host: x', `content-type: ${type}`, `accept: ${type}`];
  socket.write(`${[...head, 'content-length: 8', `authorization: Bearer ${token}`].join('\r\n')}\r\n\r\nAAAAAAA=`);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  const end = new Promise((resolve) => socket.once('close', (failed) => resolve(failed ? 'reset' : 'closed')));
  return { resume: () => socket.resume(), end };
}

/** Opens a native client on HTTP/2 that reads its connection but not its stream. */
async function slowNative({ url }, token) {
  const session = connectHttp2(url).on('error', () => {});
  const headers = { ':method': 'POST', ':path': '/chat.v1.ChatService/Connect', 'content-type': 'application/grpc' };
  const call = session.request({ ...headers, ...authorized(token) }, { endStream: false }).on('error', () => {});
  await new Promise((resolve) => call.once('response', resolve));
  const end = new Promise((resolve) => call.once('close', () => resolve(`RST_STREAM code ${call.rstCode}`)));
  return { resume: () => call.resume(), end: end.finally(() => session.destroy()) };
}

/** Samples the bytes that Envoy holds between both sides, and keeps the maximum. */
function watchHeld(system) {
  const seen = { most: 0 };
  const sample = async () => {
    const held = await system.stats(
      'http.users.downstream_cx_.*_bytes_buffered',
      '.*pending_send_bytes',
      '.*chat-service.*_bytes_buffered',
    );
    seen.most = Math.max(
      seen.most,
      Object.values(held).reduce((sum, bytes) => sum + bytes, 0),
    );
  };
  const timer = setInterval(() => void sample(), 25);
  return { seen, stop: () => clearInterval(timer) };
}

async function starve(system, { log, judge }, name, open) {
  const { trio } = system;
  const [slow, reader, ...talkers] = await trio.people.makeMany(`slow-${name}`, 5);
  const { id } = await trio.create(reader, name);
  const join = async (person) => {
    const chatter = new Chatter(await trio.listen(person, id), { events: true, address: system.address });
    await chatter.find(({ welcome }) => welcome !== undefined);
    return chatter;
  };
  const [healthy, ...talking] = await Promise.all([reader, ...talkers].map(join));
  const { token } = await trio.listen(slow, id);
  const stuck = await open(system, token);
  await healthy.find(({ presence }) => presence?.came.some((one) => one.id === slow.id));
  const text = 'x'.repeat(messageBytes);
  const held = watchHeld(system);
  const timers = talking.map((one) => setInterval(() => one.send(text), 1_000 / perSecond));
  const since = Date.now();
  const bytes = () => healthy.texts.length * messageBytes;
  await waitUntil('the slow reader is reset', () =>
    healthy.messages.some(({ presence }) => presence?.went.some((one) => one.id === slow.id)),
  );
  const [ms, saidBytes] = [Date.now() - since, bytes()];
  for (const timer of timers) clearInterval(timer);
  await pause(300);
  held.stop();
  stuck.resume();
  log(
    `${name}: reset after ${ms} ms and ${saidBytes} bytes sent, ${ringBytes} of them in the ring; it received: ${await stuck.end}`,
  );
  judge(`${name}: maximum of bytes held in Envoy`, held.seen.most, heldBound);
  judge(
    `${name}: bytes anywhere after the chat server (Envoy, kernels, client)`,
    Math.max(0, saidBytes - ringBytes),
    outsideBound,
  );
  judge(`${name}: entries that the healthy reader is missing`, missing(healthy), 0);
  await Promise.all([healthy, ...talking].map((one) => one.leave()));
}

function missing({ messages }) {
  const seqs = messages.filter(({ seq }) => seq > 0).map(({ seq }) => seq);
  return seqs.length === 0 ? 1 : seqs.at(-1) - seqs.length;
}

export async function slow(system, print) {
  await starve(system, print, 'page', slowPage);
  await starve(system, print, 'native', slowNative);
}
