import { givenName, nameOf } from '../src/state/names.js';

const called = (names: Record<string, string>) => Object.keys(names).map((id) => nameOf(names, id));

test('a name that is one person’s is enough; of two people with one name each has the id beside it', () => {
  expect(called({ ann: 'Ann', bob: 'Bob' })).toEqual(['Ann', 'Bob']);
  expect(called({ ann: 'Ann', ann2: 'Ann', bob: 'Bob' })).toEqual(['Ann (ann)', 'Ann (ann2)', 'Bob']);
  expect(givenName({ ann: 'Ann', ann2: 'Ann' }, 'ann2')).toBe('Ann');
});

test.each([['ann'], ['Ａｎｎ'], ['A\u200bnn'], [' Ann ']])('%j looks like Ann', (name) => {
  expect(called({ ann: 'Ann', eve: name })).toEqual(['Ann (ann)', `${name} (eve)`]);
});

test('nobody looks like an id, or like a name with an id', () => {
  expect(called({ bob: 'Robert', eve: 'bob' })).toEqual(['Robert', 'bob (eve)']);
  expect(called({ eve: 'Ann (ann)' })).toEqual(['Ann (ann) (eve)']);
  expect(called({ ann: 'ann', eve: 'Ann' })).toEqual(['ann', 'Ann (eve)']);
});

test('who has no name, or one that is not seen, is called by the id', () => {
  expect([nameOf({}, 'ann'), nameOf({ ann: '\u200b ' }, 'ann'), nameOf({}, 'constructor')]).toEqual([
    'ann',
    'ann',
    'constructor',
  ]);
});
