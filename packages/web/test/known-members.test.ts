import type { User } from '@parley/client';
import { KnownMembers, type MembersPage } from '../src/live/known-members.js';

const user = (id: string) => ({ id, name: '' }) as User;

test('shows each page of members as it arrives, and loads them once in a minute', async () => {
  const asked: string[] = [];
  const answers: ((page: MembersPage) => void)[] = [];
  const members = new KnownMembers(7, (after) => {
    asked.push(after);
    return new Promise((resolve) => answers.push(resolve));
  });
  const shown: number[] = [];
  members.subscribe(() => shown.push(members.state().users.length));
  const loading = members.load();
  await members.load();
  answers[0]?.({ users: [user('a'), user('b')], next: 'b' });
  await new Promise((resolve) => setImmediate(resolve));
  expect([asked, shown]).toEqual([['', 'b'], [2]]);
  answers[1]?.({ users: [user('c')], next: '' });
  await loading;
  await members.load();
  expect([asked, shown]).toEqual([
    ['', 'b'],
    [2, 3],
  ]);
});

test('loads again after a failure', async () => {
  let calls = 0;
  const members = new KnownMembers(7, async () => {
    calls += 1;
    if (calls === 1) throw new Error('offline');
    return { users: [user('a')], next: '' };
  });
  await expect(members.load()).rejects.toThrow('offline');
  await members.load();
  expect([calls, members.state().users.map(({ id }) => id)]).toEqual([2, ['a']]);
});

test('loads ten pages of a large chat, and says that there are more members', async () => {
  const asked: string[] = [];
  const members = new KnownMembers(7, async (after) => {
    asked.push(after);
    return { users: [user(`u${asked.length}`)], next: `u${asked.length}` };
  });
  await members.load();
  expect([asked.length, members.state().users.length, members.state().isPartial]).toEqual([10, 10, true]);
});
