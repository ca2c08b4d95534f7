import { Refusal } from '@parley/client';
import { NameResolver } from '../src/live/name-resolver.js';
import { type Names, named, nameOf } from '../src/state/names.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));
const by = (...senders: string[]) => senders.map((sender) => ({ sender }));

function resolverWith(answers: Record<string, string | Error>) {
  let names: Names = { ann: 'Ann' };
  const asked: string[] = [];
  const resolver = new NameResolver(
    async (id) => {
      asked.push(id);
      const answer = answers[id];
      if (typeof answer === 'string') return { id, name: answer };
      throw answer;
    },
    (user) => {
      names = named(names, [user]);
    },
    new AbortController().signal,
  );
  const meet = async (...senders: string[]) => {
    resolver.resolve(by(...senders), names);
    await settled();
  };
  return { meet, asked, resolver, nameOf: (id: string) => nameOf(names, id) };
}

test('fetches an unknown name once and uses it from then on', async () => {
  const { meet, asked, nameOf: called } = resolverWith({ bob: 'Bob' });
  expect(called('bob')).toBe('bob');
  await meet('bob', 'ann', 'bob', '');
  await meet('bob');
  expect(asked).toEqual(['bob']);
  expect([called('bob'), called('ann')]).toEqual(['Bob', 'Ann']);
});

test('does not fetch a missing user again, but retries a request without a response', async () => {
  const {
    meet,
    asked,
    nameOf: called,
  } = resolverWith({
    gone: new Refusal('user-not-found'),
    far: new Refusal('unreachable'),
    bob: 'Bob',
  });
  await meet('gone', 'far', 'bob');
  await meet('gone', 'far', 'bob');
  expect(asked).toEqual(['gone', 'far', 'bob', 'far']);
  expect([called('gone'), called('far'), called('bob')]).toEqual(['gone', 'far', 'Bob']);
});

test('accepts a user id such as "constructor", which every object has as a property', async () => {
  const { meet, nameOf: called } = resolverWith({ constructor: 'Con' });
  expect(called('constructor')).toBe('constructor');
  await meet('constructor');
  expect(called('constructor')).toBe('Con');
});

test('requests the names of a member and of the user who changed the membership', async () => {
  const asked: string[] = [];
  const resolver = new NameResolver(
    async (id) => {
      asked.push(id);
      return { id, name: id };
    },
    () => {},
    new AbortController().signal,
  );
  resolver.resolve([{ sender: '', userId: 'bob', by: 'eve' }], {});
  await settled();
  expect(asked).toEqual(['bob', 'eve']);
});

test('fetches and reports no name after its end', async () => {
  const [asked, told]: [string[], string[]] = [[], []];
  const ending = new AbortController();
  const resolver = new NameResolver(
    async (id) => {
      asked.push(id);
      ending.abort();
      return { id, name: id };
    },
    ({ id }) => told.push(id),
    ending.signal,
  );
  resolver.resolve(by('ann', 'bob'), {});
  await settled();
  expect([asked, told]).toEqual([['ann'], []]);
});

test('fetches the names of users who were added together, as many as the page shows', async () => {
  const userIds = ['a', 'b', 'c', 'd', 'e', 'f'];
  const { asked, resolver } = resolverWith(Object.fromEntries(userIds.map((id) => [id, id])));
  resolver.resolve([{ sender: 'ann', userId: 'a', userIds, by: 'ann' }], { ann: 'Ann' });
  await settled();
  expect(asked).toEqual(['a', 'b', 'c', 'd', 'e']);
});
