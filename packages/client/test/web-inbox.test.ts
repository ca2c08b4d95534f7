import { lastingPort, type ServiceProcess, type TestPerson, Trio } from '@parley/testkit';
import { ChannelKind, type Conversation, createClient, type InboxOptions, type ParleyClient } from '../src/index.js';
import { webTransport } from '../src/web/index.js';
import { clientOf, InboxListener, until } from './rig.js';
import { XmlHttpRequest } from './xml-http-request.js';

let trio: Trio;
let gateway: ServiceProcess;
let ann: ParleyClient;
let bob: TestPerson;
let tests = 0;
const open: ParleyClient[] = [];

/** Number of Watch calls that were made. */
let watches = 0;

class CountedRequest extends XmlHttpRequest {
  override open(method: 'POST', url: string): void {
    if (url.endsWith('/Watch')) watches += 1;
    super.open(method, url);
  }
}

beforeAll(async () => {
  Object.assign(globalThis, { XMLHttpRequest: CountedRequest });
  trio = await Trio.start({ env: { PARLEY_SENDER_RATE: '1000' } });
  gateway = await trio.startGateway();
});
afterAll(() => trio.stop());

beforeEach(async () => {
  tests += 1;
  ann = clientOf(trio, await trio.people.make(`ann-${tests}`));
  open.push(ann);
  bob = await trio.people.make(`bob-${tests}`);
});
afterEach(() => Promise.all(open.splice(0).map((client) => client.close())));

/** Opens Bob's inbox in a page. */
async function pageOf(options: InboxOptions = {}, origin = gateway.http): Promise<InboxListener> {
  const page = createClient({ transport: webTransport({ origin }), token: bob.token });
  open.push(page);
  const listener = new InboxListener(page.inbox(options));
  await until(() => listener.of('connected').length > 0);
  return listener;
}

/** Creates a group of Ann and Bob, in which Ann is present. */
async function group(): Promise<Conversation> {
  const { id } = await ann.create({ name: `web ${tests}`, kind: ChannelKind.GROUP });
  await ann.members.add(id, bob.id);
  return ann.listen(id, { inFlight: 4 });
}

test('a page reads its inbox over as many streams as needed, without an event for each', async () => {
  watches = 0;
  const chat = await group();
  const listener = await pageOf();
  const count = 120;
  for (let n = 0; n < count; n += 5) {
    await Promise.all(Array.from({ length: 5 }, (_, k) => chat.send(`${n + k} `.padEnd(60_000, 'x'))));
    await until(() => listener.texts(chat.channel.id).length >= n + 5); // A page that falls behind is cut off.
  }
  expect(listener.of('message').map(({ seq }) => seq)).toEqual(Array.from({ length: count }, (_, n) => n + 2));
  expect(listener.of('reconnecting')).toEqual([]);
  expect(listener.of('connected')).toHaveLength(1);
  expect(watches).toBeGreaterThan(1);
});

test('a page resumes at a restarted gateway with every message exactly once', async () => {
  const chat = await group();
  const id = chat.channel.id;
  const first = await trio.startGateway({ PARLEY_PORT: await lastingPort() });
  const listener = await pageOf({}, first.http);
  await chat.send('before');
  await until(() => listener.texts(id).length === 1);
  first.kill('SIGKILL');
  await first.exited;
  await chat.send('away');
  await trio.startGateway({ PARLEY_PORT: new URL(first.http).port });
  await until(() => listener.texts(id).length === 2);
  await chat.send('after');
  await until(() => listener.texts(id).length === 3);
  expect(listener.texts(id)).toEqual(['before', 'away', 'after']);
});
