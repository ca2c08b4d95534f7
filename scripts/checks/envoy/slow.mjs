/** Readers whose network takes nothing more: how much Envoy holds for them, and when they are reset. */
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Chatter } from '@parley/testkit';
import { until } from './stage.mjs';

const messageBytes = 16_384;
const perSecond = 60; // of each talker, below the 1 MiB a second that one may say
const ringBytes = 1_048_576;
const heldBound = 524_288; // of all five streams together
const outsideBound = 1_048_576;
const authorized = (token) => ({ authorization: `Bearer ${token}`, te: 'trailers', 'chat-events': '1' });

/** HTTP/1.1 in text mode, as a page; it reads no more once it was welcomed. */
async function slowPage({ url }, token) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
  const type = 'application/grpc-web-text';
  const head = ['POST /chat.v1.ChatService/Subscribe HTTP/1.1', 'host: x', `content-type: ${type}`, `accept: ${type}`];
  socket.write(`${[...head, 'content-length: 8', `authorization: Bearer ${token}`].join('\r\n')}\r\n\r\nAAAAAAA=`);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  const end = new Promise((resolve) => socket.once('close', (failed) => resolve(failed ? 'reset' : 'closed')));
  return { goOn: () => socket.resume(), end };
}

/** HTTP/2, native; its connection goes on, its stream is not read. */
async function slowNative({ url }, token) {
  const session = connectHttp2(url).on('error', () => {});
  const headers = { ':method': 'POST', ':path': '/chat.v1.ChatService/Connect', 'content-type': 'application/grpc' };
  const call = session.request({ ...headers, ...authorized(token) }, { endStream: false }).on('error', () => {});
  await new Promise((resolve) => call.once('response', resolve));
  const end = new Promise((resolve) => call.once('close', () => resolve(`RST_STREAM code ${call.rstCode}`)));
  return { goOn: () => call.resume(), end: end.finally(() => session.destroy()) };
}

/** The most that Envoy held between the two sides at any look. */
function watchHeld(stage) {
  const seen = { most: 0 };
  const look = async () => {
    const held = await stage.stats(
      'http.users.downstream_cx_.*_bytes_buffered',
      '.*pending_send_bytes',
      '.*chat-service.*_bytes_buffered',
    );
    seen.most = Math.max(
      seen.most,
      Object.values(held).reduce((sum, bytes) => sum + bytes, 0),
    );
  };
  const timer = setInterval(() => void look(), 25);
  return { seen, stop: () => clearInterval(timer) };
}

async function starve(stage, { say, judge }, name, open) {
  const { trio } = stage;
  const [slow, reader, ...talkers] = await trio.people.makeMany(`slow-${name}`, 5);
  const { id } = await trio.create(reader, name);
  const join = async (person) => {
    const chatter = new Chatter(await trio.listen(person, id), { events: true, address: stage.address });
    await chatter.find(({ welcome }) => welcome !== undefined);
    return chatter;
  };
  const [healthy, ...talking] = await Promise.all([reader, ...talkers].map(join));
  const { token } = await trio.listen(slow, id);
  const stuck = await open(stage, token);
  await healthy.find(({ presence }) => presence?.came.some((one) => one.id === slow.id));
  const text = 'x'.repeat(messageBytes);
  const held = watchHeld(stage);
  const timers = talking.map((one) => setInterval(() => one.send(text), 1_000 / perSecond));
  const since = Date.now();
  const bytes = () => healthy.texts.length * messageBytes;
  await until('it is reset', () =>
    healthy.messages.some(({ presence }) => presence?.went.some((one) => one.id === slow.id)),
  );
  const [ms, saidBytes] = [Date.now() - since, bytes()];
  for (const timer of timers) clearInterval(timer);
  await pause(300);
  held.stop();
  stuck.goOn();
  say(
    `${name}: reset after ${ms} ms and ${saidBytes} bytes said, ${ringBytes} of them in the ring; it met: ${await stuck.end}`,
  );
  judge(`${name}: most bytes held in Envoy`, held.seen.most, heldBound);
  judge(
    `${name}: bytes anywhere behind the chat server (Envoy, kernels, client)`,
    Math.max(0, saidBytes - ringBytes),
    outsideBound,
  );
  judge(`${name}: entries that the healthy reader lacks`, missing(healthy), 0);
  await Promise.all([healthy, ...talking].map((one) => one.leave()));
}

function missing({ messages }) {
  const seqs = messages.filter(({ seq }) => seq > 0).map(({ seq }) => seq);
  return seqs.length === 0 ? 1 : seqs.at(-1) - seqs.length;
}

export async function slow(stage, print) {
  await starve(stage, print, 'page', slowPage);
  await starve(stage, print, 'native', slowNative);
}
