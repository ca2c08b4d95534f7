import { OverviewRequest, OverviewResponse } from '@parley/contract';
import { type ServiceProcess, type TestPerson, until, WebStream } from '@parley/testkit';
import { InboxRig } from './inbox-rig.js';

let rig: InboxRig;

beforeAll(async () => {
  rig = await InboxRig.start();
});
afterAll(() => rig.stop());

/** Asks for the chats of a user as a page does. Returns the reason of a refusal. */
async function askInPage({ token }: TestPerson): Promise<string | undefined> {
  const url = `${rig.gateway.http}/chat.v1.ChannelService/Overview`;
  const body = OverviewRequest.encode(OverviewRequest.create()).finish();
  const page = new WebStream<OverviewResponse>(url, body, { token }, (bytes) => OverviewResponse.decode(bytes));
  return (await page.ended)['chat-reason'];
}

/** Asks for the chats of a user over REST. Returns the reason of a refusal. */
async function askOverRest({ token }: TestPerson): Promise<string | undefined> {
  const response = await fetch(`${rig.gateway.http}/api/v1/chats`, { headers: { authorization: `Bearer ${token}` } });
  const { reason } = (await response.json()) as { reason?: string };
  return reason;
}

test('Overviews of pages and of REST wait for their turn together', async () => {
  const people = await rig.people(12);
  const manager = rig.trio.managers[0] as ServiceProcess;
  manager.kill('SIGSTOP');
  const calls = people.map((person, n) => (n % 2 === 0 ? askInPage(person) : askOverRest(person)));
  await until(async () => (await rig.metric('parley_overviews_waiting')) === 4).finally(() => manager.kill('SIGCONT'));
  expect(await Promise.all(calls)).toEqual(people.map(() => undefined));
});
