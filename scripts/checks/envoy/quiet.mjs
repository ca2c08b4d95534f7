/**
 * Keeps channels silent for a long time, with a page and two native clients in them. One of the
 * native clients has not asked for events, so it receives no pings.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Message } from '@parley/contract';
import { Chatter, webCall } from '@parley/testkit';

const pongOf = ({ ping }) => Message.fromPartial({ pong: { sentAt: ping.sentAt, lastSeq: ping.lastSeq } });

/** Returns a function that answers the pings received since its last call. */
function pongs(pings, answer) {
  let answered = 0;
  return async () => {
    const all = pings();
    for (; answered < all.length; answered++) await answer(pongOf(all[answered]));
    return answered;
  };
}

export async function quiet(system, { judge }, { minutes = 15 }) {
  const { trio } = system;
  const [ann, bob, cem] = await trio.people.makeMany('quiet', 3);
  const { id } = await trio.create(ann, 'quiet');
  const page = await system.subscribe(ann, id, { text: true });
  const native = new Chatter(await trio.listen(bob, id), { events: true, address: system.address });
  const silent = new Chatter(await trio.listen(cem, id), { address: system.address });
  await native.find(({ welcome }) => welcome !== undefined);
  await page.find(({ presence }) => presence?.came.some((one) => one.id === cem.id));
  const ends = [];
  for (const one of [page, native, silent]) one.ended.then((how) => ends.push(how));
  const send = (message) =>
    webCall(`${system.url}/chat.v1.ChatService/Send`, Message.encode(message).finish(), {
      token: page.token,
      text: true,
    });
  const answers = [
    pongs(() => page.frames.filter(({ ping }) => ping), send),
    pongs(
      () => native.messages.filter(({ ping }) => ping),
      (pong) => native.send('', pong),
    ),
  ];
  for (const end = Date.now() + minutes * 60_000; Date.now() < end; await pause(1_000)) {
    for (const answer of answers) await answer();
  }
  const pings = await Promise.all(answers.map((answer) => answer()));
  judge(`ends in ${minutes} min of silence, ${pings.join(' and ')} pings`, ends.length, 0);
  const since = Date.now();
  native.send('still there?');
  const isMessage = ({ data }) => data?.toString() === 'still there?';
  await Promise.all([page.find(isMessage), silent.find(isMessage)]);
  judge('ms until the page and the silent client received the first message', Date.now() - since, 500);
  page.cancel();
  await Promise.all([native.leave(), silent.leave()]);
}
