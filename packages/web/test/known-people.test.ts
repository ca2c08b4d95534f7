import { Refusal, refuse, type User } from '@parley/client';
import { KnownPeople } from '../src/live/known-people.js';

const { jest } = import.meta;
const settled = () => new Promise((resolve) => setImmediate(resolve));

function peopleWith(pictures: Record<string, string | Refusal>, allowBrowser = async () => {}) {
  const asked: string[] = [];
  const people = new KnownPeople({
    fetchUser: async (id) => {
      asked.push(id);
      const avatarId = pictures[id] ?? '';
      if (avatarId instanceof Refusal) throw avatarId;
      return { id, name: id, avatarId } as User;
    },
    allowBrowser,
  });
  const want = async (...ids: string[]) => {
    for (const id of ids) people.want(id);
    await settled();
  };
  return { people, asked, want };
}

test('looks each user up once, also together with a caller that needs the profile', async () => {
  const { people, asked, want } = peopleWith({ ann: 'a-file' });
  const [user] = await Promise.all([people.find('ann'), want('ann', 'bob', 'ann')]);
  await want('ann', 'bob');
  expect([user.avatarId, asked]).toEqual(['a-file', ['ann', 'bob']]);
  expect([people.picture('ann'), people.picture('bob')]).toEqual(['a-file', undefined]);
});

test('does not look up a missing user again, but tries again after a failure', async () => {
  const pictures: Record<string, string | Refusal> = {
    gone: refuse('user-not-found'),
    busy: refuse('read-too-often'),
  };
  const { people, asked, want } = peopleWith(pictures);
  await want('gone', 'busy');
  pictures.busy = 'a-file';
  await want('gone', 'busy');
  expect([asked, people.picture('busy')]).toEqual([['gone', 'busy', 'busy'], 'a-file']);
});

test('shows no picture before the browser may load it, and tells listeners then', async () => {
  let allow = () => {};
  const { people, asked, want } = peopleWith({}, () => new Promise((resolve) => (allow = resolve)));
  let told = 0;
  people.subscribe(() => (told += 1));
  people.learn([{ id: 'ann', avatarId: 'a-file' }]);
  await want('ann');
  expect([people.picture('ann'), told, asked]).toEqual([undefined, 0, []]);
  allow();
  await settled();
  expect([people.picture('ann'), told]).toEqual(['a-file', 1]);
  people.forget('ann');
  expect([people.picture('ann'), told]).toEqual([undefined, 2]);
});

test('knows the pictures of the last 2,000 users, and looks nobody up after it has stopped', async () => {
  const { people, asked, want } = peopleWith({});
  await people.learn(Array.from({ length: 2_001 }, (_, k) => ({ id: `user-${k}`, avatarId: `file-${k}` })));
  expect(['user-0', 'user-1', 'user-2000'].map((id) => people.picture(id))).toEqual([undefined, 'file-1', 'file-2000']);
  people.stop();
  await want('ann');
  expect(asked).toEqual([]);
});

test('looks 50 users up at once, four a second after that, and again 50 after a pause', async () => {
  jest.useFakeTimers();
  try {
    const { people, asked } = peopleWith({});
    const wantMore = async (count: number, ms: number) => {
      const before = asked.length;
      for (let k = 1; k <= count; k++) people.want(`${before}-${k}`);
      await jest.advanceTimersByTimeAsync(ms);
      return asked.length - before;
    };
    expect(await wantMore(60, 0)).toBe(50);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(asked.length).toBe(54);
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(asked.length).toBe(60);
    expect(await wantMore(51, 0)).toBe(50);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await wantMore(3, 0)).toBe(3);
  } finally {
    jest.useRealTimers();
  }
});
