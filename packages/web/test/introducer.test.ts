import { Refusal } from '@parley/client';
import { Introducer } from '../src/live/introducer.js';
import { type Names, named, nameOf } from '../src/state/names.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));
const by = (...senders: string[]) => senders.map((sender) => ({ sender }));

function introduced(answers: Record<string, string | Error>) {
  let names: Names = { ann: 'Ann' };
  const asked: string[] = [];
  const introducer = new Introducer(
    async (id) => {
      asked.push(id);
      const answer = answers[id];
      if (typeof answer === 'string') return { id, name: answer };
      throw answer;
    },
    (user) => {
      names = named(names, [user]);
    },
  );
  const meet = async (...senders: string[]) => {
    introducer.meet(by(...senders), names);
    await settled();
  };
  return { meet, asked, nameOf: (id: string) => nameOf(names, id) };
}

test('who is not known is asked for once, and is called by name from then on', async () => {
  const { meet, asked, nameOf: called } = introduced({ bob: 'Bob' });
  expect(called('bob')).toBe('bob');
  await meet('bob', 'ann', 'bob', '');
  await meet('bob');
  expect(asked).toEqual(['bob']);
  expect([called('bob'), called('ann')]).toEqual(['Bob', 'Ann']);
});

test('nobody is not asked for again; where there was no answer, the next entry asks', async () => {
  const {
    meet,
    asked,
    nameOf: called,
  } = introduced({
    gone: new Refusal('user-not-found'),
    far: new Refusal('unreachable'),
    bob: 'Bob',
  });
  await meet('gone', 'far', 'bob');
  await meet('gone', 'far', 'bob');
  expect(asked).toEqual(['gone', 'far', 'bob', 'far']);
  expect([called('gone'), called('far'), called('bob')]).toEqual(['gone', 'far', 'Bob']);
});

test('a user may be called like a property of every object', async () => {
  const { meet, nameOf: called } = introduced({ constructor: 'Con' });
  expect(called('constructor')).toBe('constructor');
  await meet('constructor');
  expect(called('constructor')).toBe('Con');
});
