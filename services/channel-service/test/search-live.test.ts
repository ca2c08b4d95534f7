import { Channel, ChannelService, type HistoryResponse, SearchRequest } from '@parley/contract';
import { type Chatter, callPatiently, type TestPerson, Trio, until, utf8 } from '@parley/testkit';

const withinMs = 30_000;
/**
 * Number of other channels. With this number, the sweep takes minutes, and new entries are found at
 * once only in owned channels.
 */
const otherChannels = 30_000;

let trio: Trio;
let ann: TestPerson;
let bob: TestPerson;
let id: number;
let talker: Chatter;

beforeAll(async () => {
  trio = await Trio.start({ chatServers: 1, managers: 2 });
  [ann, bob] = [await trio.people.make('ann'), await trio.people.make('bob')];
  await trio.people.make('other');
  await trio.people.sql(
    `INSERT INTO chat.channel (name, owner_id, kind, user_limit) SELECT 'other', 'other', 'group', 10 FROM generate_series(1, ${otherChannels})`,
  );
  const made = Channel.fromPartial({ name: 'talk', kind: 3 });
  ({ id } = await callPatiently(trio.manager(), ChannelService.create, made, { token: ann.token, withinMs }));
  await trio.changeMember(ann, { channelId: id, userId: 'bob', add: true });
  talker = await trio.join(ann, id);
});
afterAll(() => trio.stop());

function search(who: TestPerson, text: string): Promise<HistoryResponse> {
  const request = SearchRequest.fromPartial({ text, channelId: id });
  return callPatiently(trio.manager(), ChannelService.search, request, { token: who.token, withinMs });
}

/**
 * Searches until the messages found are exactly these. Searches at most twice a second, as often as
 * a user may.
 */
async function untilFound(who: TestPerson, text: string, expected: readonly string[]): Promise<void> {
  const texts = async () => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    return (await search(who, text)).messages.map(({ data }) => utf8(data)).join('/');
  };
  await until(async () => (await texts()) === expected.join('/'));
}

async function say(text: string, fields: Parameters<Chatter['send']>[1] = {}): Promise<number> {
  const before = talker.messages.length;
  talker.send(text, { contentType: 'text/plain', ...fields });
  const said = await talker.find((message) => talker.messages.indexOf(message) >= before && message.seq > 0);
  return said.seq;
}

test('Search follows messages, edits and deletions in a live channel, for users while they are members', async () => {
  const seq = await say('the brown fox');
  await say('a brown bear');
  await untilFound(bob, 'brown', ['a brown bear', 'the brown fox']);
  await say('the red fox', { kind: 1, targetSeq: seq });
  await untilFound(bob, 'brown', ['a brown bear']);
  await untilFound(bob, 'fox', ['the red fox']);
  await say('', { kind: 2, targetSeq: seq, contentType: '' });
  await untilFound(bob, 'fox', []);
  await trio.changeMember(ann, { channelId: id, userId: 'bob', remove: true });
  await say('a brown dog');
  await untilFound(ann, 'brown', ['a brown dog', 'a brown bear']);
  await untilFound(bob, 'brown', ['a brown bear']);
});
